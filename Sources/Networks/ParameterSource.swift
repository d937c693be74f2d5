package import Tensors

/// Where the initialiser of a layer has its tensors from: they are drawn, or only counted.
///
/// An initialiser is all that describes a network. Counted, it takes no memory and draws nothing: its size can be checked, and a file's tensors can
/// take their places. The parts of a network have sources of their own, `source["encoder"]` or `source[2]`, so that what is drawn for one depends on
/// no other.
package enum ParameterSource: Sendable {
  /// The numbers depend on the key alone.
  case drawing(RandomKey)
  /// The tensors have shapes and no numbers; computing with one ends the program.
  case counting

  package subscript(_ part: StaticString) -> ParameterSource {
    switch self {
    case .drawing(let key): .drawing(key.split(part))
    case .counting: .counting
    }
  }

  package subscript(_ index: Int) -> ParameterSource {
    switch self {
    case .drawing(let key): .drawing(key.split(index))
    case .counting: .counting
    }
  }

  /// A parameter or a buffer.
  ///
  /// - Parameter fans: the shape whose fans count, where it is another's: a bias starts as wide as the weight beside it.
  package func tensor(_ shape: Shape, _ initializer: Initializer, fans: Shape? = nil) -> Tensor {
    switch self {
    case .drawing(let key): initializer.tensor(shape, fans: fans ?? shape, key)
    case .counting: .unfilled(shape)
    }
  }

  /// Changes some numbers of a tensor from this source, where it has numbers.
  package func revise(_ tensor: inout Tensor, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    if case .drawing = self { tensor.update(body) }
  }
}
