import Tensors
import Testing

/// The three products of a linear layer: y = x Wᵀ + b, dx = g W and dW = gᵀ x.
@Suite("Products of training", .serialized) struct TrainingProductTests {
  struct Size: Sendable, CustomTestStringConvertible {
    let rows, inputs, outputs: Int
    var testDescription: String { "\(rows) rows, \(inputs) -> \(outputs)" }
  }

  /// Rests in every tile, narrow sides, few columns beside many rows, and sums longer than one block of depth.
  static let sizes = [
    Size(rows: 1, inputs: 5, outputs: 3), Size(rows: 128, inputs: 784, outputs: 64), Size(rows: 64, inputs: 256, outputs: 256),
    Size(rows: 213, inputs: 67, outputs: 45), Size(rows: 1100, inputs: 40, outputs: 33), Size(rows: 300, inputs: 12, outputs: 130),
    Size(rows: 129, inputs: 130, outputs: 7), Size(rows: 17, inputs: 1040, outputs: 80),
  ]

  private static func step(_ size: Size, activation: Activation = .identity) -> (x: Tensor, weight: Tensor, g: Tensor, results: [Tensor]) {
    let (x, weight, bias) = (point([size.rows, size.inputs], 1), point([size.outputs, size.inputs], 2), point([size.outputs], 3))
    let g = point([size.rows, size.outputs], 4)
    let watched = [x.watched(), weight.watched(), bias.watched()]
    let y = watched[0].linear(weight: watched[1], bias: watched[2], activation: activation)
    let gradients = y.backward(from: g)
    return (x, weight, g, [y.detached] + watched.compactMap { gradients[$0] })
  }

  @Test("products and gradients are the double-precision ones to within float32's rounding", arguments: sizes)
  func accuracy(size: Size) {
    let (x, weight, g, results) = Self.step(size)
    let (dx, dW) = (results[1].scalars, results[2].scalars)
    let (xs, ws, gs) = (x.scalars, weight.scalars, g.scalars)
    func check(_ value: Float, _ terms: [Double]) {
      let bound = 1e-7 * Double(terms.count + 1).squareRoot() * terms.reduce(0) { $0 + abs($1) } + 1e-30
      #expect(abs(Double(value) - terms.reduce(0, +)) <= bound)
    }
    // Every seventh element and so on: all residues of every tile's width are among them.
    for row in stride(from: 0, to: size.rows, by: 7) {
      for input in stride(from: row % 3, to: size.inputs, by: 13) {
        check(dx[row * size.inputs + input], (0..<size.outputs).map { Double(gs[row * size.outputs + $0]) * Double(ws[$0 * size.inputs + input]) })
      }
    }
    for output in stride(from: 0, to: size.outputs, by: 3) {
      for input in stride(from: output % 5, to: size.inputs, by: 11) {
        check(dW[output * size.inputs + input], (0..<size.rows).map { Double(gs[$0 * size.outputs + output]) * Double(xs[$0 * size.inputs + input]) })
      }
    }
  }

  @Test("the weight's gradient adds its rows in ascending order, whatever the number of threads", arguments: sizes)
  func order(size: Size) {
    defer { Parallelism.width = 1 }
    let (x, weight, g, alone) = Self.step(size)
    let (xs, ws, gs) = (x.scalars, weight.scalars, g.scalars)
    for output in [0, size.outputs / 2, size.outputs - 1] {
      for input in [0, size.inputs - 1] {
        var (dW, dx) = (Float(0), Float(0))
        let row = size.rows - 1
        for r in 0..<size.rows { dW.addProduct(gs[r * size.outputs + output], xs[r * size.inputs + input]) }
        for o in 0..<size.outputs { dx.addProduct(gs[row * size.outputs + o], ws[o * size.inputs + input]) }
        // A processor without fused multiply-add rounds each product as well.
        guard Machine.instructionSet != "portable" else { continue }
        #expect(alone[2].scalars[output * size.inputs + input] == dW && alone[1].scalars[row * size.inputs + input] == dx)
      }
    }
    for width in [2, 4] {
      Parallelism.width = width
      #expect(zip(Self.step(size).results, alone).allSatisfy(sameBits), "\(width) threads")
    }
  }

  @Test("an answer has the same bits with history as without, for every activation, the weight packed or not", arguments: sizes)
  func sameAsServing(size: Size) {
    defer { Parallelism.width = 1 }
    let (x, weight, bias) = (point([size.rows, size.inputs], 1), point([size.outputs, size.inputs], 2), point([size.outputs], 3))
    for activation in Activation.allCases {
      Parallelism.width = 1
      let served = x.linear(weight: weight.packed(), bias: bias, activation: activation)
      for width in [1, 2, 4] {
        Parallelism.width = width
        let learnt = x.linear(weight: weight.watched(), bias: bias.watched(), activation: activation)
        #expect(learnt.isWatched && sameBits(learnt.detached, served), "\(activation), \(width) threads")
      }
    }
  }

  @Test("a row of a gradient is that row's alone, in any batch", arguments: sizes)
  func rows(size: Size) {
    let (x, weight, g, results) = Self.step(size)
    for rows in [0..<1, size.rows - 1..<size.rows, size.rows / 3..<size.rows] {
      let part = x.slice(0, rows).watched()
      let gradients = part.linear(weight: weight, bias: nil).backward(from: g.slice(0, rows))
      #expect(gradients[part].map { sameBits($0, results[1].slice(0, rows)) } == true)
    }
  }

  @Test("convolutions have the same bits with history as without, for every activation and number of threads")
  func convolutions() {
    defer { Parallelism.width = 1 }
    let x = point([19, 3, 9, 11])
    let geometry = ConvolutionGeometry(kernel: (3, 2), stride: (2, 1), padding: (1, 1))
    let (kernels, transposedKernels, bias) = (point([5, 3, 3, 2], 1), point([3, 5, 3, 2], 2), point([5], 3))
    for activation in Activation.allCases {
      Parallelism.width = 1
      let down = x.convolved(weight: kernels, bias: bias, geometry, activation: activation)
      let up = x.convolvedTransposed(weight: transposedKernels, bias: bias, geometry, outputPadding: (1, 0), activation: activation)
      for width in [1, 2, 4] {
        Parallelism.width = width
        let (a, b) = (kernels.watched(), transposedKernels.watched())
        #expect(sameBits(x.convolved(weight: a, bias: bias, geometry, activation: activation).detached, down))
        #expect(
          sameBits(x.convolvedTransposed(weight: b, bias: bias, geometry, outputPadding: (1, 0), activation: activation).detached, up))
      }
    }
  }
}
