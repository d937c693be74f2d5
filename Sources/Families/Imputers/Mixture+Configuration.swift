package import Modelling
internal import Networks
internal import Tensors

extension Mixture {
  package struct Configuration: Settings {
    package enum Kind: String, CaseIterable, SettingValue {
      /// Normals of full covariance over numbers and one-hot categories.
      case gaussian
      /// The same over normal scores of the numbers.
      case normalScores = "normal_scores"
      /// Latent classes: within a component every column is independent of the others.
      case categorical
      /// Normals of covariance Λ Λ' + D, for tables of many columns.
      case factors
    }

    /// nil: by the columns.
    package var chosenKind: Kind?
    package var kind: Kind { chosenKind ?? .gaussian }
    /// K
    package var components: Int
    /// Columns of Λ.
    package var factors: Int
    /// Quantiles of every number that the model keeps, of normal_scores.
    package var knots: Int

    package init() { self.init(nil) }

    package init(_ kind: Kind? = .gaussian, components: Int = 4, factors: Int = 3, knots: Int = 128) {
      (chosenKind, self.components, self.factors, self.knots) = (kind, components, factors, knots)
    }

    package static let table = Table<Self> {
      Setting(
        "kind", \.chosenKind,
        "gaussian: normals of full covariance over numbers and one-hot categories; normal_scores: the same over ranks of the numbers made normal; "
          + "categorical: latent classes, columns independent within each; factors: covariances of low rank beside a diagonal, for many columns; "
          + "absent: gaussian, of more than \(MixtureCoordinates.wide) numbers and categories factors, or categorical where none is a number.")
      Setting("components", \.components, in: 1...1024, "Components of the mixture.")
      Setting("factors", \.factors, in: 1...64, "Rank of the covariances of kind factors.")
      Setting("knots", \.knots, in: 8...4096, "Quantiles of every number that kind normal_scores keeps.")
    }

    /// The same with the kind that the columns suggest where none was chosen.
    func completed(for coordinates: MixtureCoordinates) -> Configuration {
      guard chosenKind == nil else { return self }
      var completed = self
      completed.chosenKind = !coordinates.isWide ? .gaussian : coordinates.numbers.isEmpty ? .categorical : .factors
      return completed
    }

    /// Whether components have covariances.
    var isFull: Bool { kind != .categorical }
  }

  /// What a mixture is over, all checked.
  struct Plan: Sendable {
    let configuration: Configuration
    let coordinates: MixtureCoordinates

    /// A component's inverse covariance has this many rows, and every missing cell of a row is one of a system of equations.
    private static let mostCoordinates = 2048

    init(_ configuration: Configuration, _ signature: Signature) throws(Fault) {
      try configuration.validate()
      try signature.check()
      guard signature.space.isRow else {
        throw Fault(field: "signature.kind", given: signature.space.kind.rawValue, expected: "a table or vectors")
      }
      coordinates = MixtureCoordinates(signature)
      let configuration = configuration.completed(for: coordinates)
      self.configuration = configuration
      let d = coordinates.width
      guard !configuration.isFull || d <= Self.mostCoordinates else {
        throw Fault(
          field: "kind", given: "\(configuration.kind.rawValue) for \(d) numbers and categories",
          expected: "categorical, or at most \(Self.mostCoordinates) numbers and categories")
      }
    }

    /// A mixture whose components lie at random places, each as wide as standardised numbers are.
    func network(_ source: ParameterSource) -> Network {
      let (k, d) = (configuration.components, coordinates.width)
      var network = Network(
        logits: source.tensor([k], .constant(0)), means: source["means"].tensor([k, d], .normal(deviation: 0.5)),
        constants: source.tensor([d], .constant(0)))
      switch configuration.kind {
      case .gaussian, .normalScores: network.roots = source.tensor([k, d * (d + 1) / 2], .constant(0))
      case .categorical: network.logDeviations = source.tensor([k, d], .constant(0))
      case .factors:
        network.logDeviations = source.tensor([k, d], .constant(0))
        network.loadings = source["loadings"].tensor([k, d, configuration.factors], .normal(deviation: 0.5))
      }
      if configuration.kind == .normalScores {
        let (numbers, knots) = (coordinates.numbers.count, configuration.knots)
        var quantiles = source.tensor([numbers, knots], .constant(0))
        source.revise(&quantiles) { q in
          for (knot, score) in QuantileMap.scores(knots: knots).enumerated() { for number in 0..<numbers { q[number * knots + knot] = Float(score) } }
        }
        network.quantiles = quantiles
      }
      return network
    }
  }
}
