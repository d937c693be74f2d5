package import Models
package import Tensors

/// Changes the decision of a model that classifies, by its logits: probabilities would hide their gradients where they saturate.
package struct DownstreamObjective: AttackObjective {
  package enum Quantity: String, Sendable, Hashable, Codable, CaseIterable {
    /// ln p(reference class), which an attack lowers.
    case crossEntropy = "cross_entropy"
    /// The logit of the reference class less the largest of the others; below 0 the decision has changed.
    case margin
  }

  let model: any Classifying
  let quantity: Quantity
  /// The class of every item that the attack leads away from.
  package let classes: [Int]

  /// - Parameter classes: nil for the model's own decisions about the items.
  package init(_ model: any Classifying, x: Tensor, classes: [Int]? = nil, _ quantity: Quantity = .margin) {
    self.model = model
    self.quantity = quantity
    self.classes = classes ?? model.logits(x).argmaxRows()
  }

  package func loss(_ points: Tensor, items runs: [Int]) -> Tensor {
    let logits = model.logits(points)
    let components = logits.shape[1]
    let reference = Tensor(shape: logits.shape) { y in
      y.update(repeating: 0, count: logits.count)
      for (row, item) in runs.enumerated() { y[row * components + classes[item]] = 1 }
    }
    let own = (logits * reference).rowSums()
    switch quantity {
    case .crossEntropy: return own - logits.logSumExp()
    // Far below every other logit, the reference is never the largest of the others.
    case .margin: return own - (logits - reference * 1e9).max(axis: 1)
    }
  }
}
