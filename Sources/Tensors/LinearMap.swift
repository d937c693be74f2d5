/// A linear map of a tensor's numbers beside its adjoint, each the other's derivative.
///
/// <map x, y> = <x, adjoint y>; a gradient goes through the adjoint, and the gradient's own gradient through the map again.
struct LinearMap: Sendable {
  let map: @Sendable (Tensor) -> Tensor
  let adjoint: @Sendable (Tensor) -> Tensor

  /// Both on tensors without history.
  init(_ map: @escaping @Sendable (Tensor) -> Tensor, adjoint: @escaping @Sendable (Tensor) -> Tensor) {
    (self.map, self.adjoint) = (map, adjoint)
  }

  var reversed: LinearMap { LinearMap(adjoint, adjoint: map) }
}

extension Tensor {
  /// The image of this tensor, with its history.
  func through(_ map: LinearMap, operation: StaticString = #function) -> Tensor {
    map.map(self).recorded(by: self, operation: operation) { [$0.g.through(map.reversed, operation: operation)] }
  }
}
