// What is particular to each attack, beside how it is carried out.
extension AuditPlan.Kind {
  /// Whether its strength is the weight of a penalty, the smallest being the strongest, and not the radius of a ball.
  package var hasPenalty: Bool { self == .lbfgs }

  /// What its strength is called.
  package var strength: String { hasPenalty ? "weight" : "budget" }

  /// Whether it draws perturbations without looking for any.
  var isNoise: Bool { self == .noise }

  /// Whether it sees no gradient.
  var isBlackBox: Bool { self == .noise || self == .square }

  /// Whether the square attack, within the same budget, says something of it.
  var hasBlackBoxCounterpart: Bool { self != .square && !hasPenalty }

  /// The norms that it has; nil for all.
  var norms: [Norm]? { self == .square || self == .ensemble ? SquareAttack.norms : nil }

  /// Whether it is for the objective downstream alone.
  var attacksDecisions: Bool { self == .ensemble || self == .fab }

  /// Whether it knows nothing between a change of a decision and none.
  var isAllOrNothing: Bool { self == .fab }

  /// A loss as checks compare it: an ensemble ends with the first change of a decision.
  func compared(_ loss: Double) -> Double {
    switch self {
    case .ensemble: max(loss, 0)
    case .fab: loss < 0 ? 0 : 1
    case .apgd, .lbfgs, .noise, .pgd, .square: loss
    }
  }
}
