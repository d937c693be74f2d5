/// Where the numbers of an array stand in its file, so that some of them can be read without the others.
package struct NPYLayout: Sendable {
  package let shape: [Int]
  /// Whether the first axis changes fastest, so that an entry of it is spread over the file.
  package let isScattered: Bool
  /// Numbers of the array.
  package let count: Int
  private let element: NPY.Element
  private let start: Int

  /// - Parameter bytes: the whole file.
  package init(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    let head = Array(bytes.prefix(NPY.longestHeader + 12))
    guard let (header, start) = try NPY.header(in: head, isWhole: true) else { throw NPY.malformed("\(bytes.count) bytes", "a header") }
    var (count, isTooLarge) = (1, false)
    for extent in header.shape where !isTooLarge { (count, isTooLarge) = count.multipliedReportingOverflow(by: extent) }
    let (size, isLarger) = count.multipliedReportingOverflow(by: header.element.byteCount)
    guard !isTooLarge, !isLarger else { throw FormatError(.npy, .tooLarge, given: "shape \(header.shape)", expected: "a size that fits 64 bits") }
    guard bytes.count - start == size else {
      throw NPY.malformed("\(bytes.count - start) bytes of data", "\(size) for shape \(header.shape) of \(header.element.name)")
    }
    (shape, element, self.start, self.count) = (header.shape, header.element, start, count)
    isScattered = header.isFortranOrder && header.shape.count > 1
  }

  /// Some numbers, in the order of the file.
  /// - Throws: where a double is beyond float32's range.
  package func floats(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(FormatError) -> [Float] {
    let part = bytes[start + range.lowerBound * element.byteCount..<start + range.upperBound * element.byteCount]
    return try element.finiteFloats(Array(part)[...], from: range.lowerBound)
  }

  /// Writes some numbers, of which `floats` was asked before whether float32 can hold them.
  package func read(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer, to out: UnsafeMutablePointer<Float>) {
    let first = start + range.lowerBound * element.byteCount
    element.write(UnsafeRawBufferPointer(rebasing: bytes[first..<first + range.count * element.byteCount]), count: range.count, to: out)
  }
}
