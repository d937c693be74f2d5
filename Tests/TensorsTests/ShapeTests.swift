import Tensors
import Testing

@Suite struct ShapeTests {
  @Test("Shapes broadcast by the last axes, and an extent of one stretches")
  func broadcast() {
    #expect(Shape([3, 1]).broadcast(with: [1, 4]) == [3, 4])
    #expect(Shape([5]).broadcast(with: [2, 3, 5]) == [2, 3, 5])
    #expect(Shape([]).broadcast(with: [2]) == [2])
    #expect(Shape([1]).broadcast(with: [0, 3]) == [0, 3])
    #expect(Shape([0]).broadcast(with: [1]) == [0])
    #expect(Shape([3]).broadcast(with: [4]) == nil)
    #expect(Shape([2, 3]).broadcast(with: [3, 2]) == nil)
  }

  @Test("A shape counts its scalars; without axes it holds one, with an empty axis none")
  func count() {
    #expect(Shape([2, 3, 4]).count == 24)
    #expect(Shape([]).count == 1)
    #expect(Shape([7, 0]).count == 0)
    #expect(Shape([2, 3, 4])[-1] == 4)
    #expect(Shape([2, 3]).replacing(-2, with: 9) == [9, 3])
    #expect("\(Shape([2, 3]))" == "[2, 3]")
  }

  @Test("Convolutions shrink and grow images as PyTorch's do")
  func convolutionSizes() {
    let geometry = ConvolutionGeometry(kernel: (3, 2), stride: (2, 3), padding: (1, 0))
    #expect(geometry.outputSize((6, 7)) == (3, 2))
    #expect(geometry.transposedOutputSize((3, 2), outputPadding: (1, 2)) == (6, 7))
    #expect(ConvolutionGeometry(kernel: 5).outputSize((4, 5)) == (0, 1))
    #expect(geometry == ConvolutionGeometry(kernel: (3, 2), stride: (2, 3), padding: (1, 0)))
    #expect(geometry != ConvolutionGeometry(kernel: (2, 3), stride: (2, 3), padding: (1, 0)))
    #expect(Set([geometry, geometry, ConvolutionGeometry(kernel: 3)]).count == 2)
  }
}
