/// NumPy's array files, format versions 1.0, 2.0 and 3.0 (numpy/lib/format.py, NEP 1).
///
///     93 "NUMPY" | major minor | header length: UInt16 (1.0) or UInt32, little-endian | header: a Python literal | data
package enum NPY {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// NumPy writes 128 bytes for anything that is read here; a longer header than this is not ours.
  static let longestHeader = 1 << 16
  static let highestRank = 32

  /// Reads booleans, whole numbers of 1 to 8 bytes and floats of 2, 4 or 8, in either byte order, into float32, rounding once; Fortran order comes
  /// back transposed to row-major.
  /// - Throws: `.unsupported` for other element types, `.tooLarge` above `maximumElements`, `.malformed` otherwise, also for data that is longer or
  ///   shorter than the shape says and for finite doubles beyond float32's range.
  package static func decode(_ bytes: [UInt8], maximumElements: Int = 1 << 28) throws(FormatError) -> NumberArray {
    let (header, start) = try checkedHeader(of: bytes, maximumElements)
    let stored = try header.element.finiteFloats(bytes[start...], from: 0)
    return NumberArray(shape: header.shape, scalars: header.isFortranOrder ? transposed(stored, shape: header.shape) : stored)
  }

  /// The numbers of a file in row-major order, as `NPYReader.nextDoubles` has them.
  static func doubles(_ bytes: [UInt8], maximumElements: Int) throws(FormatError) -> [Double] {
    let (header, start) = try checkedHeader(of: bytes, maximumElements)
    let stored = try header.element.doubles(bytes[start...], from: 0)
    return header.isFortranOrder ? transposed(stored, shape: header.shape) : stored
  }

  private static func checkedHeader(of bytes: [UInt8], _ maximumElements: Int) throws(FormatError) -> (Header, dataStart: Int) {
    let (header, start) = try header(of: bytes)
    var elements = 1
    for dimension in header.shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= maximumElements else {
        throw FormatError(.npy, .tooLarge, given: "shape \(header.shape)", expected: "at most \(maximumElements) elements")
      }
      elements = product
    }
    guard bytes.count - start == elements * header.element.byteCount else {
      throw FormatError(
        .npy, .malformed, given: "\(bytes.count - start) bytes of data",
        expected: "\(elements * header.element.byteCount) for shape \(header.shape) of \(header.element.name)")
    }
    return (header, start)
  }

  /// Writes `<f4` in C order, version 1.0, byte for byte as `numpy.save` does.
  package static func encode(_ scalars: [Float], shape: [Int]) -> [UInt8] {
    precondition(shape.reduce(1, *) == scalars.count, "\(scalars.count) scalars for shape \(shape)")
    var bytes = header(shape: shape)
    FloatBytes.append(scalars, to: &bytes)
    return bytes
  }

  /// What stands before the numbers in such a file; `isDouble` for one of `<f8`.
  package static func header(shape: [Int], isDouble: Bool = false) -> [UInt8] {
    precondition(shape.count <= highestRank, "\(shape.count) axes")
    let axes = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    let literal = "{'descr': '<f\(isDouble ? 8 : 4)', 'fortran_order': False, 'shape': (\(axes)), }"
    // NumPy leaves room for the first axis to grow to 21 digits, then pads with spaces so that the data starts at a multiple of 64.
    let room = shape.isEmpty ? 0 : 21 - String(shape[0]).count
    let unpadded = magic.count + 4 + literal.utf8.count + room + 1
    let padding = room + (64 - unpadded % 64)
    let header = literal + String(repeating: " ", count: padding) + "\n"
    precondition(header.utf8.count <= Int(UInt16.max), "a header of \(header.utf8.count) bytes does not fit version 1.0")
    return magic + [1, 0, UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
  }

  /// Column-major to row-major: walks the target in order and keeps the source offset of the current index.
  private static func transposed<Number>(_ scalars: [Number], shape: [Int]) -> [Number] {
    guard shape.count > 1, !scalars.isEmpty else { return scalars }
    var strides: [Int] = []
    var stride = 1
    for dimension in shape {
      strides.append(stride)
      stride *= dimension
    }
    var index = [Int](repeating: 0, count: shape.count)
    var offset = 0
    var result: [Number] = []
    result.reserveCapacity(scalars.count)
    for _ in 0..<scalars.count {
      result.append(scalars[offset])
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        offset += strides[axis]
        if index[axis] < shape[axis] { break }
        offset -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}
