internal import Formats
internal import Modelling

/// What an attack on decisions left of them.
package struct DecisionSummary: Sendable {
  /// The share of items that are decided for their label as they are; nil without labels.
  package let cleanAccuracy: Summary?
  /// By strength, the smallest first.
  package let levels: [Level]

  package struct Level: Sendable {
    package let strength: Double
    /// The share of perturbed items that are still decided for their label, or as before where there are no labels.
    package let accuracy: Summary
    /// What was left after each member of an ensemble and those before it.
    package let after: [(member: Ensemble.Member, accuracy: Double)]
  }
}

extension AuditReport {
  /// Of the objective downstream alone.
  package var decisions: DecisionSummary? {
    guard plan.objective == .downstream, let clean = meter.cleanDecisions else { return nil }
    func holds(_ example: Example) -> Bool { audit.labels == nil ? example[.decisionChanged] == 0 : example[.correct] == 1 }
    let levels = strengths.map { strength -> DecisionSummary.Level in
      let own = examples.filter { $0.run.strength == strength }
      let after = Ensemble.Member.allCases.indices.map { last -> (member: Ensemble.Member, accuracy: Double) in
        // What a later member found was still standing.
        let later = Ensemble.Member.allCases.suffix(from: last + 1)
        let standing = own.count { holds($0) || $0.foundBy.map(later.contains) ?? false }
        return (Ensemble.Member.allCases[last], Double(standing) / Double(own.count))
      }
      return DecisionSummary.Level(
        strength: strength, accuracy: Summary(own.map { holds($0) ? 1 : 0 }), after: plan.kind == .ensemble ? after : [])
    }
    return DecisionSummary(
      cleanAccuracy: audit.labels.map { labels in Summary(zip(clean, labels).map { $0 == $1 ? 1 : 0 }) }, levels: levels)
  }

  /// What these accuracies do not prove.
  private static let remark =
    "These are no RobustBench figures: those are of deterministic classifiers, by AutoAttack on a fixed set of items. A model that decides by draws needs its `rand` protocol as well."

  func value(of decisions: DecisionSummary) -> JSONValue {
    .record([
      "reference": .string(audit.labels == nil ? "the model's own decisions about the items as they are" : "the labels of the request"),
      "clean_accuracy": decisions.cleanAccuracy.map(Self.summary) ?? .null,
      "robust_accuracy": .array(
        decisions.levels.map { level in
          var members = [strength(level.strength), JSONValue.Member(name: "accuracy", value: Self.summary(level.accuracy))]
          if !level.after.isEmpty {
            members.append(.init(name: "after", value: .object(level.after.map { .init(name: $0.member.rawValue, value: .number($0.accuracy)) })))
          }
          return .object(members)
        }),
      "note": .string(Self.remark),
    ])
  }

  func className(_ component: Int) -> JSONValue { .string(audit.signature.componentName(component)) }
}
