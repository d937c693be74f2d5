import Synchronization

/// A streamed answer's way to its connection: frames the pieces, and holds the handler to the length it promised.
final class ResponseStream: BodySink {
  private let connection: Connection
  /// A writer kept beyond its answer must not write into the next one.
  private let request: Int
  private let isChunked: Bool
  private let length: Int?
  private let count = Atomic<Int>(0)

  /// The handler promised another number of bytes than it wrote.
  struct LengthMismatch: Error {}

  init(connection: Connection, request: Int, isChunked: Bool, length: Int?) {
    self.connection = connection
    self.request = request
    self.isChunked = isChunked
    self.length = length
  }

  func write(_ bytes: [UInt8]) async throws {
    let total = count.add(bytes.count, ordering: .relaxed).newValue
    if let length, total > length { throw LengthMismatch() }
    let isChunked = isChunked
    try await connection.write(for: request) { output in
      if isChunked { ResponseEncoder.write(chunk: bytes, to: &output) } else { output += bytes }
    }
  }

  func finish() async throws {
    if let length, count.load(ordering: .relaxed) != length { throw LengthMismatch() }
    if isChunked { try await connection.write(for: request) { $0 += ResponseEncoder.lastChunk } }
  }
}
