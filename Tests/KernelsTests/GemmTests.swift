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
    (16, 784, 64), (33, 1025, 44), (6, 2100, 70), (9, 600, 21), (50, 0, 9), (0, 3, 4), (3, 4, 0),
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

  /// Whether a product of this size adds in sixteen lanes: few columns and a long k.
  static func addsInLanes(k: Int, n: Int) -> Bool { n < 16 ? k >= 32 : n <= 40 && n != 32 && k >= 128 }

  /// The documented order, step by step.
  static func element(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>, bias: Float, inLanes: Bool) -> Float {
    let pairs = zip(a, b)
    guard inLanes else { return pairs.reduce(bias) { $0.addingProduct($1.0, $1.1) } }
    var lanes = [Float](repeating: 0, count: 16)
    for (index, (x, y)) in pairs.enumerated() { lanes[index % 16].addProduct(x, y) }
    while lanes.count > 1 { lanes = (0..<lanes.count / 2).map { lanes[$0] + lanes[$0 + lanes.count / 2] } }
    return lanes[0] + bias
  }

  @Test("a residual layer is the product of the joined rows and a sum, to the bit", arguments: InstructionSet.all)
  func residual(set: InstructionSet) {
    for (m, k, other, otherRows) in [(1, 16, 0, 1), (13, 45, 0, 1), (13, 45, 7, 13), (21, 64, 64, 7), (30, 128, 128, 3), (5, 700, 400, 5)] {
      var numbers = TestNumbers(seed: UInt64(m * 1000 + k))
      let (a, beside, bias) = (numbers.floats(m * k), numbers.floats(otherRows * other), numbers.floats(k))
      let b = numbers.floats(k * (k + other))
      guard !Self.addsInLanes(k: k + other, n: k) else { continue }
      var packed = [Float](repeating: .nan, count: set.kernels.packed_size(k + other, k))
      set.kernels.pack(b, k + other, k, 1, &packed)
      var joined: [Float] = []
      for row in 0..<m {
        joined += a[(row * k)..<((row + 1) * k)]
        joined += beside[(row % otherRows * other)..<((row % otherRows + 1) * other)]
      }
      let product = Self.product(set.kernels, joined, b, m: m, k: k + other, n: k, bias: bias, activation: kernel_activation_leaky_relu)
      let expected = zip(a, product).map { $0 + $1 }
      for first in [0, m / 2] {
        var c = [Float](repeating: .nan, count: m * k)
        a.withUnsafeBufferPointer { a in
          set.kernels.gemm_residual(
            a.baseAddress! + first * k, m - first, k, other == 0 ? nil : beside, other, otherRows, first, packed, bias, kernel_activation_leaky_relu,
            &c)
        }
        #expect(bits(Array(c.prefix((m - first) * k))) == bits(Array(expected[(first * k)...])), "\(m) rows of \(k) and \(other) from \(first)")
      }
    }
  }

  static let narrowShapes: [(m: Int, k: Int, n: Int)] = [
    (1, 32, 1), (5, 40, 15), (7, 128, 16), (18, 131, 33), (16, 512, 20), (33, 200, 40), (3, 128, 41),
  ]

  @Test("every element is accumulated in the documented order", arguments: InstructionSet.fused)
  func order(set: InstructionSet) {
    for (m, k, n) in Self.shapes + Self.narrowShapes {
      var numbers = TestNumbers(seed: 5)
      let (a, b, bias) = (numbers.floats(m * k), numbers.floats(n * k), numbers.floats(n))
      var expected: [Float] = []
      for i in 0..<m {
        for j in 0..<n {
          expected.append(
            Self.element(a[i * k..<(i + 1) * k], b[j * k..<(j + 1) * k], bias: bias[j], inLanes: Self.addsInLanes(k: k, n: n)))
        }
      }
      #expect(Self.product(set.kernels, a, b, m: m, k: k, n: n, bias: bias) == expected, "\(m) x \(k) x \(n)")
    }
  }

  @Test("columns computed in parts are those of the whole product, and nothing beside them is touched", arguments: InstructionSet.all)
  func columns(set: InstructionSet) {
    let kernels = set.kernels
    for (m, k, n) in [(1, 20, 100), (17, 33, 96), (5, 40, 15), (16, 200, 39), (30, 1100, 70)] {
      var numbers = TestNumbers(seed: 8)
      let (a, b, bias) = (numbers.floats(m * k), numbers.floats(n * k), numbers.floats(n))
      let whole = Self.product(kernels, a, b, m: m, k: k, n: n, bias: bias, activation: kernel_activation_sigmoid)
      var packed = [Float](repeating: .nan, count: kernels.packed_size(k, n))
      kernels.pack(b, k, n, 1, &packed)
      for cut in stride(from: 0, through: n, by: 32) {
        var c = [Float](repeating: -7, count: m * n)
        kernels.gemm_columns(a, m, k, packed, n, cut, n, bias, kernel_activation_sigmoid, &c)
        #expect((0..<m * n).allSatisfy { $0 % n < cut ? c[$0] == -7 : c[$0].bitPattern == whole[$0].bitPattern }, "from \(cut) of \(n)")
        kernels.gemm_columns(a, m, k, packed, n, 0, cut, bias, kernel_activation_sigmoid, &c)
        #expect(bits(c) == bits(whole), "before \(cut) of \(n)")
      }
    }
  }

  @Test("unpacking gives back what was packed, in both layouts", arguments: InstructionSet.all, [true, false])
  func unpacking(set: InstructionSet, transposed: Bool) {
    for (k, n) in [(1, 1), (5, 3), (40, 15), (130, 39), (17, 33), (64, 96), (0, 4), (3, 0)] {
      var numbers = TestNumbers(seed: 9)
      let b = numbers.floats(n * k)
      var packed = [Float](repeating: .nan, count: set.kernels.packed_size(k, n))
      set.kernels.pack(b, k, n, transposed ? 1 : 0, &packed)
      #expect(packed.allSatisfy { !$0.isNaN })
      var back = [Float](repeating: .nan, count: n * k)
      set.kernels.unpack(packed, k, n, transposed ? 1 : 0, &back)
      #expect(bits(back) == bits(b), "\(k) x \(n)")
    }
  }

  @Test("a row of any product is the product of that row alone, bit for bit", arguments: InstructionSet.all)
  func rowIndependence(set: InstructionSet) {
    for (k, n) in [(1, 1), (9, 5), (64, 20), (30, 100), (130, 33), (40, 10), (300, 20), (40, 300), (1040, 48)] {
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
      (kernel_activation_leaky_relu, { kernels.leaky_relu(plain, 0.01, &$0, m * n) }),
    ]
    for (activation, apply) in activations {
      var expected = plain
      apply(&expected)
      #expect(expected != plain)
      #expect(bits(Self.product(kernels, a, b, m: m, k: k, n: n, bias: bias, activation: activation)) == bits(expected))
    }
  }
}
