internal import Locking
internal import Modelling
package import Tensors

extension Audit {
  /// Points at most that are worth evaluating together: beyond some, their perturbations leave the core's cache. Reports don't depend on it.
  package static var largestBatch: Int { 64 * Parallelism.width }

  /// Points that are evaluated together in so many seconds on this machine, measured once: 1 to `largestBatch`. Reports don't depend on it.
  package func batch(seconds: Double) -> Int {
    let audit = ready()
    let objective = audit.objective(audit.subject)
    let task = audit.task(objective, batch: 1) { _ in }
    let items = Array(0..<min(count, 8))
    let points = task.origin.gather(items)
    // Twice: the first time memory is cold.
    var fastest = Double.infinity
    for _ in 0..<2 {
      let start = ContinuousClock.now
      _ = objective.valuesAndGradients(points, items: items)
      fastest = min(fastest, (ContinuousClock.now - start) / .seconds(1))
    }
    return min(Self.largestBatch, max(1, Int(seconds / max(fastest / Double(items.count), 1e-9))))
  }

  package var latentWidths: [Int] { subject.model.latentWidths }

  /// Numbers of all perturbed items.
  package var perturbedNumbers: Int { count * strengths.count * perturbedWidth }

  /// The linear layers' products of the loss and the gradient of `batch` points.
  package func productsOfStep(batch: Int) -> [ProductShape] {
    let objective = objective(subject)
    let task = task(objective, batch: batch) { _ in }
    let items = (0..<batch).map { $0 % count }
    let forward = ProductRecorder.record { _ = objective.valuesAndGradients(task.origin.gather(items), items: items) }
    // Weights are not watched, so the backward pass of a layer is the product of its input's gradient alone.
    return forward.flatMap { [$0, ProductShape(rows: $0.rows, outputs: $0.inner, inner: $0.outputs)] }
  }

  /// Points a second that the plan's attack evaluates, `batch` runs of its items, budgets and starts together; for about `seconds`.
  package func attackRate(batch: Int, seconds: Double) throws -> Double {
    let points = Protected(0)
    let audit = ready()
    let task = audit.task(audit.objective(audit.subject), batch: batch) { count in points.withLock { $0 += count } }
    let runs = (0..<count).flatMap { item in
      strengths.flatMap { strength in (0..<plan.restarts).map { AttackRun(item: item, strength: strength, restart: $0) } }
    }
    let start = ContinuousClock.now
    var (next, elapsed) = (0, Duration.zero)
    repeat {
      let part = (0..<batch).map { runs[(next + $0) % runs.count] }
      next += batch
      _ = try attack(part, on: task)
      elapsed = ContinuousClock.now - start
    } while elapsed < .seconds(seconds)
    return Double(points.withLock { $0 }) / (elapsed / .seconds(1))
  }

  package var attackDescription: String { attack.description }
}
