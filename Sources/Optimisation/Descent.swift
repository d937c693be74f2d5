/// How networks descend: the optimiser, and what happens to a gradient before it and after it.
package struct Descent: Sendable {
  package var optimiser: Optimiser
  /// In the order in which a gradient passes them.
  package var transforms: [any GradientTransform]

  package init(_ optimiser: Optimiser = Optimiser(), transforms: [any GradientTransform] = []) {
    (self.optimiser, self.transforms) = (optimiser, transforms)
  }

  /// What a recipe says of it.
  package init(_ optimiser: Optimiser, clipping: Clipping) {
    self.init(optimiser, transforms: clipping == Clipping() ? [] : [clipping])
  }
}
