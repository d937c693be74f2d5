/// How much memory a JSON document takes once it is parsed, told beforehand by one walk over its bytes.
///
/// It is an upper bound and not a parse: what is no JSON is counted as well as it goes.
package struct JSONCensus: Sendable, Equatable {
  /// Members, elements, arrays and objects, each a value of the tree.
  package private(set) var values = 0
  package private(set) var containers = 0
  /// Entries of flat numeric arrays.
  package private(set) var numbers = 0

  /// - Parameter numericFields: as `JSONValue.init(parsing:)` has them.
  package init(_ bytes: [UInt8], numericFields: Set<String> = []) {
    bytes.withUnsafeBufferPointer { bytes in
      var position = 0
      // Depth inside of the array of a numeric field; 0 outside.
      var (depth, isNumeric, entries, arrays) = (0, false, 0, 0)
      func begin(_ name: Range<Int>) {
        guard name.count <= 32, numericFields.contains(String(decoding: UnsafeBufferPointer(rebasing: bytes[name]), as: UTF8.self)) else { return }
        var next = position
        while next < bytes.count, Self.isBetween(bytes[next]) { next += 1 }
        guard next < bytes.count, bytes[next] == UInt8(ascii: "[") else { return }
        (position, depth, isNumeric, entries, arrays) = (next + 1, 1, true, 1, 1)
      }
      // An array with anything but numbers in it is an ordinary one after all.
      func endNumeric() { (values, containers, isNumeric, depth) = (values + entries, containers + arrays, false, 0) }
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""):
          let start = position
          while position < bytes.count, bytes[position] != UInt8(ascii: "\"") { position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1 }
          position = min(position + 1, bytes.count)
          if isNumeric { endNumeric() } else { begin(start..<max(start, position - 1)) }
        case UInt8(ascii: ","):
          if isNumeric { entries += 1 } else { values += 1 }
        case UInt8(ascii: "["), UInt8(ascii: "{"):
          if isNumeric, byte == UInt8(ascii: "[") {
            (depth, entries, arrays) = (depth + 1, entries + 1, arrays + 1)
          } else {
            if isNumeric { endNumeric() }
            (values, containers) = (values + 1, containers + 1)
          }
        case UInt8(ascii: "]") where isNumeric:
          depth -= 1
          if depth == 0 { (numbers, isNumeric) = (numbers + entries, false) }
        default: break
        }
      }
      if isNumeric { endNumeric() }
    }
    values += 1
  }

  /// A colon too, since a name stands before it.
  private static func isBetween(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), UInt8(ascii: ":"): true
    default: false
    }
  }

  /// Bytes of memory, the strings of the document apart, which take about as much as its text: arrays grow by doubling, so that each may be half
  /// empty.
  package var bytes: Int { values * 2 * MemoryLayout<JSONValue.Member>.stride + containers * 48 + numbers * 8 }
}
