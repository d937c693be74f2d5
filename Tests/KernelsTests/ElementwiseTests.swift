import CKernels
import CKernels.Testing
import Foundation
import Testing

@Suite("Element-wise kernels") struct ElementwiseTests {
  @Test("an element's bits depend neither on the length nor on the position", arguments: ElementwiseKernel.all, InstructionSet.all)
  func positionIndependence(kernel: ElementwiseKernel, set: InstructionSet) {
    var numbers = TestNumbers(seed: 1)
    let range: ClosedRange<Float> = kernel.positive ? 0.01...40 : -3...3
    let (a, b, c) = (numbers.floats(200, in: range), numbers.floats(200), numbers.floats(200))
    let whole = bits(kernel(set.kernels, a, b, c))
    for count in 0...70 {
      for offset in [0, 1, 3, 7, 16, 33, 129] {
        let range = offset..<offset + count
        #expect(
          bits(kernel(set.kernels, Array(a[range]), Array(b[range]), Array(c[range]))) == Array(whole[range]), "count \(count), offset \(offset)")
      }
    }
  }

  @Test("nothing past the end is written", arguments: InstructionSet.all)
  func end(set: InstructionSet) {
    for count in 0...40 {
      var y = [Float](repeating: 7, count: 64)
      set.kernels.exp([Float](repeating: 0, count: 64), &y, count)
      #expect(y == [Float](repeating: 1, count: count) + [Float](repeating: 7, count: 64 - count))
    }
  }

  @Test("in place gives the same as out of place", arguments: InstructionSet.all)
  func inPlace(set: InstructionSet) {
    var numbers = TestNumbers(seed: 2)
    let x = numbers.floats(77)
    var y = x
    var z = x
    set.kernels.tanh(x, &y, 77)
    z.withUnsafeMutableBufferPointer { set.kernels.tanh($0.baseAddress, $0.baseAddress, 77) }
    #expect(y == z)
  }

  /// Measured over these sweeps: exp 0.97, log 0.77, tanh 2.5, sigmoid 2.2, softplus 1.6, lgamma and digamma 0.51 ulp.
  static let functions: [Function] = [
    Function("exp", ulps: 1, in: -110...95, of: { k, x, y in k.exp(x, &y, x.count) }) { exp($0) },
    Function("log", ulps: 1, in: 0...Float.greatestFiniteMagnitude, of: { k, x, y in k.log(x, &y, x.count) }) { log($0) },
    Function("tanh", ulps: 2.6, in: -20...20, of: { k, x, y in k.tanh(x, &y, x.count) }) { tanh($0) },
    Function("sigmoid", ulps: 2.5, in: -110...110, of: { k, x, y in k.sigmoid(x, &y, x.count) }) { 1 / (1 + exp(-$0)) },
    Function("softplus", ulps: 2, in: -110...110, of: { k, x, y in k.softplus(x, &y, x.count) }) { max($0, 0) + log1p(exp(-abs($0))) },
    Function("elu", ulps: 2, in: -110...110, of: { k, x, y in k.elu(x, 1, &y, x.count) }) { $0 > 0 ? $0 : expm1($0) },
    Function("silu", ulps: 3.5, in: -80...110, of: { k, x, y in k.silu(x, &y, x.count) }) { $0 / (1 + exp(-$0)) },
    Function("gelu", ulps: 8, in: -1...110, of: { k, x, y in k.gelu(x, &y, x.count) }) { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) },
    Function("sqrt", ulps: 0.5, in: 0...Float.greatestFiniteMagnitude, of: { k, x, y in k.sqrt(x, &y, x.count) }) { $0.squareRoot() },
    Function("lgamma", ulps: 0.52, in: 0...1e30, of: { k, x, y in k.lgamma(x, &y, x.count) }) { lgamma($0).0 },
    Function("lgamma near its zeros", ulps: 0.52, in: 0.7...2.6, of: { k, x, y in k.lgamma(x, &y, x.count) }) { lgamma($0).0 },
    Function("digamma", ulps: 0.52, in: 0x1p-126...1e30, of: { k, x, y in k.digamma(x, &y, x.count) }, is: digamma),
    Function("digamma near its zero", ulps: 0.52, in: 1.4...1.5, of: { k, x, y in k.digamma(x, &y, x.count) }, is: digamma),
  ]

  struct Function: CustomTestStringConvertible, Sendable {
    let name: String
    let bound: Double
    let range: ClosedRange<Float>
    let kernel: @Sendable (kernel_table, [Float], inout [Float]) -> Void
    let reference: @Sendable (Double) -> Double

    init(
      _ name: String, ulps bound: Double, in range: ClosedRange<Float>, of kernel: @escaping @Sendable (kernel_table, [Float], inout [Float]) -> Void,
      is reference: @escaping @Sendable (Double) -> Double
    ) {
      (self.name, self.bound, self.range, self.kernel, self.reference) = (name, bound, range, kernel, reference)
    }

    var testDescription: String { "\(name): at most \(bound) ulp" }
  }

  @Test("a dense sweep of the range, subnormal numbers included, stays within the stated error", arguments: functions, InstructionSet.all)
  func accuracy(function: Function, set: InstructionSet) {
    var x: [Float] = []
    for sign: UInt32 in [0, 0x8000_0000] {
      x += stride(from: 0, to: 0x7F80_0000, by: 4999).map { Float(bitPattern: UInt32($0) | sign) }.filter(function.range.contains)
    }
    // The bit patterns crowd towards 0; narrow ranges also get an even sweep.
    let width = function.range.upperBound - function.range.lowerBound
    if width < 1000 { x += (0...200_000).map { function.range.lowerBound + width * Float($0) / 200_000 }.filter(function.range.contains) }
    var y = x
    function.kernel(set.kernels, x, &y)
    let worst = zip(x, y).map { (ulps($1, from: function.reference(Double($0))), $0) }.max { $0.0 < $1.0 }!
    #expect(worst.0 <= function.bound, "\(worst.0) ulp at \(worst.1)")
  }

  @Test("special values are those of libm", arguments: InstructionSet.all)
  func specialValues(set: InstructionSet) {
    let x: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, -1, 1, 88.8, -104, .leastNonzeroMagnitude, -Float.leastNormalMagnitude / 3, .greatestFiniteMagnitude,
      1e-38,
    ]
    let functions: [(String, (kernel_table, [Float], inout [Float]) -> Void, (Float) -> Float)] = [
      ("exp", { k, x, y in k.exp(x, &y, x.count) }, { exp($0) }),
      ("log", { k, x, y in k.log(x, &y, x.count) }, { log($0) }),
      ("sqrt", { k, x, y in k.sqrt(x, &y, x.count) }, { $0.squareRoot() }),
      ("tanh", { k, x, y in k.tanh(x, &y, x.count) }, { tanh($0) }),
      ("sigmoid", { k, x, y in k.sigmoid(x, &y, x.count) }, { Float(1 / (1 + exp(-Double($0)))) }),
      ("softplus", { k, x, y in k.softplus(x, &y, x.count) }, { $0 > 80 ? $0 : Float(log1p(exp(Double($0)))) }),
      ("relu", { k, x, y in k.relu(x, &y, x.count) }, { $0.isNaN ? $0 : max($0, 0) }),
      ("clamp", { k, x, y in k.clamp(x, -0.5, 0.5, &y, x.count) }, { $0.isNaN ? $0 : min(max($0, -0.5), 0.5) }),
      ("maximum", { k, x, y in k.maximum(x, [Float](repeating: 0.5, count: x.count), &y, x.count) }, { $0.isNaN ? $0 : max($0, 0.5) }),
      ("minimum", { k, x, y in k.minimum([Float](repeating: 0.5, count: x.count), x, &y, x.count) }, { $0.isNaN ? $0 : min($0, 0.5) }),
    ]
    for (name, kernel, reference) in functions {
      var y = x
      kernel(set.kernels, x, &y)
      for (x, y) in zip(x, y) {
        let expected = reference(x)
        #expect(y == expected || (y.isNaN && expected.isNaN) || abs(y - expected) <= 2 * expected.ulp, "\(name)(\(x)) is \(y), expected \(expected)")
      }
    }
  }

  @Test("simple arithmetic is the correctly rounded one", arguments: InstructionSet.fused)
  func arithmetic(set: InstructionSet) {
    var numbers = TestNumbers(seed: 3)
    let (a, b, c) = (numbers.floats(50), numbers.floats(50), numbers.floats(50))
    func check(_ name: String, _ expected: (Float, Float, Float) -> Float) {
      let kernel = ElementwiseKernel.all.first { $0.name == name }!
      let y = kernel(set.kernels, a, b, c)
      for i in y.indices { #expect(y[i] == expected(a[i], b[i], c[i]), "\(name) at \(i)") }
    }
    check("add") { a, b, _ in a + b }
    check("subtract") { a, b, _ in a - b }
    check("multiply") { a, b, _ in a * b }
    check("divide") { a, b, _ in a / b }
    check("square") { a, _, _ in a * a }
    check("reciprocal") { a, _, _ in 1 / a }
    check("abs") { a, _, _ in abs(a) }
    check("leaky_relu") { a, _, _ in a > 0 ? a : 0.2 * a }
    check("multiply_add") { a, b, c in c.addingProduct(a, b) }
    check("accumulate") { a, _, c in c.addingProduct(0.7, a) }
    check("affine") { a, _, _ in Float(0.3).addingProduct(a, 1.1) }
    check("add_column") { a, _, _ in a + 0.3 }
    check("multiply_column") { a, _, _ in a * 0.3 }
  }

  @Test("rows and columns are broadcast over every row", arguments: InstructionSet.all)
  func broadcasts(set: InstructionSet) {
    var numbers = TestNumbers(seed: 4)
    let (rows, columns) = (5, 19)
    let (x, r, c) = (numbers.floats(rows * columns), numbers.floats(columns), numbers.floats(rows))
    var y = [[Float]](repeating: x, count: 4)
    set.kernels.add_row(x, r, &y[0], rows, columns)
    set.kernels.multiply_row(x, r, &y[1], rows, columns)
    set.kernels.add_column(x, c, &y[2], rows, columns)
    set.kernels.multiply_column(x, c, &y[3], rows, columns)
    for i in x.indices {
      let (row, column) = (i / columns, i % columns)
      #expect([y[0][i], y[1][i], y[2][i], y[3][i]] == [x[i] + r[column], x[i] * r[column], x[i] + c[row], x[i] * c[row]])
    }
  }
}

/// psi(x) in double: the recurrence up to 30, then the asymptotic series, compensated beside its zero by the shift being exact.
@Sendable func digamma(_ x: Double) -> Double {
  var (x, below) = (x, 0.0)
  while x < 30 {
    below += 1 / x
    x += 1
  }
  let w = 1 / (x * x)
  return log(x) - 0.5 / x - w * (1 / 12.0 - w * (1 / 120.0 - w * (1 / 252.0 - w / 240))) - below
}
