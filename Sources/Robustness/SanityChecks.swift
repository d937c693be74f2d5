internal import Distributions
internal import Modelling
internal import Tensors

/// One thing that an audit asks of itself.
package struct SanityCheck: Sendable, Hashable {
  package let name: String
  package let passed: Bool
  /// What was compared, with the numbers.
  package let detail: String
}

/// Checks for masked gradients, weak attacks and errors of the audit itself (Athalye et al. 2018, Carlini et al. 2019); all must pass.
struct SanityChecks {
  private let audit: Audit
  private let task: AttackTask
  private let meter: ExampleMeter
  private let examples: [Example]
  private let controls: NoiseControls
  /// The items that costly checks look at, the first ones.
  private let items: Range<Int>

  static let checkedItems = 8

  init(_ audit: Audit, _ task: AttackTask, _ meter: ExampleMeter, examples: [Example], controls: NoiseControls) {
    (self.audit, self.task, self.meter, self.examples, self.controls) = (audit, task, meter, examples, controls)
    items = 0..<min(audit.count, Self.checkedItems)
  }

  func all() throws -> [SanityCheck] {
    var checks = [numbersAreFinite, budgetsHold, examplesScoreAlikeAgain, biggerBudgetsNeverHurt, beatsNoise]
    checks.append(try answersDoNotDependOnNeighbours())
    checks.append(try gradientsReachTheItem())
    guard !audit.plan.kind.isNoise else { return checks }
    checks.append(try unboundedSucceeds())
    checks.append(try moreStepsNeverHurt())
    checks.append(try moreRestartsNeverHurt())
    checks.append(try gradientsBeatQueries())
    if let fresh = freshNoise { checks.append(fresh) }
    return checks.compactMap { $0 }
  }

  // MARK: - About the examples

  private var numbersAreFinite: SanityCheck {
    let faults = examples.count { !$0[.attackLoss].isFinite || !$0.point.allSatisfy(\.isFinite) }
    return SanityCheck(
      name: "numbers_are_finite", passed: faults == 0,
      detail: "\(faults) of \(examples.count) perturbed items have a loss or a number that is not finite")
  }

  /// In double, of the points as they are and as they come back from raw units.
  private var budgetsHold: SanityCheck {
    var (norm, box, returned) = (0.0, 0.0, 0.0)
    for example in examples {
      let radius = audit.plan.kind.hasPenalty ? .infinity : example.run.strength
      let start = task.start(example.run.item)
      let own = task.feasible.excess(of: example.point, around: start, radius: radius)
      (norm, box) = (max(norm, own.norm), max(box, own.box))
      guard audit.plan.objective != .latentSpace, radius.isFinite else { continue }
      let signature = audit.signature
      let again = signature.toModel(signature.toRaw(Tensor(rows: [example.point]))).scalars
      returned = max(returned, task.feasible.excess(of: again, around: start, radius: radius).norm)
    }
    for level in controls.levels { (norm, box) = (max(norm, level.excess.norm), max(box, level.excess.box)) }
    let tolerance = 1e-5 * (audit.strengths.last ?? 0) + 1e-6
    return SanityCheck(
      name: "budgets_and_box_hold_in_float64", passed: norm == 0 && box == 0 && returned <= tolerance,
      detail: "largest excess of the norm \(norm), of the box \(box); after a way through raw units \(returned), allowed \(tolerance)")
  }

  private var examplesScoreAlikeAgain: SanityCheck {
    let worst = examples.reduce(0.0) { worst, example in
      let (loss, again) = (example[.attackLoss], example[.rescoredLoss])
      return max(worst, abs(loss - again) / max(1, abs(loss)))
    }
    return SanityCheck(
      name: "returned_examples_score_alike_again", passed: worst <= 1e-3,
      detail: "the loss of a perturbed item encoded again from its raw numbers differs by at most \(worst) of its size, allowed 0.001")
  }

  private var biggerBudgetsNeverHurt: SanityCheck {
    guard !audit.plan.kind.hasPenalty else {
      let losses = means(.attackLoss)
      // A larger weight leaves the objective larger.
      let worst = zip(losses, losses.dropFirst()).map { $0 - $1 }.max() ?? 0
      return comparison("larger_weights_never_help", worst, "the mean loss falls by at most", from: losses)
    }
    let losses = means(.attackLoss)
    let worst = zip(losses, losses.dropFirst()).map { $1 - $0 }.max() ?? 0
    return comparison("larger_budgets_never_hurt", worst, "the mean loss rises by at most", from: losses)
  }

  private func comparison(_ name: String, _ worst: Double, _ words: String, from losses: [Double]) -> SanityCheck {
    let allowed = tolerance(losses)
    return SanityCheck(name: name, passed: worst <= allowed, detail: "\(words) \(worst) from one to the next, allowed \(allowed)")
  }

  /// A fiftieth of what the attack moved.
  private func tolerance(_ losses: [Double]) -> Double {
    let clean = Summary(examples.map { $0[.cleanLoss] }).mean
    return 0.02 * abs((losses.min() ?? 0) - clean) + 1e-6 * max(1, abs(clean))
  }

  private func means(_ measure: Measure) -> [Double] {
    audit.strengths.map { strength in Summary(examples.filter { $0.run.strength == strength }.map { left($0[measure]) }).mean }
  }

  private func left(_ loss: Double) -> Double { audit.plan.kind.compared(loss) }

  /// What one item more or less makes, where losses are changes and none.
  private var slack: Double { audit.plan.kind.isAllOrNothing ? 1 / Double(items.count) : 0 }

  private var beatsNoise: SanityCheck {
    guard !audit.plan.kind.hasPenalty, !audit.plan.kind.isNoise, let budget = audit.strengths.last else {
      return SanityCheck(
        name: "beats_noise", passed: true,
        detail: audit.plan.kind.isNoise ? "the attack is noise itself" : "a penalty has no budget to draw noise for")
    }
    let own = Summary(examples.filter { $0.run.strength == budget }.map { left($0[.attackLoss]) }).mean
    let noise = controls.levels.filter { $0.budget == budget }.map { (kind: $0.kind, loss: Summary($0.bestLoss.map(left)).mean) }
    guard let best = noise.min(by: { $0.loss < $1.loss }) else { preconditionFailure("every budget has its noise") }
    return SanityCheck(
      name: "beats_noise", passed: own <= best.loss + tolerance([own]),
      detail: "at the largest budget the mean loss is \(own), of the best of \(controls.draws) draws of \(best.kind.rawValue) noise \(best.loss)")
  }

  private var freshNoise: SanityCheck? {
    guard audit.plan.eotSamples > 0, let budget = audit.strengths.last else { return nil }
    let last = examples.filter { $0.run.strength == budget }
    func mean(_ measure: Measure) -> Double { Summary(last.map { $0[measure] }).mean }
    let frozen = mean(.cleanLoss) - mean(.attackLoss)
    let fresh = mean(.freshCleanLoss) - mean(.freshLoss)
    return SanityCheck(
      name: "survives_fresh_noise", passed: fresh >= 0.5 * frozen,
      detail:
        "under 20 new draws of q(z|x) the attack lowers the loss by \(fresh), under the draws that it knew by \(frozen); at least half is asked for")
  }

  // MARK: - With more runs

  private func runs(_ strength: Double) -> [AttackRun] { items.map { AttackRun(item: $0, strength: strength) } }

  private func meanLoss(_ outcomes: [AttackOutcome]) -> Double { Summary(outcomes.map { left(Double($0.loss)) }).mean }

  /// The strongest setting: the largest budget, or the smallest weight.
  private var strongest: Double { (audit.plan.kind.hasPenalty ? audit.strengths.first : audit.strengths.last) ?? 0 }

  /// The mean loss of the checked items at the strongest setting, and as they are.
  private var reference: (attacked: Double, clean: Double) {
    let own = examples.filter { items.contains($0.run.item) && $0.run.strength == strongest }
    return (Summary(own.map { left($0[.attackLoss]) }).mean, Summary(own.map { left($0[.cleanLoss]) }).mean)
  }

  private func unboundedSucceeds() throws -> SanityCheck {
    let name = "unbounded_budget_succeeds"
    let limit = items.reduce(0) { max($0, audit.plan.objective == .latentSpace ? 100 : audit.farthest(from: audit.subject.x.row($1))) }
    let strength = audit.plan.kind.hasPenalty ? 0 : audit.plan.norm == .l1 ? limit * Double(task.width).squareRoot() : limit
    let free = meanLoss(try audit.attack.repeated(audit.plan.restarts)(runs(strength), on: task))
    let (attacked, clean) = reference
    if audit.plan.objective == .downstream, audit.plan.decision != .crossEntropy {
      return SanityCheck(
        name: name, passed: left(-1) < 0 ? free < 0 : free == 0,
        detail: "without a budget the mean margin of the decision is \(free); \(left(-1) < 0 ? "below 0 it has changed" : "0 where all have changed")"
      )
    }
    guard audit.plan.objective.isTargeted else {
      return SanityCheck(
        name: name, passed: free < clean && free <= attacked + 0.05 * abs(attacked - clean),
        detail: "without a budget the mean loss is \(free), at the strongest setting \(attacked), unperturbed \(clean)")
    }
    // Where the target itself lies is known: d = x_t - x.
    guard let targets = audit.subject.targets else { preconditionFailure("a targeted attack has targets") }
    let known = Summary(task.objective.values(targets.slice(0, items), items: Array(items)).map(Double.init)).mean
    return SanityCheck(
      name: name, passed: free <= known + 0.25 * abs(clean - known),
      detail: "without a budget the mean loss is \(free); the targets themselves have \(known), the unperturbed items \(clean)")
  }

  private func moreStepsNeverHurt() throws -> SanityCheck {
    let half = max(1, audit.plan.steps / 2)
    let fewer = meanLoss(try audit.attack(steps: half).repeated(audit.plan.restarts)(runs(strongest), on: task))
    let (attacked, clean) = reference
    return SanityCheck(
      name: "more_steps_never_hurt", passed: attacked <= fewer + 0.02 * abs(fewer - clean) + 1e-6 * max(1, abs(clean)) + slack,
      detail: "mean loss \(attacked) after \(audit.plan.steps) steps, \(fewer) after \(half), unperturbed \(clean)")
  }

  private func moreRestartsNeverHurt() throws -> SanityCheck {
    let single = meanLoss(try audit.attack(runs(strongest), on: task))
    let (attacked, clean) = reference
    return SanityCheck(
      name: "more_restarts_never_hurt", passed: attacked <= single + 1e-6 * max(1, abs(clean)),
      detail: "mean loss \(attacked) of the best of \(audit.plan.restarts) starts, \(single) of one")
  }

  /// White box against black box at the same budget.
  private func gradientsBeatQueries() throws -> SanityCheck {
    let name = "white_box_beats_black_box"
    if audit.plan.kind == .ensemble {
      let own = examples.filter { $0.run.strength == strongest }
      let blind = own.count { $0.foundBy == .square }
      return SanityCheck(
        name: name, passed: Double(blind) <= 0.02 * Double(own.count),
        detail: "\(blind) of \(own.count) decisions at the largest budget were changed by queries alone, where gradients had failed; allowed 2 %")
    }
    guard SquareAttack.norms.contains(audit.plan.norm), audit.plan.kind.hasBlackBoxCounterpart else {
      return SanityCheck(name: name, passed: true, detail: "not asked: \(audit.plan.kind.rawValue) in \(audit.plan.norm.rawValue) has no counterpart")
    }
    let square = meanLoss(try audit.square(steps: audit.plan.steps)(runs(strongest), on: task))
    let (attacked, clean) = reference
    return SanityCheck(
      name: name, passed: attacked <= square + 0.02 * abs(attacked - clean) + 1e-6 * max(1, abs(clean)) + slack,
      detail: "mean loss \(attacked), of the square attack with \(audit.plan.steps) queries \(square), unperturbed \(clean)")
  }

  /// Batch normalisation and the like answer as they do when serving: a point has the same bits alone and beside others.
  private func answersDoNotDependOnNeighbours() throws -> SanityCheck {
    let own = examples.prefix(16)
    let together = task.objective.values(Tensor(rows: own.map(\.point)), items: own.map(\.run.item))
    let alone = own.map { task.objective.values(Tensor(rows: [$0.point]), items: [$0.run.item])[0] }
    try task.pause(2 * own.count)
    let differing = zip(together, alone).count { $0.bitPattern != $1.bitPattern }
    return SanityCheck(
      name: "evaluated_as_served", passed: differing == 0, detail: "\(differing) of \(own.count) losses have other bits alone than in a batch")
  }

  private func gradientsReachTheItem() throws -> SanityCheck {
    let runs = items.map { AttackRun(item: $0, strength: strongest > 0 && !audit.plan.kind.hasPenalty ? strongest : 0.1) }
    let points = runs.map { run in
      let ball = task.ball(run)
      return ball.point(task.randomStart(run, in: ball))
    }
    let gradients = try task.valuesAndGradients(points, runs).gradients
    let silent = gradients.count { $0.allSatisfy { $0 == 0 } }
    return SanityCheck(
      name: "gradients_reach_the_item", passed: silent == 0,
      detail: "\(silent) of \(items.count) items have no gradient near themselves, as where numbers are rounded or a loss is saturated")
  }
}

extension Audit {
  /// Points that the checks with runs of their own evaluate.
  var sanityEvaluations: Int {
    let checked = min(count, SanityChecks.checkedItems)
    guard !plan.kind.isNoise else { return 4 * checked }
    // Without a budget, with half of the steps, with one start, by queries.
    let runs = 3 * plan.restarts * evaluationsOfRun / 2 + 2 * evaluationsOfRun
    return checked * max(1, plan.eotSamples) * runs
  }
}
