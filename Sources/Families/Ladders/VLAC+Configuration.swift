package import Modelling

extension VLAC {
  package struct Configuration: Codable, Sendable, Equatable {
    package enum MixtureWeights: String, Codable, Sendable, CaseIterable {
      /// Every component is as likely as the others.
      case fixed
      case learned
    }

    package var ladder: LadderConfiguration
    /// Of every layer's mixture, the layer nearest the data first.
    package var components: [Int]
    package var mixtureWeights: MixtureWeights

    package init(_ ladder: LadderConfiguration, components: [Int], mixtureWeights: MixtureWeights = .fixed) {
      self.ladder = ladder
      self.components = components
      self.mixtureWeights = mixtureWeights
    }

    private enum CodingKeys: String, CodingKey {
      case components
      case mixtureWeights = "mixture_weights"
    }

    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        try LadderConfiguration(from: decoder), components: try values.decode([Int].self, forKey: .components),
        mixtureWeights: try values.decodeIfPresent(MixtureWeights.self, forKey: .mixtureWeights) ?? .fixed)
    }

    package func encode(to encoder: any Encoder) throws {
      try ladder.encode(to: encoder)
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(components, forKey: .components)
      try values.encode(mixtureWeights, forKey: .mixtureWeights)
    }

    func plan(_ signature: Signature) throws(Fault) -> LadderPlan {
      guard components.count == ladder.layers.count else {
        throw Fault(field: "components", given: "\(components.count) numbers", expected: "one a layer, \(ladder.layers.count)")
      }
      for (layer, count) in components.enumerated() where !(1...10_000).contains(count) {
        throw Fault(field: "components[\(layer)]", given: "\(count)", expected: "1 to 10000")
      }
      return try LadderPlan(ladder, signature, components: components, learnsWeights: mixtureWeights == .learned)
    }
  }

  package static let configurationFields: [ConfigurationField] =
    [ConfigurationField("components", "[integer]", "Clusters of every layer, the one nearest the data first.")] + LadderConfiguration.fields + [
      ConfigurationField(
        "mixture_weights", choices(Configuration.MixtureWeights.allCases), default: "\"fixed\"", "Equally likely components, or learned weights.")
    ]
}
