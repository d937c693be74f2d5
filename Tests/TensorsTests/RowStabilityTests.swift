import Tensors
import Testing

/// An operation of the serving path that treats the first axis as a batch.
struct BatchOperation: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let batch: Tensor
  let apply: @Sendable (Tensor) -> Tensor

  init(_ name: String, _ batch: Tensor, _ apply: @escaping @Sendable (Tensor) -> Tensor) {
    (testDescription, self.batch, self.apply) = (name, batch, apply)
  }

  static let all = layers + images + rows

  /// Widths that leave rests in every tile, and batches that cross the block of rows that one thread takes.
  private static let layers: [BatchOperation] = Activation.allCases.flatMap { activation in
    [(k: 67, n: 45, biased: true), (k: 16, n: 1, biased: false), (k: 300, n: 131, biased: true)].map { size in
      let weight = point([size.n, size.k], 1)
      let bias = size.biased ? point([size.n], 2) : nil
      return BatchOperation("linear \(size.k) -> \(size.n)\(size.biased ? "" : " without bias"), \(activation)", point([213, size.k])) {
        $0.linear(weight: weight, bias: bias, activation: activation)
      }
    }
  }

  private static let images: [BatchOperation] = {
    let x = point([19, 3, 9, 11])
    let geometry = ConvolutionGeometry(kernel: (3, 2), stride: (2, 1), padding: (1, 1))
    let kernels = point([5, 3, 3, 2], 1)
    let transposedKernels = point([3, 5, 3, 2], 2)
    let wide = point([40, 3, 3, 3], 4)
    let bias = point([5], 3)
    return [
      BatchOperation("convolution", x) { $0.convolved(weight: kernels, bias: bias, geometry) },
      BatchOperation("wide convolution", point([11, 3, 32, 32])) {
        $0.convolved(weight: wide, bias: nil, ConvolutionGeometry(kernel: 3, padding: 1))
      },
      BatchOperation("transposed convolution", x) { $0.convolvedTransposed(weight: transposedKernels, bias: bias, geometry, outputPadding: (1, 0)) },
      BatchOperation("max pooling", x) { $0.maxPooled(kernel: 3, stride: 2) },
      BatchOperation("mean pooling", x) { $0.meanPooled(kernel: 2) },
      BatchOperation("nearest upsampling", x) { $0.upsampledNearest(factor: 2) },
      BatchOperation("an image mirrored at its edges", x) { $0.padded(by: 1, .reflect) },
      BatchOperation("bilinear upsampling", x) { $0.upsampledBilinear(factor: 3) },
      BatchOperation("channels scaled and shifted", x) { $0.affineByChannel(scale: Tensor([1.1, 0.3, -2]), shift: Tensor([0.1, 7, 0.01])) },
      BatchOperation("channel means", x) { $0.mean(axes: [2, 3]) },
      BatchOperation("sums over a middle axis", x) { $0.sum(axes: [1]) },
    ]
  }()

  private static let rows: [BatchOperation] = {
    let x = point([213, 45])
    let scale = point([45], 1)
    let square = point([45, 45], 2)
    return [
      BatchOperation("residual layer", x) { $0.residualLinear(weight: square, bias: scale, activation: .leakyReLU) },
      BatchOperation("columns scaled and shifted", x) { $0.affineByChannel(scale: scale, shift: scale) },
      BatchOperation("layer normalisation", x) { $0.layerNormalised(epsilon: 1e-5) },
      BatchOperation("softmax", x) { $0.softmax() },
      BatchOperation("log softmax", x) { $0.logSoftmax() },
      BatchOperation("log sum exp", x) { $0.logSumExp() },
      BatchOperation("maxima", x) { $0.max(axis: 1) },
      BatchOperation("running totals", x) { $0.cumulativeSum() },
      BatchOperation("row sums", x) { $0.rowSums() },
      BatchOperation("row products", x) { $0.rowDots($0.tanh()) },
      BatchOperation("Bernoulli rows", x) { $0.bernoulliLogProbability(of: $0.sigmoid()) },
      BatchOperation("beta-binomial rows", x) {
        let counts = Tensor(shape: $0.shape, scalars: ($0.sigmoid() * 9).scalars.map { $0.rounded() })
        return Tensor.betaBinomialLogProbability(of: counts, trials: 9, a: $0.exp(), b: $0.softplus())
      },
      BatchOperation("difference from a row, divided by it", x) { ($0 - scale) / scale },
      BatchOperation("centred rows", x) { $0 - $0.mean(axes: [1], keepingDimensions: true) },
      BatchOperation("element-wise functions", x) { x in
        x.exp() + x.absolute().log() + x.tanh() * x.sigmoid() - x.softplus() / (x.elu() + 3) + x.squared().squareRoot()
          + (x.absolute() + 1).logGamma()
      },
      BatchOperation("matrix product", x) { $0.matrixProduct(square) },
      BatchOperation("matrix product, second transposed", x) { $0.matrixProduct(square, transposingOther: true) },
      BatchOperation("matrix product, both transposed", x) { $0.transposed().matrixProduct(square, transposingSelf: true, transposingOther: true) },
      BatchOperation("matrix of every item", point([9, 7, 45])) { $0.matrixProduct($0, transposingOther: true) },
    ]
  }()
}

@Suite(.serialized) struct RowStabilityTests {
  @Test("A row's answer has the same bits alone, at any place and in any batch, on one thread or more", arguments: BatchOperation.all)
  func rowsAreIndependent(_ item: BatchOperation) {
    defer { Parallelism.width = 1 }
    let count = item.batch.shape[0]
    Parallelism.width = 1
    let whole = item.apply(item.batch)
    for width in [1, 2, 5] {
      Parallelism.width = width
      #expect(sameBits(item.apply(item.batch), whole))
      for part in [0..<1, 1..<2, count - 1..<count, count / 2..<count / 2 + 1, 0..<count / 2, count / 3..<count] {
        #expect(sameBits(item.apply(item.batch.slice(0, part)), whole.slice(0, part)), "rows \(part), width \(width)")
      }
    }
  }

  @Test("A training step's value and gradients have the same bits on any number of threads")
  func trainingIsIndependentOfWidth() {
    defer { Parallelism.width = 1 }
    let x = point([520, 128])
    let (first, bias, second) = (point([256, 128], 1) * 0.1, point([256], 2), point([64, 256], 3) * 0.1)
    let images = point([37, 4, 12, 12], 4)
    let kernels = point([8, 4, 3, 3], 5)
    let transposedKernels = point([8, 4, 4, 4], 6)
    func step() -> [Tensor] {
      let watched = [first, bias, second, kernels, transposedKernels, images].map { $0.watched() }
      let hidden = x.linear(weight: watched[0], bias: watched[1], activation: .relu)
      let dense = hidden.linear(weight: watched[2], bias: nil).matrixProduct(hidden, transposingSelf: true)
      let filtered = watched[5].convolved(weight: watched[3], bias: nil, ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)).tanh()
      let grown = filtered.convolvedTransposed(weight: watched[4], bias: nil, ConvolutionGeometry(kernel: 4, stride: 2, padding: 1))
      let loss = dense.squared().mean() + grown.squared().mean()
      let gradients = loss.backward()
      return [loss] + watched.compactMap { gradients[$0] }
    }
    Parallelism.width = 1
    let alone = step()
    #expect(alone.count == 7)
    for width in [2, 3, 8] {
      Parallelism.width = width
      #expect(zip(step(), alone).allSatisfy(sameBits))
    }
  }

  @Test("The gradient of a row has the same bits alone and in a batch, wherever it was stretched")
  func stretchedGradients() {
    let (wide, upstream) = (point([7, 5, 33]), point([7, 5, 33], 1))
    for shape in [[1, 33], [5, 1], [1, 1]] as [[Int]] {
      let narrow = point(Shape([7] + shape), 2)
      func gradient(_ rows: Range<Int>) -> Tensor {
        let x = narrow.slice(0, rows).watched()
        let product = (x * wide.slice(0, rows) * upstream.slice(0, rows)).reshaped([rows.count, 165]).rowSums()
        return product.backward(from: .ones([rows.count]))[x] ?? .zeros(x.shape)
      }
      let whole = gradient(0..<7)
      for row in 0..<7 { #expect(sameBits(gradient(row..<row + 1), whole.slice(0, row..<row + 1)), "\(shape)") }
    }
  }

  @Test("The width is never below one")
  func width() {
    defer { Parallelism.width = 1 }
    Parallelism.width = 0
    #expect(Parallelism.width == 1)
  }
}

/// Whether two tensors have one shape and the same bits, signs of zero and NaN included.
func sameBits(_ a: Tensor, _ b: Tensor) -> Bool {
  a.shape == b.shape && zip(a.scalars, b.scalars).allSatisfy { $0.bitPattern == $1.bitPattern }
}
