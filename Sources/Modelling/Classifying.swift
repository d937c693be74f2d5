package import Tensors

/// Says of which class items are, among those of the labels that it learnt from.
///
/// Component k is the class `signature.classes[k]` for every k below their number; the others, of a family that clusters too, are clusters without a label.
package protocol Classifying: ModelFamily {
  /// Classes, and clusters beside them.
  var componentCount: Int { get }

  /// Unnormalised ln q(component | x), differentiable in x: [n, components].
  func logits(_ x: Tensor) -> Tensor
}

/// Classifies items by modules that it chooses for each.
package protocol ModuleSelecting: Classifying {
  /// The logits of items, and by which modules they were found: layer by layer for every item, the one nearest the data first.
  func classify(_ x: Tensor) -> (logits: Tensor, modules: [[ModuleSelection]])
}

/// The modules of one layer that an item went through.
package struct ModuleSelection: Sendable, Equatable {
  /// One for every choice that the layer makes; two choices may fall on the same module.
  package let modules: [Int]
  /// Of each of them, before the choice.
  package let probabilities: [Float]

  package init(modules: [Int], probabilities: [Float]) { (self.modules, self.probabilities) = (modules, probabilities) }
}
