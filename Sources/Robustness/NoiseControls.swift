/// Noise of the same norms as the attack's budgets: what moves under it isn't owed to the attack.
package struct NoiseControls: Sendable {
  /// One kind of noise at one budget.
  package struct Level: Sendable {
    package let kind: NoiseAttack.Kind
    package let budget: Double
    /// Of every item, over the draws: the smallest loss, which is the best for an attack, and the mean and largest shift of the reconstruction.
    package let bestLoss: [Double]
    package let meanShift: [Double]
    package let worstShift: [Double]
    package let excess: (norm: Double, box: Double)
  }

  package let levels: [Level]
  package let draws: Int

  /// Budgets are those of the plan; for a penalty's weights the median norms that they led to would be no budgets, so there are none.
  init(_ audit: Audit, _ task: AttackTask, _ meter: ExampleMeter) throws {
    draws = audit.plan.restarts
    guard !audit.plan.kind.hasPenalty else {
      levels = []
      return
    }
    levels = try NoiseAttack.Kind.allCases.flatMap { kind in
      try audit.strengths.map { budget in try Self.level(kind, budget, audit, task, meter) }
    }
  }

  private static func level(_ kind: NoiseAttack.Kind, _ budget: Double, _ audit: Audit, _ task: AttackTask, _ meter: ExampleMeter) throws -> Level {
    let draws = audit.plan.restarts
    let runs = (0..<audit.count).flatMap { item in (0..<draws).map { AttackRun(item: item, strength: budget, restart: $0) } }
    var (losses, shifts, excess) = ([Double](), [Double](), (norm: 0.0, box: 0.0))
    for start in stride(from: 0, to: runs.count, by: task.batch) {
      let part = Array(runs[start..<min(start + task.batch, runs.count)])
      let outcomes = try NoiseAttack(kind)(part, on: task)
      losses += outcomes.map { Double($0.loss) }
      try task.pause(part.count)
      shifts += meter.reconstructionShifts(outcomes.map(\.point), items: part.map(\.item))
      for (run, outcome) in zip(part, outcomes) {
        let own = task.feasible.excess(of: outcome.point, around: task.start(run.item), radius: budget)
        excess = (max(excess.norm, own.norm), max(excess.box, own.box))
      }
    }
    func ofItems(_ values: [Double], _ statistic: (ArraySlice<Double>) -> Double) -> [Double] {
      (0..<audit.count).map { statistic(values[$0 * draws..<($0 + 1) * draws]) }
    }
    return Level(
      kind: kind, budget: budget, bestLoss: ofItems(losses) { $0.min() ?? .nan },
      meanShift: ofItems(shifts) { $0.reduce(0, +) / Double(draws) }, worstShift: ofItems(shifts) { $0.max() ?? .nan }, excess: excess)
  }
}
