internal import Tensors

/// Random noise of a given size: the control that every attack has to beat.
package struct NoiseAttack: Attack {
  package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    case uniform, gaussian
    /// Numbers that go to the end of their range, or by the same amount where they have none.
    case saltAndPepper = "salt_and_pepper"
  }

  package let kind: Kind

  package init(_ kind: Kind) { self.kind = kind }

  package var description: String { "\(kind.rawValue) noise" }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    try task.inBatches(runs) { runs in
      let points = runs.map { run in
        let item = task.start(run.item).map(Double.init)
        return task.feasible.point(perturbation(run, item, task), around: item, radius: run.strength)
      }
      return zip(points, try task.values(points, runs)).map { AttackOutcome(point: $0, loss: $1, merit: Double($1), steps: 1, converged: true) }
    }
  }

  /// Noise of the wanted norm as far as the box allows: what the box takes away is made up for by more of the same noise.
  private func perturbation(_ run: AttackRun, _ item: [Double], _ task: AttackTask) -> [Double] {
    let feasible = task.feasible
    guard run.strength > 0 else { return item.map { _ in 0 } }
    let noise = draw(run, item, task)
    let length = feasible.norm(noise)
    guard length > 0 else { return noise }
    var scale = run.strength / length
    for _ in 0..<20 {
      let reached = feasible.norm(inBox(noise.map { $0 * scale }, item, feasible))
      guard reached > 0, reached < run.strength * 0.999 else { break }
      scale *= min(run.strength / reached, 4)
    }
    return feasible.project(inBox(noise.map { $0 * scale }, item, feasible), around: item, radius: run.strength)
  }

  private func inBox(_ d: [Double], _ item: [Double], _ feasible: FeasibleSet) -> [Double] {
    guard let box = feasible.box else { return d }
    return d.indices.map { min(max(d[$0], box.lower[$0] - item[$0]), box.upper[$0] - item[$0]) }
  }

  private func draw(_ run: AttackRun, _ item: [Double], _ task: AttackTask) -> [Double] {
    let keys = task.keys.split("noise").split(run.restart).slice(run.item..<run.item + 1)
    switch kind {
    case .uniform: return keys.split("uniform").uniform(task.width).scalars.map { 2 * Double($0) - 1 }
    case .gaussian: return keys.split("gaussian").normal(task.width).scalars.map(Double.init)
    case .saltAndPepper:
      // The numbers in a random order, each white or black with equal chances; as many as the budget pays for, and all of them for linf.
      let sides = keys.split("side").uniform(task.width).scalars
      let order = keys.split("order").uniform(task.width).scalars.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
      var d = item.map { _ in 0.0 }
      for (index, _) in order {
        let isSalt = sides[index] < 0.5
        if let box = task.feasible.box, box.lower[index].isFinite, box.upper[index].isFinite {
          d[index] = (isSalt ? box.upper[index] : box.lower[index]) - item[index]
        } else {
          d[index] = isSalt ? run.strength : -run.strength
        }
        if task.feasible.norm != .linf, task.feasible.norm(d) >= run.strength { break }
      }
      return d
    }
  }
}
