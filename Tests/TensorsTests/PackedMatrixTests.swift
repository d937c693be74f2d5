import Testing

import Tensors

@Suite("Packed weights", .serialized) struct PackedMatrixTests {
  static let sizes: [(k: Int, n: Int)] = [(67, 45), (16, 1), (64, 10), (300, 20), (300, 131), (64, 512), (512, 784), (0, 3)]

  @Test("a packed weight gives the bits of the plain one, for every activation, number of rows and number of threads", arguments: sizes)
  func sameBitsAsPlain(size: (k: Int, n: Int)) {
    defer { Parallelism.width = 1 }
    let weight = point([size.n, size.k], 1)
    let bias = point([size.n], 2)
    let packed = weight.packed()
    for rows in [1, 2, 16, 64, 213] {
      let x = point([rows, size.k], 3)
      for activation in Activation.allCases {
        Parallelism.width = 1
        let plain = x.linear(weight: weight, bias: bias, activation: activation)
        for width in [1, 2, 3] {
          Parallelism.width = width
          #expect(sameBits(x.linear(weight: packed, bias: bias, activation: activation), plain), "\(rows) rows, \(activation), \(width) threads")
        }
      }
      #expect(sameBits(x.linear(weight: packed, bias: nil), x.linear(weight: weight, bias: nil)))
    }
  }

  @Test("a row of a packed product is that row alone, wherever it stands", arguments: sizes)
  func rowsAlone(size: (k: Int, n: Int)) {
    let weight = point([size.n, size.k], 1).packed()
    let x = point([45, size.k], 3)
    let whole = x.linear(weight: weight, bias: nil, activation: .tanh)
    for row in 0..<45 {
      #expect(sameBits(x.slice(0, row..<row + 1).linear(weight: weight, bias: nil, activation: .tanh), whole.slice(0, row..<row + 1)))
    }
  }

  @Test("products are the double-precision ones to within float32's rounding")
  func accuracy() {
    for (k, n) in [(64, 512), (512, 784), (512, 20), (784, 7)] {
      let (x, weight, bias) = (point([5, k], 1), point([n, k], 2), point([n], 3))
      let y = x.linear(weight: weight.packed(), bias: bias)
      for row in 0..<5 {
        for column in 0..<n {
          let terms = (0..<k).map { Double(x.scalars[row * k + $0]) * Double(weight.scalars[column * k + $0]) }
          let exact = terms.reduce(Double(bias.scalars[column]), +)
          let size = terms.reduce(Double(abs(bias.scalars[column]))) { $0 + abs($1) }
          #expect(abs(Double(y.scalars[row * n + column]) - exact) <= 1e-7 * Double(k).squareRoot() * size)
        }
        if row == 0 && n > 100 { break }
      }
    }
  }

  @Test("a packed tensor is the same matrix to every other operation", arguments: sizes)
  func otherOperations(size: (k: Int, n: Int)) {
    let weight = point([size.n, size.k], 1)
    var packed = weight.packed()
    #expect(packed.isPacked && !weight.isPacked && packed.shape == weight.shape && packed.count == weight.count)
    #expect(sameBits(packed, weight) && sameBits(packed.packed(), weight) && sameBits(packed.detached, weight))
    #expect(sameBits(packed + 1, weight + 1) && sameBits(packed.transposed(), weight.transposed()))
    #expect(sameBits(packed.reshaped([weight.count]), weight.reshaped([weight.count])))
    #expect(packed.watched().isWatched && sameBits(packed.watched(), weight))
    packed.update { if weight.count > 0 { $0[0] = 5 } }
    #expect(!packed.isPacked && (weight.count == 0 || packed.scalars[0] == 5) && packed.scalars.dropFirst().elementsEqual(weight.scalars.dropFirst()))
  }

  @Test("a packed matrix is counted once, as what its layout takes")
  func bytes() {
    #expect(Tensor.zeros([10, 7]).byteCount == 280)
    // 784 columns fill 25 panels of 32.
    #expect(Tensor.zeros([784, 512]).packed().byteCount == 4 * 800 * 512)
    // Few columns stay rows.
    #expect(Tensor.zeros([10, 512]).packed().byteCount == 4 * 10 * 512)
  }

  @Test("gradients pass a packed weight as they pass the plain one")
  func gradients() {
    let (x, weight) = (point([3, 7]).watched(), point([5, 7], 1))
    let plain = x.linear(weight: weight, bias: nil, activation: .relu).sum().backward()[x]
    let packed = x.linear(weight: weight.packed(), bias: nil, activation: .relu).sum().backward()[x]
    #expect(plain?.scalars == packed?.scalars && plain != nil)
  }

  @Test("convolutions without history are those with it to within rounding, and a packed weight changes no bit", arguments: Activation.allCases)
  func convolutions(activation: Activation) {
    defer { Parallelism.width = 1 }
    let geometries = [
      ConvolutionGeometry(kernel: (3, 2), stride: (2, 1), padding: (1, 1)), ConvolutionGeometry(kernel: 4, stride: 2, padding: 1),
      ConvolutionGeometry(kernel: 1), ConvolutionGeometry(kernel: 5, stride: 3, padding: 4),
    ]
    for (index, geometry) in geometries.enumerated() {
      let x = point([3, 4, 9, 11], index)
      let (height, width) = geometry.kernel
      let (weight, transposed, bias) = (point([5, 4, height, width], 1), point([4, 5, height, width], 2), point([5], 3))
      let recorded = x.watched().convolved(weight: weight, bias: bias, geometry, activation: activation)
      let grown = x.watched().convolvedTransposed(weight: transposed, bias: bias, geometry, activation: activation)
      for threads in [1, 2] {
        Parallelism.width = threads
        let plain = x.convolved(weight: weight, bias: bias, geometry, activation: activation)
        let plainGrown = x.convolvedTransposed(weight: transposed, bias: bias, geometry, activation: activation)
        #expect(isClose(plain, recorded) && isClose(plainGrown, grown))
        #expect(sameBits(x.convolved(weight: weight.packed(.convolution), bias: bias, geometry, activation: activation), plain))
        let packed = transposed.packed(.transposedConvolution)
        #expect(sameBits(x.convolvedTransposed(weight: packed, bias: bias, geometry, activation: activation), plainGrown))
        #expect(sameBits(packed, transposed) && sameBits(weight.packed(.convolution), weight))
      }
    }
  }

  private func isClose(_ a: Tensor, _ b: Tensor) -> Bool {
    a.shape == b.shape && zip(a.scalars, b.scalars).allSatisfy { abs($0 - $1) <= 2e-5 * max(1, abs($1)) }
  }
}
