package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension UnrolledGAN: Trainable {
  /// How the two players move. The recipe's optimiser is the generator's; the discriminator's has a rate of its own and is otherwise the same.
  package struct TrainingOptions: Settings {
    /// K
    package var unrollSteps: Int
    package var discriminatorRate: Float

    package init() { self.init(unrollSteps: 5) }

    package init(unrollSteps: Int = 5, discriminatorRate: Float = 1e-4) {
      (self.unrollSteps, self.discriminatorRate) = (unrollSteps, discriminatorRate)
    }

    package static let table = Table<Self> {
      Setting(
        "unroll_steps", \.unrollSteps, in: 0...100,
        "Steps of the discriminator that the generator learns through; 0 is the plain GAN of the saddle objective.")
      Setting(
        "discriminator_rate", \.discriminatorRate, in: Above(0),
        "Rate of the discriminator's optimiser, which is otherwise the recipe's `optimiser`; its unrolled steps have the same rate.")
    }
  }

  package func check(items: Tensor) throws(Fault) {}

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> UnrolledLearner {
    UnrolledLearner(model: self, steps: options.unrollSteps, descent: descent, rivalRate: options.discriminatorRate)
  }
}
