import CKernels
import CKernels.Testing
import Foundation
import Testing

@Suite("Instruction sets") struct InstructionSetTests {
  @Test("the exported functions are those of the best instruction set that this CPU has, or of the one that the environment names")
  func chosen() {
    let wanted = ProcessInfo.processInfo.environment[KERNEL_ISA_VARIABLE].flatMap { name in InstructionSet.all.first { $0.name == name } }
    #expect(String(cString: kernel_isa()) == (wanted ?? InstructionSet.all[0]).name)
    #expect((0..<4).compactMap { kernel_isa_at(Int32($0)).map { String(cString: $0) } } == InstructionSet.all.map(\.name))
    #expect(kernel_table_for("none") == nil)
    var y: [Float] = [0]
    kernel_exp([0], &y, 1)
    #expect(y == [1])
  }

  /// Where there is only one such instruction set, this holds trivially; on a CPU with AVX-512 it compares AVX-512 with AVX2.
  @Test("element-wise kernels give the same bits with every fused instruction set", arguments: ElementwiseKernel.all)
  func elementwise(kernel: ElementwiseKernel) {
    var numbers = TestNumbers(seed: 41)
    // Every kind of float: all exponents, subnormal numbers, infinities and NaN.
    let wild = (0..<20_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: numbers.next())) }
    let (a, b, c) = (numbers.floats(20_000, in: -12...12) + wild, numbers.floats(40_000), numbers.floats(40_000))
    let results = InstructionSet.fused.map { bits(kernel($0.kernels, a, b, c)) }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  /// The widths leave none, one, two and three whole vectors over after the strides of four, with and without a part-filled one.
  @Test(
    "products, reductions, likelihoods and random numbers give the same bits with every fused instruction set",
    arguments: [1, 13, 16, 31, 32, 45, 48, 61, 64, 80, 117, 301, 333, 1040])
  func everythingElse(columns: Int) {
    let rows = 23
    var numbers = TestNumbers(seed: 42)
    let (a, b) = (numbers.floats(rows * columns), numbers.floats(rows * columns))
    let bias = numbers.floats(rows)
    let (alpha, beta) = (a.map { abs($0) + 0.01 }, b.map { abs($0) + 0.01 })
    let counts = a.map { (abs($0) * 100).rounded() }
    let results = InstructionSet.fused.map { set -> [[UInt32]] in
      let k = set.kernels
      var outputs: [[Float]] = []
      func output(_ count: Int, _ body: (inout [Float]) -> Void) {
        var y = [Float](repeating: 0, count: count)
        body(&y)
        outputs.append(y)
      }
      outputs.append([k.sum(a, a.count), Float(k.sum_of_squares(a, a.count) * 0x1p20)])
      output(rows) { k.row_sums(a, &$0, rows, columns) }
      output(columns) { k.column_sums(a, &$0, rows, columns, columns) }
      output(rows) { k.row_maxima(a, &$0, rows, columns) }
      output(rows) { k.row_dots(a, b, &$0, rows, columns) }
      output(rows) { k.log_sum_exp_rows(a, &$0, rows, columns) }
      output(a.count) { k.softmax_rows(a, &$0, rows, columns) }
      output(rows) { k.bernoulli_rows(a, b, &$0, rows, columns) }
      output(rows) { k.beta_binomial_rows(counts, alpha, beta, 255, &$0, rows, columns) }
      var db = b
      output(a.count) { k.beta_binomial_backward(counts, alpha, beta, 255, bias, &$0, &db, rows, columns) }
      outputs.append(db)
      output(a.count) { k.negative_binomial(counts, alpha, beta, &$0, a.count) }
      output(a.count) { k.negative_binomial_backward(counts, alpha, beta, a, &$0, &db, a.count) }
      outputs.append(db)
      let activations = [
        kernel_identity, kernel_activation_tanh, kernel_activation_sigmoid, kernel_activation_softplus, kernel_activation_leaky_relu,
      ]
      for activation in activations {
        outputs.append(GemmTests.product(k, a, b, m: rows, k: columns, n: rows, bias: bias, activation: activation))
        outputs.append(PanelProductTests.product(k, a, b, m: rows, k: columns, n: rows, part: 32, bias: bias, activation: activation))
      }
      output(a.count) { k.bernoulli_backward(a, b, bias, &$0, rows, columns) }
      var (p, first, second) = (a, b, alpha)
      k.adam(&p, b, &first, &second, a.count, 0.01, 0.9, 0.999, 1e-8, 0.1, 0, 0.1, 0.001)
      k.adam(&p, a, &first, &second, a.count, 0.01, 0.9, 0.999, 1e-8, 0.1, 1, 0.19, 0.002)
      k.adamax(&p, b, &first, &second, a.count, 0.01, 0.9, 0.999, 1e-8, 0.1, 0.1)
      k.sgd(&p, a, &first, a.count, 0.01, 0.9, 0.1, 1, 0)
      k.rmsprop(&p, b, &second, a.count, 0.01, 0.99, 1e-8, 0.1)
      outputs += [p, first, second]
      var (cell, cells, hidden) = ([Float](repeating: 0, count: rows * columns), alpha, beta)
      var gates = (0..<4).flatMap { k in a.map { $0 + 0.1 * Float(k) } }
      k.lstm_cell(gates, &gates, b, &cell, &hidden, rows, columns)
      outputs += [gates, cell, hidden]
      output(4 * a.count) { k.lstm_cell_backward(gates, b, cell, a, hidden, &cells, &$0, rows, columns) }
      var threeGates = Array(gates.prefix(3 * a.count))
      k.gru_cell(threeGates, &threeGates, b, &cell, &hidden, rows, columns)
      outputs += [threeGates, cell, hidden]
      var dx = threeGates
      output(3 * a.count) { k.gru_cell_backward(threeGates, b, cell, a, &hidden, &dx, &$0, rows, columns) }
      outputs += [cells, dx, hidden]
      for row in 0..<5 { output(20_003) { k.normal(UInt64(columns), UInt64(row), $0.count, &$0) } }
      output(1003) { k.uniform(UInt64(columns), 3, $0.count, &$0) }
      return outputs.map(bits)
    }
    #expect(results.allSatisfy { $0 == results[0] })
    let squares = InstructionSet.fused.map { $0.kernels.sum_of_squares(a, a.count).bitPattern }
    #expect(squares.allSatisfy { $0 == squares[0] })
  }
}
