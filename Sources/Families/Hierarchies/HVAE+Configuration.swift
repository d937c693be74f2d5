package import Modelling
internal import Networks
internal import Tensors

extension HVAE {
  /// The layers of latent variables and the networks between them; the rest is a VAE's.
  package struct Configuration: Codable, Sendable, Equatable {
    package enum InferenceInput: String, Codable, Sendable, CaseIterable {
      /// q(z_i+1 | z_i)
      case chain
      /// q(z_i+1 | z_i, x)
      case data
    }

    package var latents: [Int]
    package var layerHidden: [Int]
    package var inference: InferenceInput
    package var skip: Bool
    /// From x to the first layer and from the code back to x; its `latent` is the first of `latents`.
    package var data: VAE.Configuration

    package init(latents: [Int], layerHidden: [Int] = [128], inference: InferenceInput = .data, skip: Bool = true, data: VAE.Configuration) {
      self.latents = latents
      self.layerHidden = layerHidden
      self.inference = inference
      self.skip = skip
      self.data = data
      self.data.latent = latents.first ?? 0
    }

    private enum Keys: String, CodingKey {
      case latents, inference, skip
      case layerHidden = "layer_hidden"
    }

    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Keys.self)
      let latents = try values.decode([Int].self, forKey: .latents)
      self.init(
        latents: latents, layerHidden: try values.decodeIfPresent([Int].self, forKey: .layerHidden) ?? [128],
        inference: try values.decodeIfPresent(InferenceInput.self, forKey: .inference) ?? .data,
        skip: try values.decodeIfPresent(Bool.self, forKey: .skip) ?? true, data: try VAE.Configuration(from: decoder, latent: latents.first ?? 0))
    }

    package func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: Keys.self)
      try values.encode(latents, forKey: .latents)
      try values.encode(layerHidden, forKey: .layerHidden)
      try values.encode(inference, forKey: .inference)
      try values.encode(skip, forKey: .skip)
      try data.encodeRest(to: encoder)
    }

    /// Width of what the decoder sees.
    var codes: Int { skip ? latents.reduce(0, +) : data.latent }

    fileprivate func check() throws(Fault) {
      guard (1...8).contains(latents.count) else {
        throw Fault(field: "latents", given: "\(latents.count) layers", expected: "1 to 8 layers")
      }
      guard layerHidden.count <= 64 else {
        throw Fault(field: "layer_hidden", given: "\(layerHidden.count) layers", expected: "at most 64 layers")
      }
      for (name, widths) in [("latents", latents), ("layer_hidden", layerHidden)] {
        for (index, width) in widths.enumerated() where !(1...65_536).contains(width) {
          throw Fault(field: "\(name)[\(index)]", given: "\(width)", expected: "1 to 65536")
        }
      }
    }
  }

  package static let configurationFields: [ConfigurationField] =
    [
      ConfigurationField("latents", "[integer]", "Dimensions of every layer of latent variables, the one nearest the data first; 1 to 8 layers."),
      ConfigurationField("layer_hidden", "[integer]", default: "[128]", "Widths of the linear layers of each network between two layers."),
      ConfigurationField(
        "inference", Configuration.InferenceInput.allCases.map(\.rawValue).joined(separator: " | "), default: "\"data\"",
        "What q of a layer sees: the draw of the layer below alone, or the encoder's features of the data besides."),
      ConfigurationField("skip", "boolean", default: "true", "Whether the likelihood sees every layer, or the first alone."),
    ] + VAE.configurationFields.filter { $0.name != "latent" }

  /// The networks before they have weights, every size checked.
  struct Plan {
    let data: VAE.Plan
    /// Hidden layers of q(z_i+1 | z_i) and of p(z_i | z_i+1), nearest the data first.
    let inference: [ConditionalPlan]
    let prior: [ConditionalPlan]
    let scalarCount: Int

    init(_ configuration: Configuration, _ signature: Signature) throws(Fault) {
      try configuration.check()
      data = try VAE.Plan(configuration.data, signature, codes: configuration.codes)
      let latents = configuration.latents
      let features = configuration.inference == .data ? data.features : 0
      inference = zip(latents, latents.dropFirst()).map { ConditionalPlan($0 + features, $1, configuration) }
      prior = zip(latents, latents.dropFirst()).map { ConditionalPlan($1, $0, configuration) }
      let blocks = (inference + prior).flatMap(\.blocks)
      guard let between = blocks.scalarCount, between <= VAE.Plan.largestScalarCount - data.scalarCount else {
        throw Fault(
          field: "layer_hidden", given: "a network of more than \(VAE.Plan.largestScalarCount) numbers", expected: "a smaller one")
      }
      scalarCount = data.scalarCount + between
    }
  }

  /// Sizes of one network between two layers.
  struct ConditionalPlan {
    let hidden: [BlockPlan]
    let features: Int
    let outputs: Int

    init(_ inputs: Int, _ outputs: Int, _ configuration: Configuration) {
      hidden = .mlp(inputs, configuration.layerHidden, configuration.data.activation, batchNorm: configuration.data.batchNorm)
      features = configuration.layerHidden.last ?? inputs
      self.outputs = outputs
    }

    var blocks: [BlockPlan] { hidden + [.linear(features, outputs), .linear(features, outputs)] }
  }
}
