import CKernels
import CKernels.Testing
import Testing

@Suite("Images as patches") struct ImageTests {
  struct Geometry: CustomTestStringConvertible, Sendable {
    let (channels, height, width, kh, kw, strideH, strideW, padH, padW): (Int, Int, Int, Int, Int, Int, Int, Int, Int)

    var outH: Int { (height + 2 * padH - kh) / strideH + 1 }
    var outW: Int { (width + 2 * padW - kw) / strideW + 1 }
    var testDescription: String { "\(channels)x\(height)x\(width), kernel \(kh)x\(kw), stride \(strideH),\(strideW), pad \(padH),\(padW)" }

    init(_ c: Int, _ h: Int, _ w: Int, kernel: (Int, Int), stride: (Int, Int), pad: (Int, Int)) {
      (channels, height, width, kh, kw, strideH, strideW, padH, padW) = (c, h, w, kernel.0, kernel.1, stride.0, stride.1, pad.0, pad.1)
    }

    /// patches[place, i, j, channel] of x[channel, row, column], by the definition.
    func patches(of x: [Float]) -> [Float] {
      var patches: [Float] = []
      for place in 0..<outH * outW {
        for i in 0..<kh {
          for j in 0..<kw {
            let (row, column) = (place / outW * strideH + i - padH, place % outW * strideW + j - padW)
            let isInside = (0..<height).contains(row) && (0..<width).contains(column)
            patches += (0..<channels).map { isInside ? x[($0 * height + row) * width + column] : 0 }
          }
        }
      }
      return patches
    }
  }

  static let geometries = [
    Geometry(1, 1, 1, kernel: (1, 1), stride: (1, 1), pad: (0, 0)), Geometry(2, 5, 7, kernel: (3, 3), stride: (1, 1), pad: (1, 1)),
    Geometry(3, 28, 28, kernel: (4, 4), stride: (2, 2), pad: (1, 1)), Geometry(1, 9, 6, kernel: (2, 5), stride: (3, 1), pad: (0, 2)),
    Geometry(2, 4, 4, kernel: (3, 3), stride: (1, 2), pad: (3, 4)), Geometry(1, 3, 3, kernel: (5, 5), stride: (1, 1), pad: (2, 2)),
    Geometry(2, 20, 40, kernel: (5, 5), stride: (1, 1), pad: (2, 2)), Geometry(1, 2, 2, kernel: (3, 3), stride: (4, 3), pad: (5, 5)),
  ]

  @Test("each entry of a patch is its pixel, or zero outside the image, and adding patches is the adjoint", arguments: geometries, InstructionSet.all)
  func patches(geometry g: Geometry, set: InstructionSet) {
    let kernels = set.kernels
    var numbers = TestNumbers(seed: 24)
    let (area, depth, places) = (g.height * g.width, g.channels * g.kh * g.kw, g.outH * g.outW)
    let x = numbers.floats(g.channels * area)
    var last = [Float](repeating: .nan, count: x.count)
    kernels.transpose(x, g.channels, area, &last, g.channels)
    #expect((0..<x.count).allSatisfy { last[$0] == x[$0 % g.channels * area + $0 / g.channels] })
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
    #expect(patches == g.patches(of: x))
    func inner(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    #expect(abs(inner(patches, y) - inner(last, sum)) < 1e-6 * Double(y.count))
  }
}
