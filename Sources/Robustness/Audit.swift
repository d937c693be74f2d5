internal import Distributions
package import Modelling
package import Tensors

/// An attack on items of a model with everything that is measured beside it; the same seed gives the same report, whatever the batches.
package struct Audit: Sendable {
  package let plan: AuditPlan
  package let seed: Int
  /// The number of the first item in the whole of which these are a part: an item's random numbers follow from the seed and its number.
  package let firstItem: Int
  /// What is attacked: items and targets in model units.
  private(set) var subject: AttackedItems
  let signature: Signature
  let box: FeasibleSet.Box?
  /// The true class of every item, as a component of the model; nil where it is not known.
  let labels: [Int]?
  /// Where targets were drawn from among the items; nil where they were given or there are none.
  let targetIndices: [Int]?
  let key: RandomKey

  /// - Parameters:
  ///   - items: [n, width] in model units, complete.
  ///   - targets: one an item, or one for all; where a targeted attack has none, every item gets another of the items, drawn by the seed: of the
  /// whole.
  ///   - labels: the name of every item's true class, for the objective downstream; without them the attack leads away from the model's own decisions.
  package init(
    _ plan: AuditPlan, on model: any Attackable, items: Tensor, targets: Tensor? = nil, labels: [String]? = nil, seed: Int, firstItem: Int = 0
  ) throws(Fault) {
    try plan.check(model)
    self.labels = try labels.map { labels throws(Fault) in try Self.components(of: labels, items: items.shape[0], plan, model.signature) }
    self.plan = plan
    (self.seed, self.firstItem) = (seed, firstItem)
    signature = model.signature
    box = model.signature.space.box
    key = RandomKey(seed: UInt64(seed)).split("audit")
    let n = items.shape[0]
    var (given, indices): (Tensor?, [Int]?) = (nil, nil)
    if let targets {
      guard plan.objective.isTargeted else {
        throw Fault(field: "targets", given: "there", expected: "no such field: the objective \(plan.objective.rawValue) has no targets")
      }
      guard targets.shape[0] == n || targets.shape[0] == 1 else {
        throw Fault(field: "targets", given: "\(targets.shape[0]) targets for \(n) items", expected: n == 1 ? "1" : "1 or \(n)")
      }
      given = targets.shape[0] == n ? targets : targets.gather([Int](repeating: 0, count: n))
    } else if plan.objective.isTargeted {
      guard firstItem == 0 else {
        throw Fault(field: "targets", given: "none for a part of the items", expected: "targets: others are drawn among all items")
      }
      guard n > 1 else {
        throw Fault(field: "targets", given: "none for a single item", expected: "targets, or at least two items that target each other")
      }
      // Everybody's target is the next one in a random order.
      let order = key.split("targets").permutation(n)
      var next = [Int](repeating: 0, count: n)
      for place in order.indices { next[order[place]] = order[(place + 1) % n] }
      (given, indices) = (items.gather(next), next)
    }
    targetIndices = indices
    subject = AttackedItems(
      model: model, x: items, targets: given, noise: RowKeys(key.split("latent"), rows: firstItem..<firstItem + n), samples: plan.eotSamples)
  }

  private static func components(of labels: [String], items: Int, _ plan: AuditPlan, _ signature: Signature) throws(Fault) -> [Int] {
    guard plan.objective == .downstream else {
      throw Fault(field: "labels", given: "there", expected: "no such field: the objective \(plan.objective.rawValue) asks for no decision")
    }
    guard let classes = signature.classes, !classes.isEmpty else {
      throw Fault(field: "labels", given: "there", expected: "no such field: this model knows no class by its name")
    }
    guard labels.count == items else {
      throw Fault(field: "labels", given: "\(labels.count) labels for \(items) items", expected: "\(items)")
    }
    var components: [Int] = []
    for (item, label) in labels.enumerated() {
      guard let component = classes.firstIndex(of: label) else {
        let known = classes.prefix(20).joined(separator: ", ") + (classes.count > 20 ? ", ..." : "")
        throw Fault(field: "labels[\(item)]", given: "\"\(label.prefix(60))\"", expected: "one of \(known)")
      }
      components.append(component)
    }
    return components
  }

  package var count: Int { subject.count }
  /// The numbers of the items.
  var numbers: Range<Int> { firstItem..<firstItem + count }

  package var strengths: [Double] { plan.strengths(width: perturbedWidth) }

  /// Numbers that a perturbation has.
  var perturbedWidth: Int { plan.objective == .latentSpace ? subject.model.latentWidths.reduce(0, +) : signature.width }

  /// Points that the attack, its controls and its checks evaluate, the same number whatever is found; an ensemble needs fewer where it succeeds, lbfgs fewer or, for its line
  /// searches, more.
  package var evaluations: Int { attackEvaluations + controlEvaluations + sanityEvaluations + marginEvaluations }

  private var draws: Int { max(1, plan.eotSamples) }
  private var attackEvaluations: Int { count * strengths.count * plan.restarts * evaluationsOfRun * draws }
  var evaluationsOfRun: Int {
    switch plan.kind {
    case .noise: 1
    case .apgd, .lbfgs, .pgd, .square: plan.steps + 2
    case .ensemble, .fab: ensemble(steps: plan.steps).evaluations(classes: Capability.deciding.of(subject.model)?.componentCount ?? 0)
    }
  }
  private var controlEvaluations: Int { count * strengths.count * NoiseAttack.Kind.allCases.count * plan.restarts * draws }

  func objective(_ subject: AttackedItems) -> any AttackObjective {
    switch plan.objective {
    case .damage: return DamageObjective(subject, plan.damage)
    case .downstream:
      guard let model = Capability.deciding.of(subject.model) else { preconditionFailure("the plan was checked") }
      return DownstreamObjective(model, x: subject.x, classes: labels, plan.decision)
    case .latent: return LatentObjective(subject, distance: plan.divergence, layers: plan.layers)
    case .latentSpace: return LatentSpaceObjective(subject)
    case .likelihood: return LikelihoodObjective(subject)
    case .output: return OutputObjective(subject)
    }
  }

  /// The objective with the option that shapes it.
  package var objectiveName: String {
    switch plan.objective {
    case .damage: "damage.untargeted.\(plan.damage.rawValue)"
    case .downstream: "downstream.\(plan.decision.rawValue)"
    case .latent: "latent.targeted.\(plan.divergence.rawValue)" + (plan.layers.map { ".layers_\($0.map(String.init).joined(separator: "_"))" } ?? "")
    case .latentSpace: "latent.space"
    case .likelihood: "likelihood.drop"
    case .output: "output.targeted"
    }
  }

  var attack: any Attack { attack(steps: plan.steps) }

  func attack(steps: Int) -> any Attack {
    switch plan.kind {
    case .apgd: APGD(steps: steps)
    case .ensemble, .fab: ensemble(steps: steps)
    case .lbfgs: PenaltyAttack(steps: steps, penalty: plan.penalty)
    case .noise: NoiseAttack(.uniform)
    case .pgd: PGD(steps: steps, stepSize: plan.stepSize)
    case .square: square(steps: steps)
    }
  }

  private func ensemble(steps: Int) -> Ensemble {
    Ensemble(plan.kind == .fab ? [.boundary] : Ensemble.Member.allCases, steps: steps, square: square(steps: steps * Ensemble.queriesPerStep))
  }

  func square(steps: Int) -> SquareAttack {
    guard plan.objective != .latentSpace, let image = signature.space.picture else {
      return SquareAttack(steps: steps, height: 1, width: perturbedWidth, channels: 1)
    }
    return SquareAttack(steps: steps, height: image.height, width: image.width, channels: image.channels)
  }

  /// The attack's problem in the plan's norm.
  func task(_ objective: any AttackObjective, batch: Int, pause: @escaping AttackTask.Pause) -> AttackTask {
    let codes = (objective as? LatentSpaceObjective)?.codes
    return AttackTask(
      objective: objective, origin: codes ?? subject.x, feasible: FeasibleSet(norm: plan.norm, box: codes == nil ? box : nil),
      keys: RowKeys(key.split("attack"), rows: numbers), batch: batch, pause: pause)
  }

  /// Attacks, measures and checks.
  ///
  /// - Parameters:
  ///   - batch: points evaluated together; the report doesn't depend on it.
  ///   - pause: called between evaluations with the number of points; what it throws ends the audit.
  package func callAsFunction(batch: Int = 64, pause: @escaping AttackTask.Pause = { _ in }) throws -> AuditReport {
    try ready().report(batch, pause)
  }

  /// Weights are laid out a second time for the backward pass; only now, since audits may wait long for their turn.
  func ready() -> Audit {
    var audit = self
    audit.subject = subject.ready()
    return audit
  }

  /// Bytes of the second layout, at most.
  package var layoutBytes: Int { subject.model.byteCount }

  private func report(_ batch: Int, _ pause: @escaping AttackTask.Pause) throws -> AuditReport {
    let objective = objective(subject)
    let task = task(objective, batch: batch, pause: pause)
    let runs = (0..<count).flatMap { item in strengths.map { AttackRun(item: item, strength: $0) } }
    // A batch of runs at a time, so that only the best of their starts is kept.
    let attack = attack.repeated(plan.restarts)
    let outcomes = try task.inBatches(runs) { try attack($0, on: task) }
    let meter = try ExampleMeter(self, task)
    let examples = try meter.examples(runs, outcomes)
    let controls = try NoiseControls(self, task, meter)
    let margins = plan.margins && plan.objective != .latentSpace ? try MarginMeter(self, batch: batch, pause: pause).margins() : nil
    let sanity = try SanityChecks(self, task, meter, examples: examples, controls: controls).all()
    return AuditReport(audit: self, meter: meter, examples: examples, controls: controls, margins: margins, sanity: sanity)
  }
}

extension Space {
  /// The smallest and largest value of every number in model units; nil where nothing bounds them.
  var box: FeasibleSet.Box? {
    let box = (0..<width).map { index -> (Double, Double) in
      let (offset, scale) = scaling(at: index)
      func model(_ raw: Float) -> Double { Double((raw - offset) / scale) }
      let (minimum, maximum) = bounds(at: index)
      return (minimum.map(model) ?? -.infinity, maximum.map(model) ?? .infinity)
    }
    guard box.contains(where: { $0.0.isFinite || $0.1.isFinite }) else { return nil }
    return FeasibleSet.Box(lower: box.map(\.0), upper: box.map(\.1))
  }
}
