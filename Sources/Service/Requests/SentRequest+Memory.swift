internal import Formats
internal import Modelling

// What reading a request takes of the memory that requests share, counted before it is taken.
extension SentRequest {
  /// For the tree of a JSON body.
  func claimDocument(numeric: Set<String>) throws {
    // A small one is cheaper to overrate than to look at.
    try memory?.take(body.count < 1 << 14 ? 16 * body.count : JSONCensus(body, numericFields: numeric).bytes + body.count)
  }

  /// For the items of a JSON body, whose tree is there.
  func claimItems(_ fields: SentFields, _ signature: Signature) throws {
    guard let memory else { return }
    if case .array(let rows)? = fields.rows { try memory.take(rows.count * signature.width * Self.cellBytes) }
    if case .array(let rows)? = fields.inputs { try memory.take(rows.count * signature.width * Self.cellBytes) }
    if case .numbers(let array)? = fields.inputs { try memory.take(array.scalars.count * Self.numberBytes) }
    if case .array(let texts)? = fields.texts {
      let longest = texts.reduce(0) { if case .string(let text) = $1 { max($0, text.utf8.count) } else { $0 } }
      try memory.take(texts.count * min(longest, signature.width) * Self.numberBytes)
    }
  }

  /// For the items of a body that isn't JSON.
  ///
  /// - Parameter keepingText: whether the cells of a table are kept word for word.
  func claimItems(_ signature: Signature, keepingText: Bool) throws {
    guard let memory else { return }
    switch contentType {
    case MediaType.csv:
      // A cell ends at a separator, of whatever kind, or at its line's end.
      var (cells, lines) = (1, 1)
      for byte in body {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|"): cells += 1
        case UInt8(ascii: "\n"): (cells, lines) = (cells + 1, lines + 1)
        default: break
        }
      }
      let text = keepingText ? cells * MemoryLayout<CSVField>.stride + lines * 96 + body.count : 0
      try memory.take(cells * Self.cellBytes + text + body.count)
    case MediaType.arrow:
      let cells = try ArrowStreamReader.rowCount(of: body).multipliedReportingOverflow(by: signature.width * (keepingText ? 2 : 1) * Self.cellBytes)
      try memory.take(cells.overflow ? .max : cells.partialValue + body.count)
    case MediaType.npy, MediaType.floats: try memory.take(2 * body.count + body.count / 4 * Self.numberBytes)
    case MediaType.text: try memory.take(body.count * Self.numberBytes)
    case let type? where type == .png || type.isForm:
      // Every part of a form may be a picture of the model's size.
      try memory.take((type == .png ? 1 : parts) * signature.width * (Self.numberBytes + 4) + body.count)
    default: break
    }
  }

  /// Parts of a form: lines that begin with two hyphens are more than there are.
  private var parts: Int {
    var count = 1
    for index in body.indices.dropFirst() where body[index] == 0x2D && body[index - 1] == 0x2D && (index < 2 || body[index - 2] == 0x0A) {
      count += 1
    }
    return count
  }

  /// A number as it was sent, and in the model's units.
  private static let numberBytes = 12
  /// The same of a cell, read as a double first, in arrays that grow.
  private static let cellBytes = 32
}
