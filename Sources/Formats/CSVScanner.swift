/// The position in a table, and the steps over its records and fields.
struct CSVScanner {
  let options: CSVOptions
  /// Where the bytes end that may be looked at.
  let end: Int
  var position: Int
  var line: Int

  private static let quote = UInt8(ascii: "\"")
  private static let feed = UInt8(ascii: "\n")
  private static let carriage = UInt8(ascii: "\r")

  /// - Parameter header: the names; empty while the header itself is read.
  mutating func record(in bytes: [UInt8], header: [String]) throws(CSVError) -> CSVRecord? {
    if header.count != 1 {
      while isLineEnd(bytes, position) { skipLineEnd(bytes) }
    }
    guard position < end else { return nil }
    let (start, firstLine) = (position, line)
    var fields: [CSVField] = []
    fields.reserveCapacity(header.count)
    while true {
      let fieldLine = line
      func failure(_ reason: CSVError.Reason, _ given: String, _ expected: String) -> CSVError {
        let name = header.indices.contains(fields.count) ? header[fields.count] : nil
        return CSVError(reason, line: fieldLine, column: fields.count + 1, field: name, given: given, expected: expected)
      }
      guard fields.count < options.columns else { throw failure(.tooLarge, "more than \(options.columns) columns", "at most that many") }
      let scanned = scanField(bytes)
      let range = scanned.range
      guard range.count <= options.fieldBytes else { throw failure(.tooLarge, "a field of \(range.count) bytes", "at most \(options.fieldBytes)") }
      guard position - start <= options.recordBytes else {
        throw failure(.tooLarge, "a record of more than \(options.recordBytes) bytes", "at most that many")
      }
      if let problem = scanned.problem { throw failure(.malformed, problem.given, problem.expected) }
      guard let raw = String(validating: bytes[range], as: UTF8.self) else { throw failure(.malformed, "bytes that are not UTF-8", "UTF-8") }
      fields.append(field(raw, isQuoted: range.first.map { bytes[$0] == Self.quote } ?? false))
      if position < end, bytes[position] == options.delimiter {
        position += 1
      } else {
        skipLineEnd(bytes)
        break
      }
    }
    return CSVRecord(line: firstLine, fields: fields)
  }

  private func field(_ raw: String, isQuoted: Bool) -> CSVField {
    if isQuoted {
      let value = Self.unquoted(raw)
      return CSVField(value: value, isMissing: options.isMissing(value), written: raw)
    }
    guard options.trimsSpaces, let first = raw.utf8.first, let last = raw.utf8.last, isSpace(first) || isSpace(last) else {
      return CSVField(value: raw, isMissing: options.isMissing(raw), written: nil)
    }
    let value = String(decoding: raw.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed(), as: UTF8.self)
    return CSVField(value: value, isMissing: options.isMissing(value), written: raw)
  }

  /// Works on bytes, since a quote and an accent after it are one `Character`.
  private static func unquoted(_ raw: String) -> String {
    var content: [UInt8] = []
    content.reserveCapacity(raw.utf8.count)
    var isSecondQuote = false
    for byte in raw.utf8.dropFirst().dropLast() {
      isSecondQuote = byte == quote && !isSecondQuote
      if !isSecondQuote { content.append(byte) }
    }
    return String(decoding: content, as: UTF8.self)
  }

  /// Steps to the delimiter, line end or end of the table after a field, or to the first thing that is wrong, or just past the limit.
  private mutating func scanField(_ bytes: [UInt8]) -> (range: Range<Int>, problem: (given: String, expected: String)?) {
    let start = position
    let limit = end - start > options.fieldBytes ? start + options.fieldBytes + 1 : end
    guard start < end, bytes[start] == Self.quote else {
      while position < limit, bytes[position] != options.delimiter, bytes[position] != Self.feed, !isLineEnd(bytes, position) {
        switch bytes[position] {
        case Self.quote: return (start..<position, ("a quote inside an unquoted field", "the whole field in quotes, the inner quote doubled"))
        case Self.carriage: return (start..<position, ("a carriage return without a line feed", "CRLF or LF at the end of a line"))
        case 0: return (start..<position, ("a zero byte", "text"))
        default: position += 1
        }
      }
      return (start..<position, nil)
    }
    position += 1
    while position < limit {
      switch bytes[position] {
      case Self.quote where position + 1 < end && bytes[position + 1] == Self.quote: position += 2
      case Self.quote:
        position += 1
        guard position == end || bytes[position] == options.delimiter || isLineEnd(bytes, position) else {
          return (start..<position, ("text after a closing quote", "a delimiter or the end of the line"))
        }
        return (start..<position, nil)
      case Self.feed:
        line += 1
        position += 1
      case 0: return (start..<position, ("a zero byte", "text"))
      default: position += 1
      }
    }
    return (start..<min(position, end), ("a quoted field without its closing quote", "a quote"))
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private func isLineEnd(_ bytes: [UInt8], _ index: Int) -> Bool {
    guard index < end else { return false }
    return bytes[index] == Self.feed || (bytes[index] == Self.carriage && index + 1 < end && bytes[index + 1] == Self.feed)
  }

  private mutating func skipLineEnd(_ bytes: [UInt8]) {
    guard position < end else { return }
    position += bytes[position] == Self.carriage ? 2 : 1
    line += 1
  }
}
