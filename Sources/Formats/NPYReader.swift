/// Reads an array's file from bytes that come in pieces: its shape, then runs of whole entries of the first axis.
///
/// In C order no more than one piece and one entry are kept. In Fortran order, of two axes or more, the first entry needs the last bytes: such a file is
/// kept whole, up to a limit.
package struct NPYReader: Sendable {
  /// nil until the header has come.
  package private(set) var shape: [Int]?
  private let maximumElements: Int
  private let readsDoubles: Bool
  private var element = NPY.Element.float32
  /// Kept whole until the end, then read as one.
  private var isWhole = false
  private var bytes: [UInt8] = []
  private var position = 0
  private var isFinished = false
  /// Numbers given out, and bytes of data that came.
  private var given = 0
  private var received = 0

  /// - Parameters:
  ///   - maximumElements: of an array in Fortran order.
  ///   - readsDoubles: whether `nextDoubles` is asked instead of `next`.
  package init(maximumElements: Int = 1 << 28, readsDoubles: Bool = false) {
    (self.maximumElements, self.readsDoubles) = (maximumElements, readsDoubles)
  }

  /// Numbers of the array; nil until the header has come.
  private var elements: Int? { shape?.reduce(1, *) }

  package mutating func feed(_ piece: [UInt8]) throws(FormatError) {
    precondition(!isFinished, "bytes after the end")
    if position == bytes.count {
      bytes = piece
    } else {
      bytes.removeFirst(position)
      bytes += piece
    }
    position = 0
    received += piece.count
    try readHeader()
    if let elements, let shape, received > elements * element.byteCount {
      throw NPY.malformed("\(received) bytes of data or more", "\(elements * element.byteCount) for shape \(shape) of \(element.name)")
    }
  }

  /// No more bytes will come.
  package mutating func finish() throws(FormatError) {
    isFinished = true
    try readHeader()
    if isWhole {
      // From here on as if it had come in C order.
      defer { (position, isWhole) = (0, false) }
      if readsDoubles {
        let doubles = try NPY.doubles(bytes, maximumElements: maximumElements)
        (bytes, element) = ([], .float64)
        for double in doubles { withUnsafeBytes(of: double.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
      } else {
        let array = try NPY.decode(bytes, maximumElements: maximumElements)
        (bytes, element) = ([], .float32)
        FloatBytes.append(array.scalars, to: &bytes)
      }
      return
    }
    guard let elements, received == elements * element.byteCount else {
      throw NPY.malformed(
        "\(received) bytes of data", "\((elements ?? 0) * element.byteCount) for shape \(shape ?? []) of \(element.name)")
    }
  }

  private mutating func readHeader() throws(FormatError) {
    guard shape == nil, let (header, start) = try NPY.header(in: bytes, isWhole: isFinished) else { return }
    var size = header.element.byteCount
    for extent in header.shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw FormatError(.npy, .tooLarge, given: "shape \(header.shape)", expected: "a size that fits 64 bits") }
      size = product
    }
    shape = header.shape
    element = header.element
    isWhole = header.isFortranOrder && header.shape.count > 1
    received = bytes.count - start
    guard isWhole else {
      position = start
      return
    }
    guard size / max(element.byteCount, 1) <= maximumElements else {
      throw FormatError(.npy, .tooLarge, given: "shape \(header.shape) in Fortran order", expected: "C order, or at most \(maximumElements) elements")
    }
  }

  /// The next numbers: of at most `most` entries of the first axis, all of them whole; nil at the end, or where more bytes have to come first.
  package mutating func next(_ most: Int) throws(FormatError) -> [Float]? {
    guard let (run, first) = take(most) else { return nil }
    return try element.finiteFloats(run, from: first)
  }

  /// The same as doubles: those of the file, and of narrower floats the doubles of their shortest decimal texts, as 0.1 for 0.1.
  package mutating func nextDoubles(_ most: Int) throws(FormatError) -> [Double]? {
    guard let (run, first) = take(most) else { return nil }
    return try element.doubles(run, from: first)
  }

  /// The bytes of some entries, and the number of the first of their numbers.
  private mutating func take(_ most: Int) -> (bytes: ArraySlice<UInt8>, first: Int)? {
    guard let shape, let elements, !isWhole, let count = shape.first, count > 0, elements > 0 else { return nil }
    let width = elements / count
    let entries = Swift.min(most, (bytes.count - position) / (width * element.byteCount), (elements - given) / width)
    guard entries > 0 else { return nil }
    let end = position + entries * width * element.byteCount
    defer { (given, position) = (given + entries * width, end) }
    return (bytes[position..<end], given)
  }
}
