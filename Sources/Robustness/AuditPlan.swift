internal import Foundation
package import Modelling

/// How a model is audited: the attack, what it is after, how strong it may be, and what is measured beside it.
package struct AuditPlan: Settings {
  package enum Kind: String, SettingValue, CaseIterable { case apgd, ensemble, fab, lbfgs, noise, pgd, square }

  package enum Goal: String, SettingValue, CaseIterable {
    case damage, downstream, latent
    case latentSpace = "latent_space"
    case likelihood, output

    /// Whether it leads to a target.
    package var isTargeted: Bool { self == .latent || self == .output }
    /// Whether its loss is a divergence of codes.
    package var isOfLatents: Bool { self == .latent }
  }

  package var kind = Kind.apgd
  package var objective = Goal.damage
  package var norm = Norm.l2
  /// Radii in model units; nil for those that the width of an item suggests.
  package var budgets: [Double]?
  /// Weights of the penalty, of `lbfgs`.
  package var weights: [Double]?
  package var steps = 100
  package var restarts = 5
  /// Of `pgd`, as a part of the radius.
  package var stepSize: Double?
  package var divergence = PosteriorDistance.kl
  package var layers: [Int]?
  package var damage = DamageObjective.Quantity.reconstruction
  package var decision = DownstreamObjective.Quantity.margin
  package var penalty = PenaltyAttack.Penalty.l2
  /// Draws of q(z|x) that losses are averaged over; 0 for its mean.
  package var eotSamples = 0
  package var margins = true
  /// How far a reconstruction may move and still count as the same; nil for 0.1 √width.
  package var radius: Double?
  /// Whether the answer holds the perturbed items.
  package var examples = false

  package init() {}

  package init(
    kind: Kind = .apgd, objective: Goal = .damage, norm: Norm = .l2, budgets: [Double]? = nil, weights: [Double]? = nil, steps: Int = 100,
    restarts: Int = 5, divergence: PosteriorDistance = .kl, damage: DamageObjective.Quantity = .reconstruction, eotSamples: Int = 0,
    margins: Bool = true, examples: Bool = false
  ) {
    (self.kind, self.objective, self.norm, self.budgets, self.weights) = (kind, objective, norm, budgets, weights)
    (self.steps, self.restarts, self.divergence, self.damage) = (steps, restarts, divergence, damage)
    (self.eotSamples, self.margins, self.examples) = (eotSamples, margins, examples)
  }

  package static let table = Table<Self> {
    Setting(
      "kind", \.kind,
      "The attack. lbfgs sweeps the weight of a penalty instead of a ball's radius; fab (towards each other class) and ensemble (apgd on two losses, fab and square one after the "
        + "other, after AutoAttack) are for the objective downstream.")
    Setting(
      "objective", \.objective,
      "damage moves the reconstruction or the posterior, latent and output lead to a target, likelihood lowers the ELBO, latent_space perturbs the code, "
        + "downstream changes the decision of a model that classifies.")
    Setting("norm", \.norm, "Of the perturbation.")
    Setting(
      "budgets", \.budgets, in: 0...1e12, lengths: 1...64, of: "numbers",
      "Radii in model units (images: [0, 1]); absent: 0.01, 0.02, 0.05 and 0.1 a number, so times √width for l2 and times the width for l1.")
    Setting(
      "weights", \.weights, in: 0...1e12, lengths: 1...64, of: "numbers", "Of the penalty, for lbfgs; absent: 0 and 2^-20, 2^-18, ... 2^20.")
    Setting("steps", \.steps, in: 1...10_000, "Of one run; queries of square, which in an ensemble has 50 a step.")
    Setting("restarts", \.restarts, in: 1...100, "Random starts, of which the best counts.")
    Setting("step_size", \.stepSize, in: Above(0), "Of pgd, as a part of the radius; absent: 2.5 / steps.")
    Setting("divergence", \.divergence, "Of the objective latent.")
    Setting("layers", \.layers, in: 0..., "Of the objective latent, the layer nearest the data being 0; absent: all.")
    Setting("damage", \.damage, "What the objective damage moves.")
    Setting("decision", \.decision, "What the objective downstream lowers.")
    Setting("penalty", \.penalty, "Of lbfgs.")
    Setting("eot_samples", \.eotSamples, in: 0...100, "Draws of q(z|x) that losses are averaged over; 0 takes its mean.")
    Setting("margins", \.margins, "Estimates and measures the margin of r-robustness (l2).")
    Setting("radius", \.radius, in: Above(0), "r: how far a reconstruction may move, l2 in model units; absent: 0.1 √width.")
    Setting("examples", \.examples, "Answers the perturbed items in raw units as well.")
  }

  /// Refuses numbers that are there twice, and settings of other attacks than this.
  package func check() throws(Fault) {
    for (name, values) in [("budgets", budgets), ("weights", weights)] {
      guard let values, Set(values).count != values.count else { continue }
      throw Fault(field: name, given: "a number twice", expected: "numbers that differ")
    }
    if kind.hasPenalty {
      if budgets != nil { throw Fault(field: "budgets", given: "there", expected: "weights instead: lbfgs has a penalty and no ball") }
    } else if weights != nil {
      throw Fault(field: "weights", given: "there", expected: "no such field beside \(kind.rawValue): only lbfgs has a penalty")
    }
    if stepSize != nil, kind != .pgd { throw Fault(field: "step_size", given: "there", expected: "no such field beside \(kind.rawValue)") }
    if layers != nil, objective != .latent { throw Fault(field: "layers", given: "there", expected: "only with the objective latent") }
    if let norms = kind.norms, !norms.contains(norm) {
      throw Fault(field: "norm", given: norm.rawValue, expected: norms.map(\.rawValue).joined(separator: " or ") + " for \(kind.rawValue)")
    }
    if kind.attacksDecisions {
      guard objective == .downstream else {
        throw Fault(field: "objective", given: objective.rawValue, expected: "downstream for \(kind.rawValue): it attacks decisions")
      }
      guard decision == .margin else {
        throw Fault(field: "decision", given: decision.rawValue, expected: "margin or nothing beside \(kind.rawValue)")
      }
    }
  }
}

extension AuditPlan {
  /// The radii or weights that runs are made with, smallest first.
  package func strengths(width: Int) -> [Double] {
    if kind.hasPenalty { return weights?.sorted() ?? [0] + stride(from: -20, through: 20, by: 2).map { exp2(Double($0)) } }
    let scale: Double =
      switch norm {
      case .linf: 1
      case .l2: Double(width).squareRoot()
      case .l1: Double(width)
      }
    return budgets?.sorted() ?? [0.01, 0.02, 0.05, 0.1].map { $0 * scale }
  }

  /// Refuses what can't be carried out at all, or not with this model.
  package func check(_ model: any Attackable) throws(Fault) {
    do { try validate() } catch { throw error.inside("attack") }
    if let layers {
      let all = model.latentWidths.indices
      guard !layers.isEmpty, Set(layers).count == layers.count, layers.allSatisfy(all.contains) else {
        throw Fault(field: "attack.layers", given: "\(layers)", expected: "different layers of 0 to \(all.upperBound - 1)")
      }
    }
    if objective == .downstream, Capability.deciding.of(model) == nil {
      throw Fault(field: "attack.objective", given: "downstream", expected: "another one: the family \(type(of: model).name) doesn't classify")
    }
    let unsuited = (model.signature.space.table?.columns ?? []).filter { $0.type != .real }
    if let column = unsuited.first {
      throw Fault(
        field: "model", given: "a column \"\(column.name)\" of type \(column.type.rawValue)",
        expected: "a model of real numbers: a bounded change of a category or a count means nothing")
    }
  }
}
