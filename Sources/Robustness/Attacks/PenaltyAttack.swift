internal import Modelling
internal import Tensors

/// Minimises objective + λ‖d‖₂ inside the box by L-BFGS (Tabacof et al. 2016, Gondim-Ribeiro et al. 2018); a run's strength is λ, and there is no ball.
///
/// Starts are uniform in ±1e-8, as theirs; restarts in ±0.01.
package struct PenaltyAttack: Attack {
  package enum Penalty: String, SettingValue, CaseIterable {
    /// λ‖d‖₂, as the papers write it.
    case l2
    /// λ‖d‖₂², as Tabacof's program has it.
    case squared
  }

  /// Iterations.
  package let steps: Int
  package let penalty: Penalty

  package init(steps: Int, penalty: Penalty = .l2) {
    (self.steps, self.penalty) = (steps, penalty)
  }

  package var description: String { "l-bfgs of \(steps) iterations inside the box, penalty λ‖d‖₂\(penalty == .squared ? "²" : "")" }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    try task.inBatches(runs) { runs in
      var paths = zip(runs, try task.outcomesAtStart(runs)).map { run, outcome in
        let item = task.start(run.item).map(Double.init)
        return Path(item: item, search: search(run, item, task), outcome: outcome)
      }
      while case let active = paths.indices.filter({ paths[$0].search.ending == nil }), !active.isEmpty {
        let points = active.map { row in zip(paths[row].item, paths[row].search.proposal).map { Float($0 + $1) } }
        let (values, gradients) = try task.valuesAndGradients(points, active.map { runs[$0] })
        var places = [Int?](repeating: nil, count: runs.count)
        for (place, row) in active.enumerated() { places[row] = place }
        AttackTask.update(&paths) { row, path in
          guard let place = places[row] else { return }
          path.learn(points[place], values[place], gradients[place], self, weight: runs[row].strength)
        }
      }
      return paths.map(\.outcome)
    }
  }

  /// One run on its way.
  private struct Path {
    let item: [Double]
    var search: ProjectedLBFGS
    var outcome: AttackOutcome

    mutating func learn(_ point: [Float], _ loss: Float, _ gradient: [Float], _ attack: PenaltyAttack, weight: Double) {
      // The perturbation that float32 made of the proposal is the one that the objective saw.
      let (cost, slope) = attack.price(zip(point, item).map { Double($0) - $1 }, gradient, weight: weight)
      let total = Double(loss) + cost
      if total < outcome.merit || outcome.merit.isNaN { (outcome.point, outcome.loss, outcome.merit) = (point, loss, total) }
      search.tell(total, zip(gradient, slope).map { Double($0) + $1 })
      (outcome.steps, outcome.converged) = (search.iteration, search.ending == .converged)
    }
  }

  /// The penalty and its gradient; at the kink of ‖d‖₂ at 0 the subgradient that leaves the least of the objective's gradient.
  private func price(_ d: [Double], _ gradient: [Float], weight: Double) -> (Double, [Double]) {
    let length = Norm.l2(d)
    switch penalty {
    case .l2 where length < 1e-6:
      let slope = Norm.l2(gradient.map(Double.init))
      return (weight * length, gradient.map { -Double($0) * (slope > weight ? weight / slope : 1) })
    case .l2: return (weight * length, d.map { weight * $0 / length })
    case .squared: return (weight * length * length, d.map { 2 * weight * $0 })
    }
  }

  private func search(_ run: AttackRun, _ item: [Double], _ task: AttackTask) -> ProjectedLBFGS {
    let keys = task.keys.split("start").split(run.restart).slice(run.item..<run.item + 1)
    let reach = run.restart == 0 ? 1e-8 : 1e-2
    let start = keys.uniform(task.width).scalars.map { (2 * Double($0) - 1) * reach }
    let box = task.feasible.box
    return ProjectedLBFGS(
      from: start, lower: item.indices.map { (box?.lower[$0] ?? -.infinity) - item[$0] },
      upper: item.indices.map { (box?.upper[$0] ?? .infinity) - item[$0] }, iterations: steps)
  }
}
