package import Tensors

/// Dropout (Srivastava et al. 2014): what falls out of a row depends on the row's key alone, whatever batch it is in.
package struct Dropout: Sendable, Hashable {
  package let rate: Float

  /// `rate` is in 0..<1.
  package init(_ rate: Float) {
    precondition(rate >= 0 && rate < 1, "dropout at \(rate)")
    self.rate = rate
  }

  /// Without keys, as in evaluation, x stays as it is; x: [rows, ...].
  package func callAsFunction(_ x: Tensor, _ keys: RowKeys?) -> Tensor { keys.map { rate == 0 ? x : x.dropped(rate: rate, $0) } ?? x }
}
