import Data
import Evaluation
import Families
import Modelling
import Optimisation
import Tensors
import Testing

@Suite("Learning the ring")
struct RingTrainingTests {
  /// An unrolled GAN after some steps on batches of the ring.
  private func trained(_ count: Int) throws -> UnrolledGAN {
    let data = try DataSource(source: "ring", limit: 4096).load()
    let model = try UnrolledGAN(
      .init(latent: 16, hidden: [64, 64], activation: .tanh), signature: data.signature, key: RandomKey(seed: 1))
    let learner = model.learner(.init(unrollSteps: 3, discriminatorRate: 2e-3), Descent(Optimiser(.adam, rate: 2e-3, betas: [0.5, 0.999])))
    let training = TrainingData(count: data.count) { data.batch($0) }
    var state = try learner.start(training, key: RandomKey(seed: 2))
    for step in 0..<count {
      let (key, first) = (RandomKey(seed: 3).split(step), step * 128 % 4096)
      let pass = Pass(key: key, keys: RowKeys(key, rows: 0..<128), epoch: 0, step: step, items: data.count)
      _ = try learner.step(&state, Batch(data.batch(first..<first + 128)), pass)
    }
    return learner.model(state)
  }

  @Test("a fresh generator covers no mode of the ring; after some hundred unrolled steps it covers several")
  func coverage() throws {
    func evaluate(_ steps: Int) throws -> ModeEvaluation { try ModeEvaluation(of: trained(steps), on: Ring.modes, samples: 2500, seed: 0) }
    let (fresh, late) = (try evaluate(0), try evaluate(600))
    #expect(fresh.coveredModes == 0)
    #expect(late.coveredModes >= 4, "\(late.lines)")
    // Of points spread evenly over the disc inside the ring a share of 8 · 0.06² / 2² = 0.0072 is within three deviations of a mode.
    #expect(late.highQualityShare > 0.03, "\(late.lines)")
  }

  @Test("modes are counted of the samples that the seed gives, whatever the blocks")
  func seeds() throws {
    let model = try trained(0)
    let keys = RowKeys(RandomKey(seed: 9), rows: 0..<1203)
    let whole = ModeEvaluation(of: try model.sample(keys, SampleOptions()), on: Ring.modes)
    #expect(try ModeEvaluation(of: model, on: Ring.modes, samples: 1203, seed: 9).nearest == whole.nearest)
    #expect(try ModeEvaluation(of: model, on: Ring.modes, samples: 1203, seed: 8).nearest != whole.nearest)
  }
}
