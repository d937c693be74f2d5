import Tensors
import Testing

@Suite struct ReferenceValueTests {
  @Test("Operations compute what PyTorch computes", arguments: ReferenceValue.all)
  func matchesReference(_ item: ReferenceValue) {
    let result = item.compute()
    #expect(result.shape == item.shape)
    #expect(deviation(result.scalars, item.expected) < 2e-6)
  }

  @Test("Binary operations broadcast as NumPy does", arguments: GradientCases.meetings.map { [$0.a, $0.b] })
  func broadcasting(_ shapes: [Shape]) throws {
    for (a, b) in [(point(shapes[0]), positive(shapes[1], 1)), (positive(shapes[1], 2), positive(shapes[0], 3))] {
      let shape = try #require(a.shape.broadcast(with: b.shape))
      #expect((a + b).scalars == stretched(a, b, shape) { $0 + $1 })
      #expect((a - b).scalars == stretched(a, b, shape) { $0 - $1 })
      #expect((a * b).scalars == stretched(a, b, shape) { $0 * $1 })
      #expect((a / b).scalars == stretched(a, b, shape) { $0 / $1 })
      #expect(Tensor.maximum(a, b).scalars == stretched(a, b, shape) { max($0, $1) })
      #expect((a + b).shape == shape)
    }
  }

  @Test(
    "Sums over any set of axes are the sums of the scalars they join",
    arguments: [[0], [1], [2], [0, 1], [1, 2], [0, 2], [-1, 0], [0, 1, 2], []])
  func sums(over axes: [Int]) {
    let x = ramp([3, 4, 5])
    var expected: [[Int]: Double] = [:]
    let removed = Set(axes.map { $0 < 0 ? $0 + 3 : $0 })
    for (offset, index) in indices(of: x.shape).enumerated() {
      expected[index.enumerated().filter { !removed.contains($0.offset) }.map(\.element), default: 0] += Double(x.scalars[offset])
    }
    let sum = x.sum(axes: axes)
    let kept = (0..<3).filter { !removed.contains($0) }.map { x.shape[$0] }
    #expect(sum.shape == Shape(kept))
    // Thirty-seconds up to 60 x 50 / 32 add without rounding.
    #expect(sum.scalars == indices(of: Shape(kept)).map { Float(expected[$0] ?? .nan) })
    #expect(x.sum(axes: axes, keepingDimensions: true).shape == Shape((0..<3).map { removed.contains($0) ? 1 : x.shape[$0] }))
  }

  @Test("Movements take scalars where their indices say")
  func movements() {
    let x = ramp([2, 3, 4])
    let moved = x.transposed([2, 0, 1])
    #expect(moved.shape == [4, 2, 3])
    #expect(moved.scalars == indices(of: [4, 2, 3]).map { x.scalars[($0[1] * 3 + $0[2]) * 4 + $0[0]] })
    #expect(x.slice(1, 1..<3).scalars == indices(of: [2, 2, 4]).map { x.scalars[($0[0] * 3 + $0[1] + 1) * 4 + $0[2]] })
    #expect(Tensor.concatenated(x.split(2, into: 4), axis: 2).scalars == x.scalars)
    let rows = [Array(x.scalars[..<12]), Array(x.scalars[12...])]
    #expect(x.gather([1, 0, 1]).scalars == rows[1] + rows[0] + rows[1])
    #expect(x.flattened().shape == [2, 12])
    #expect(x.slice(0, 1..<1).shape == [0, 3, 4])
  }

  @Test("Negation, differences and scaling keep the sign of zero")
  func signedZero() {
    let zeros = Tensor([0, -0.0])
    #expect((-zeros).scalars.map { $0.sign } == [.minus, .plus])
    #expect((3 * zeros).scalars.map { $0.sign } == [.plus, .minus])
    #expect((zeros.reshaped([1, 2]) - Tensor([0, 0])).scalars.map { $0.sign } == [.plus, .minus])
  }

  @Test("Maxima and pooling hand NaN on, and ties go to the first")
  func maxima() {
    let x = Tensor(rows: [[1, .nan, 3], [2, 2, 1]])
    #expect(x.max(axis: 1).scalars[0].isNaN)
    #expect(x.reshaped([1, 1, 2, 3]).maxPooled(kernel: 2).scalars.allSatisfy { $0.isNaN })
    let tied = Tensor(rows: [[2, 2, 1]]).watched()
    #expect(tied.max(axis: 1).backward(from: Tensor([5]))[tied]?.scalars == [5, 0, 0])
    #expect(Tensor(rows: [[1, 4, 4], [7, 0, 1]]).argmaxRows() == [1, 0])
  }

  @Test("Nearest upsampling repeats every pixel as it is, infinities and zeros included")
  func nearest() {
    let pixels: [Float] = [1, .infinity, -0.0, -.infinity]
    let grown = Tensor(shape: [1, 1, 2, 2], scalars: pixels).upsampledNearest(factor: 2)
    let expected = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3].map { pixels[$0] }
    #expect(sameBits(grown, Tensor(shape: [1, 1, 4, 4], scalars: expected)))
  }

  @Test("Softmax and its relatives stay finite far from zero")
  func extremeLogits() {
    let x = Tensor(rows: [[1e30, -1e30, 0], [-200, -201, -300]])
    #expect(x.softmax().isFinite)
    #expect(x.logSumExp().scalars[0] == 1e30)
    #expect(x.softmax().slice(0, 0..<1).scalars == [1, 0, 0])
    #expect(Tensor([-200, 0, 200]).softplus().scalars == [0, Float(2).logarithm, 200])
  }

  @Test("An empty batch passes through every serving operation")
  func emptyBatch() {
    let empty = Tensor.zeros([0, 3])
    #expect(empty.linear(weight: ramp([2, 3]), bias: nil, activation: .relu).shape == [0, 2])
    #expect(empty.softmax().shape == [0, 3])
    #expect((empty + Tensor([1, 2, 3])).shape == [0, 3])
    #expect((empty * Tensor(2)).sum().scalar == 0)
    #expect(empty.layerNormalised(epsilon: 1e-5).shape == [0, 3])
    let images = Tensor.zeros([0, 2, 4, 4])
    #expect(images.convolved(weight: ramp([3, 2, 3, 3]), bias: ramp([3]), ConvolutionGeometry(kernel: 3)).shape == [0, 3, 2, 2])
    #expect(images.maxPooled(kernel: 2).shape == [0, 2, 2, 2])
    #expect(empty.flattened().shape == [0, 3])
  }
}

extension Float {
  fileprivate var logarithm: Float { Tensor(self).log().scalar }
}

/// Every index of a shape, the last axis fastest.
private func indices(of shape: Shape) -> [[Int]] {
  shape.dimensions.reduce([[]]) { prefixes, extent in prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
}

/// operation(a, b) scalar by scalar, by the rule of broadcasting alone.
private func stretched(_ a: Tensor, _ b: Tensor, _ shape: Shape, _ operation: (Float, Float) -> Float) -> [Float] {
  func scalar(_ tensor: Tensor, at index: [Int]) -> Float {
    let own = index.suffix(tensor.shape.rank)
    return tensor.scalars[zip(own, tensor.shape.dimensions).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }]
  }
  return indices(of: shape).map { operation(scalar(a, at: $0), scalar(b, at: $0)) }
}
