package import Formats
package import Modelling
internal import Networks
internal import Optimisation
internal import Tensors

extension Stacking {
  /// The members of a combination.
  package struct Configuration: Settings {
    /// One member: a family that imputes tables, with settings of its own.
    package struct Member: Settings {
      package var family: String
      package var configuration: JSONValue
      package var training: JSONValue
      /// Models of it that differ in their random numbers, averaged; where there are bootstraps, only of those that weights are found with.
      package var copies: Int

      package init() { self.init(family: "") }

      package init(family: String, configuration: JSONValue = .object([]), training: JSONValue = .object([]), copies: Int = 1) {
        (self.family, self.configuration, self.training, self.copies) = (family, configuration, training, copies)
      }

      package static let table = Table<Self> {
        Setting("family", \.family, required: true, "mixture or vaeac.")
        Setting("configuration", \.configuration, "The family's own configuration.")
        Setting("training", \.training, "The family's own training options.")
        Setting("copies", \.copies, in: 1...64, "Models of it that differ in their random numbers, averaged.")
      }
    }

    /// Chosen by the columns where empty.
    package var members: [Member]
    /// Whether a VAEAC is among the members that are chosen by the columns.
    package var network: Bool
    /// Fits of every member, each to a bootstrap of the rows; draw i of any number is of fit i modulo this. 0: one fit, or copies, for all draws.
    package var bootstraps: Int

    package init() { self.init(members: []) }

    package init(members: [Member], network: Bool = false, bootstraps: Int = 0) {
      (self.members, self.network, self.bootstraps) = (members, network, bootstraps)
    }

    package static let mostBootstraps = 200

    package static let table = Table<Self> {
      Setting(
        "members", \.members, lengths: 0...64, of: "members",
        "Models to combine, each with a family (mixture or vaeac), its configuration and training, and copies: how many of it, by different random "
          + "numbers, are averaged (1). Without any they are chosen by the columns.")
      Setting(
        "network", \.network,
        "Whether the members that are chosen by the columns have a VAEAC among them; tables of categories alone have one anyway, and with bootstraps "
          + "there is none.")
      Setting(
        "bootstraps", \.bootstraps, in: 0...mostBootstraps,
        "Fits of every member, each to rows drawn with replacement and instead of copies: draw i of an imputation comes from fit i, for proper "
          + "multiple imputation; 0: all draws come from the same fits.")
    }

    /// Models of a member in the file.
    func fits(of member: Member) -> Int { bootstraps > 0 ? bootstraps : member.copies }

    /// The same with the members that a table's columns suggest where there are none.
    func completed(for signature: Signature) -> Configuration {
      guard members.isEmpty else { return self }
      var completed = self
      completed.members = Self.suggestion(signature, network: network, hasBootstraps: bootstraps > 0)
      return completed
    }

    /// A network is among the members of large tables.
    private static let largeRows = 2000

    private static func suggestion(_ signature: Signature, network: Bool, hasBootstraps: Bool) -> [Member] {
      func mixture(_ kind: Mixture.Configuration.Kind, _ components: Int, factors: Int? = nil, shrinkage: Double? = nil) -> Member {
        var configuration: [JSONValue.Member] = [
          .init(name: "kind", value: .string(kind.rawValue)), .init(name: "components", value: .integer(components)),
        ]
        if let factors { configuration.append(.init(name: "factors", value: .integer(factors))) }
        var training: [JSONValue.Member] = [.init(name: "restarts", value: .integer(1))]
        if let shrinkage {
          training.append(.init(name: "shrinkage", value: shrinkage == shrinkage.rounded() ? .integer(Int(shrinkage)) : .number(shrinkage)))
        }
        let hasOneStart = components == 1
        return Member(family: Mixture.name, configuration: .object(configuration), training: .object(training), copies: hasOneStart ? 1 : 3)
      }
      let coordinates = MixtureCoordinates(signature)
      let suggestion = VAEAC.settings(forRows: largeRows)
      // As many networks as bootstraps would take hours.
      let vaeac = hasBootstraps ? [] : [Member(family: VAEAC.name, configuration: suggestion.configuration, training: suggestion.training)]
      if coordinates.numbers.isEmpty {
        let members = [8, 16, 32, 64].map { mixture(.categorical, $0) } + vaeac
        return coordinates.isWide ? members : [mixture(.gaussian, 1, shrinkage: 3)] + members
      }
      if coordinates.isWide {
        let ranks = [1, 2, 3, 5, 8].map { mixture(.factors, 1, factors: $0) }
        return ranks + [mixture(.categorical, 8)] + (network ? vaeac : [])
      }
      // Columns that nearly follow from each other suffer from any shrinkage.
      let unshrunk = 0.1
      let classes = [mixture(.categorical, 8), mixture(.categorical, 16)]
      if hasBootstraps {
        // What a regression on completed rows finds is drawn towards nothing by members that shrink, and the same way in every one of them.
        let hasCategories = coordinates.numbers.count < coordinates.columns.count
        return [1, 2, 4].map { mixture(.gaussian, $0, shrinkage: unshrunk) } + (hasCategories ? classes : [])
      }
      return [
        mixture(.gaussian, 1, shrinkage: unshrunk), mixture(.gaussian, 1, shrinkage: 3), mixture(.gaussian, 1, shrinkage: 30),
        mixture(.normalScores, 1), mixture(.gaussian, 2), mixture(.gaussian, 4), mixture(.gaussian, 8), mixture(.normalScores, 4),
      ] + classes + (network ? vaeac : [])
    }
  }
}
