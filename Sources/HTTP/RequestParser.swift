/// HTTP/1.1 requests out of bytes in any pieces: no sockets, no clocks, no leniency (RFC 9112).
///
/// Feed it bytes, then take events until nil. The events depend on the bytes alone, never on where they were split, but for the
/// cuts between body chunks. After an error it yields that error for ever: what follows a framing error can't be trusted.
///
///     ┌──────────────► requestLine ─► fields ─┬─► body ───────────────────────┬─► end ─┐
///     │                                       └─► chunkSize ⇄ chunkData       │        │
///     │                                                └─► trailers ──────────┘        │
///     └────────────────────────────────────────────────────────────────────────────────┘
package struct RequestParser: Sendable {
  package enum Event: Sendable, Equatable {
    case head(RequestHead)
    case body([UInt8])
    case end
  }

  enum State: Sendable, Equatable {
    case requestLine(emptyLineSkipped: Bool)
    case fields
    case body(remaining: Int)
    case chunkSize
    case chunkData(remaining: Int)
    case chunkEnd
    case trailers
    case end
    case failed(ParseError)
  }

  let limits: Limits
  var state = State.requestLine(emptyLineSkipped: false)
  var buffer: [UInt8] = []
  /// Where the unread bytes of `buffer` start.
  var start = 0
  /// Unread bytes that are known to hold no line feed, so that a line fed byte by byte is not scanned again and again.
  private var scanned = 0
  var head = HeadBuilder()
  /// The fields behind the last chunk of the body that is being read, or was read last.
  package private(set) var trailers = HeaderFields()
  /// Bytes of the header section, of the trailer section, or of all chunk extensions so far.
  var sectionBytes = 0
  var extensionBytes = 0

  package init(limits: Limits = Limits()) { self.limits = limits }

  /// Whether bytes of another request have come after the last one's end.
  package var hasBegunRequest: Bool {
    switch state {
    case .requestLine, .end: start < buffer.count
    case .fields, .body, .chunkSize, .chunkData, .chunkEnd, .trailers: true
    case .failed: false
    }
  }

  package mutating func feed(_ bytes: some Collection<UInt8>) {
    if start == buffer.count {
      dropRead()
    } else if start > 32 * 1024 {
      buffer.removeFirst(start)
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next event; nil when more bytes are needed.
  package mutating func next() throws(ParseError) -> Event? {
    do {
      return try step()
    } catch {
      state = .failed(error)
      buffer = []
      start = 0
      throw error
    }
  }

  private mutating func step() throws(ParseError) -> Event? {
    while true {
      switch state {
      case .requestLine(let emptyLineSkipped):
        guard let line = try takeRequestLine() else { return nil }
        if line.isEmpty {
          // RFC 9112 §2.2: one empty line before a request is skipped.
          guard !emptyLineSkipped else { throw .malformedRequestLine }
          state = .requestLine(emptyLineSkipped: true)
          continue
        }
        let bytes = buffer
        head = try HeadBuilder(requestLine: bytes.span.extracting(line), limits: limits)
        sectionBytes = line.count + 2
        state = .fields

      case .fields:
        guard let line = try takeLine(limit: limits.headerBytes - sectionBytes, tooLong: .headersTooLarge) else { return nil }
        sectionBytes += line.count + 2
        guard line.isEmpty else {
          let bytes = buffer
          try head.add(line: bytes.span.extracting(line), maximumCount: limits.headerCount)
          continue
        }
        let finished = try head.finished()
        switch finished.framing {
        case .none, .length(0): state = .end
        case .length(let length): state = .body(remaining: length)
        case .chunked: state = .chunkSize
        }
        extensionBytes = 0
        if !trailers.isEmpty { trailers = HeaderFields() }
        return .head(finished)

      case .body(let remaining):
        guard let bytes = takeBytes(upTo: remaining) else { return nil }
        state = bytes.count == remaining ? .end : .body(remaining: remaining - bytes.count)
        return .body(bytes)

      case .chunkSize, .chunkData, .chunkEnd:
        guard let bytes = takeChunks() else {
          if case .trailers = state { continue }
          if case .failed(let error) = state { throw error }
          return nil
        }
        return .body(bytes)

      case .trailers:
        guard let line = try takeLine(limit: limits.trailerBytes - sectionBytes, tooLong: .trailersTooLarge) else { return nil }
        sectionBytes += line.count + 2
        if line.isEmpty {
          state = .end
        } else {
          let bytes = buffer
          try HeadBuilder.add(trailer: bytes.span.extracting(line), to: &trailers)
        }

      case .end:
        state = .requestLine(emptyLineSkipped: false)
        return .end

      case .failed(let error):
        throw error
      }
    }
  }

  /// The request line has limits of its own, and is looked at from its first byte on, so that other protocols fail at once.
  private mutating func takeRequestLine() throws(ParseError) -> Range<Int>? {
    guard start < buffer.count else { return nil }
    guard buffer[start].isTokenByte || buffer[start] == .carriageReturn || buffer[start] == .lineFeed else { throw .invalidMethod }
    let longest = HeadBuilder.longestMethod + 1 + limits.targetBytes + 1 + 8
    return try takeLine(limit: min(longest, limits.headerBytes), tooLong: .targetTooLong)
  }

  /// The next line without its CRLF, as a range of `buffer`; nil when its end has not come yet.
  ///
  /// A line feed without carriage return, and a carriage return without line feed, are errors (RFC 9112 §2.2 allows
  /// leniency; request smuggling lives on it).
  mutating func takeLine(limit: Int, tooLong: ParseError) throws(ParseError) -> Range<Int>? {
    let bytes = buffer
    let unread = bytes.span
    guard let lineFeed = unread.firstIndex(of: .lineFeed, from: start + scanned) else {
      scanned = buffer.count - start
      // One more than the limit: the carriage return may be there without its line feed.
      guard scanned <= limit + 1 else { throw tooLong }
      return nil
    }
    guard lineFeed - start - 1 <= limit else { throw tooLong }
    guard lineFeed > start, unread[lineFeed - 1] == .carriageReturn else { throw .bareLineFeed }
    let line = start..<lineFeed - 1
    guard unread.extracting(line).firstIndex(of: .carriageReturn) == nil else { throw .bareCarriageReturn }
    start = lineFeed + 1
    scanned = 0
    return line
  }

  /// The unread bytes, at most `count` of them; nil when there are none. A buffer of nothing but body is handed over without a copy.
  private mutating func takeBytes(upTo count: Int) -> [UInt8]? {
    guard start < buffer.count else { return nil }
    if start == 0, buffer.count <= count {
      defer { buffer = [] }
      return buffer
    }
    let end = start + min(count, buffer.count - start)
    defer { start = end }
    return Array(buffer[start..<end])
  }

  /// Forgets what has been read; an idle connection keeps no large buffer.
  private mutating func dropRead() {
    buffer.removeAll(keepingCapacity: buffer.capacity <= 4096)
    start = 0
  }
}
