import Distributions
import Families
import FamilyExamples
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// beta_tcvae and seatbelt beside the families that they penalise.
@Suite("Total-correlation penalty")
struct TotalCorrelationPenaltyTests {
  private let signature = Signature.image(height: 4, width: 4)
  private let data = VAE.Configuration(latent: 3, hidden: [8], activation: .tanh, scaleFloor: 0.01)
  private let key = RandomKey(seed: 5)
  private let n = 12

  private func keys(_ index: Int = 0) -> RowKeys { RowKeys(key.split("noise").split(index), rows: 0..<n) }
  private var x: Tensor { FamilyExample("", "vae", "", signature).items(n) }
  private func pass(step: Int = 0, epoch: Float = 0, noise: Int = 0) -> Pass {
    Pass(keys: keys(noise), epoch: epoch, step: step, items: 500)
  }

  private func vae() throws -> VAE { try VAE(data, signature: signature, key: key) }
  private func betaTCVAE() throws -> BetaTCVAE { try BetaTCVAE(data, signature: signature, key: key) }
  private func hvae(_ latents: [Int]) throws -> HVAE {
    try HVAE(.init(latents: latents, layerHidden: latents.count == 1 ? [128] : [6], data: data), signature: signature, key: key)
  }
  private func seatbelt(_ latents: [Int]) throws -> Seatbelt {
    try Seatbelt(.init(latents: latents, layerHidden: latents.count == 1 ? [128] : [6], data: data), signature: signature, key: key)
  }

  private func loss<Family: GradientTrainable>(_ model: Family, _ options: Family.TrainingOptions, _ pass: Pass) -> Objective {
    model.objective(model.network, batch: Batch(x), options: options, pass: pass)
  }

  private func term(_ name: String, _ objective: Objective) throws -> Float {
    Float(try #require(objective.terms.first { $0.name == name }).value)
  }

  @Test("at beta 1 the objective is the VAE's and the hierarchical VAE's, warm-up and free bits included")
  func betaOne() throws {
    for estimator in AggregatePosterior.Estimator.allCases {
      for (free, warmUp) in [(0, 0), (0.3, 4)] as [(Float, Float)] {
        let penalty = TotalCorrelationPenalty(beta: 1, estimator: estimator, warmUpEpochs: warmUp, freeBits: free)
        let (plain, bound) = (VAE.TrainingOptions(warmUpEpochs: warmUp, freeBits: free), BoundTraining(warmUpEpochs: warmUp, freeBits: free))
        let pass = pass(epoch: 1)
        #expect(try loss(betaTCVAE(), penalty, pass).loss.scalar == loss(vae(), plain, pass).loss.scalar)
        #expect(try loss(seatbelt([3, 2, 2]), penalty, pass).loss.scalar == loss(hvae([3, 2, 2]), bound, pass).loss.scalar)
      }
    }
  }

  @Test("a hierarchy of one layer is a VAE: objectives, importance weights, samples and scores")
  func oneLayer() throws {
    let (vae, hvae) = (try vae(), try hvae([3]))
    for options in [VAE.TrainingOptions(), .init(beta: 0.5, warmUpEpochs: 3, freeBits: 0.2), .init(importanceSamples: 4)] {
      let (own, other) = (loss(hvae, options.bound, pass(epoch: 1)), loss(vae, options, pass(epoch: 1)))
      #expect(own.loss.scalar == other.loss.scalar && own.terms == other.terms)
    }
    let penalty = TotalCorrelationPenalty(beta: 4, estimator: .stratified)
    let (belt, tc) = (loss(try seatbelt([3]), penalty, pass()), loss(try betaTCVAE(), penalty, pass()))
    #expect(belt.loss.scalar == tc.loss.scalar && belt.terms == tc.terms)
    let samples = (try hvae.sample(keys(), SampleOptions(temperature: 0.8)), try vae.sample(keys(), SampleOptions(temperature: 0.8)))
    #expect(bits(samples.0) == bits(samples.1))
    let (own, other) = (hvae.score(x, draws: 3, keys: keys()), vae.score(x, draws: 3, keys: keys()))
    #expect(bits(own[.elbo]) == bits(other[.elbo]))
    for (a, b) in zip(own[.iwae].scalars, other[.iwae].scalars) { #expect(abs(a - b) < 1e-5) }
    #expect(bits(hvae.reconstruct(x, sampling: true, keys: keys())) == bits(vae.reconstruct(x, sampling: true, keys: keys())))
  }

  @Test("beta weighs the total correlation of the top layer alone, from 0 up over its warm-up")
  func weight() throws {
    for model in [try seatbelt([3, 2]), try seatbelt([3])] {
      let plain = loss(model, .init(beta: 1), pass())
      let correlation = try term("total_correlation_nats", plain)
      let rows: [(Float, Int, Int, Float)] = [(6, 0, 0, 6), (0, 0, 9, 0), (6, 10, 0, 0), (6, 10, 5, 3), (6, 10, 70, 6)]
      for (beta, warmUp, step, effective) in rows {
        let shaped = loss(model, .init(beta: beta, betaWarmUpSteps: warmUp), pass(step: step))
        #expect(abs(shaped.loss.scalar - (plain.loss.scalar + (effective - 1) * correlation)) < 1e-3, "beta \(beta), step \(step)")
        #expect(shaped.terms == plain.terms)
      }
      // Of two latent dimensions at N = 500 the weighted estimate is near one ln N too high.
      let stratified = try term("total_correlation_nats", loss(model, .init(estimator: .stratified), pass()))
      #expect(stratified < correlation)
    }
  }

  @Test("its expectation is the published objective's: -E ln p(x|z) + MI + beta TC + dimension-wise KL")
  func published() throws {
    let model = try betaTCVAE()
    var differences: [Float] = []
    for noise in 0..<300 {
      let own = loss(model, .init(beta: 5, estimator: .stratified), pass(noise: noise))
      let parts = try ["mutual_information_nats", "total_correlation_nats", "dimension_kl_nats"].map { try term($0, own) }
      differences.append(own.loss.scalar - (parts[0] + 5 * parts[1] + parts[2] - (try term("reconstruction_nats", own))))
    }
    let gap = average(differences)
    #expect(abs(gap.mean) < 4 * gap.error && gap.error < 0.05, "\(gap)")
  }

  @Test(
    "options out of range are refused by field",
    arguments: [
      (TotalCorrelationPenalty(beta: -1), "beta"), (.init(beta: .nan), "beta"), (.init(betaWarmUpSteps: -1), "beta_warm_up_steps"),
      (.init(warmUpEpochs: -1), "kl_warm_up_epochs"), (.init(freeBits: .infinity), "free_bits"),
    ])
  func refused(_ options: TotalCorrelationPenalty, _ field: String) throws {
    #expect(try #require(throws: Fault.self) { try betaTCVAE().check(options) }.field == field)
    #expect(try #require(throws: Fault.self) { try seatbelt([3, 2]).check(options) }.field == field)
    try betaTCVAE().check(TotalCorrelationPenalty())
  }
}
