package import Modelling

extension LadderVAE {
  /// The layers of latent variables and the networks between them; the ends are a VAE's.
  package struct Configuration: Settings {
    /// Whose top-down networks q passes through on the way down.
    package enum TopDown: String, CaseIterable, SettingValue {
      /// Those of the generative model: what comes down is p(z_i|z_i+1) itself.
      case shared
      /// Its own.
      case separate
    }

    /// What goes up from one layer to the next.
    package enum Upward: String, CaseIterable, SettingValue {
      /// The features that the heads see.
      case features
      /// The mean that the data alone suggest.
      case means
    }

    package var latents: [Int]
    package var layerHidden: [Int]
    package var layerDepth: Int
    package var topDown: TopDown
    package var upward: Upward
    private var ends: VAE.Configuration

    package init() { self.init(latents: [], data: VAE.Configuration()) }

    package init(
      latents: [Int], layerHidden: [Int] = [], layerDepth: Int = 2, topDown: TopDown = .shared, upward: Upward = .features, data: VAE.Configuration
    ) {
      (self.latents, self.layerHidden, self.layerDepth) = (latents, layerHidden, layerDepth)
      (self.topDown, self.upward, ends) = (topDown, upward, data)
    }

    package static let table = Table<Self> {
      Setting(
        "latents", \.latents, in: 1...65_536, lengths: 1...8, of: "layers", required: true,
        "Dimensions of every layer of latent variables, the one nearest the data first; 1 to 8 layers.")
      Setting(
        "layer_hidden", \.layerHidden, in: 1...65_536, lengths: 0...7, of: "layers",
        "Width of the hidden layers of each layer of latent variables but the first, whose are `hidden`: one number each.")
      Setting("layer_depth", \.layerDepth, in: 0...64, "How many hidden layers each of them has, on the way up as on the way down.")
      Setting(
        "top_down", \.topDown,
        "Whether q comes down through the networks of the generative model, as in the paper, or through its own, as in the authors' command.")
      Setting("upward", \.upward, "What the next layer sees on the way up: the features below its heads, or their mean, as in the authors' command.")
      Part(\.ends, except: ["latent", "latents", "head", "heads", "prior", "prior_components", "prior_weights"])
    }

    package func check() throws(Fault) {
      try refuseIneffective()
      guard latents.count < 2 || layerHidden.count == latents.count - 1 || layerDepth == 0 else {
        throw Fault(
          field: "layer_hidden", given: "\(layerHidden.count) layers", expected: "\(latents.count - 1), one for each of `latents` but the first")
      }
    }

    /// Of one layer there is none above it.
    package mutating func dropIneffective() {
      let usual = Self()
      if latents.count == 1 { (layerHidden, layerDepth, topDown, upward) = (usual.layerHidden, usual.layerDepth, usual.topDown, usual.upward) }
      if layerDepth == 0 { layerHidden = [] }
    }

    /// From x to the heads of the first layer, and from z_1 back; with batch normalisation the heads have it, too.
    package var data: VAE.Configuration {
      var data = ends
      data.latent = latents.first ?? 0
      if data.batchNorm {
        var head = LayerSpecification(.linear)
        head.normalisation = .batch
        data.head = head
      }
      return data
    }

    /// Widths of the hidden layers of a layer of latent variables above the first; `layer` 1 is the second.
    func widths(of layer: Int) -> [Int] { layerDepth == 0 ? [] : [Int](repeating: layerHidden[layer - 1], count: layerDepth) }
  }
}
