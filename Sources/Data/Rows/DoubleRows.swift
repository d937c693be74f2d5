internal import Tensors

/// Numbers of a table in memory, in the precision in which they were read.
package struct DoubleRows: ItemRows {
  private let values: [Double]
  package let width: Int
  package let count: Int
  package var holdsFloats: Bool { true }

  package init(_ values: [Double], width: Int) {
    precondition(values.count % width == 0, "\(values.count) numbers are no whole items of \(width)")
    (self.values, self.width, count) = (values, width, values.count / width)
  }

  package func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    values.withUnsafeBufferPointer { values in for i in 0..<width { out[i] = Float(values[place * width + i]) } }
  }

  /// The numbers of one item.
  package func item(_ place: Int) -> ArraySlice<Double> { values[place * width..<(place + 1) * width] }

  package func prefix(_ count: Int) -> DoubleRows { DoubleRows(Array(values.prefix(count * width)), width: width) }
}
