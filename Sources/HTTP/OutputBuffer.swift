/// Bytes on their way to a socket: a head with small bodies copied after it, and at most one large body beside it.
struct OutputBuffer: Sendable {
  private var head: [UInt8] = []
  private var body: [UInt8] = []
  private var written = 0

  /// A body up to this size is copied after the head, which is cheaper than a second buffer for the kernel to gather.
  private static let copied = 16 * 1024

  enum Progress: Equatable {
    case drained
    case blocked
    case failed
  }

  var isEmpty: Bool { head.isEmpty && body.isEmpty }

  /// Whether another answer may be put after what waits: as long as that is little.
  var hasRoom: Bool { body.isEmpty && head.count <= Self.copied }

  /// Bytes that are still to be written.
  var count: Int { head.count + body.count - written }

  /// Adds to the contiguous part.
  ///
  /// - Precondition: no large body is waiting: the connection drains one answer before it begins the next.
  mutating func append(_ write: (inout [UInt8]) -> Void) {
    precondition(body.isEmpty)
    write(&head)
  }

  mutating func append(body bytes: [UInt8]) {
    precondition(body.isEmpty)
    if bytes.count <= Self.copied { head += bytes } else { body = bytes }
  }

  /// Writes until everything is gone or the socket takes no more.
  mutating func flush(to socket: Socket) -> Progress {
    while !isEmpty {
      let result = head.withUnsafeBytes { head in
        body.withUnsafeBytes { body in
          let first = UnsafeRawBufferPointer(rebasing: head[min(written, head.count)...])
          let second = UnsafeRawBufferPointer(rebasing: body[max(0, written - head.count)...])
          return first.isEmpty ? socket.write(second, UnsafeRawBufferPointer(rebasing: head[..<0])) : socket.write(first, second)
        }
      }
      switch result {
      case .bytes(let count):
        written += count
        if written == head.count + body.count { clear() }
      case .wouldBlock: return .blocked
      case .failed:
        clear()
        return .failed
      }
    }
    return .drained
  }

  private mutating func clear() {
    head.removeAll(keepingCapacity: head.capacity <= 4096)
    body = []
    written = 0
  }
}
