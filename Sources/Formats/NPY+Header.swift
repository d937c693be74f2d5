extension NPY {
  struct Header: Equatable {
    let element: Element
    let isFortranOrder: Bool
    let shape: [Int]
  }

  /// The element types that are read, named as in the header: a byte order, a kind, and bytes a number.
  struct Element: Equatable {
    enum Kind: Character, CaseIterable {
      case bool = "b"
      case unsigned = "u"
      case integer = "i"
      case float = "f"

      var byteCounts: [Int] {
        switch self {
        case .bool: [1]
        case .unsigned, .integer: [1, 2, 4, 8]
        case .float: [2, 4, 8]
        }
      }
    }

    let kind: Kind
    let byteCount: Int
    let isBigEndian: Bool

    static let float32 = Element(kind: .float, byteCount: 4, isBigEndian: false)
    static let float64 = Element(kind: .float, byteCount: 8, isBigEndian: false)
    static var names: String { Kind.allCases.flatMap { kind in kind.byteCounts.map { "\(kind.rawValue)\($0)" } }.joined(separator: ", ") }

    var name: String { "\(byteCount == 1 ? "|" : isBigEndian ? ">" : "<")\(kind.rawValue)\(byteCount)" }

    /// - Parameter name: as `<f4`; nil for what is not read. A number of one byte has any order.
    init?(name: String) {
      var rest = Substring(name)
      guard let order = rest.popFirst(), let letter = rest.popFirst(), let kind = Kind(rawValue: letter), let size = Int(rest),
        kind.byteCounts.contains(size), "\(size)" == rest, size == 1 ? "|<>=".contains(order) : "<>".contains(order)
      else { return nil }
      self.init(kind: kind, byteCount: size, isBigEndian: order == ">")
    }

    private init(kind: Kind, byteCount: Int, isBigEndian: Bool) { (self.kind, self.byteCount, self.isBigEndian) = (kind, byteCount, isBigEndian) }

    /// The numbers that these bytes are, of which the first is number `first` of the array.
    /// - Throws: where a finite double is beyond float32's range; an infinity in the file stays one.
    func finiteFloats(_ bytes: ArraySlice<UInt8>, from first: Int) throws(FormatError) -> [Float] {
      let floats = bytes.withUnsafeBytes { self.floats(in: $0, count: $0.count / byteCount) }
      guard kind == .float, byteCount == 8, let index = floats.firstIndex(where: \.isInfinite) else { return floats }
      let double = bytes.withUnsafeBytes { Double(bitPattern: word($0, index, UInt64.self)) }
      guard double.isInfinite else {
        throw FormatError(.npy, .malformed, given: "\(double) at element \(first + index)", expected: "numbers within the range of float32")
      }
      return floats
    }

    /// The same as doubles.
    /// - Throws: for a whole number that no double is.
    func doubles(_ bytes: ArraySlice<UInt8>, from first: Int) throws(FormatError) -> [Double] {
      let count = bytes.count / byteCount
      func exact<Whole: FixedWidthInteger & BitwiseCopyable>(_: Whole.Type) throws(FormatError) -> [Double] {
        let wholes = bytes.withUnsafeBytes { data in (0..<count).map { word(data, $0, Whole.self) } }
        guard let place = wholes.firstIndex(where: { Double(exactly: $0) == nil }) else { return wholes.map { Double($0) } }
        throw FormatError(.npy, .malformed, given: "\(wholes[place]) at element \(first + place)", expected: "whole numbers that doubles hold")
      }
      switch (kind, byteCount) {
      case (.unsigned, 8): return try exact(UInt64.self)
      case (.integer, 8): return try exact(Int64.self)
      case (.float, 8): return bytes.withUnsafeBytes { data in (0..<count).map { Double(bitPattern: word(data, $0, UInt64.self)) } }
      case (.float, _): return bytes.withUnsafeBytes { floats(in: $0, count: count) }.map(NPY.double)
      case (.bool, _), (.unsigned, _), (.integer, _):
        // Whole numbers of four bytes are beyond float32.
        guard byteCount == 4 else { return bytes.withUnsafeBytes { floats(in: $0, count: count) }.map { Double($0) } }
        return kind == .unsigned ? try exact(UInt32.self) : try exact(Int32.self)
      }
    }

    private func floats(in data: UnsafeRawBufferPointer, count: Int) -> [Float] {
      [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        if let start = buffer.baseAddress { write(data, count: count, to: start) }
        initialized = count
      }
    }

    private func word<T: FixedWidthInteger & BitwiseCopyable>(_ data: UnsafeRawBufferPointer, _ place: Int, _: T.Type) -> T {
      let stored = data.loadUnaligned(fromByteOffset: place * MemoryLayout<T>.size, as: T.self)
      return isBigEndian ? T(bigEndian: stored) : T(littleEndian: stored)
    }

    /// Writes the first numbers of `data` to memory that need not be initialised.
    func write(_ data: UnsafeRawBufferPointer, count: Int, to out: UnsafeMutablePointer<Float>) {
      func each(_ value: (Int) -> Float) { for i in 0..<count { (out + i).initialize(to: value(i)) } }
      switch (kind, byteCount) {
      case (.bool, _): each { data[$0] == 0 ? 0 : 1 }
      case (.unsigned, 1): each { Float(data[$0]) }
      case (.unsigned, 2): each { Float(word(data, $0, UInt16.self)) }
      case (.unsigned, 4): each { Float(word(data, $0, UInt32.self)) }
      case (.unsigned, _): each { Float(word(data, $0, UInt64.self)) }
      case (.integer, 1): each { Float(Int8(bitPattern: data[$0])) }
      case (.integer, 2): each { Float(word(data, $0, Int16.self)) }
      case (.integer, 4): each { Float(word(data, $0, Int32.self)) }
      case (.integer, _): each { Float(word(data, $0, Int64.self)) }
      case (.float, 2): each { Float(Float16(bitPattern: word(data, $0, UInt16.self))) }
      case (.float, 4): each { Float(bitPattern: word(data, $0, UInt32.self)) }
      case (.float, _): each { Float(Double(bitPattern: word(data, $0, UInt64.self))) }
      }
    }
  }

  /// A float32 as the double of its shortest decimal text.
  package static func double(_ float: Float) -> Double { Double("\(float)") ?? Double(float) }

  /// The header and the offset at which the data starts.
  static func header(of bytes: [UInt8]) throws(FormatError) -> (Header, dataStart: Int) {
    guard let found = try header(in: bytes, isWhole: true) else { throw malformed("\(bytes.count) bytes", "a header") }
    return found
  }

  /// As `header(of:)`; nil where more bytes than these first ones are needed, which can't be where they are all.
  static func header(in bytes: [UInt8], isWhole: Bool) throws(FormatError) -> (Header, dataStart: Int)? {
    guard bytes.starts(with: magic) else {
      if !isWhole, magic.starts(with: bytes) { return nil }
      if bytes.starts(with: Array("PK".utf8)) {
        throw FormatError(.npy, .unsupported, given: "an archive (.npz)", expected: "one array: np.save(\"items.npy\", archive[\"items\"])")
      }
      throw malformed("\(bytes.count) bytes with another beginning", "93 \"NUMPY\"")
    }
    guard bytes.count >= 10 else {
      if !isWhole { return nil }
      throw malformed("\(bytes.count) bytes", "a version and a header length")
    }
    let lengthSize: Int
    switch (bytes[6], bytes[7]) {
    case (1, 0): lengthSize = 2
    case (2, 0), (3, 0): lengthSize = 4
    default: throw FormatError(.npy, .unsupported, given: "format version \(bytes[6]).\(bytes[7])", expected: "1.0, 2.0 or 3.0")
    }
    let start = 8 + lengthSize
    guard bytes.count >= start else {
      if !isWhole { return nil }
      throw malformed("\(bytes.count) bytes", "a header length")
    }
    let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= longestHeader else {
      throw FormatError(.npy, .tooLarge, given: "a header of \(length) bytes", expected: "at most \(longestHeader)")
    }
    guard bytes.count - start >= length else {
      if !isWhole { return nil }
      throw malformed("a file of \(bytes.count) bytes", "a header of \(length)")
    }
    var literal = HeaderLiteral(bytes[start..<start + length])
    return (try literal.header(), start + length)
  }

  static func malformed(_ given: String, _ expected: String) -> FormatError {
    FormatError(.npy, .malformed, given: given, expected: expected)
  }
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`: these three keys once each, in any order, and nothing that would need Python.
private struct HeaderLiteral {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func header() throws(FormatError) -> NPY.Header {
    var element: NPY.Element?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !accept("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where element == nil:
        let name = try string()
        guard let known = NPY.Element(name: name) else {
          throw FormatError(.npy, .unsupported, given: "element type '\(name)'", expected: "one of \(NPY.Element.names)")
        }
        element = known
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      default: throw NPY.malformed("header key '\(key)'", "'descr', 'fortran_order' and 'shape' once each")
      }
      guard accept(",") else {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard rest.isEmpty else { throw NPY.malformed("\(rest.count) bytes after the header's literal", "spaces") }
    guard let element, let isFortranOrder, let shape else {
      throw NPY.malformed("a header without all its keys", "'descr', 'fortran_order' and 'shape'")
    }
    return NPY.Header(element: element, isFortranOrder: isFortranOrder, shape: shape)
  }

  private mutating func tuple() throws(FormatError) -> [Int] {
    var shape: [Int] = []
    try expect("(")
    while !accept(")") {
      guard shape.count < NPY.highestRank else { throw NPY.malformed("more than \(NPY.highestRank) axes", "at most that") }
      shape.append(try integer())
      guard accept(",") else {
        guard shape.count > 1 else { throw NPY.malformed("a shape that is no tuple", "(n,)") }
        try expect(")")
        break
      }
    }
    return shape
  }

  private mutating func integer() throws(FormatError) -> Int {
    skipSpace()
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else { throw unexpected("an axis length") }
    rest = rest.dropFirst(digits.count)
    return value
  }

  private mutating func boolean() throws(FormatError) -> Bool {
    skipSpace()
    for (text, value) in [("True", true), ("False", false)] where rest.starts(with: text.utf8) {
      rest = rest.dropFirst(text.utf8.count)
      return value
    }
    throw unexpected("True or False")
  }

  /// A quoted string without escapes.
  private mutating func string() throws(FormatError) -> String {
    skipSpace()
    guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw unexpected("a string") }
    let body = rest.dropFirst().prefix { $0 != quote && $0 != UInt8(ascii: "\\") && $0 >= 0x20 && $0 < 0x7F }
    guard rest.dropFirst(1 + body.count).first == quote else { throw unexpected("a string of printable ASCII") }
    rest = rest.dropFirst(2 + body.count)
    return String(decoding: body, as: UTF8.self)
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(FormatError) {
    guard accept(character) else { throw unexpected("'\(character)'") }
  }

  private mutating func skipSpace() {
    rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
  }

  private func unexpected(_ expected: String) -> FormatError {
    NPY.malformed(rest.isEmpty ? "the header's end" : "'\(String(decoding: rest.prefix(20), as: UTF8.self))' in the header", expected)
  }
}
