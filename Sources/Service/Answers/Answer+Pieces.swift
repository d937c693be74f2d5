internal import Formats

extension Answer {
  /// The bytes of `bytes(as:receipt:)` in pieces, each made only when it is asked for, so that the text of a large answer never stands in memory whole.
  package func pieces(as type: MediaType, receipt: Receipt) throws -> AnswerPieces {
    switch type {
    case .csv:
      let table = try csv
      let rows = max(1, AnswerPieces.numbers * max(table.count, 1) / max(count, 1))
      return AnswerPieces(first: table.header, items: table.count, each: rows, table.rows)
    case .arrow:
      let (items, columns) = try columns
      let writer = columns.writer
      return AnswerPieces(first: writer.schema, items: items, each: columns.batchItems, last: ArrowStreamWriter.end) { range in
        range.isEmpty ? [] : writer.batch(columns.batch(range))
      }
    case .png:
      return AnswerPieces(of: try picture)
    case .text: return AnswerPieces(of: try plainText)
    case .npy: return AnswerPieces(first: arrayHeader(shape), items: count, each: AnswerPieces.numbers, arrayNumbers)
    case .floats where bytes != nil: return AnswerPieces(of: bytes ?? [])
    case .floats: return AnswerPieces(first: [], items: count, each: AnswerPieces.numbers, floats)
    default:
      let pieces = JSONPieces(document(receipt), limit: AnswerPieces.numbers)
      return AnswerPieces(first: [], items: pieces.count, each: 1) { pieces[$0.lowerBound] }
    }
  }

  private func floats(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    FloatBytes.append(numbers(range), to: &bytes)
    return bytes
  }

  /// What stands before the numbers of an NPY file of such a shape.
  func arrayHeader(_ shape: [Int]) -> [UInt8] { NPY.header(shape: shape, isDouble: doubles != nil) }

  /// Numbers as an NPY file has them.
  func arrayNumbers(_ range: Range<Int>) -> [UInt8] {
    guard let doubles else { return floats(range) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * range.count)
    for double in doubles(range) { withUnsafeBytes(of: double.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    return bytes
  }

  /// Bytes of the answer where they are known before it is written.
  package func byteCount(as type: MediaType) -> Int? {
    switch type {
    case .npy: arrayHeader(shape).count + (doubles == nil ? 4 : 8) * count
    case .floats: bytes?.count ?? 4 * count
    default: nil
    }
  }
}

/// The pieces of an answer, one after the other.
package struct AnswerPieces: RandomAccessCollection, Sendable {
  /// Numbers of a piece: some 300 KB of text.
  static let numbers = 1 << 15

  private let first: [UInt8]
  private let items: Int
  private let each: Int
  private let last: [UInt8]
  private let make: @Sendable (Range<Int>) -> [UInt8]

  /// - Parameters:
  ///   - first: what stands before the items; `last` stands after them.
  ///   - each: items of a piece.
  init(first: [UInt8], items: Int, each: Int, last: [UInt8] = [], _ make: @escaping @Sendable (Range<Int>) -> [UInt8]) {
    (self.first, self.items, self.each, self.last, self.make) = (first, items, each, last, make)
  }

  /// A single piece.
  init(of bytes: [UInt8]) { self.init(first: bytes, items: 0, each: 1) { _ in [] } }

  /// All of them as one.
  package var joined: [UInt8] { count == 1 ? self[0] : reduce(into: []) { $0 += $1 } }

  package var startIndex: Int { 0 }
  package var endIndex: Int { Swift.max(1, (items + each - 1) / each) }

  package subscript(index: Int) -> [UInt8] {
    let range = Swift.min(index * each, items)..<Swift.min((index + 1) * each, items)
    return (index == 0 ? first : []) + make(range) + (index == endIndex - 1 ? last : [])
  }
}
