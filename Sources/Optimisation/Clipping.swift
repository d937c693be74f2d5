internal import CKernels
package import Modelling
package import Tensors

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
}

extension Clipping: GradientTransform {
  package func before(_ gradients: inout [Tensor], at _: [Tensor], _: inout [ParameterSlots], _: Pass) { clip(&gradients) }

  /// The gradients within the bounds: the norm's first, then the elements'.
  package func clip(_ gradients: inout [Tensor]) {
    var factor: Float = 1
    if let norm {
      let length = gradients.norm
      // As in PyTorch's clip_grad_norm_, which adds the same small number to the norm.
      if length > Double(norm) { factor = Float(Double(norm) / (length + 1e-6)) }
    }
    for place in gradients.indices {
      if factor != 1 { gradients[place] = gradients[place] * factor }
      if let value { gradients[place] = gradients[place].clamped(low: -value, high: value) }
    }
  }
}

extension [Tensor] {
  /// Euclidean norm over all numbers, summed in double in their order.
  package var norm: Double {
    reduce(0.0) { sum, tensor in sum + tensor.withScalars { kernel_sum_of_squares($0, tensor.count) } }.squareRoot()
  }
}
