import CKernels
import CKernels.Testing
import Testing

@Suite("Images as columns") struct ImageTests {
  struct Geometry: CustomTestStringConvertible, Sendable {
    let (channels, height, width, kh, kw, strideH, strideW, padH, padW): (Int, Int, Int, Int, Int, Int, Int, Int, Int)

    var outH: Int { (height + 2 * padH - kh) / strideH + 1 }
    var outW: Int { (width + 2 * padW - kw) / strideW + 1 }
    var testDescription: String { "\(channels)x\(height)x\(width), kernel \(kh)x\(kw), stride \(strideH),\(strideW), pad \(padH),\(padW)" }

    init(_ c: Int, _ h: Int, _ w: Int, kernel: (Int, Int), stride: (Int, Int), pad: (Int, Int)) {
      (channels, height, width, kh, kw, strideH, strideW, padH, padW) = (c, h, w, kernel.0, kernel.1, stride.0, stride.1, pad.0, pad.1)
    }

    func columns(_ kernels: kernel_table, of x: [Float]) -> [Float] {
      var y = [Float](repeating: .nan, count: channels * kh * kw * outH * outW)
      kernels.im2col(x, channels, height, width, kh, kw, strideH, strideW, padH, padW, outH, outW, &y)
      return y
    }

    func image(_ kernels: kernel_table, of columns: [Float]) -> [Float] {
      var x = [Float](repeating: .nan, count: channels * height * width)
      kernels.col2im(columns, channels, height, width, kh, kw, strideH, strideW, padH, padW, outH, outW, &x)
      return x
    }
  }

  static let geometries = [
    Geometry(1, 1, 1, kernel: (1, 1), stride: (1, 1), pad: (0, 0)), Geometry(2, 5, 7, kernel: (3, 3), stride: (1, 1), pad: (1, 1)),
    Geometry(3, 28, 28, kernel: (4, 4), stride: (2, 2), pad: (1, 1)), Geometry(1, 9, 6, kernel: (2, 5), stride: (3, 1), pad: (0, 2)),
    Geometry(2, 4, 4, kernel: (3, 3), stride: (1, 2), pad: (3, 4)), Geometry(1, 3, 3, kernel: (5, 5), stride: (1, 1), pad: (2, 2)),
    Geometry(2, 20, 40, kernel: (5, 5), stride: (1, 1), pad: (2, 2)), Geometry(1, 2, 2, kernel: (3, 3), stride: (4, 3), pad: (5, 5)),
  ]

  @Test("each column entry is its pixel, or zero outside the image", arguments: geometries, InstructionSet.all)
  func entries(geometry g: Geometry, set: InstructionSet) {
    var numbers = TestNumbers(seed: 21)
    let x = numbers.floats(g.channels * g.height * g.width)
    var expected: [Float] = []
    for c in 0..<g.channels {
      for i in 0..<g.kh {
        for j in 0..<g.kw {
          for oh in 0..<g.outH {
            for ow in 0..<g.outW {
              let (row, column) = (oh * g.strideH + i - g.padH, ow * g.strideW + j - g.padW)
              let inside = (0..<g.height).contains(row) && (0..<g.width).contains(column)
              expected.append(inside ? x[(c * g.height + row) * g.width + column] : 0)
            }
          }
        }
      }
    }
    #expect(g.columns(set.kernels, of: x) == expected)
  }

  @Test("patches with channels last hold the columns' numbers, and adding them is the adjoint", arguments: geometries, InstructionSet.all)
  func patches(geometry g: Geometry, set: InstructionSet) {
    let kernels = set.kernels
    var numbers = TestNumbers(seed: 24)
    let (area, depth, places) = (g.height * g.width, g.channels * g.kh * g.kw, g.outH * g.outW)
    let x = numbers.floats(g.channels * area)
    var last = [Float](repeating: .nan, count: x.count)
    kernels.transpose(x, g.channels, area, &last, g.channels)
    #expect((0..<x.count).allSatisfy { last[$0] == x[$0 % g.channels * area + $0 / g.channels] })
    let columns = g.columns(kernels, of: x)
    // Column row (c, i, j), place -> patch of that place, entry (i, j, c).
    let expected = (0..<places * depth).map { entry -> Float in
      let (place, i, j, c) = (entry / depth, entry % depth / (g.kw * g.channels), entry / g.channels % g.kw, entry % g.channels)
      return columns[((c * g.kh + i) * g.kw + j) * places + place]
    }
    var patches = [Float](repeating: .nan, count: places * depth)
    var sum = [Float](repeating: 0, count: x.count)
    let y = numbers.floats(places * depth)
    // Place by place in pieces, as a large image is done.
    for first in stride(from: 0, to: places, by: 5) {
      let count = min(5, places - first)
      var piece = [Float](repeating: .nan, count: count * depth)
      kernels.patches(last, g.channels, g.height, g.width, g.kh, g.kw, g.strideH, g.strideW, g.padH, g.padW, g.outW, first, count, &piece)
      patches.replaceSubrange(first * depth..<(first + count) * depth, with: piece)
      kernels.add_patches(
        Array(y[first * depth..<(first + count) * depth]), g.channels, g.height, g.width, g.kh, g.kw, g.strideH, g.strideW, g.padH, g.padW, g.outW,
        first, count, &sum)
    }
    #expect(patches == expected)
    func inner(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    #expect(abs(inner(patches, y) - inner(last, sum)) < 1e-6 * Double(y.count))
  }

  @Test("columns to image is the adjoint: <im2col(x), y> == <x, col2im(y)>", arguments: geometries, InstructionSet.all)
  func adjoint(geometry g: Geometry, set: InstructionSet) {
    var numbers = TestNumbers(seed: 22)
    let (x, y) = (numbers.floats(g.channels * g.height * g.width), numbers.floats(g.channels * g.kh * g.kw * g.outH * g.outW))
    func inner(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    #expect(abs(inner(g.columns(set.kernels, of: x), y) - inner(x, g.image(set.kernels, of: y))) < 1e-6 * Double(y.count))
  }

  @Test("weights times columns is the convolution by its definition", arguments: geometries, InstructionSet.all)
  func convolution(geometry g: Geometry, set: InstructionSet) {
    var numbers = TestNumbers(seed: 23)
    let (outputs, depth, area) = (3, g.channels * g.kh * g.kw, g.outH * g.outW)
    let (x, w) = (numbers.floats(g.channels * g.height * g.width), numbers.floats(outputs * depth))
    let y = GemmTests.product(set.kernels, w, g.columns(set.kernels, of: x), m: outputs, k: depth, n: area, transposed: false)
    for o in 0..<outputs {
      for oh in 0..<g.outH {
        for ow in 0..<g.outW {
          var sum = 0.0
          for c in 0..<g.channels {
            for i in 0..<g.kh {
              for j in 0..<g.kw {
                let (row, column) = (oh * g.strideH + i - g.padH, ow * g.strideW + j - g.padW)
                guard (0..<g.height).contains(row), (0..<g.width).contains(column) else { continue }
                sum += Double(w[((o * g.channels + c) * g.kh + i) * g.kw + j]) * Double(x[(c * g.height + row) * g.width + column])
              }
            }
          }
          #expect(abs(Double(y[o * area + oh * g.outW + ow]) - sum) < 1e-5 * Double(depth).squareRoot())
        }
      }
    }
  }
}
