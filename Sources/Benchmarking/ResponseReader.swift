/// Reads the answers of one connection as their bytes arrive (RFC 9112), for a client that sends no HEAD, CONNECT or upgrade.
package struct ResponseReader: Sendable {
  private enum State: Sendable, Equatable {
    case head
    case content(rest: Int)
    case chunkSize
    case chunk(rest: Int)
    /// The CR LF after a chunk.
    case chunkEnd
    case trailers
    /// A body without length ends with its connection (RFC 9112 §6.3).
    case untilClose
    case complete
  }

  private var state = State.head
  /// The head, or the line of a chunked body, that is being read.
  private var line: [UInt8] = []
  /// The status of the answer whose head was read last.
  package private(set) var status = 0
  /// Whether the server keeps the connection for another request.
  package private(set) var keepsAlive = true

  private static let longestHead = 64 << 10
  private static let longestLine = 4 << 10

  package init() {}

  /// Whether the answer is there to its end; then `begin` makes ready for the next.
  package var isComplete: Bool { state == .complete }

  /// Makes ready for the answer to another request.
  package mutating func begin() {
    precondition(isComplete, "the answer before is not finished")
    self = ResponseReader()
  }

  /// Takes bytes until the answer is complete, handing its content to `content` piece by piece.
  /// - Returns: how many were taken; less than all only where the answer ends before them.
  package mutating func read(
    _ bytes: UnsafeRawBufferPointer, content: (UnsafeRawBufferPointer) -> Void
  ) throws(ResponseError) -> Int {
    var position = 0
    while position < bytes.count, state != .complete {
      switch state {
      case .head:
        if try takeHead(bytes, &position) { try endHead() }
      case .content(let rest):
        let piece = min(rest, bytes.count - position)
        content(UnsafeRawBufferPointer(rebasing: bytes[position..<position + piece]))
        position += piece
        state = piece == rest ? .complete : .content(rest: rest - piece)
      case .chunkSize:
        if try takeLine(bytes, &position) {
          let size = try chunkSize()
          state = size == 0 ? .trailers : .chunk(rest: size)
        }
      case .chunk(let rest):
        let piece = min(rest, bytes.count - position)
        content(UnsafeRawBufferPointer(rebasing: bytes[position..<position + piece]))
        position += piece
        state = piece == rest ? .chunkEnd : .chunk(rest: rest - piece)
      case .chunkEnd:
        if try takeLine(bytes, &position) {
          guard line.isEmpty else { throw .malformed("no line end behind a chunk") }
          state = .chunkSize
        }
      case .trailers:
        if try takeLine(bytes, &position) {
          if line.isEmpty { state = .complete }
          line.removeAll(keepingCapacity: true)
        }
      case .untilClose:
        content(UnsafeRawBufferPointer(rebasing: bytes[position...]))
        position = bytes.count
      case .complete: break
      }
    }
    return position
  }

  /// The server has closed its side: the end of a body without length, else an answer that is missing or cut.
  package mutating func end() throws(ResponseError) {
    switch state {
    case .untilClose: state = .complete
    case .head where line.isEmpty: throw .closed
    case .head, .content, .chunkSize, .chunk, .chunkEnd, .trailers: throw .truncated
    case .complete: break
    }
  }

  /// True once the empty line after the fields is there.
  private mutating func takeHead(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(ResponseError) -> Bool {
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      line.append(byte)
      if byte == 0x0A, line.count >= 4, line[line.count - 2] == 0x0D, line[line.count - 3] == 0x0A, line[line.count - 4] == 0x0D { return true }
      guard line.count < Self.longestHead else { throw .malformed("a head of more than \(Self.longestHead) bytes") }
    }
    return false
  }

  /// True once a line is whole; it stands in `line` without its end.
  private mutating func takeLine(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(ResponseError) -> Bool {
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == 0x0A {
        guard line.last == 0x0D else { throw .malformed("a line feed without a carriage return") }
        line.removeLast()
        return true
      }
      line.append(byte)
      guard line.count < Self.longestLine else { throw .malformed("a line of more than \(Self.longestLine) bytes") }
    }
    return false
  }

  private mutating func chunkSize() throws(ResponseError) -> Int {
    var size = 0
    // Extensions stand after a semicolon (RFC 9112 §7.1.1).
    let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
    guard !digits.isEmpty, digits.count <= 15 else { throw .malformed("a chunk without a size") }
    for digit in digits {
      guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { throw .malformed("a chunk's size that is not hexadecimal") }
      size = size << 4 | value
    }
    line.removeAll(keepingCapacity: true)
    return size
  }

  private mutating func endHead() throws(ResponseError) {
    let head = try ResponseHead(line)
    line.removeAll(keepingCapacity: true)
    // An interim answer: the real one follows (RFC 9110 §15.2).
    if head.status < 200 { return }
    status = head.status
    keepsAlive = head.keepsAlive
    if status == 204 || status == 304 {
      state = .complete
    } else if head.isChunked {
      state = .chunkSize
    } else if let length = head.length {
      state = length == 0 ? .complete : .content(rest: length)
    } else {
      keepsAlive = false
      state = .untilClose
    }
  }
}

/// Why an answer can't be used.
package enum ResponseError: Error, Equatable, CustomStringConvertible {
  /// The connection ended before the answer began, as servers end those that have rested too long.
  case closed
  /// The connection ended in the middle of the answer.
  case truncated
  case malformed(String)

  package var description: String {
    switch self {
    case .closed: "closed before the answer"
    case .truncated: "closed in the middle of the answer"
    case .malformed(let what): "malformed answer: \(what)"
    }
  }
}
