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
    let item: [Double]
    let radius: Double
    var d: [Double]
    var previous: [Double]
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
  }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    try task.inBatches(runs) { runs in
      var outcomes = try task.outcomesAtStart(runs)
      var paths = runs.map { run in
        let start = task.randomStart(run)
        return Path(
          item: task.start(run.item).map(Double.init), radius: run.strength, d: start, previous: start, step: 2 * run.strength, best: start,
          checked: (2 * run.strength, .infinity))
      }
      let checkpoints = Set(Self.checkpoints(steps).dropFirst())
      var since = 0
      for step in 0...steps {
        let points = paths.map { task.feasible.point($0.d, around: $0.item, radius: $0.radius) }
        let (values, gradients) = try task.valuesAndGradients(points, runs)
        since += 1
        for row in runs.indices {
          outcomes[row].improve(points[row], values[row])
          outcomes[row].steps = step
          paths[row].learn(values[row], gradients[row])
          if checkpoints.contains(step) { paths[row].reconsider(after: since, rho: Self.rho) }
          guard step < steps else { continue }
          let gradient = paths[row].isAtBest ? paths[row].bestGradient : gradients[row]
          paths[row].advance(along: task.feasible.norm.steepest(gradient), in: task.feasible, alpha: step == 0 ? 1 : Self.alpha)
        }
        if checkpoints.contains(step) { since = 0 }
      }
      return outcomes
    }
  }
}

extension APGD.Path {
  /// Whether it was taken back to its best point, whose gradient is then the one to follow.
  fileprivate var isAtBest: Bool { d == best }

  fileprivate mutating func learn(_ loss: Float, _ gradient: [Float]) {
    if loss < last { improvements += 1 }
    last = loss
    if loss < bestLoss || bestGradient.isEmpty { (bestLoss, best, bestGradient) = (loss, d, gradient) }
  }

  /// Halves the step where too few steps improved, or nothing has changed since the last checkpoint, and goes back to the best point.
  fileprivate mutating func reconsider(after steps: Int, rho: Double) {
    let isStuck = Double(improvements) < rho * Double(steps) || (checked.step == step && checked.loss == bestLoss)
    checked = (step, bestLoss)
    improvements = 0
    guard isStuck else { return }
    step /= 2
    (d, previous) = (best, best)
  }

  /// z = P(x - η direction), x' = P(x + α (z - x) + (1 - α) (x - x_before)).
  fileprivate mutating func advance(along direction: [Double], in feasible: FeasibleSet, alpha: Double) {
    let z = feasible.project(zip(d, direction).map { $0 - step * $1 }, around: item, radius: radius)
    let next = d.indices.map { d[$0] + alpha * (z[$0] - d[$0]) + (1 - alpha) * (d[$0] - previous[$0]) }
    previous = d
    d = feasible.project(next, around: item, radius: radius)
  }
}
