import Families
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("Averaged weights")
struct AveragingTests {
  private func learner(decay: Float) throws -> AveragingLearner<VAE> {
    let model = try VAE(VAE.Configuration(latent: 2, hidden: [3]), signature: .image(height: 2, width: 2), key: RandomKey(seed: 3))
    return AveragingLearner(model, VAE.TrainingOptions(), Descent(Optimiser(.adam, rate: 0.01)), decay: decay)
  }

  /// The weights and their average after each of some steps.
  private func path(_ learner: AveragingLearner<VAE>, steps: Int) throws -> [(weights: [Float], average: [Float])] {
    let x = RandomKey(seed: 4).uniform([5, 4])
    var state = learner.start(TrainingData(count: 5) { _ in x }, key: RandomKey(seed: 5))
    return try (0..<steps).map { step in
      _ = try learner.step(&state, Batch(x), Pass(keys: RowKeys(RandomKey(seed: 6).split(step), rows: 0..<5), epoch: 0, step: step))
      let average = learner.model(state).network.leaves.flatMap(\.tensor.scalars)
      return (state.player.network.leaves.flatMap(\.tensor.scalars), average)
    }
  }

  @Test("a step keeps (1 + t) / (10 + t) of the average until the decay is less, and the model has the average")
  func recursion() throws {
    let path = try path(learner(decay: 0.3), steps: 6)
    for (step, (before, after)) in zip(path, path.dropFirst()).enumerated() {
      let kept = min(0.3, Float(step + 2) / Float(step + 11))
      for (place, average) in after.average.enumerated() {
        #expect(abs(average - (kept * before.average[place] + (1 - kept) * after.weights[place])) < 1e-6)
      }
      #expect(after.average != after.weights)
    }
  }

  @Test("a decay of nothing gives the last weights")
  func last() throws { for point in try path(learner(decay: 0), steps: 3) { #expect(point.average == point.weights) } }
}
