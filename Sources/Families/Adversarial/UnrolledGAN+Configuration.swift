package import Modelling
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
}
