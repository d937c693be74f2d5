internal import CKernels
package import Modelling
package import Networks
internal import Tensors

/// Bounds on a gradient before it is followed.
package struct Clipping: Settings {
  /// The largest Euclidean norm of the whole gradient.
  package var norm: Float?
  /// The largest absolute value of one element.
  package var value: Float?

  package init() { self.init(norm: nil) }

  package init(norm: Float? = nil, value: Float? = nil) {
    self.norm = norm
    self.value = value
  }

  package static let table = Table<Self> {
    Setting("norm", \.norm, in: Above(0), "The largest Euclidean norm of the whole gradient.")
    Setting("value", \.value, in: Above(0), "The largest absolute value of one element.")
  }

  /// The gradient within the bounds; buffers are left alone.
  package func callAsFunction<M: Module>(_ gradient: Gradient<M>) -> Gradient<M> {
    if norm == nil, value == nil { return gradient }
    var factor: Float = 1
    if let norm {
      let length = gradient.norm
      // As in PyTorch's clip_grad_norm_, which adds the same small number to the norm.
      if length > Double(norm) { factor = Float(Double(norm) / (length + 1e-6)) }
    }
    return Gradient(
      module: gradient.module.mapping { leaf, g in
        guard leaf.isTrainable else { return g }
        let scaled = factor == 1 ? g : g * factor
        return value.map { scaled.clamped(low: -$0, high: $0) } ?? scaled
      })
  }
}

extension Gradient {
  /// Euclidean norm over every trained parameter, summed in double in the order of the fields.
  package var norm: Double {
    module.leaves.filter(\.leaf.isTrainable).reduce(0.0) { sum, leaf in
      sum + leaf.tensor.withScalars { kernel_sum_of_squares($0, leaf.tensor.count) }
    }.squareRoot()
  }
}
