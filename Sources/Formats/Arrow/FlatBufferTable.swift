/// A table of a FlatBuffer that is read where it lies: every place is checked before it is looked at, whatever the bytes say.
///
/// At `place` stands how far before it its vtable begins; that says where each field is in the table, 0 for one that has its default
/// (https://flatbuffers.dev/internals).
struct FlatBufferTable {
  private let bytes: [UInt8]
  private let place: Int
  private let vtable: Int
  /// Bytes of the vtable and of the table.
  private let (vtableSize, size): (Int, Int)

  /// The table that a whole buffer is of.
  init(root bytes: [UInt8]) throws(FormatError) { try self.init(bytes, at: Self.target(bytes, 0)) }

  private init(_ bytes: [UInt8], at place: Int) throws(FormatError) {
    (self.bytes, self.place) = (bytes, place)
    vtable = place - Int(try Self.load(bytes, place, Int32.self))
    (vtableSize, size) = (Int(try Self.load(bytes, vtable, UInt16.self)), Int(try Self.load(bytes, vtable + 2, UInt16.self)))
    guard vtableSize >= 4, vtableSize.isMultiple(of: 2), vtable + vtableSize <= bytes.count, size >= 4, place + size <= bytes.count else {
      throw Self.damaged
    }
  }

  static let damaged = FormatError.arrow("metadata that point outside of themselves", "a FlatBuffer as the format has it")

  private static func load<Number: FixedWidthInteger>(_ bytes: [UInt8], _ place: Int, _: Number.Type) throws(FormatError) -> Number {
    guard place >= 0, place <= bytes.count - MemoryLayout<Number>.size else { throw damaged }
    return Number(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Number.self) })
  }

  /// Where an offset at a place leads, which is always further on.
  private static func target(_ bytes: [UInt8], _ place: Int) throws(FormatError) -> Int {
    let offset = Int(try load(bytes, place, UInt32.self))
    guard offset > 0, place + offset < bytes.count else { throw damaged }
    return place + offset
  }

  /// Where the field of a number stands; nil where it has its default.
  private func field(_ number: Int, size bytes: Int) throws(FormatError) -> Int? {
    let entry = 4 + 2 * number
    guard entry + 2 <= vtableSize else { return nil }
    let offset = Int(try Self.load(self.bytes, vtable + entry, UInt16.self))
    guard offset > 0 else { return nil }
    guard offset + bytes <= size else { throw Self.damaged }
    return place + offset
  }

  func number<Number: FixedWidthInteger>(_ field: Int, _ type: Number.Type, or other: Number = 0) throws(FormatError) -> Number {
    guard let place = try self.field(field, size: MemoryLayout<Number>.size) else { return other }
    return try Self.load(bytes, place, type)
  }

  func bool(_ field: Int) throws(FormatError) -> Bool { try number(field, UInt8.self) != 0 }

  func table(_ field: Int) throws(FormatError) -> FlatBufferTable? {
    guard let place = try self.field(field, size: 4) else { return nil }
    return try FlatBufferTable(bytes, at: Self.target(bytes, place))
  }

  func text(_ field: Int) throws(FormatError) -> String? {
    guard let (start, count) = try vector(field, each: 1) else { return nil }
    guard let text = String(validating: bytes[start..<start + count], as: UTF8.self) else {
      throw .arrow("a name or zone that is not UTF-8", "UTF-8")
    }
    return text
  }

  /// - Returns: where the entries begin, and how many there are.
  private func vector(_ field: Int, each size: Int) throws(FormatError) -> (start: Int, count: Int)? {
    guard let place = try self.field(field, size: 4) else { return nil }
    let start = try Self.target(bytes, place)
    let count = Int(try Self.load(bytes, start, UInt32.self))
    guard count <= (bytes.count - start - 4) / size else { throw Self.damaged }
    return (start + 4, count)
  }

  func tables(_ field: Int) throws(FormatError) -> [FlatBufferTable] {
    guard let (start, count) = try vector(field, each: 4) else { return [] }
    var tables: [FlatBufferTable] = []
    for index in 0..<count { tables.append(try FlatBufferTable(bytes, at: Self.target(bytes, start + 4 * index))) }
    return tables
  }

  /// Entries of two numbers of 64 bits.
  func pairs(_ field: Int) throws(FormatError) -> [(Int64, Int64)] {
    guard let (start, count) = try vector(field, each: 16) else { return [] }
    var pairs: [(Int64, Int64)] = []
    pairs.reserveCapacity(count)
    for index in 0..<count {
      pairs.append((try Self.load(bytes, start + 16 * index, Int64.self), try Self.load(bytes, start + 16 * index + 8, Int64.self)))
    }
    return pairs
  }
}
