package import Modelling
package import Tensors

/// A loss and the terms that it is made of, means over the batch.
package struct Objective: Sendable {
  package let loss: Tensor
  /// Named, in a fixed order.
  package let terms: [Term]

  package init(loss: Tensor, terms: [Term]) {
    self.loss = loss
    self.terms = terms
  }
}
