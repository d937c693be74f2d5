import CKernels
import CKernels.Testing
import Testing

@Suite("Matrix product") struct GemmTests {
  /// The packed product: a[m, k] times b[n, k] transposed.
  static func product(
    _ kernels: kernel_table, _ a: [Float], _ b: [Float], m: Int, k: Int, n: Int, bias: [Float]? = nil, transposed: Bool = true,
    activation: kernel_activation = kernel_identity
  ) -> [Float] {
    var packed = [Float](repeating: .nan, count: kernels.packed_size(k, n))
    kernels.pack(b, k, n, transposed ? 1 : 0, &packed)
    var c = [Float](repeating: .nan, count: m * n)
    kernels.gemm(a, m, k, packed, n, bias, activation, &c)
    return c
  }

  static let shapes: [(m: Int, k: Int, n: Int)] = [
    (1, 1, 1), (1, 5, 3), (2, 7, 31), (3, 16, 33), (4, 64, 65), (5, 3, 128), (7, 20, 129), (13, 33, 47), (14, 40, 96), (15, 17, 200), (29, 100, 20),
    (16, 784, 64), (33, 1025, 40), (6, 2100, 70), (50, 0, 9), (0, 3, 4), (3, 4, 0),
  ]

  @Test("the product is the double-precision one to within float32's rounding", arguments: shapes, InstructionSet.all)
  func values(shape: (m: Int, k: Int, n: Int), set: InstructionSet) {
    let (m, k, n) = shape
    var numbers = TestNumbers(seed: UInt64(m * 1000 + n))
    let (a, b, bias) = (numbers.floats(m * k), numbers.floats(n * k), numbers.floats(n))
    var columnMajor = b
    for i in 0..<k { for j in 0..<n { columnMajor[i * n + j] = b[j * k + i] } }
    let c = Self.product(set.kernels, a, b, m: m, k: k, n: n, bias: bias)
    let plain = Self.product(set.kernels, a, columnMajor, m: m, k: k, n: n, bias: nil, transposed: false)
    let zero = Self.product(set.kernels, a, b, m: m, k: k, n: n, bias: [Float](repeating: 0, count: n))
    #expect(bits(plain) == bits(zero), "no bias is a bias of zero, and both layouts pack alike")
    for i in 0..<m {
      for j in 0..<n {
        let terms = (0..<k).map { Double(a[i * k + $0]) * Double(b[j * k + $0]) }
        let size = terms.reduce(Double(abs(bias[j]))) { $0 + abs($1) }
        #expect(abs(Double(c[i * n + j]) - terms.reduce(Double(bias[j]), +)) <= 1e-7 * Double(k + 1).squareRoot() * size + 1e-30)
      }
    }
  }

  @Test("every element is the bias followed by one fused multiply-add per step", arguments: InstructionSet.fused)
  func order(set: InstructionSet) {
    for (m, k, n) in Self.shapes {
      var numbers = TestNumbers(seed: 5)
      let (a, b, bias) = (numbers.floats(m * k), numbers.floats(n * k), numbers.floats(n))
      var expected: [Float] = []
      for i in 0..<m { for j in 0..<n { expected.append((0..<k).reduce(bias[j]) { $0.addingProduct(a[i * k + $1], b[j * k + $1]) }) } }
      #expect(Self.product(set.kernels, a, b, m: m, k: k, n: n, bias: bias) == expected, "\(m) x \(k) x \(n)")
    }
  }

  @Test("a row of any product is the product of that row alone, bit for bit", arguments: InstructionSet.all)
  func rowIndependence(set: InstructionSet) {
    for (k, n) in [(1, 1), (9, 5), (64, 20), (30, 100), (130, 33), (40, 300), (1040, 48)] {
      var numbers = TestNumbers(seed: 6)
      let (a, b, bias) = (numbers.floats(45 * k), numbers.floats(n * k), numbers.floats(n))
      let alone = (0..<45).map { row in
        bits(Self.product(set.kernels, Array(a[row * k..<(row + 1) * k]), b, m: 1, k: k, n: n, bias: bias, activation: kernel_activation_tanh))
      }
      for m in 2...45 {
        let together = bits(Self.product(set.kernels, a, b, m: m, k: k, n: n, bias: bias, activation: kernel_activation_tanh))
        #expect(together == alone[..<m].flatMap { $0 }, "\(m) rows, k \(k), n \(n)")
      }
    }
  }

  @Test("a fused activation is the product followed by the element-wise kernel, bit for bit", arguments: InstructionSet.all)
  func fusedActivations(set: InstructionSet) {
    let kernels = set.kernels
    let (m, k, n) = (17, 29, 43)
    var numbers = TestNumbers(seed: 7)
    let (a, b, bias) = (numbers.floats(m * k), numbers.floats(n * k), numbers.floats(n))
    let plain = Self.product(kernels, a, b, m: m, k: k, n: n, bias: bias)
    let activations: [(kernel_activation, (inout [Float]) -> Void)] = [
      (kernel_activation_relu, { kernels.relu(plain, &$0, m * n) }),
      (kernel_activation_tanh, { kernels.tanh(plain, &$0, m * n) }),
      (kernel_activation_sigmoid, { kernels.sigmoid(plain, &$0, m * n) }),
      (kernel_activation_softplus, { kernels.softplus(plain, &$0, m * n) }),
    ]
    for (activation, apply) in activations {
      var expected = plain
      apply(&expected)
      #expect(expected != plain)
      #expect(bits(Self.product(kernels, a, b, m: m, k: k, n: n, bias: bias, activation: activation)) == bits(expected))
    }
  }
}
