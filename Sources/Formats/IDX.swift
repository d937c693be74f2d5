/// The array format of the MNIST files: unsigned bytes with one to four dimensions (http://yann.lecun.com/exdb/mnist, "the IDX file format").
///
///     00 00 08 rank | rank x UInt32, big-endian | product of them bytes, row-major
package enum IDX {
  private static let unsignedByte: UInt8 = 0x08

  /// Reads a plain or a gzipped file.
  /// - Parameter maximumElements: the most bytes of data; a gzipped file is inflated only so far.
  package static func decode(_ bytes: [UInt8], maximumElements: Int = 1 << 30) throws(FormatError) -> (dimensions: [Int], values: [UInt8]) {
    // The longest header has 4 + 4 * 4 bytes.
    let plain = GZip.isGZip(bytes) ? try GZip.inflate(bytes, limit: min(maximumElements, .max - 20) + 20) : bytes
    guard plain.count >= 4 else { throw malformed("\(plain.count) bytes", "a header of at least 8") }
    guard plain[0] == 0, plain[1] == 0 else { throw malformed("first bytes \(plain[0]) \(plain[1])", "0 0") }
    guard plain[2] == unsignedByte else {
      throw FormatError(.idx, .unsupported, given: "element type \(plain[2])", expected: "type 8, unsigned bytes")
    }
    let rank = Int(plain[3])
    guard (1...4).contains(rank) else { throw FormatError(.idx, .unsupported, given: "\(rank) dimensions", expected: "1 to 4") }
    let header = 4 + 4 * rank
    guard plain.count >= header else { throw malformed("\(plain.count) bytes", "a header of \(header)") }

    var dimensions: [Int] = []
    var elements = 1
    for axis in 0..<rank {
      let dimension = plain[(4 + 4 * axis)..<(8 + 4 * axis)].reduce(0) { $0 << 8 | Int($1) }
      dimensions.append(dimension)
      let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= maximumElements else {
        throw FormatError(.idx, .tooLarge, given: "dimensions starting with \(dimensions)", expected: "at most \(maximumElements) elements")
      }
      elements = product
    }
    guard plain.count - header == elements else {
      throw malformed("\(plain.count - header) bytes of data", "\(elements) for dimensions \(dimensions)")
    }
    return (dimensions, Array(plain[header...]))
  }

  package static func encode(_ values: [UInt8], dimensions: [Int]) -> [UInt8] {
    precondition(dimensions.reduce(1, *) == values.count, "\(values.count) values for dimensions \(dimensions)")
    return header(dimensions) + values
  }

  /// What stands before the values in such a file.
  package static func header(_ dimensions: [Int]) -> [UInt8] {
    precondition((1...4).contains(dimensions.count), "IDX files here have 1 to 4 dimensions, given \(dimensions.count)")
    precondition(dimensions.allSatisfy { (0...Int(UInt32.max)).contains($0) }, "IDX dimensions are 32-bit: \(dimensions)")
    var bytes: [UInt8] = [0, 0, unsignedByte, UInt8(dimensions.count)]
    for dimension in dimensions {
      withUnsafeBytes(of: UInt32(dimension).bigEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  private static func malformed(_ given: String, _ expected: String) -> FormatError {
    FormatError(.idx, .malformed, given: given, expected: expected)
  }
}
