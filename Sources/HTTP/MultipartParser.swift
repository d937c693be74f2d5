/// `multipart/form-data` out of bytes in any pieces (RFC 7578, RFC 2046 §5.1.1): no sockets, no leniency.
///
///     --boundary CRLF  headers CRLF CRLF  data  CRLF--boundary CRLF ...  CRLF--boundary--
package struct MultipartParser: Sendable {
  package enum Event: Sendable, Equatable {
    case part(Part)
    case data([UInt8])
    case partEnd
    /// The closing delimiter has come; whatever follows is ignored (RFC 2046 §5.1.1: epilogue).
    case end
  }

  /// What a part says of itself.
  package struct Part: Sendable, Equatable {
    package var name: String
    package var filename: String?
    package var contentType: String?
  }

  private enum State: Sendable, Equatable {
    case opening
    case afterDelimiter
    case headers
    case data
    case end
    case failed(MultipartError)
  }

  /// All header lines of one part together, in bytes.
  private static let headerBytes = 8 * 1024
  package static let usualParts = 64

  /// CRLF, two hyphens, the boundary.
  private let delimiter: [UInt8]
  private let maximumParts: Int
  private var state = State.opening
  private var buffer: [UInt8] = []
  private var start = 0
  private var parts = 0
  private var headerBytesRead = 0
  private var headers = PartHeaders()

  package init(boundary: String, maximumParts: Int = usualParts) {
    delimiter = Array("\r\n--\(boundary)".utf8)
    self.maximumParts = maximumParts
  }

  package mutating func feed(_ bytes: some Collection<UInt8>) {
    buffer.removeFirst(start)
    start = 0
    if state != .end { buffer.append(contentsOf: bytes) }
  }

  /// The next event; nil when more bytes are needed.
  package mutating func next() throws(MultipartError) -> Event? {
    do {
      return try step()
    } catch {
      state = .failed(error)
      throw error
    }
  }

  private mutating func step() throws(MultipartError) -> Event? {
    while true {
      switch state {
      case .opening:
        // The first delimiter has no CRLF before it, and nothing may stand there (browsers and libraries never send a preamble).
        let opening = delimiter.dropFirst(2)
        let known = buffer[start...].prefix(opening.count)
        guard opening.starts(with: known) else { throw .missingOpening }
        guard known.count == opening.count else { return nil }
        start += opening.count
        state = .afterDelimiter

      case .afterDelimiter:
        guard start + 1 < buffer.count else { return nil }
        switch (buffer[start], buffer[start + 1]) {
        case (.carriageReturn, .lineFeed):
          parts += 1
          guard parts <= maximumParts else { throw .tooManyParts(limit: maximumParts) }
          headers = PartHeaders()
          headerBytesRead = 0
          state = .headers
        case (UInt8(ascii: "-"), UInt8(ascii: "-")):
          state = .end
          buffer = []
          start = 0
          return .end
        default: throw .malformedDelimiter
        }
        start += 2

      case .headers:
        guard let line = try takeLine() else { return nil }
        guard line.isEmpty else {
          try headers.add(line: line)
          continue
        }
        state = .data
        return .part(try headers.finished())

      case .data:
        return takeData()

      case .end: return nil
      case .failed(let error): throw error
      }
    }
  }

  private mutating func takeLine() throws(MultipartError) -> [UInt8]? {
    let bytes = buffer
    guard let lineFeed = bytes.span.firstIndex(of: .lineFeed, from: start) else {
      guard headerBytesRead + buffer.count - start <= Self.headerBytes else { throw .headersTooLarge(limit: Self.headerBytes) }
      return nil
    }
    headerBytesRead += lineFeed - start + 1
    guard headerBytesRead <= Self.headerBytes else { throw .headersTooLarge(limit: Self.headerBytes) }
    guard lineFeed > start, buffer[lineFeed - 1] == .carriageReturn else { throw .malformedHeader }
    defer { start = lineFeed + 1 }
    return Array(buffer[start..<lineFeed - 1])
  }

  /// Data up to the delimiter, or up to where one might begin.
  private mutating func takeData() -> Event? {
    let bytes = buffer
    let unread = bytes.span
    var end = start
    while let candidate = unread.firstIndex(of: .carriageReturn, from: end) {
      var matched = 1
      while matched < delimiter.count, candidate + matched < unread.count, unread[candidate + matched] == delimiter[matched] { matched += 1 }
      if matched == delimiter.count {
        if candidate == start {
          start += delimiter.count
          state = .afterDelimiter
          return .partEnd
        }
        return takeData(upTo: candidate)
      }
      if candidate + matched == unread.count { return takeData(upTo: candidate) }
      end = candidate + 1
    }
    return takeData(upTo: buffer.count)
  }

  private mutating func takeData(upTo end: Int) -> Event? {
    guard end > start else { return nil }
    defer { start = end }
    return .data(start == 0 && end == buffer.count ? buffer : Array(buffer[start..<end]))
  }
}
