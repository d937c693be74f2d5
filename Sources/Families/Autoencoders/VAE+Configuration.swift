package import Modelling
internal import Networks
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
  }

  /// The network before it has weights, every size checked.
  struct Plan {
    let encoder: [BlockPlan]
    let decoder: [BlockPlan]
    let output: BlockPlan
    /// Width of what the posterior's heads see.
    let features: Int
    let scalarCount: Int

    /// The largest network that a file or recipe may ask for: one gigabyte of float32.
    static let largestScalarCount = 1 << 28

    /// `codes` is the width of what the decoder is given, where it is more than one draw of z.
    init(_ configuration: Configuration, _ signature: Signature, codes: Int? = nil) throws(Fault) {
      try configuration.validate()
      try signature.checkRealNumbers()
      try configuration.observation.check(signature)
      var encoder: [BlockPlan] = []
      var width = signature.width
      var stack: ImageStack?
      if !configuration.convolutions.isEmpty {
        guard let image = signature.space.picture?.extents else {
          throw Fault(field: "convolutions", given: "a \(signature.space.kind.rawValue) signature", expected: "images")
        }
        let convolutions = try ImageStack(
          configuration.convolutions, on: image, activation: configuration.activation, batchNorm: configuration.batchNorm)
        encoder = convolutions.encoder
        width = convolutions.top.count
        stack = convolutions
      }
      let normalises = configuration.batchNorm
      encoder += [BlockPlan].mlp(width, configuration.hidden, configuration.activation, batchNorm: normalises)
      features = configuration.hidden.last ?? width

      let reversed = configuration.decoderHidden ?? configuration.hidden.reversed()
      var decoder = [BlockPlan].mlp(codes ?? configuration.latent, reversed, configuration.activation, batchNorm: normalises)
      let decoded = reversed.last ?? codes ?? configuration.latent
      if let stack {
        decoder += [BlockPlan].mlp(decoded, [width], configuration.activation, batchNorm: normalises) + stack.decoder
        output = stack.output
      } else {
        output = .linear(decoded, signature.width)
      }
      self.encoder = encoder
      self.decoder = decoder
      let outputs = [BlockPlan](repeating: output, count: configuration.observation.hasScaleHead ? 2 : 1)
      let heads = [BlockPlan](repeating: .linear(features, configuration.latent), count: 2)
      guard let count = (encoder + heads + decoder + outputs).scalarCount, count <= Self.largestScalarCount else {
        throw Fault(field: "hidden", given: "a network of more than \(Self.largestScalarCount) numbers", expected: "a smaller one")
      }
      scalarCount = count
    }
  }
}

extension [BlockPlan] {
  /// Linear layers, each with batch normalisation where asked for and the activation.
  static func mlp(_ inputs: Int, _ widths: [Int], _ activation: Activation, batchNorm: Bool) -> [BlockPlan] {
    zip([inputs] + widths, widths).flatMap { input, output in
      [.linear(input, output)] + (batchNorm ? [.batchNorm(output)] : []) + [.activation(activation)]
    }
  }
}
