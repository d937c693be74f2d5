import CKernels
import CKernels.Testing
import Foundation
import Testing

@Suite("Backward kernels") struct BackwardTests {
  /// A derivative kernel, which gets x, the forward value y and the gradient g, beside the function that it differentiates.
  struct Derivative: CustomTestStringConvertible, Sendable {
    let name: String
    let function: @Sendable (Double) -> Double
    let kernel: @Sendable (kernel_table, _ x: [Float], _ y: [Float], _ g: [Float], inout [Float]) -> Void
    var testDescription: String { name }
  }

  static let derivatives = [
    Derivative(name: "tanh", function: { tanh($0) }) { k, x, y, g, d in k.tanh_backward(y, g, &d, x.count) },
    Derivative(name: "sigmoid", function: { 1 / (1 + exp(-$0)) }) { k, x, y, g, d in k.sigmoid_backward(y, g, &d, x.count) },
    Derivative(name: "softplus", function: { log1p(exp($0)) }) { k, x, y, g, d in k.softplus_backward(x, g, &d, x.count) },
    Derivative(name: "relu", function: { max($0, 0) }) { k, x, y, g, d in k.relu_backward(y, g, &d, x.count) },
    Derivative(name: "leaky relu", function: { $0 > 0 ? $0 : 0.25 * $0 }) { k, x, y, g, d in k.leaky_relu_backward(x, g, 0.25, &d, x.count) },
    Derivative(name: "elu", function: { $0 > 0 ? $0 : 1.5 * expm1($0) }) { k, x, y, g, d in k.elu_backward(x, y, g, 1.5, &d, x.count) },
    Derivative(name: "silu", function: { $0 / (1 + exp(-$0)) }) { k, x, y, g, d in k.silu_backward(x, g, &d, x.count) },
    Derivative(name: "gelu", function: { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }) { k, x, y, g, d in k.gelu_backward(x, g, &d, x.count) },
    Derivative(name: "clamp", function: { min(max($0, -0.5), 0.75) }) { k, x, y, g, d in k.clamp_backward(x, g, -0.5, 0.75, &d, x.count) },
  ]

  @Test("a backward kernel is the gradient times the central difference of the function", arguments: derivatives, InstructionSet.all)
  func centralDifferences(derivative: Derivative, set: InstructionSet) {
    var numbers = TestNumbers(seed: 11)
    // Away from the kinks at 0, -0.5 and 0.75, where the difference quotient means nothing.
    let x = numbers.floats(203, in: -4...4).filter { x in [0, -0.5, 0.75].allSatisfy { abs(x - $0) > 1e-3 } }
    let g = numbers.floats(x.count)
    let y = x.map { Float(derivative.function(Double($0))) }
    var d = x
    derivative.kernel(set.kernels, x, y, g, &d)
    for i in x.indices {
      let h = 1e-5
      let slope = (derivative.function(Double(x[i]) + h) - derivative.function(Double(x[i]) - h)) / (2 * h)
      #expect(abs(Double(d[i]) - Double(g[i]) * slope) < 1e-6, "at \(x[i])")
    }
  }

  @Test("kinks take the documented side", arguments: InstructionSet.all)
  func kinks(set: InstructionSet) {
    var d: [Float] = [9, 9, 9, 9]
    set.kernels.relu_backward([0, -0.0, -1, 1], [5, 5, 5, 5], &d, 4)
    #expect(d == [0, 0, 0, 5])
    set.kernels.clamp_backward([-0.5, 0.75, -0.6, 0.8], [5, 5, 5, 5], -0.5, 0.75, &d, 4)
    #expect(d == [5, 5, 0, 0])
    set.kernels.leaky_relu_backward([0, -0.0, -1, 1], [5, 5, 5, 5], 0.5, &d, 4)
    #expect(d == [2.5, 2.5, 2.5, 5])
  }
}
