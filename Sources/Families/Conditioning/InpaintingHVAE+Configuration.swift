package import Modelling
package import Tensors

extension InpaintingHVAE {
  /// The sizes of the network; the defaults are those of the class project for images half as large as its own.
  package struct Configuration: Settings {
    package var channels: [Int]
    package var hidden: Int
    package var latent: Int
    package var activation: Activation

    package init() { self.init(hidden: 512) }

    package init(channels: [Int] = [4, 8, 16, 32, 64], hidden: Int = 512, latent: Int = 256, activation: Activation = .relu) {
      (self.channels, self.hidden, self.latent, self.activation) = (channels, hidden, latent, activation)
    }

    package static let table = Table<Self> {
      Setting(
        "channels", \.channels, in: 1...4096, lengths: 2...8, of: "numbers",
        "Channels of features, and of latent variables, at the image's size, at its half, and so on; as many levels of latent variables, and one more."
      )
      Setting("hidden", \.hidden, in: 1...65_536, "Width of the layer that sees the whole image.")
      Setting("latent", \.latent, in: 1...65_536, "Dimensions of the level furthest from the data.")
      Setting("activation", \.activation, "Behind every hidden layer.")
    }

    /// Levels of latent variables.
    package var levels: Int { channels.count + 1 }
  }
}

extension InpaintingHVAE.Configuration {
  /// Refuses what is wrong with this, or with items that aren't images of 256 levels.
  func checked(_ signature: Signature) throws(Fault) -> Picture {
    try validate()
    try signature.check()
    guard let image = signature.space.picture else {
      throw Fault(field: "signature.kind", given: signature.space.kind.rawValue, expected: "images; the family vaeac takes tables and vectors")
    }
    guard case .image(let space) = signature.space, space.range == [0, 255], space.scaling == nil else {
      throw Fault(
        field: "signature", given: "an image of another range or with a scaling", expected: "images of range [0, 255], which have 256 levels")
    }
    return image
  }
}
