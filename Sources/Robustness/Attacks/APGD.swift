/// Auto-PGD: momentum, and a step that is halved where it no longer helps, from the best point so far (Croce and Hein 2020, algorithm 1).
package struct APGD: Attack {
  package let steps: Int

  package init(steps: Int) { self.steps = steps }

  package var description: String { "apgd of \(steps) steps" }

  /// Weight of the new step beside the momentum, and the share of steps between two checkpoints that have to improve.
  private static let (alpha, rho) = (0.75, 0.75)

  /// Steps at which the step size is reconsidered: w_j = ⌈p_j N⌉, p_1 = 0.22, p_{j+1} = p_j + max(p_j - p_{j-1} - 0.03, 0.06).
  package static func checkpoints(_ steps: Int) -> [Int] {
    var (previous, p, checkpoints) = (0.0, 0.22, [0])
    while p <= 1 {
      // What is whole but for rounding counts as whole.
      checkpoints.append(Int((p * Double(steps) - 1e-9).rounded(.up)))
      (previous, p) = (p, p + max(p - previous - 0.03, 0.06))
    }
    return checkpoints
  }

  /// One run on its way.
  fileprivate struct Path {
    let ball: Ball
    var d: [Double]
    var previous: [Double]
    /// item + d in float32.
    var point: [Float] = []
    /// η, which starts at twice the radius.
    var step: Double
    var last: Float = .infinity
    /// Steps since the last checkpoint that improved on the one before.
    var improvements = 0
    var best: [Double]
    var bestGradient: [Float] = []
    var bestLoss: Float = .infinity
    /// Step size and best loss at the last checkpoint.
    var checked: (step: Double, loss: Float)
    /// Whether it was taken back to its best point, whose gradient is then the one to follow.
    var isAtBest = false
  }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    try task.inBatches(runs) { runs in
      var outcomes = try task.outcomesAtStart(runs)
      var paths = runs.map { run in
        let ball = task.ball(run)
        let start = task.randomStart(run, in: ball)
        return Path(
          ball: ball, d: start, previous: start, point: ball.point(start), step: 2 * run.strength, best: start, checked: (2 * run.strength, .infinity)
        )
      }
      let checkpoints = Set(Self.checkpoints(steps).dropFirst())
      var since = 0
      for step in 0...steps {
        let (values, gradients) = try task.valuesAndGradients(paths.map(\.point), runs)
        since += 1
        for row in runs.indices {
          outcomes[row].improve(paths[row].point, values[row])
          outcomes[row].steps = step
        }
        AttackTask.update(&paths) { row, path in
          path.learn(values[row], gradients[row])
          if checkpoints.contains(step) { path.reconsider(after: since, rho: Self.rho) }
          guard step < steps else { return }
          path.advance(along: path.isAtBest ? path.bestGradient : gradients[row], norm: task.feasible.norm, alpha: step == 0 ? 1 : Self.alpha)
        }
        if checkpoints.contains(step) { since = 0 }
      }
      return outcomes
    }
  }
}

extension APGD.Path {
  fileprivate mutating func learn(_ loss: Float, _ gradient: [Float]) {
    if loss < last { improvements += 1 }
    last = loss
    isAtBest = false
    guard loss < bestLoss || bestGradient.isEmpty else { return }
    (bestLoss, best, bestGradient) = (loss, d, gradient)
  }

  /// Halves the step where too few steps improved, or nothing has changed since the last checkpoint, and goes back to the best point.
  fileprivate mutating func reconsider(after steps: Int, rho: Double) {
    let isStuck = Double(improvements) < rho * Double(steps) || (checked.step == step && checked.loss == bestLoss)
    checked = (step, bestLoss)
    improvements = 0
    guard isStuck else { return }
    step /= 2
    (d, previous, isAtBest) = (best, best, true)
  }

  /// z = P(x - η direction), x' = P(x + α (z - x) + (1 - α) (x - x_before)).
  fileprivate mutating func advance(along gradient: [Float], norm: Norm, alpha: Double) {
    var next = norm.descended(d, along: gradient, by: step)
    ball.project(&next)
    let n = d.count
    d.withUnsafeBufferPointer { d in
      previous.withUnsafeBufferPointer { previous in
        next.withUnsafeMutableBufferPointer { next in
          guard let d = d.baseAddress, let previous = previous.baseAddress, let next = next.baseAddress else { return }
          SIMDDoubles.fill(next, n) { i in
            let x = SIMDDoubles.load(d, i, n)
            return x + alpha * (SIMDDoubles.load(next, i, n) - x) + (1 - alpha) * (x - SIMDDoubles.load(previous, i, n))
          }
        }
      }
    }
    ball.project(&next)
    (previous, d) = (d, next)
    point = ball.point(d)
  }
}
