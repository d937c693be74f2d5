package import Tensors

/// Says what every variable of a categorical code costs, for models whose codes are of that kind.
package protocol CategoricallyEncoding: Encoding {
  /// - Precondition: the model's codes are categorical, of one layer.
  func use(of x: Tensor, keys: RowKeys) -> CategoricalUse
}

/// What the variables of one layer cost, and what the code says of the items.
package struct CategoricalUse: Sendable {
  /// KL(q ‖ p) of every variable in nats: [n, variables].
  package let costs: Tensor
  /// ln p(x|z) at one draw, in nats of raw units: [n].
  package let logLikelihood: Tensor

  package init(costs: Tensor, logLikelihood: Tensor) { (self.costs, self.logLikelihood) = (costs, logLikelihood) }
}
