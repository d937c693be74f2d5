/// The fast adaptive boundary attack (Croce and Hein 2020b, algorithm 1): looks for the nearest point where the objective is negative, whatever the budget, by stepping onto the
/// boundary of the linearised objective; the budget then says whether that is near enough.
///
/// For objectives that are negative exactly where a decision has changed, and that lead to one class: which class is nearest the linearisation alone doesn't know.
package struct FAB: Attack {
  package let steps: Int

  package init(steps: Int) { self.steps = steps }

  package var description: String { "fab of \(steps) steps" }

  /// The largest part of a step that leads back to the item, how far a step overshoots the boundary, and what is left of the way after a success.
  private static let (alpha, eta, beta) = (0.1, 1.05, 0.9)
  /// Halvings at the end of the way to the nearest point found.
  static let refinements = 3

  /// One run on its way.
  private struct Path {
    /// Without a radius.
    let ball: Ball
    var d: [Double]
    var point: [Float]
    /// The nearest perturbation so far that changed the decision, with its point, objective and norm.
    var best: (d: [Double], point: [Float], loss: Float, distance: Double)?

    mutating func move(to d: [Double]) { (self.d, point) = (d, ball.point(d)) }

    /// Takes note of the objective at the point.
    mutating func learn(_ loss: Float) {
      guard loss < 0 else { return }
      let distance = ball.norm(zip(point, ball.item).map { Double($0) - $1 })
      if distance < best?.distance ?? .infinity { best = (d, point, loss, distance) }
    }

    /// Onto the linearised boundary, and a part of the way along that of the item itself.
    mutating func advance(_ loss: Float, _ gradient: [Float]) {
      let gradient = gradient.map(Double.init)
      let height = Double(loss)
      // What the linearised objective is at the item.
      let heightAtItem = height - zip(gradient, d).reduce(0) { $0 + $1.0 * $1.1 }
      let origin = [Double](repeating: 0, count: d.count)
      let own = ball.leastChange(of: d, along: gradient, by: -height)
      let fromItem = ball.leastChange(of: origin, along: gradient, by: -heightAtItem)
      let (length, lengthFromItem) = (ball.norm(own), ball.norm(fromItem))
      let alpha = length + lengthFromItem > 0 ? min(length / (length + lengthFromItem), FAB.alpha) : 0
      var next = d.indices.map { (1 - alpha) * (d[$0] + FAB.eta * own[$0]) + alpha * FAB.eta * fromItem[$0] }
      ball.project(&next)
      move(to: next)
    }
  }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    try task.inBatches(runs) { runs in
      var outcomes = try task.outcomesAtStart(runs)
      var paths = runs.map { run in
        let ball = Ball(task.feasible, around: task.start(run.item).map(Double.init), radius: .infinity)
        // From the item itself first, from anywhere in the inner half of the budget's ball in restarts.
        let start = run.restart == 0 ? [Double](repeating: 0, count: task.width) : task.randomStart(run, in: task.ball(run)).map { $0 / 2 }
        return Path(ball: ball, d: start, point: ball.point(start))
      }
      for step in 0..<steps {
        let (heights, gradients) = try task.valuesAndGradients(paths.map(\.point), runs)
        AttackTask.update(&paths) { row, path in path.advance(heights[row], gradients[row]) }
        let losses = try task.values(paths.map(\.point), runs)
        AttackTask.update(&paths) { row, path in
          path.learn(losses[row])
          // Back towards the item, from where the boundary is met anew.
          if losses[row] < 0 { path.move(to: path.d.map { $0 * Self.beta }) }
        }
        for row in runs.indices { outcomes[row].steps = step + 1 }
      }
      try refine(&paths, runs, task)
      for (row, run) in runs.enumerated() {
        guard let best = paths[row].best, best.distance <= run.strength else { continue }
        outcomes[row].improve(best.point, best.loss)
      }
      return outcomes
    }
  }

  /// Halves the way between the item and the nearest point found.
  private func refine(_ paths: inout [Path], _ runs: [AttackRun], _ task: AttackTask) throws {
    let found = paths.indices.filter { paths[$0].best != nil }
    guard !found.isEmpty else { return }
    var brackets = paths.map { (low: 0.0, high: 1.0, d: $0.best?.d ?? []) }
    for _ in 0..<Self.refinements {
      for row in found { paths[row].move(to: brackets[row].d.map { $0 * (brackets[row].low + brackets[row].high) / 2 }) }
      let losses = try task.values(found.map { paths[$0].point }, found.map { runs[$0] })
      for (row, loss) in zip(found, losses) {
        paths[row].learn(loss)
        let middle = (brackets[row].low + brackets[row].high) / 2
        if loss < 0 { brackets[row].high = middle } else { brackets[row].low = middle }
      }
    }
  }
}

extension Ball {
  /// The smallest change of d, in the ball's norm and inside the box, that moves ⟨v, d⟩ by an amount; as much of it as the box has room for.
  ///
  /// For l2 and linf that is clip(λ u), u being v or its signs, where what it gains is concave and piecewise linear in λ, so that Newton's method from 0 never goes too
  /// far; for l1 the numbers with the largest |v| move first.
  package func leastChange(of d: [Double], along v: [Double], by amount: Double) -> [Double] {
    let v = amount < 0 ? v.map { -$0 } : v
    let amount = abs(amount)
    let room = d.indices.map { (low: min(low[$0] - d[$0], 0), high: max(high[$0] - d[$0], 0)) }
    var change = [Double](repeating: 0, count: d.count)
    if norm == .l1 {
      var rest = amount
      for index in v.indices.sorted(by: { abs(v[$0]) != abs(v[$1]) ? abs(v[$0]) > abs(v[$1]) : $0 < $1 }) where rest > 0 && v[index] != 0 {
        let most = v[index] > 0 ? room[index].high : room[index].low
        let wanted = rest / v[index]
        change[index] = abs(wanted) < abs(most) ? wanted : most
        rest -= change[index] * v[index]
      }
      return change
    }
    let u = norm == .linf ? v.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 } : v
    var scale = 0.0
    for _ in 0..<200 {
      var (slope, held) = (0.0, 0.0)
      for i in u.indices {
        let wanted = scale * u[i]
        change[i] = min(max(wanted, room[i].low), room[i].high)
        if change[i] == wanted { slope += u[i] * v[i] } else { held += change[i] * v[i] }
      }
      guard slope > 0 else { break }
      let next = (amount - held) / slope
      guard next > scale * (1 + 1e-12) else { break }
      scale = next
    }
    return change
  }
}
