package import Tensors

/// What an attack makes small: a differentiable function of perturbed points, one value a point.
package protocol AttackObjective: Sendable {
  /// The loss of every point, which the attack wants as small as possible.
  ///
  /// - Parameters:
  ///   - points: [runs, width].
  ///   - items: which item each point belongs to; several points may belong to one item.
  /// - Returns: [runs]; a point's loss depends on that point and its item alone.
  func loss(_ points: Tensor, items: [Int]) -> Tensor
}

extension AttackObjective {
  package func values(_ points: Tensor, items: [Int]) -> [Float] { loss(points.detached, items: items).scalars }

  /// The losses and the gradient of each with respect to its own point: [runs] and [runs, width].
  package func valuesAndGradients(_ points: Tensor, items: [Int]) -> (values: [Float], gradients: Tensor) {
    let points = points.watched()
    let loss = loss(points, items: items)
    // A point's loss is a function of that point alone, so one backward pass gives all gradients. Weights are not watched: their gradients are never computed.
    let gradients = loss.backward(from: .ones(loss.shape))
    return (loss.scalars, gradients[points] ?? .zeros(points.shape))
  }
}
