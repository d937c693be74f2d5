/// Writes a FlatBuffer from its end to its start, so that every offset leads to what is there already.
///
/// A place is told by the bytes from it to the end.
struct FlatBufferBuilder {
  /// The last byte first.
  private var reversed: [UInt8] = []

  /// A field of a table: a number in its own bytes, or the place of a table, text or vector.
  enum Field {
    case number(any FixedWidthInteger)
    case place(Int)
  }

  private mutating func push(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { reversed.append(contentsOf: $0.reversed()) }
  }

  /// Zeros until what follows, of so many bytes, begins where its own alignment wants it.
  private mutating func align(_ alignment: Int, before size: Int) {
    while !(reversed.count + size).isMultiple(of: alignment) { reversed.append(0) }
  }

  /// The offset from here to a place.
  private mutating func push(offsetTo place: Int) {
    align(4, before: 4)
    push(UInt32(reversed.count + 4 - place))
  }

  mutating func text(_ text: String) -> Int {
    align(4, before: text.utf8.count + 1)
    reversed.append(0)
    reversed.append(contentsOf: text.utf8.reversed())
    push(UInt32(text.utf8.count))
    return reversed.count
  }

  /// - Parameter places: of tables.
  mutating func vector(_ places: [Int]) -> Int {
    align(4, before: 0)
    for place in places.reversed() { push(offsetTo: place) }
    push(UInt32(places.count))
    return reversed.count
  }

  mutating func vector(_ pairs: [(Int64, Int64)]) -> Int {
    // The entries are aligned, and their number stands right before them.
    align(8, before: 0)
    for pair in pairs.reversed() {
      push(pair.1)
      push(pair.0)
    }
    push(UInt32(pairs.count))
    return reversed.count
  }

  /// - Parameter fields: in the order of their numbers; nil for one that has its default.
  mutating func table(_ fields: [Field?]) -> Int {
    let end = reversed.count
    var places = [Int](repeating: 0, count: fields.count)
    for (index, field) in fields.enumerated() {
      switch field {
      case nil: continue
      case .number(let value):
        align(value.bitWidth / 8, before: value.bitWidth / 8)
        push(value)
      case .place(let place): push(offsetTo: place)
      }
      places[index] = reversed.count
    }
    align(4, before: 4)
    // The vtable comes right before the table.
    let table = reversed.count + 4
    push(Int32(4 + 2 * fields.count))
    for place in places.reversed() { push(UInt16(place == 0 ? 0 : table - place)) }
    push(UInt16(table - end))
    push(UInt16(4 + 2 * fields.count))
    return table
  }

  /// The whole buffer, a multiple of eight bytes.
  mutating func finish(_ root: Int) -> [UInt8] {
    align(8, before: 4)
    push(offsetTo: root)
    return reversed.reversed()
  }
}
