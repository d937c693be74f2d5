import Networks
import Tensors
import Testing

@Suite("Normalised kernels")
struct WeightNormalisationTests {
  private static let key = RandomKey(seed: 61)
  private let geometry = ConvolutionGeometry(kernel: 3, padding: 1)

  @Test("each output channel's part of a kernel is as long as it is said to be, along its direction")
  func lengths() {
    let layer = WeightNormalisedConvolution(3, lengths: [0.1, 1, 2.5], geometry, .drawing(Self.key))
    let (weight, direction) = (layer.kernel.weight.reshaped([3, 27]), layer.kernel.direction.reshaped([3, 27]))
    let lengths = weight.rowDots(weight).squareRoot().scalars
    for (given, expected) in zip(lengths, [0.1, 1, 2.5] as [Float]) { #expect(abs(given - expected) < 1e-6 * expected) }
    // <w, v> = |w| |v|
    let along = (weight.rowDots(direction) / direction.rowDots(direction).squareRoot()).scalars
    for (given, expected) in zip(along, lengths) { #expect(abs(given - expected) < 1e-6 * expected) }
  }

  @Test("a direction's own length is of no account")
  func scale() {
    var layer = WeightNormalisedConvolution(2, 4, geometry, .drawing(Self.key))
    let x = Self.key.split("x").normal([2, 2, 5, 6])
    let before = layer(x, .evaluation).scalars
    layer.kernel.direction = layer.kernel.direction * 4
    for (given, expected) in zip(layer(x, .evaluation).scalars, before) { #expect(abs(given - expected) < 1e-6) }
  }

  @Test("the transposed convolution is the adjoint of the convolution with the same kernel")
  func adjoint() {
    let half = ConvolutionGeometry(kernel: 5, stride: 2, padding: 2)
    let down = WeightNormalisedConvolution(3, 4, half, .drawing(Self.key))
    var up = WeightNormalisedTransposedConvolution(4, 3, half, outputPadding: 1, .drawing(Self.key))
    // The kernel of the way up, per output channel, in the order of the way down.
    up.kernel.direction = down.kernel.weight.transposed([1, 0, 2, 3])
    let rows = up.kernel.direction.reshaped([3, 100])
    up.kernel.logLength = rows.rowDots(rows).squareRoot().log()
    let (x, y) = (Self.key.split("x").normal([1, 3, 6, 8]), Self.key.split("y").normal([1, 4, 3, 4]))
    let (a, b) = ((down(x, .evaluation) * y).sum().scalar, (x * up(y, .evaluation)).sum().scalar)
    #expect(abs(a - b) < 1e-4 * max(1, abs(a)))
  }
}
