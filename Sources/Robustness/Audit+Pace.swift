internal import Models
internal import Tensors

extension Audit {
  /// Points that are evaluated together in so many seconds on this machine, measured once: 1 to 128. Reports don't depend on it.
  package func batch(seconds: Double) -> Int {
    let objective = objective(subject)
    let task = task(objective, batch: 1) { _ in }
    let items = Array(0..<min(count, 8))
    let points = task.origin.gather(items)
    // Twice: the first time memory is cold.
    var fastest = Double.infinity
    for _ in 0..<2 {
      let start = ContinuousClock.now
      _ = objective.valuesAndGradients(points, items: items)
      fastest = min(fastest, (ContinuousClock.now - start) / .seconds(1))
    }
    return min(128, max(1, Int(seconds / max(fastest / Double(items.count), 1e-9))))
  }

  package var latentWidths: [Int] { subject.model.latentWidths }

  /// Numbers of all perturbed items.
  package var perturbedNumbers: Int { count * strengths.count * perturbedWidth }
}
