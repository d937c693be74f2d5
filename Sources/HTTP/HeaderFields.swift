/// An ordered list of header fields, looked up without regard to case, kept in the very bytes that go on the wire.
///
/// Storage is `name: value CRLF` repeated, so that a response head is one copy and a request's fields cost two allocations.
package struct HeaderFields: Sendable, Equatable {
  private(set) var wire: [UInt8] = []
  private var lines: [Line] = []

  package init() {}

  /// One field line: `name` starts at `start`, `value` follows it after ": ".
  private struct Line: Sendable, Equatable {
    var start: Int
    var nameCount: Int
    var valueCount: Int

    var name: Range<Int> { start..<start + nameCount }
    var value: Range<Int> { start + nameCount + 2..<start + nameCount + 2 + valueCount }
    var end: Int { start + nameCount + 2 + valueCount + 2 }
  }

  package var count: Int { lines.count }
  package var isEmpty: Bool { lines.isEmpty }

  /// The first value of `name`; setting replaces every value of it, setting nil removes them.
  package subscript(_ name: String) -> String? {
    get {
      for line in lines where isNamed(line, name) { return text(line.value) }
      return nil
    }
    set {
      removeAll(named: name)
      if let newValue { append(name, newValue) }
    }
  }

  /// Every value of `name`, in order.
  package func values(of name: String) -> [String] {
    lines.filter { isNamed($0, name) }.map { text($0.value) }
  }

  package func contains(_ name: String) -> Bool { lines.contains { isNamed($0, name) } }

  /// Whether any name has one of these lengths: a cheap "maybe" before names are compared.
  func hasName(ofCount counts: [Int]) -> Bool { lines.contains { counts.contains($0.nameCount) } }

  /// Adds a field; CR, LF and NUL in the value become spaces (RFC 9110 §5.5), so a value can't start another field or a body.
  ///
  /// - Precondition: `name` is a token (RFC 9110 §5.1): names are literals in the program, never a client's text.
  package mutating func append(_ name: String, _ value: String) {
    precondition(!name.isEmpty && name.utf8.allSatisfy(\.isTokenByte), "a header field's name is a token, not \"\(name)\"")
    if lines.isEmpty { reserve(bytes: 512, lines: 12) }
    let start = wire.count
    wire.append(contentsOf: name.utf8)
    wire.append(.colon)
    wire.append(.space)
    let line = Line(start: start, nameCount: wire.count - start - 2, valueCount: value.utf8.count)
    wire.append(contentsOf: value.utf8)
    for index in line.value where wire[index] == .carriageReturn || wire[index] == .lineFeed || wire[index] == 0 { wire[index] = .space }
    wire.append(.carriageReturn)
    wire.append(.lineFeed)
    lines.append(line)
  }

  /// Adds a field whose name and value the parser has checked.
  mutating func append(checkedName name: Span<UInt8>, checkedValue value: Span<UInt8>) {
    lines.append(Line(start: wire.count, nameCount: name.count, valueCount: value.count))
    name.withUnsafeBufferPointer { wire.append(contentsOf: $0) }
    wire.append(.colon)
    wire.append(.space)
    value.withUnsafeBufferPointer { wire.append(contentsOf: $0) }
    wire.append(.carriageReturn)
    wire.append(.lineFeed)
  }

  mutating func reserve(bytes: Int, lines count: Int) {
    wire.reserveCapacity(bytes)
    lines.reserveCapacity(count)
  }

  package mutating func removeAll(named name: String) {
    guard contains(name) else { return }
    var kept = HeaderFields()
    for line in lines where !isNamed(line, name) {
      kept.lines.append(Line(start: kept.wire.count, nameCount: line.nameCount, valueCount: line.valueCount))
      kept.wire.append(contentsOf: wire[line.start..<line.end])
    }
    self = kept
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: wire[range], as: UTF8.self) }

  private func isNamed(_ line: Line, _ name: String) -> Bool {
    guard line.nameCount == name.utf8.count else { return false }
    return zip(line.name, name.utf8).allSatisfy { wire[$0].lowercased == $1.lowercased }
  }
}

extension HeaderFields: Sequence {
  package func makeIterator() -> AnyIterator<(name: String, value: String)> {
    var lines = lines.makeIterator()
    return AnyIterator { lines.next().map { (text($0.name), text($0.value)) } }
  }

  package var underestimatedCount: Int { lines.count }
}

extension HeaderFields: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { append(name, value) }
  }
}
