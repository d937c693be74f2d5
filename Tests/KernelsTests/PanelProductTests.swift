import CKernels
import CKernels.Testing
import Testing

/// The product of training, whose B is packed anew for every call, a part of its columns at a time.
@Suite("Panel product") struct PanelProductTests {
  /// a[m, k] times b[n, k] transposed, or b[k, n], in parts of `part` columns.
  static func product(
    _ kernels: kernel_table, _ a: [Float], _ b: [Float], m: Int, k: Int, n: Int, part: Int, bias: [Float]? = nil, transposed: Bool = true,
    activation: kernel_activation = kernel_identity
  ) -> [Float] {
    var c = [Float](repeating: .nan, count: m * n)
    for first in stride(from: 0, to: n, by: part) {
      let end = min(first + part, n)
      var panels = [Float](repeating: .nan, count: (end - first + 31) / 32 * 32 * k)
      kernels.pack_panels(b, k, n, transposed ? 1 : 0, first, end, &panels)
      c.withUnsafeMutableBufferPointer { c in
        let part = bias.map { Array($0[first..<end]) }
        kernels.panel_product(a, m, k, panels, end - first, part, activation, c.baseAddress.map { $0 + first }, n)
      }
    }
    return c
  }

  @Test("every element is bias and then fused multiply-adds in ascending order, however the columns are cut", arguments: InstructionSet.fused)
  func order(set: InstructionSet) {
    for (m, k, n) in GemmTests.shapes + GemmTests.narrowShapes {
      var numbers = TestNumbers(seed: 5)
      let (a, b, bias) = (numbers.floats(m * k), numbers.floats(n * k), numbers.floats(n))
      var rowMajor = b
      for i in 0..<k { for j in 0..<n { rowMajor[i * n + j] = b[j * k + i] } }
      let expected = (0..<m).flatMap { i in
        (0..<n).map { j in GemmTests.element(a[i * k..<(i + 1) * k], b[j * k..<(j + 1) * k], bias: bias[j], inLanes: false) }
      }
      for part in [32, 64, max(n, 1)] {
        #expect(Self.product(set.kernels, a, b, m: m, k: k, n: n, part: part, bias: bias) == expected, "\(m) x \(k) x \(n) by \(part)")
        #expect(
          Self.product(set.kernels, a, rowMajor, m: m, k: k, n: n, part: part, bias: bias, transposed: false) == expected,
          "\(m) x \(k) x \(n) by \(part), rows of B")
      }
    }
  }

  @Test("the product is the double-precision one to within float32's rounding", arguments: GemmTests.shapes, InstructionSet.all)
  func values(shape: (m: Int, k: Int, n: Int), set: InstructionSet) {
    let (m, k, n) = shape
    var numbers = TestNumbers(seed: UInt64(m * 1000 + n))
    let (a, b) = (numbers.floats(m * k), numbers.floats(n * k))
    let c = Self.product(set.kernels, a, b, m: m, k: k, n: n, part: 32)
    for i in 0..<m {
      for j in 0..<n {
        let terms = (0..<k).map { Double(a[i * k + $0]) * Double(b[j * k + $0]) }
        let (sum, size) = (terms.reduce(0, +), terms.reduce(0) { $0 + abs($1) })
        let bound: Double = 1e-7 * Double(k + 1).squareRoot() * size + 1e-30
        #expect(abs(Double(c[i * n + j]) - sum) <= bound)
      }
    }
  }

  @Test("where no lanes are added up, the bits are those of the product with a packed B, activation included", arguments: InstructionSet.all)
  func sameAsPacked(set: InstructionSet) {
    for (m, k, n) in GemmTests.shapes + GemmTests.narrowShapes {
      #expect((set.kernels.is_narrow(k, n) != 0) == GemmTests.addsInLanes(k: k, n: n))
      if GemmTests.addsInLanes(k: k, n: n) { continue }
      var numbers = TestNumbers(seed: 6)
      let (a, b, bias) = (numbers.floats(m * k), numbers.floats(n * k), numbers.floats(n))
      for activation in [kernel_identity, kernel_activation_relu, kernel_activation_leaky_relu, kernel_activation_tanh, kernel_activation_sigmoid] {
        let packed = GemmTests.product(set.kernels, a, b, m: m, k: k, n: n, bias: bias, activation: activation)
        #expect(bits(Self.product(set.kernels, a, b, m: m, k: k, n: n, part: 32, bias: bias, activation: activation)) == bits(packed))
      }
    }
  }
}
