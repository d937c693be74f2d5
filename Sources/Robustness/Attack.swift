package import Tensors

/// Looks for a perturbation that makes an objective small; configured when it is made, executed by calling it.
///
/// Every run stands for itself: its outcome depends on the objective, its item and the keys alone, never on the runs beside it or on how they are cut.
package protocol Attack: Sendable, CustomStringConvertible {
  /// One outcome a run, none worse than the item as it is.
  func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome]
}

/// One run of an attack: against which item, how strong, and which of several starts.
package struct AttackRun: Sendable, Hashable {
  package let item: Int
  /// The radius of the ball; the weight of the penalty where an attack has no ball.
  package let strength: Double
  package let restart: Int

  package init(item: Int, strength: Double, restart: Int = 0) {
    (self.item, self.strength, self.restart) = (item, strength, restart)
  }
}

package struct AttackOutcome: Sendable, Hashable {
  /// The perturbed point.
  package var point: [Float]
  /// The objective there.
  package var loss: Float
  /// What the attack made small: the objective, with its penalty where it has one.
  package var merit: Double
  /// Steps taken.
  package var steps: Int
  /// Whether the attack ended by its own rule and not for want of steps.
  package var converged: Bool
  /// Which of several attacks changed a decision.
  package var foundBy: Ensemble.Member?

  package init(point: [Float], loss: Float, merit: Double, steps: Int, converged: Bool, foundBy: Ensemble.Member? = nil) {
    (self.point, self.loss, self.merit) = (point, loss, merit)
    (self.steps, self.converged, self.foundBy) = (steps, converged, foundBy)
  }
}

/// What the runs of an attack have in common.
package struct AttackTask: Sendable {
  package let objective: any AttackObjective
  /// Where every item's perturbations start from: [items, width].
  package let origin: Tensor
  package let feasible: FeasibleSet
  /// The attack's own randomness, one key an item.
  package let keys: RowKeys
  /// Points evaluated together; the cut changes no bit.
  package let batch: Int
  package let pause: Pause

  /// Called with the number of points whenever some were evaluated, between two evaluations; what it throws ends the attack.
  package typealias Pause = @Sendable (_ points: Int) throws -> Void

  package init(
    objective: any AttackObjective, origin: Tensor, feasible: FeasibleSet, keys: RowKeys, batch: Int = 64, pause: @escaping Pause = { _ in }
  ) {
    precondition(keys.count == origin.shape[0] && batch > 0, "an item has one key")
    self.objective = objective
    self.origin = origin
    self.feasible = feasible
    self.keys = keys
    self.batch = batch
    self.pause = pause
  }

  package var width: Int { origin.shape[1] }

  /// The same items and limits under another objective.
  func with(_ objective: any AttackObjective) -> AttackTask {
    AttackTask(objective: objective, origin: origin, feasible: feasible, keys: keys, batch: batch, pause: pause)
  }

  /// The item as it is.
  func start(_ item: Int) -> [Float] { Array(origin.scalars[item * width..<(item + 1) * width]) }

  /// The objective at the item as it is, for a batch of runs.
  func outcomesAtStart(_ runs: [AttackRun]) throws -> [AttackOutcome] {
    let points = runs.map { start($0.item) }
    return zip(points, try values(points, runs)).map { AttackOutcome(point: $0, loss: $1, merit: Double($1), steps: 0, converged: false) }
  }

  /// The objective at any number of points.
  func values(of points: [[Float]], _ runs: [AttackRun]) throws -> [Float] {
    try stride(from: 0, to: runs.count, by: batch).flatMap { start in
      let part = start..<min(start + batch, runs.count)
      return try values(Array(points[part]), Array(runs[part]))
    }
  }

  func values(_ points: [[Float]], _ runs: [AttackRun]) throws -> [Float] {
    let values = objective.values(Tensor(rows: points), items: runs.map(\.item))
    try pause(points.count)
    return values
  }

  func valuesAndGradients(_ points: [[Float]], _ runs: [AttackRun]) throws -> (values: [Float], gradients: [[Float]]) {
    let (values, gradients) = objective.valuesAndGradients(Tensor(rows: points), items: runs.map(\.item))
    try pause(points.count)
    let scalars = gradients.scalars
    // A number without a gradient moves nothing.
    return (values, points.indices.map { row in scalars[row * width..<(row + 1) * width].map { $0.isFinite ? $0 : 0 } })
  }

  /// Calls `body` with the runs a batch at a time.
  func inBatches(_ runs: [AttackRun], _ body: ([AttackRun]) throws -> [AttackOutcome]) throws -> [AttackOutcome] {
    try stride(from: 0, to: runs.count, by: batch).flatMap { start in
      try body(Array(runs[start..<min(start + batch, runs.count)]))
    }
  }

  /// What a run may do to its item.
  func ball(_ run: AttackRun) -> Ball { Ball(feasible, around: start(run.item).map(Double.init), radius: run.strength) }

  /// Where a run starts from: for its first run close to the item, for restarts anywhere in the set.
  ///
  /// Not at the item itself, where the gradient of a damage is zero.
  func randomStart(_ run: AttackRun, in ball: Ball) -> [Double] {
    let reach = run.restart == 0 ? 0.01 : 1.0
    var d = direction(run, "start").map { $0 * run.strength * reach }
    ball.project(&d)
    return d
  }

  /// Changes every element for itself, on several threads.
  static func update<Element>(_ elements: inout [Element], _ body: (_ index: Int, inout Element) -> Void) {
    elements.withUnsafeMutableBufferPointer { elements in
      let elements = elements
      Parallelism.perform(blocks: elements.count) { body($0, &elements[$0]) }
    }
  }

  /// Random numbers of a run, of the norm 1 at most: uniform in the cube for linf, a uniform direction otherwise. The same for every strength.
  func direction(_ run: AttackRun, _ purpose: StaticString) -> [Double] {
    let keys = keys.split(purpose).split(run.restart).slice(run.item..<run.item + 1)
    guard feasible.norm != .linf else { return keys.uniform(width).scalars.map { 2 * Double($0) - 1 } }
    let normal = keys.normal(width).scalars.map(Double.init)
    let length = feasible.norm(normal)
    return normal.map { length > 0 ? $0 / length : 0 }
  }
}

/// The best of several starts, which is an attack itself; its runs are given with restart 0.
package struct Repeated: Attack {
  let attack: any Attack
  let restarts: Int

  package var description: String { restarts == 1 ? attack.description : "\(attack), best of \(restarts) starts" }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    let all = runs.flatMap { run in (0..<restarts).map { AttackRun(item: run.item, strength: run.strength, restart: run.restart + $0) } }
    let outcomes = try attack(all, on: task)
    return runs.indices.map { index in
      let own = outcomes[index * restarts..<(index + 1) * restarts]
      // The first of equals; NaN is never better.
      var best = own.dropFirst().reduce(own[index * restarts]) { best, next in next.merit < best.merit || best.merit.isNaN ? next : best }
      // Of an ensemble's members the first that changed the decision from any start: a later one needn't have been asked.
      best.foundBy = Ensemble.Member.allCases.first { member in own.contains { $0.foundBy == member } }
      return best
    }
  }
}

extension Attack {
  package func repeated(_ restarts: Int) -> Repeated { Repeated(attack: self, restarts: restarts) }
}
