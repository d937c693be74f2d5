/// What an audit found; written as JSON, as CSV with a row an item and budget, and as pictures.
package struct AuditReport: Sendable {
  package let plan: AuditPlan
  package let seed: Int
  package let strengths: [Double]
  /// By item, then by strength.
  package let examples: [Example]
  package let controls: NoiseControls
  package let margins: [Margin]?
  package let sanity: [SanityCheck]
  let audit: Audit
  let meter: ExampleMeter

  init(
    audit: Audit, meter: ExampleMeter, examples: [Example], controls: NoiseControls, margins: [Margin]?, sanity: [SanityCheck]
  ) {
    (plan, seed, strengths) = (audit.plan, audit.seed, audit.strengths)
    (self.audit, self.meter, self.examples, self.controls, self.margins, self.sanity) = (audit, meter, examples, controls, margins, sanity)
  }

  /// Whether every check passed; a report that is not sane proves nothing about its model.
  package var isSane: Bool { sanity.allSatisfy(\.passed) }

  package var count: Int { audit.count }

  /// One measure of all items at one strength.
  package func summary(_ measure: Measure, at strength: Double) -> Summary {
    Summary(examples.filter { $0.run.strength == strength }.map { $0[measure] })
  }

  /// Measures that this audit has.
  package var measures: [Measure] {
    Measure.allCases.filter { measure in examples.contains { $0.measures[measure] != nil } }
  }

  /// A mean over items at every budget, from no budget at all where nothing has moved.
  package struct Curve: Sendable {
    package let budgets: [Double]
    package let summaries: [Summary]
    /// The mean height over the range of budgets.
    package let area: Double

    init(budgets: [Double], summaries: [Summary]) {
      let hasZero = budgets.first == 0
      self.budgets = hasZero ? budgets : [0] + budgets
      self.summaries = hasZero ? summaries : [Summary([0, 0])] + summaries
      area = meanHeight(zip(self.budgets, self.summaries).map { ($0, $1.mean) })
    }
  }

  /// How far reconstructions move with the budget; nil for a penalty, which has none.
  package var damageCurve: Curve? {
    plan.kind.hasPenalty ? nil : Curve(budgets: strengths, summaries: strengths.map { summary(.reconShift, at: $0) })
  }

  /// The same under noise: the mean over draws.
  package var noiseCurves: [(kind: NoiseAttack.Kind, mean: Curve, worst: Curve)] {
    guard !controls.levels.isEmpty else { return [] }
    return NoiseAttack.Kind.allCases.map { kind in
      let levels = controls.levels.filter { $0.kind == kind }
      let budgets = levels.map(\.budget)
      return (
        kind, Curve(budgets: budgets, summaries: levels.map { Summary($0.meanShift) }),
        Curve(budgets: budgets, summaries: levels.map { Summary($0.worstShift) })
      )
    }
  }

  /// Of a targeted attack, one an item; nil of an item that is its own target, from which there is no way to go.
  package var distortionCurves: [DistortionCurve?]? {
    guard let targets = audit.subject.targets, plan.objective.isTargeted else { return nil }
    return (0..<count).map { item in
      let apart = distance(targets, item, audit.subject.x, item)
      guard apart > 0 else { return nil }
      return DistortionCurve(examples.filter { $0.run.item == item }.map { ($0[.deltaL2] / apart, $0[.targetDistanceNorm]) })
    }
  }

  /// The areas under them, of those that there are.
  package var distortionAreas: Summary? { distortionCurves.map { Summary($0.compactMap { $0?.area }) } }

  /// What these numbers do not prove.
  package static let comparability =
    "Raw latent-attack losses must not be compared between models with different latent size, depth or beta: a larger beta shrinks all posteriors together and makes a model look "
    + "easier to attack. Rank models by log_p_target_given_adv or by normalised curves (distortion, damage in units of the data)."

  /// The quantities of a report that a run keeps as metrics, by name.
  package var metrics: [(name: String, value: Double)] {
    var metrics: [(String, Double)] = [("sane", isSane ? 1 : 0), ("items", Double(count))]
    if let curve = damageCurve { metrics.append(("damage_area", curve.area)) }
    for curve in noiseCurves { metrics.append(("noise_area.\(curve.kind.rawValue)", curve.mean.area)) }
    if let areas = distortionAreas, areas.count > 0 { metrics.append(("auddc", areas.mean)) }
    if let margins {
      metrics.append(("margin_bound", Summary(margins.map(\.bound)).mean))
      metrics.append(("margin_measured", Summary(margins.compactMap(\.measured)).mean))
    }
    if let decisions {
      if let clean = decisions.cleanAccuracy { metrics.append(("clean_accuracy", clean.mean)) }
      for level in decisions.levels { metrics.append(("robust_accuracy.at_\(level.strength)", level.accuracy.mean)) }
    }
    for measure in [Measure.attackLoss, .reconShift, .logTarget, .targetDistanceNorm, .elboDrop, .skl, .decisionChanged]
    where measures.contains(measure) {
      for strength in strengths { metrics.append(("\(measure.rawValue).at_\(strength)", summary(measure, at: strength).mean)) }
    }
    return metrics
  }
}
