package import Modelling
internal import Networks
package import Tensors

/// The shape of a variational ladder autoencoder (Zhao et al. 2017) and of its p(x|z).
package struct LadderConfiguration: Codable, Sendable, Equatable {
  /// How a layer's latent variables join the features that come from the layers above.
  package enum Merge: String, Codable, Sendable, CaseIterable {
    /// [h, v(z)], channels of images side by side.
    case concatenate
    /// h + g v(z), a learned weight g a feature that starts at 0.1.
    case gatedAdd = "gated_add"
  }

  /// One layer of latent variables and the features that it is read from.
  package struct Layer: Codable, Sendable, Equatable {
    /// Dimensions of z.
    package var latent: Int
    /// Widths of the linear layers from the features of the layer below to this layer's, behind the convolutions.
    package var hidden: [Int]
    package var convolutions: [ConvolutionSpecification]
    /// Widths of the linear layers between this layer's features and its posterior.
    package var rung: [Int]

    package init(latent: Int, hidden: [Int] = [], convolutions: [ConvolutionSpecification] = [], rung: [Int] = []) {
      self.latent = latent
      self.hidden = hidden
      self.convolutions = convolutions
      self.rung = rung
    }

    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        latent: try values.decode(Int.self, forKey: .latent), hidden: try values.decodeIfPresent([Int].self, forKey: .hidden) ?? [],
        convolutions: try values.decodeIfPresent([ConvolutionSpecification].self, forKey: .convolutions) ?? [],
        rung: try values.decodeIfPresent([Int].self, forKey: .rung) ?? [])
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

  package init(
    _ layers: [Layer], merge: Merge = .concatenate, activation: Activation = .relu, batchNorm: Bool = false, scale: ScaleReading = .sigmoid,
    scaleFloor: Float = 0.001, observation: Observation = Observation(.bernoulli)
  ) {
    self.layers = layers
    self.merge = merge
    self.activation = activation
    self.batchNorm = batchNorm
    self.scale = scale
    self.scaleFloor = scaleFloor
    self.observation = observation
  }

  private enum CodingKeys: String, CodingKey {
    case layers, merge, activation, scale
    case batchNorm = "batch_norm"
    case scaleFloor = "scale_floor"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<T: Decodable>(_ key: CodingKeys, _ standard: T) throws -> T { try values.decodeIfPresent(T.self, forKey: key) ?? standard }
    self.init(
      try values.decode([Layer].self, forKey: .layers), merge: try value(.merge, .concatenate), activation: try value(.activation, .relu),
      batchNorm: try value(.batchNorm, false), scale: try value(.scale, .sigmoid), scaleFloor: try value(.scaleFloor, 0.001),
      observation: try Observation(from: decoder))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(layers, forKey: .layers)
    try values.encode(merge, forKey: .merge)
    try values.encode(activation, forKey: .activation)
    try values.encode(batchNorm, forKey: .batchNorm)
    try values.encode(scale, forKey: .scale)
    try values.encode(scaleFloor, forKey: .scaleFloor)
    try observation.encode(to: encoder)
  }

  package static let fields: [ConfigurationField] =
    [
      ConfigurationField(
        "layers", "[{latent, hidden, convolutions, rung}]",
        "Layers of latent variables, the one nearest the data first: latent dimensions; the convolutions and widths of linear layers from the features of the "
          + "layer below, mirrored in the decoder; and the widths between the features and the latent variables."),
      ConfigurationField(
        "merge", choices(Merge.allCases), default: "\"concatenate\"",
        "How a layer's latent variables join what the decoder has from the layers above: side by side, or added under learned weights."),
      ConfigurationField("activation", choices(Activation.allCases), default: "\"relu\"", "Behind every hidden layer."),
      ConfigurationField("batch_norm", "boolean", default: "false", "Batch normalisation before every activation."),
      ConfigurationField(
        "scale", choices(ScaleReading.allCases), default: "\"sigmoid\"",
        "How the posteriors' scale heads are read: sd = ln(1 + e^h), e^h, e^(h/2) or 1 / (1 + e^-h)."),
      ConfigurationField("scale_floor", "number", default: "0.001", "Added to a softplus or sigmoid deviation of a posterior."),
    ] + Observation.configurationFields
}

extension LadderConfiguration {
  func check(_ signature: Signature) throws(Fault) {
    try signature.checkRealColumns()
    func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(Fault) {
      guard range.contains(value) else {
        throw Fault(field: field, given: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    guard (1...8).contains(layers.count) else {
      throw Fault(field: "layers", given: "\(layers.count) layers", expected: "1 to 8 layers")
    }
    for (index, layer) in layers.enumerated() {
      let field = "layers[\(index)]"
      try check("\(field).latent", layer.latent, 1...65_536)
      for (name, widths) in [("hidden", layer.hidden), ("rung", layer.rung)] {
        guard widths.count <= 64 else {
          throw Fault(field: "\(field).\(name)", given: "\(widths.count) layers", expected: "at most 64 layers")
        }
        for (place, width) in widths.enumerated() { try check("\(field).\(name)[\(place)]", width, 1...65_536) }
      }
      guard layer.convolutions.count <= 32 else {
        throw Fault(field: "\(field).convolutions", given: "\(layer.convolutions.count) convolutions", expected: "at most 32")
      }
      guard index == 0 || !(layer.hidden.isEmpty && layer.convolutions.isEmpty) else {
        throw Fault(
          field: "\(field).hidden", given: "no layer",
          expected: "at least one width or convolution, behind which the features differ from those below")
      }
    }
    guard scaleFloor.isFinite, scaleFloor >= 0 else { throw Fault(field: "scale_floor", given: "\(scaleFloor)", expected: "0 or more") }
    try observation.check(signature)
  }
}
