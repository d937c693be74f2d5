import Locking

/// What an answer carries: nothing, bytes, or a stream that is written as fast as the client reads.
package enum ResponseBody: Sendable {
  case empty
  case bytes([UInt8])
  /// Runs after the head is sent; chunked unless `length` is known. A throw, or another count than `length`, cuts the connection,
  /// so that the client can tell a part from the whole.
  case stream(length: Int?, @Sendable (BodyWriter) async throws -> Void)

  package static func stream(_ chunks: some AsyncSequence<[UInt8], any Error> & Sendable, length: Int? = nil) -> ResponseBody {
    .stream(length: length) { writer in
      for try await chunk in chunks { try await writer.write(chunk) }
    }
  }

  /// The whole body in memory.
  package func collect() async throws -> [UInt8] {
    switch self {
    case .empty: return []
    case .bytes(let bytes): return bytes
    case .stream(_, let write):
      let collected = CollectingSink()
      try await write(BodyWriter(sink: collected))
      return collected.bytes
    }
  }
}

/// The writing end of a streamed answer.
package struct BodyWriter: Sendable {
  let sink: any BodySink

  /// Sends one piece; returns when there is room for the next, throws once the client is gone.
  package func write(_ bytes: [UInt8]) async throws {
    if !bytes.isEmpty { try await sink.write(bytes) }
  }
}

/// Where a streamed answer goes.
protocol BodySink: Sendable {
  func write(_ bytes: [UInt8]) async throws
}

private final class CollectingSink: BodySink {
  private let collected = Protected<[UInt8]>([])

  var bytes: [UInt8] { collected.withLock { $0 } }

  func write(_ bytes: [UInt8]) async throws { collected.withLock { $0 += bytes } }
}
