/// Projected gradient descent with a fixed step (Madry et al. 2018): d <- P(d - η direction(∇loss)), the best point on the way.
package struct PGD: Attack {
  package let steps: Int
  /// η as a part of the radius; 2.5 / steps reaches every point of the ball from any start.
  package let stepSize: Double

  package init(steps: Int, stepSize: Double? = nil) {
    self.steps = steps
    self.stepSize = stepSize ?? 2.5 / Double(max(steps, 1))
  }

  package var description: String { "pgd of \(steps) steps" }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    try task.inBatches(runs) { runs in
      var best = try task.outcomesAtStart(runs)
      let items = runs.map { task.start($0.item).map(Double.init) }
      var d = runs.map(task.randomStart)
      for step in 0...steps {
        let points = runs.indices.map { task.feasible.point(d[$0], around: items[$0], radius: runs[$0].strength) }
        let (values, gradients) = try task.valuesAndGradients(points, runs)
        for (row, run) in runs.enumerated() {
          best[row].improve(points[row], values[row])
          best[row].steps = step
          guard step < steps else { continue }
          let length = stepSize * run.strength
          let moved = zip(d[row], task.feasible.norm.steepest(gradients[row])).map { $0 - length * $1 }
          d[row] = task.feasible.project(moved, around: items[row], radius: run.strength)
        }
      }
      return best
    }
  }
}

extension AttackOutcome {
  /// Keeps the better of two points, and says whether it is the new one.
  @discardableResult
  mutating func improve(_ point: [Float], _ loss: Float) -> Bool {
    guard loss < self.loss || (self.loss.isNaN && !loss.isNaN) else { return false }
    (self.point, self.loss, merit) = (point, loss, Double(loss))
    return true
  }
}
