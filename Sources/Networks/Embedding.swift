package import Tensors

/// A table of vectors looked up by number; `weight` is [entries, width], as in PyTorch.
package struct Embedding: Module {
  package var weight: Tensor

  package init(_ entries: Int, _ width: Int, _ source: ParameterSource) { weight = source["weight"].tensor([entries, width], .normal(deviation: 1)) }

  package static let fields: [Field<Self>] = [.parameter("weight", \.weight)]

  /// indices -> [indices, width].
  package func callAsFunction(_ indices: [Int]) -> Tensor { weight.gather(indices) }
}
