internal import Formats
internal import Locking

/// The SHA-256 of bytes that go by.
final class RunningDigest: Sendable {
  private let hasher = Protected(SHA256())
  private let count = Protected(0)

  func update(_ bytes: [UInt8]) {
    hasher.withLock { $0.update(bytes) }
    count.withLock { $0 += bytes.count }
  }

  /// Bytes so far.
  var byteCount: Int { count.withLock { $0 } }

  /// The digest of everything so far; afterwards it starts again from nothing.
  func finish() -> Digest { hasher.withLock { $0.finalize() } }
}
