internal import CKernels
package import Networks
internal import Tensors

/// Bounds on a gradient before it is followed.
package struct Clipping: Sendable, Equatable, Codable {
  /// The largest Euclidean norm of the whole gradient.
  package var norm: Float?
  /// The largest absolute value of one element.
  package var value: Float?

  package init(norm: Float? = nil, value: Float? = nil) {
    self.norm = norm
    self.value = value
  }

  /// The clipped gradient, and its norm before that.
  package func callAsFunction<M: Module>(_ gradient: Gradient<M>) -> (Gradient<M>, norm: Double) {
    let squares = gradient.module.leaves.filter(\.leaf.isTrainable).map { leaf in
      leaf.tensor.withScalars { kernel_sum_of_squares($0, leaf.tensor.count) }
    }
    let length = squares.reduce(0, +).squareRoot()
    var factor: Float = 1
    // As in PyTorch's clip_grad_norm_, which adds the same small number to the norm.
    if let norm, length > Double(norm) { factor = Float(Double(norm) / (length + 1e-6)) }
    if factor == 1, value == nil { return (gradient, length) }
    let module = gradient.module.mapping { leaf, g in
      guard leaf.isTrainable else { return g }
      let scaled = factor == 1 ? g : g * factor
      return value.map { scaled.clamped(low: -$0, high: $0) } ?? scaled
    }
    return (Gradient(module: module), length)
  }
}
