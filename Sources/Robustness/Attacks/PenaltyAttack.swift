internal import Tensors

/// Minimises objective + λ‖d‖₂ inside the box by L-BFGS (Tabacof et al. 2016, Gondim-Ribeiro et al. 2018); a run's strength is λ, and there is no ball.
///
/// Starts are uniform in ±1e-8, as theirs; restarts in ±0.01.
package struct PenaltyAttack: Attack {
  package enum Penalty: String, Sendable, Hashable, Codable, CaseIterable {
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
      var outcomes = try task.outcomesAtStart(runs)
      let items = runs.map { task.start($0.item).map(Double.init) }
      var searches = runs.indices.map { search(runs[$0], items[$0], task) }
      while case let active = searches.indices.filter({ searches[$0].ending == nil }), !active.isEmpty {
        let points = active.map { row in zip(items[row], searches[row].proposal).map { Float($0 + $1) } }
        let (values, gradients) = try task.valuesAndGradients(points, active.map { runs[$0] })
        for (place, row) in active.enumerated() {
          // The perturbation that float32 made of the proposal is the one that the objective saw.
          let (cost, slope) = price(zip(points[place], items[row]).map { Double($0) - $1 }, gradients[place], weight: runs[row].strength)
          let total = Double(values[place]) + cost
          if total < outcomes[row].merit || outcomes[row].merit.isNaN {
            (outcomes[row].point, outcomes[row].loss, outcomes[row].merit) = (points[place], values[place], total)
          }
          searches[row].tell(total, zip(gradients[place], slope).map { Double($0) + $1 })
          outcomes[row].steps = searches[row].iteration
          outcomes[row].converged = searches[row].ending == .converged
        }
      }
      return outcomes
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
