package import Modelling
internal import Networks
package import Tensors

extension VAE {
  /// The shape of the network and of p(x|z).
  package struct Configuration: Codable, Sendable, Equatable {
    package enum HeadLayout: String, Codable, Sendable, CaseIterable { case separate, joint }

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

    private enum Keys: String, CodingKey {
      case latent, hidden, convolutions, activation, heads, scale
      case decoderHidden = "decoder_hidden"
      case batchNorm = "batch_norm"
      case scaleFloor = "scale_floor"
    }

    package init(from decoder: any Decoder) throws {
      self = try .init(from: decoder, latent: decoder.container(keyedBy: Keys.self).decode(Int.self, forKey: .latent))
    }

    /// For a family that says otherwise how many dimensions z has.
    init(from decoder: any Decoder, latent: Int) throws {
      let values = try decoder.container(keyedBy: Keys.self)
      func value<T: Decodable>(_ key: Keys, _ standard: T) throws -> T { try values.decodeIfPresent(T.self, forKey: key) ?? standard }
      self.init(
        latent: latent, hidden: try value(.hidden, [512, 512]),
        decoderHidden: try values.decodeIfPresent([Int].self, forKey: .decoderHidden), convolutions: try value(.convolutions, []),
        activation: try value(.activation, .relu), batchNorm: try value(.batchNorm, false), heads: try value(.heads, .separate),
        scale: try value(.scale, .softplus), scaleFloor: try value(.scaleFloor, 0),
        observation: try Observation(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: Keys.self)
      try values.encode(latent, forKey: .latent)
      try encodeRest(to: encoder)
    }

    /// Everything but the dimensions of z.
    func encodeRest(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: Keys.self)
      try values.encode(hidden, forKey: .hidden)
      try values.encodeIfPresent(decoderHidden, forKey: .decoderHidden)
      try values.encode(convolutions, forKey: .convolutions)
      try values.encode(activation, forKey: .activation)
      try values.encode(batchNorm, forKey: .batchNorm)
      try values.encode(heads, forKey: .heads)
      try values.encode(scale, forKey: .scale)
      try values.encode(scaleFloor, forKey: .scaleFloor)
      try observation.encode(to: encoder)
    }
  }

  package static let configurationFields: [ConfigurationField] =
    [
      ConfigurationField("latent", "integer", "Dimensions of z."),
      ConfigurationField("hidden", "[integer]", default: "[512, 512]", "Widths of the encoder's linear layers."),
      ConfigurationField("decoder_hidden", "[integer]", default: "null", "Widths of the decoder's linear layers; absent: the encoder's, reversed."),
      ConfigurationField(
        "convolutions", "[{channels, kernel, stride, padding}]", default: "[]",
        "Convolutions before the linear layers of an image model, mirrored in the decoder."),
      ConfigurationField("activation", choices(Activation.allCases), default: "\"relu\"", "Behind every hidden layer."),
      ConfigurationField("batch_norm", "boolean", default: "false", "Batch normalisation before every activation."),
      ConfigurationField(
        "heads", choices(Configuration.HeadLayout.allCases), default: "\"separate\"", "Mean and scale as two layers or as two halves of one."),
      ConfigurationField(
        "scale", choices(ScaleReading.allCases), default: "\"softplus\"",
        "How the posterior's scale head is read: sd = ln(1 + e^h), e^h, e^(h/2) or 1 / (1 + e^-h)."),
      ConfigurationField("scale_floor", "number", default: "0", "Added to a softplus or sigmoid deviation of the posterior."),
    ] + Observation.configurationFields

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
      try configuration.check(signature)
      var encoder: [BlockPlan] = []
      var width = signature.width
      var stack: ImageStack?
      if !configuration.convolutions.isEmpty {
        guard let image = signature.image else {
          throw Fault(field: "convolutions", given: "a \(signature.kind.rawValue) signature", expected: "images")
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

extension VAE.Configuration {
  fileprivate func check(_ signature: Signature) throws(Fault) {
    try signature.checkRealColumns()
    func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(Fault) {
      guard range.contains(value) else {
        throw Fault(field: field, given: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check("latent", latent, 1...65_536)
    for (name, widths) in [("hidden", hidden), ("decoder_hidden", decoderHidden ?? [])] {
      guard widths.count <= 64 else { throw Fault(field: name, given: "\(widths.count) layers", expected: "at most 64 layers") }
      for (index, width) in widths.enumerated() { try check("\(name)[\(index)]", width, 1...65_536) }
    }
    guard convolutions.count <= 32 else {
      throw Fault(field: "convolutions", given: "\(convolutions.count) convolutions", expected: "at most 32")
    }
    guard scaleFloor.isFinite, scaleFloor >= 0 else { throw Fault(field: "scale_floor", given: "\(scaleFloor)", expected: "0 or more") }
    try observation.check(signature)
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
