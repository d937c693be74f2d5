package import Modelling

extension VLAC {
  package struct Configuration: Settings {
    package enum MixtureWeights: String, CaseIterable, SettingValue {
      /// Every component is as likely as the others.
      case fixed
      case learned
    }

    package var ladder: LadderConfiguration
    /// Of every layer's mixture, the layer nearest the data first.
    package var components: [Int]
    package var mixtureWeights: MixtureWeights

    package init() { self.init(LadderConfiguration(), components: []) }

    package init(_ ladder: LadderConfiguration, components: [Int], mixtureWeights: MixtureWeights = .fixed) {
      self.ladder = ladder
      self.components = components
      self.mixtureWeights = mixtureWeights
    }

    package static let table = Table<Self> {
      Setting("components", \.components, in: 1...10_000, required: true, "Clusters of every layer, the one nearest the data first.")
      Part(\.ladder)
      Setting("mixture_weights", \.mixtureWeights, "Equally likely components, or learned weights.")
    }

    package func check() throws(Fault) {
      guard components.count == ladder.layers.count else {
        throw Fault(field: "components", given: "\(components.count) numbers", expected: "one a layer, \(ladder.layers.count)")
      }
    }
  }
}
