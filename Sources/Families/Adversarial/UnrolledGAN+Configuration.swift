package import Modelling
internal import Networks
package import Tensors

extension UnrolledGAN {
  /// The shapes of both networks; the defaults are the paper's for the ring of eight Gaussians.
  package struct Configuration: Settings {
    package var latent: Int
    package var hidden: [Int]
    package var discriminatorHidden: [Int]?
    package var activation: Activation

    package init() { self.init(latent: 256) }

    package init(latent: Int = 256, hidden: [Int] = [128, 128], discriminatorHidden: [Int]? = nil, activation: Activation = .relu) {
      (self.latent, self.hidden, self.discriminatorHidden, self.activation) = (latent, hidden, discriminatorHidden, activation)
    }

    package static let table = Table<Self> {
      Setting("latent", \.latent, in: 1...65_536, "Dimensions of z.")
      Setting("hidden", \.hidden, in: 1...65_536, lengths: 0...64, of: "layers", "Widths of the generator's linear layers.")
      Setting(
        "discriminator_hidden", \.discriminatorHidden, in: 1...65_536, lengths: 0...64, of: "layers",
        "Widths of the discriminator's linear layers; absent: the generator's.")
      Setting("activation", \.activation, "Behind every hidden layer of both networks.")
    }
  }

  /// Both networks before they have weights, every size checked.
  struct Plan {
    /// z -> x; an image's pixels are sigmoids, other numbers are as wide as the real line.
    let generator: [BlockPlan]
    /// x -> the logit of D(x).
    let discriminator: [BlockPlan]

    init(_ configuration: Configuration, _ signature: Signature) throws(Fault) {
      try configuration.validate()
      try signature.checkRealNumbers()
      let (hidden, width) = (configuration.hidden, signature.width)
      let output: [BlockPlan] =
        [.linear(hidden.last ?? configuration.latent, width)] + (signature.space.picture == nil ? [] : [.activation(.sigmoid)])
      generator = .mlp(configuration.latent, hidden, configuration.activation, batchNorm: false) + output
      let rival = configuration.discriminatorHidden ?? hidden
      discriminator = .mlp(width, rival, configuration.activation, batchNorm: false) + [.linear(rival.last ?? width, 1)]
      for (field, plan) in [("hidden", generator), ("discriminator_hidden", discriminator)] {
        guard let count = plan.scalarCount, count <= VAE.Plan.largestScalarCount else {
          throw Fault(field: field, given: "a network of more than \(VAE.Plan.largestScalarCount) numbers", expected: "a smaller one")
        }
      }
    }
  }
}
