package import Modelling
package import Tensors

extension VAE {
  /// The shape of the network and of p(x|z).
  package struct Configuration: Settings {
    package enum HeadLayout: String, CaseIterable, SettingValue { case separate, joint }

    package var latent: Int
    package var hidden: [Int]
    package var decoderHidden: [Int]?
    package var convolutions: [ConvolutionSpecification]
    package var activation: Activation
    package var batchNorm: Bool
    package var heads: HeadLayout
    package var scale: ScaleReading
    package var scaleFloor: Float
    package var observation: Observation

    package init() { self.init(latent: 0) }

    package init(
      latent: Int, hidden: [Int] = [512, 512], decoderHidden: [Int]? = nil, convolutions: [ConvolutionSpecification] = [],
      activation: Activation = .relu,
      batchNorm: Bool = false, heads: HeadLayout = .separate, scale: ScaleReading = .softplus, scaleFloor: Float = 0,
      observation: Observation = Observation(.bernoulli)
    ) {
      self.latent = latent
      self.hidden = hidden
      self.decoderHidden = decoderHidden
      self.convolutions = convolutions
      self.activation = activation
      self.batchNorm = batchNorm
      self.heads = heads
      self.scale = scale
      self.scaleFloor = scaleFloor
      self.observation = observation
    }

    package static let table = Table<Self> {
      Setting("latent", \.latent, in: 1...65_536, required: true, "Dimensions of z.")
      Setting("hidden", \.hidden, in: 1...65_536, lengths: 0...64, of: "layers", "Widths of the encoder's linear layers.")
      Setting(
        "decoder_hidden", \.decoderHidden, in: 1...65_536, lengths: 0...64, of: "layers",
        "Widths of the decoder's linear layers; absent: the encoder's, reversed.")
      Setting(
        "convolutions", \.convolutions, lengths: 0...32, of: "convolutions", expected: "at most 32",
        "Convolutions before the linear layers of an image model, mirrored in the decoder.")
      Setting("activation", \.activation, "Behind every hidden layer.")
      Setting("batch_norm", \.batchNorm, "Batch normalisation before every activation.")
      Setting("heads", \.heads, "Mean and scale as two layers or as two halves of one.")
      Setting("scale", \.scale, "How the posterior's scale head is read: sd = ln(1 + e^h), e^h, e^(h/2) or 1 / (1 + e^-h).")
      Setting("scale_floor", \.scaleFloor, in: 0..., "Added to a softplus or sigmoid deviation of the posterior.")
      Part(\.observation)
    }

    package func check() throws(Fault) { try refuseIneffective() }

    package var conventions: [String] { ["scale"] }

    package mutating func dropIneffective() { if !scale.hasFloor { scaleFloor = 0 } }
  }
}
