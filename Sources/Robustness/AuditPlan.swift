internal import Formats
internal import Foundation
package import Modelling

/// How a model is audited: the attack, what it is after, how strong it may be, and what is measured beside it.
package struct AuditPlan: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable, CaseIterable { case apgd, ensemble, fab, lbfgs, noise, pgd, square }

  package enum Goal: String, Sendable, Hashable, Codable, CaseIterable {
    case damage, downstream, latent
    case latentSpace = "latent_space"
    case likelihood, output

    /// Whether it leads to a target.
    package var isTargeted: Bool { self == .latent || self == .output }
  }

  package var kind: Kind
  package var objective: Goal
  package var norm: Norm
  /// Radii in model units; nil for those that the width of an item suggests.
  package var budgets: [Double]?
  /// Weights of the penalty, of `lbfgs`.
  package var weights: [Double]?
  package var steps: Int
  package var restarts: Int
  /// Of `pgd`, as a part of the radius.
  package var stepSize: Double?
  package var divergence: PosteriorDistance
  package var layers: [Int]?
  package var damage: DamageObjective.Quantity
  package var decision: DownstreamObjective.Quantity
  package var penalty: PenaltyAttack.Penalty
  /// Draws of q(z|x) that losses are averaged over; 0 for its mean.
  package var eotSamples: Int
  package var margins: Bool
  /// How far a reconstruction may move and still count as the same; nil for 0.1 √width.
  package var radius: Double?
  /// Whether the answer holds the perturbed items.
  package var examples: Bool

  private enum CodingKeys: String, CodingKey {
    case kind, objective, norm, budgets, weights, steps, restarts
    case stepSize = "step_size"
    case divergence, layers, damage, decision, penalty
    case eotSamples = "eot_samples"
    case margins, radius, examples
  }

  package init(
    kind: Kind = .apgd, objective: Goal = .damage, norm: Norm = .l2, budgets: [Double]? = nil, weights: [Double]? = nil, steps: Int = 100,
    restarts: Int = 5, divergence: PosteriorDistance = .kl, damage: DamageObjective.Quantity = .reconstruction, eotSamples: Int = 0,
    margins: Bool = true, examples: Bool = false
  ) {
    (self.kind, self.objective, self.norm, self.budgets, self.weights) = (kind, objective, norm, budgets, weights)
    (self.steps, self.restarts, self.divergence, self.damage) = (steps, restarts, divergence, damage)
    (self.eotSamples, self.margins, self.examples) = (eotSamples, margins, examples)
    (stepSize, layers, radius, decision, penalty) = (nil, nil, nil, .margin, .l2)
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    func value<T: Decodable>(_ key: CodingKeys, _ standard: T) throws -> T { try fields.decodeIfPresent(T.self, forKey: key) ?? standard }
    func choice<T: RawRepresentable & CaseIterable>(_ key: CodingKeys, _ standard: T) throws -> T where T.RawValue == String {
      guard let text = try fields.decodeIfPresent(String.self, forKey: key) else { return standard }
      guard let choice = T(rawValue: text) else {
        let path = (decoder.codingPath.map(\.stringValue) + [key.rawValue]).joined(separator: ".")
        throw JSONError(
          .mismatch, field: path, given: "\"\(text.prefix(60))\"", expected: "one of " + T.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return choice
    }
    kind = try choice(.kind, .apgd)
    objective = try choice(.objective, .damage)
    norm = try choice(.norm, .l2)
    budgets = try fields.decodeIfPresent([Double].self, forKey: .budgets)
    weights = try fields.decodeIfPresent([Double].self, forKey: .weights)
    steps = try value(.steps, 100)
    restarts = try value(.restarts, 5)
    stepSize = try fields.decodeIfPresent(Double.self, forKey: .stepSize)
    divergence = try choice(.divergence, .kl)
    layers = try fields.decodeIfPresent([Int].self, forKey: .layers)
    damage = try choice(.damage, .reconstruction)
    decision = try choice(.decision, .margin)
    penalty = try choice(.penalty, .l2)
    eotSamples = try value(.eotSamples, 0)
    margins = try value(.margins, true)
    radius = try fields.decodeIfPresent(Double.self, forKey: .radius)
    examples = try value(.examples, false)
  }

  package static let fields: [ConfigurationField] = [
    ConfigurationField(
      "kind", choices(Kind.self), default: "\"apgd\"",
      "The attack. lbfgs sweeps the weight of a penalty instead of a ball's radius; fab (towards each other class) and ensemble (apgd on two losses, fab and square one after the "
        + "other, after AutoAttack) are for the objective downstream."),
    ConfigurationField(
      "objective", choices(Goal.self), default: "\"damage\"",
      "damage moves the reconstruction or the posterior, latent and output lead to a target, likelihood lowers the ELBO, latent_space perturbs the code, "
        + "downstream changes the decision of a model that classifies."),
    ConfigurationField("norm", choices(Norm.self), default: "\"l2\"", "Of the perturbation."),
    ConfigurationField(
      "budgets", "[number]", default: "null",
      "Radii in model units (images: [0, 1]); absent: 0.01, 0.02, 0.05 and 0.1 a number, so times √width for l2."),
    ConfigurationField("weights", "[number]", default: "null", "Of the penalty, for lbfgs; absent: 0 and 2^-20, 2^-18, ... 2^20."),
    ConfigurationField("steps", "integer", default: "100", "Of one run; queries of square, which in an ensemble has 50 a step."),
    ConfigurationField("restarts", "integer", default: "5", "Random starts, of which the best counts."),
    ConfigurationField("step_size", "number", default: "null", "Of pgd, as a part of the radius; absent: 2.5 / steps."),
    ConfigurationField("divergence", choices(PosteriorDistance.self), default: "\"kl\"", "Of the objective latent."),
    ConfigurationField("layers", "[integer]", default: "null", "Of the objective latent, the layer nearest the data being 0; absent: all."),
    ConfigurationField("damage", choices(DamageObjective.Quantity.self), default: "\"reconstruction\"", "What the objective damage moves."),
    ConfigurationField("decision", choices(DownstreamObjective.Quantity.self), default: "\"margin\"", "What the objective downstream lowers."),
    ConfigurationField("penalty", choices(PenaltyAttack.Penalty.self), default: "\"l2\"", "Of lbfgs."),
    ConfigurationField("eot_samples", "integer", default: "0", "Draws of q(z|x) that losses are averaged over; 0 takes its mean."),
    ConfigurationField("margins", "boolean", default: "true", "Estimates and measures the margin of r-robustness (l2)."),
    ConfigurationField("radius", "number", default: "null", "r: how far a reconstruction may move, l2 in model units; absent: 0.1 √width."),
    ConfigurationField("examples", "boolean", default: "false", "Answers the perturbed items in raw units as well."),
  ]

  private static func choices<T: RawRepresentable & CaseIterable>(_: T.Type) -> String where T.RawValue == String {
    T.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " | ")
  }
}

extension AuditPlan {
  /// The radii or weights that runs are made with, smallest first.
  package func strengths(width: Int) -> [Double] {
    if kind == .lbfgs { return weights?.sorted() ?? [0] + stride(from: -20, through: 20, by: 2).map { exp2(Double($0)) } }
    let scale: Double =
      switch norm {
      case .linf: 1
      case .l2: Double(width).squareRoot()
      case .l1: Double(width)
      }
    return budgets?.sorted() ?? [0.01, 0.02, 0.05, 0.1].map { $0 * scale }
  }

  /// Refuses what can't be carried out with this model.
  package func check(_ model: any Attackable) throws(Fault) {
    func within(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(Fault) {
      guard range.contains(value) else {
        throw Fault(field: "attack.\(field)", given: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    try within("steps", steps, 1...10_000)
    try within("restarts", restarts, 1...100)
    try within("eot_samples", eotSamples, 0...100)
    for (name, values) in [("budgets", budgets), ("weights", weights)] {
      guard let values else { continue }
      guard (1...64).contains(values.count) else {
        throw Fault(field: "attack.\(name)", given: "\(values.count) numbers", expected: "1 to 64")
      }
      for (index, value) in values.enumerated() where !(value.isFinite && value >= 0 && value <= 1e12) {
        throw Fault(field: "attack.\(name)[\(index)]", given: "\(value)", expected: "a number from 0 to 1e12")
      }
      guard Set(values).count == values.count else {
        throw Fault(field: "attack.\(name)", given: "a number twice", expected: "numbers that differ")
      }
    }
    for (name, value) in [("step_size", stepSize), ("radius", radius)] {
      guard let value, !(value.isFinite && value > 0) else { continue }
      throw Fault(field: "attack.\(name)", given: "\(value)", expected: "a number above 0")
    }
    if kind == .lbfgs {
      if budgets != nil { throw Fault(field: "attack.budgets", given: "there", expected: "weights instead: lbfgs has a penalty and no ball") }
    } else if weights != nil {
      throw Fault(field: "attack.weights", given: "there", expected: "no such field beside \(kind.rawValue): only lbfgs has a penalty")
    }
    if kind == .square, !SquareAttack.norms.contains(norm) {
      throw Fault(
        field: "attack.norm", given: norm.rawValue, expected: SquareAttack.norms.map(\.rawValue).joined(separator: " or ") + " for the square attack")
    }
    if kind == .ensemble || kind == .fab {
      guard objective == .downstream else {
        throw Fault(field: "attack.objective", given: objective.rawValue, expected: "downstream for \(kind.rawValue): it attacks decisions")
      }
      guard decision == .margin else {
        throw Fault(field: "attack.decision", given: decision.rawValue, expected: "margin or nothing beside \(kind.rawValue)")
      }
    }
    if kind == .ensemble, !SquareAttack.norms.contains(norm) {
      throw Fault(
        field: "attack.norm", given: norm.rawValue, expected: SquareAttack.norms.map(\.rawValue).joined(separator: " or ") + " for ensemble")
    }
    if stepSize != nil, kind != .pgd {
      throw Fault(field: "attack.step_size", given: "there", expected: "no such field beside \(kind.rawValue)")
    }
    if let layers {
      guard objective == .latent else { throw Fault(field: "attack.layers", given: "there", expected: "only with the objective latent") }
      let all = model.latentWidths.indices
      guard !layers.isEmpty, Set(layers).count == layers.count, layers.allSatisfy(all.contains) else {
        throw Fault(field: "attack.layers", given: "\(layers)", expected: "different layers of 0 to \(all.upperBound - 1)")
      }
    }
    if objective == .downstream, !(model is any Classifying) {
      throw Fault(field: "attack.objective", given: "downstream", expected: "another one: the family \(type(of: model).name) doesn't classify")
    }
    let unsuited = (model.signature.columns ?? []).filter { $0.type != .real }
    if let column = unsuited.first {
      throw Fault(
        field: "model", given: "a column \"\(column.name)\" of type \(column.type.rawValue)",
        expected: "a model of real numbers: a bounded change of a category or a count means nothing")
    }
  }
}
