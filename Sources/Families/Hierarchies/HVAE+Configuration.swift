package import Modelling

extension HVAE {
  /// The layers of latent variables and the networks between them; the rest is a VAE's.
  package struct Configuration: Settings {
    package enum InferenceInput: String, CaseIterable, SettingValue {
      /// q(z_i+1 | z_i)
      case chain
      /// q(z_i+1 | z_i, x)
      case data
    }

    package var latents: [Int] { didSet { data.latent = latents.first ?? 0 } }
    package var layerHidden: [Int]
    package var inference: InferenceInput
    package var skip: Bool
    /// From x to the first layer and from the code back to x; its `latent` is the first of `latents`.
    package var data: VAE.Configuration

    package init() { self.init(latents: [], data: VAE.Configuration()) }

    package init(latents: [Int], layerHidden: [Int] = [128], inference: InferenceInput = .data, skip: Bool = true, data: VAE.Configuration) {
      self.latents = latents
      self.layerHidden = layerHidden
      self.inference = inference
      self.skip = skip
      self.data = data
      self.data.latent = latents.first ?? 0
    }

    package static let table = Table<Self> {
      Setting(
        "latents", \.latents, in: 1...65_536, lengths: 1...8, of: "layers", required: true,
        "Dimensions of every layer of latent variables, the one nearest the data first; 1 to 8 layers.")
      Setting(
        "layer_hidden", \.layerHidden, in: 1...65_536, lengths: 0...64, of: "layers",
        "Widths of the linear layers of each network between two layers.")
      Setting(
        "inference", \.inference, "What q of a layer sees: the draw of the layer below alone, or the encoder's features of the data besides.")
      Setting("skip", \.skip, "Whether the likelihood sees every layer, or the first alone.")
      Part(\.data, except: ["latent", "latents", "prior", "prior_components", "prior_weights"])
    }

    package func check() throws(Fault) { try refuseIneffective() }

    /// Of one layer there is no other that could see it, or that it could see.
    package mutating func dropIneffective() {
      guard latents.count == 1 else { return }
      let usual = Self()
      (layerHidden, inference, skip) = (usual.layerHidden, usual.inference, usual.skip)
    }

    /// Width of what the decoder sees.
    var codes: Int { skip ? latents.reduce(0, +) : data.latent }
  }
}
