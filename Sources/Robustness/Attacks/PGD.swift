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
      var paths = runs.map { run in
        let ball = task.ball(run)
        let start = task.randomStart(run, in: ball)
        return Path(ball: ball, d: start, point: ball.point(start))
      }
      for step in 0...steps {
        let (values, gradients) = try task.valuesAndGradients(paths.map(\.point), runs)
        for row in runs.indices {
          best[row].improve(paths[row].point, values[row])
          best[row].steps = step
        }
        guard step < steps else { break }
        AttackTask.update(&paths) { row, path in
          path.d = task.feasible.norm.descended(path.d, along: gradients[row], by: stepSize * path.ball.radius)
          path.ball.project(&path.d)
          path.point = path.ball.point(path.d)
        }
      }
      return best
    }
  }

  private struct Path {
    let ball: Ball
    var d: [Double]
    var point: [Float]
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
