package import Modelling

extension HiLLoC {
  /// The sizes of the network; the defaults are the authors', but for their 24 layers.
  package struct Configuration: Settings {
    package var layers: Int
    package var latent: Int
    package var hidden: Int

    package init() { self.init(layers: 4) }

    package init(layers: Int, latent: Int = 32, hidden: Int = 160) {
      (self.layers, self.latent, self.hidden) = (layers, latent, hidden)
    }

    package static let table = Table<Self> {
      Setting("layers", \.layers, in: 1...64, "Layers of latent variables.")
      Setting("latent", \.latent, in: 1...1024, "Channels of each layer of latent variables, at half of the image's height and width.")
      Setting("hidden", \.hidden, in: 1...4096, "Channels of features.")
    }
  }
}
