package import Modelling

extension VLAC {
  package struct Configuration: Settings {
    package enum MixtureWeights: String, CaseIterable, SettingValue {
      /// Every component is as likely as the others.
      case fixed
      case learned
    }

    /// Of a component of a layer's mixture.
    package enum Covariance: String, CaseIterable, SettingValue {
      /// A layer's latent variables are independent within a component.
      case diagonal
      case full
    }

    package var ladder: LadderConfiguration
    /// Of every layer's mixture, the layer nearest the data first.
    package var components: [Int]
    package var mixtureWeights: MixtureWeights
    /// nil: diagonal.
    package var covariance: Covariance?

    package init() { self.init(LadderConfiguration(), components: []) }

    package init(_ ladder: LadderConfiguration, components: [Int], mixtureWeights: MixtureWeights = .fixed, covariance: Covariance? = nil) {
      (self.ladder, self.components) = (ladder, components)
      (self.mixtureWeights, self.covariance) = (mixtureWeights, covariance)
    }

    package static let table = Table<Self> {
      Setting("components", \.components, in: 1...10_000, required: true, "Clusters of every layer, the one nearest the data first.")
      Part(\.ladder)
      Setting("mixture_weights", \.mixtureWeights, "Equally likely components, or learned weights.")
      Setting(
        "covariance", \.covariance,
        "Of every component: diagonal, or full, in which the latent variables of a layer go together. Absent: diagonal.")
    }

    package func check() throws(Fault) {
      guard components.count == ladder.layers.count else {
        throw Fault(field: "components", given: "\(components.count) numbers", expected: "one a layer, \(ladder.layers.count)")
      }
    }
  }
}
