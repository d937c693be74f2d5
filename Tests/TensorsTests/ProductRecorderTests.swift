import Tensors
import Testing

@Suite struct ProductRecorderTests {
  @Test("Layers note the products that they are made of, in their order, and only while somebody asks")
  func shapes() {
    let x = Tensor.zeros([3, 4])
    let images = Tensor.zeros([2, 3, 8, 8])
    let geometry = ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)
    func everything() {
      _ = x.linear(weight: .zeros([5, 4]), bias: nil)
      _ = x.matrixProduct(.zeros([4, 7]))
      _ = x.matrixProduct(.zeros([6, 4]), transposingOther: true)
      _ = x.matrixProduct(.zeros([3, 2]), transposingSelf: true)
      _ = Tensor.zeros([2, 3, 4]).matrixProduct(.zeros([2, 4, 5]))
      // 4 x 4 places an image, patches of 3 x 4 x 4.
      _ = images.convolved(weight: .zeros([6, 3, 4, 4]), bias: nil, geometry)
      // The transpose: 8 x 8 places, patches of 5 x 4 x 4 out of 3 channels.
      _ = images.convolvedTransposed(weight: .zeros([3, 5, 4, 4]), bias: nil, geometry)
    }
    everything()
    let noted = ProductRecorder.record(everything)
    #expect(
      noted == [
        ProductShape(rows: 3, outputs: 5, inner: 4), ProductShape(rows: 3, outputs: 7, inner: 4), ProductShape(rows: 3, outputs: 6, inner: 4),
        ProductShape(rows: 4, outputs: 2, inner: 3), ProductShape(rows: 6, outputs: 5, inner: 4), ProductShape(rows: 32, outputs: 6, inner: 48),
        ProductShape(rows: 128, outputs: 80, inner: 3),
      ])
    #expect(noted[0].multiplyAdds == 60)
    #expect(ProductRecorder.record {}.isEmpty)
  }

  @Test("Each of several recordings has its own products")
  func nesting() {
    func product(_ rows: Int) { _ = Tensor.zeros([rows, 2]).matrixProduct(.zeros([2, 2])) }
    var inner: [ProductShape] = []
    let outer = ProductRecorder.record {
      product(1)
      inner = ProductRecorder.record { product(2) }
      product(3)
    }
    #expect(outer.map(\.rows) == [1, 3] && inner.map(\.rows) == [2])
  }
}
