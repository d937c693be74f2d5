package import Modelling
internal import Networks
package import Tensors

/// The shape of a variational ladder autoencoder (Zhao et al. 2017) and of its p(x|z).
package struct LadderConfiguration: Settings {
  /// How a layer's latent variables join the features that come from the layers above.
  package enum Merge: String, CaseIterable, SettingValue {
    /// [h, v(z)], channels of images side by side.
    case concatenate
    /// h + g v(z), a learned weight g a feature that starts at 0.1.
    case gatedAdd = "gated_add"
  }

  /// One layer of latent variables and the features that it is read from.
  package struct Layer: Settings {
    /// Dimensions of z.
    package var latent: Int
    /// Widths of the linear layers from the features of the layer below to this layer's, after the convolutions.
    package var hidden: [Int]
    package var convolutions: [ConvolutionSpecification]
    /// Widths of the linear layers between this layer's features and its posterior.
    package var rung: [Int]

    package init() { self.init(latent: 0) }

    package init(latent: Int, hidden: [Int] = [], convolutions: [ConvolutionSpecification] = [], rung: [Int] = []) {
      self.latent = latent
      self.hidden = hidden
      self.convolutions = convolutions
      self.rung = rung
    }

    package static let table = Table<Self> {
      Setting("latent", \.latent, in: 1...65_536, required: true, "Dimensions of z.")
      Setting("hidden", \.hidden, in: 1...65_536, lengths: 0...64, of: "layers", "Widths of the linear layers from the features of the layer below.")
      Setting(
        "convolutions", \.convolutions, lengths: 0...32, of: "convolutions", expected: "at most 32", "Convolutions before those linear layers.")
      Setting(
        "rung", \.rung, in: 1...65_536, lengths: 0...64, of: "layers", "Widths of the linear layers between the features and the latent variables.")
    }
  }

  /// The layer nearest the data first.
  package var layers: [Layer]
  package var merge: Merge
  package var activation: Activation
  package var batchNorm: Bool
  package var scale: ScaleReading
  package var scaleFloor: Float
  package var observation: Observation

  package static let usualFloor: Float = 0.001

  package init() { self.init([]) }

  package init(
    _ layers: [Layer], merge: Merge = .concatenate, activation: Activation = .relu, batchNorm: Bool = false, scale: ScaleReading = .sigmoid,
    scaleFloor: Float = usualFloor, observation: Observation = Observation(.bernoulli)
  ) {
    self.layers = layers
    self.merge = merge
    self.activation = activation
    self.batchNorm = batchNorm
    self.scale = scale
    self.scaleFloor = scaleFloor
    self.observation = observation
  }

  package static let table = Table<Self> {
    Setting(
      "layers", \.layers, lengths: 1...8, of: "layers", required: true,
      "Layers of latent variables, the one nearest the data first: latent dimensions; the convolutions and widths of linear layers from the features of the "
        + "layer below, mirrored in the decoder; and the widths between the features and the latent variables.")
    Setting(
      "merge", \.merge,
      "How a layer's latent variables join what the decoder has from the layers above: side by side, or added under learned weights.")
    Setting("activation", \.activation, "Behind every hidden layer.")
    Setting("batch_norm", \.batchNorm, "Batch normalisation before every activation.")
    Setting("scale", \.scale, "How the posteriors' scale heads are read: sd = ln(1 + e^h), e^h, e^(h/2) or 1 / (1 + e^-h).")
    Setting("scale_floor", \.scaleFloor, in: 0..., "Added to a softplus or sigmoid deviation of a posterior.")
    Part(\.observation)
  }

  package var conventions: [String] { ["scale"] }

  package mutating func dropIneffective() { if !scale.hasFloor { scaleFloor = Self.usualFloor } }

  package func check() throws(Fault) {
    try refuseIneffective()
    for (index, layer) in layers.enumerated().dropFirst() where layer.hidden.isEmpty && layer.convolutions.isEmpty {
      throw Fault(
        field: "layers[\(index)].hidden", given: "no layer",
        expected: "at least one width or convolution, behind which the features differ from those below")
    }
  }
}
