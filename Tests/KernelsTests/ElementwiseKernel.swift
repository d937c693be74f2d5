import CKernels
import CKernels.Testing
import Testing

/// Every kernel that maps elements to elements, in one shape: up to three inputs, one output.
struct ElementwiseKernel: CustomTestStringConvertible, Sendable {
  let name: String
  let positive: Bool
  let run: @Sendable (kernel_table, [Float], [Float], [Float], inout [Float]) -> Void

  var testDescription: String { name }

  init(_ name: String, positive: Bool = false, _ run: @escaping @Sendable (kernel_table, [Float], [Float], [Float], inout [Float]) -> Void) {
    self.name = name
    self.positive = positive
    self.run = run
  }

  func callAsFunction(_ kernels: kernel_table, _ a: [Float], _ b: [Float], _ c: [Float]) -> [Float] {
    var y = c
    run(kernels, a, b, c, &y)
    return y
  }

  static let all: [ElementwiseKernel] = [
    .init("exp") { k, a, _, _, y in k.exp(a, &y, a.count) },
    .init("log") { k, a, _, _, y in k.log(a, &y, a.count) },
    .init("sqrt") { k, a, _, _, y in k.sqrt(a, &y, a.count) },
    .init("tanh") { k, a, _, _, y in k.tanh(a, &y, a.count) },
    .init("sigmoid") { k, a, _, _, y in k.sigmoid(a, &y, a.count) },
    .init("softplus") { k, a, _, _, y in k.softplus(a, &y, a.count) },
    .init("relu") { k, a, _, _, y in k.relu(a, &y, a.count) },
    .init("leaky_relu") { k, a, _, _, y in k.leaky_relu(a, 0.2, &y, a.count) },
    .init("elu") { k, a, _, _, y in k.elu(a, 1.3, &y, a.count) },
    .init("silu") { k, a, _, _, y in k.silu(a, &y, a.count) },
    .init("gelu") { k, a, _, _, y in k.gelu(a, &y, a.count) },
    .init("abs") { k, a, _, _, y in k.abs(a, &y, a.count) },
    .init("square") { k, a, _, _, y in k.square(a, &y, a.count) },
    .init("reciprocal") { k, a, _, _, y in k.reciprocal(a, &y, a.count) },
    .init("clamp") { k, a, _, _, y in k.clamp(a, -0.5, 0.75, &y, a.count) },
    .init("affine") { k, a, _, _, y in k.affine(a, 1.1, 0.3, &y, a.count) },
    .init("lgamma", positive: true) { k, a, _, _, y in k.lgamma(a, &y, a.count) },
    .init("digamma", positive: true) { k, a, _, _, y in k.digamma(a, &y, a.count) },
    .init("tanh_backward") { k, a, b, _, y in k.tanh_backward(a, b, &y, a.count) },
    .init("sigmoid_backward") { k, a, b, _, y in k.sigmoid_backward(a, b, &y, a.count) },
    .init("softplus_backward") { k, a, b, _, y in k.softplus_backward(a, b, &y, a.count) },
    .init("relu_backward") { k, a, b, _, y in k.relu_backward(a, b, &y, a.count) },
    .init("leaky_relu_backward") { k, a, b, _, y in k.leaky_relu_backward(a, b, 0.2, &y, a.count) },
    .init("elu_backward") { k, a, b, c, y in k.elu_backward(a, c, b, 1.3, &y, a.count) },
    .init("silu_backward") { k, a, b, _, y in k.silu_backward(a, b, &y, a.count) },
    .init("gelu_backward") { k, a, b, _, y in k.gelu_backward(a, b, &y, a.count) },
    .init("clamp_backward") { k, a, b, _, y in k.clamp_backward(a, b, -0.5, 0.75, &y, a.count) },
    .init("add") { k, a, b, _, y in k.add(a, b, &y, a.count) },
    .init("subtract") { k, a, b, _, y in k.subtract(a, b, &y, a.count) },
    .init("multiply") { k, a, b, _, y in k.multiply(a, b, &y, a.count) },
    .init("divide") { k, a, b, _, y in k.divide(a, b, &y, a.count) },
    .init("maximum") { k, a, b, _, y in k.maximum(a, b, &y, a.count) },
    .init("minimum") { k, a, b, _, y in k.minimum(a, b, &y, a.count) },
    .init("multiply_add") { k, a, b, c, y in k.multiply_add(a, b, c, &y, a.count) },
    .init("accumulate") { k, a, _, _, y in k.accumulate(a, 0.7, &y, a.count) },
    .init("add_row") { k, a, b, _, y in k.add_row(a, b, &y, 1, a.count) },
    .init("multiply_row") { k, a, b, _, y in k.multiply_row(a, b, &y, 1, a.count) },
    .init("add_column") { k, a, _, _, y in k.add_column(a, [0.3], &y, 1, a.count) },
    .init("multiply_column") { k, a, _, _, y in k.multiply_column(a, [0.3], &y, 1, a.count) },
    .init("bernoulli_backward") { k, a, b, _, y in k.bernoulli_backward(a, b, [0.7], &y, 1, a.count) },
    .init("adam") { k, a, b, c, y in
      var (m, v) = (a, b.map { $0 * $0 })
      k.adam(&y, a, &m, &v, a.count, 0.01, 0.9, 0.999, 1e-8, 0.1, 1, 0.1, 0.001)
      y = zip(y, zip(m, v)).map { $0 + $1.0 + $1.1 }
    },
    .init("adamax") { k, a, b, c, y in
      var (m, u) = (a, b.map { $0 * $0 })
      k.adamax(&y, a, &m, &u, a.count, 0.01, 0.9, 0.999, 1e-8, 0.1, 0.1)
      y = zip(y, zip(m, u)).map { $0 + $1.0 + $1.1 }
    },
    .init("sgd") { k, a, b, c, y in
      var velocity = b
      k.sgd(&y, a, &velocity, a.count, 0.01, 0.9, 0.1, 1, 0)
      y = zip(y, velocity).map { $0 + $1 }
    },
    .init("rmsprop") { k, a, b, c, y in
      var square = b.map { $0 * $0 }
      k.rmsprop(&y, a, &square, a.count, 0.01, 0.99, 1e-8, 0.1)
      y = zip(y, square).map { $0 + $1 }
    },
  ]
}
