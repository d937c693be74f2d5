import COpenSSL
import Glibc

/// The server's end of one TLS connection, used on its loop's thread only; bytes go through `SocketBIO`.
final class TLSSession: Sendable {
  /// Safe because only the connection that owns the session uses it, and that lives on one thread.
  nonisolated(unsafe) private let pointer: OpaquePointer
  /// Kept for as long as the session: its callbacks are used in the handshake.
  private let context: TLSContext
  /// After a fatal error nothing more may be said, not even goodbye.
  nonisolated(unsafe) private var isBroken = false

  init(_ context: TLSContext, descriptor: Int32) throws(TLSError) {
    ERR_clear_error()
    guard let pointer = SSL_new(context.pointer), let bio = SocketBIO.make(descriptor) else { throw TLSError("no memory for a TLS connection") }
    SSL_set_bio(pointer, bio, bio)
    SSL_set_accept_state(pointer)
    self.pointer = pointer
    self.context = context
  }

  deinit { SSL_free(pointer) }

  enum HandshakeResult: Equatable {
    case done
    /// Waits for the peer, or for room to write.
    case incomplete
    case failed
  }

  func handshake() -> HandshakeResult {
    ERR_clear_error()
    let result = SSL_do_handshake(pointer)
    if result == 1 { return .done }
    switch SSL_get_error(pointer, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .incomplete
    default:
      isBroken = true
      ERR_clear_error()
      return .failed
    }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Socket.ReadResult {
    ERR_clear_error()
    var count = 0
    let result = SSL_read_ex(pointer, buffer.baseAddress, buffer.count, &count)
    if result == 1 { return .bytes(count) }
    switch SSL_get_error(pointer, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
    case SSL_ERROR_ZERO_RETURN: return .end
    default: return broken()
    }
  }

  /// Writes at most one record.
  func write(_ bytes: UnsafeRawBufferPointer) -> Socket.WriteResult {
    ERR_clear_error()
    var count = 0
    let result = SSL_write_ex(pointer, bytes.baseAddress, bytes.count, &count)
    if result == 1 { return .bytes(count) }
    switch SSL_get_error(pointer, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
    default:
      _ = broken()
      return .failed
    }
  }

  /// Says that nothing more will come (close_notify), so that the peer can tell the end from a cut.
  func sayGoodbye() {
    guard !isBroken, SSL_is_init_finished(pointer) == 1 else { return }
    ERR_clear_error()
    if SSL_shutdown(pointer) < 0 { ERR_clear_error() }
  }

  private func broken() -> Socket.ReadResult {
    isBroken = true
    ERR_clear_error()
    return .failed
  }
}

/// OpenSSL's view of a socket, with `send` that raises no SIGPIPE; OpenSSL's own socket BIO would end the process.
enum SocketBIO {
  /// Safe because it is written once, here, and OpenSSL only reads it.
  nonisolated(unsafe) private static let method: OpaquePointer? = {
    guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket") else { return nil }
    BIO_meth_set_write(method) { bio, bytes, count in
      SocketBIO.transfer(bio, retry: BIO_FLAGS_WRITE) { send($0, bytes, Int(count), Int32(MSG_NOSIGNAL)) }
    }
    BIO_meth_set_read(method) { bio, bytes, count in
      SocketBIO.transfer(bio, retry: BIO_FLAGS_READ) { recv($0, bytes, Int(count), 0) }
    }
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return method
  }()

  static func make(_ descriptor: Int32) -> OpaquePointer? {
    guard let method, let bio = BIO_new(method) else { return nil }
    BIO_set_data(bio, UnsafeMutableRawPointer(bitPattern: Int(descriptor)))
    BIO_set_init(bio, 1)
    return bio
  }

  private static func transfer(_ bio: OpaquePointer?, retry: Int32, _ call: (Int32) -> Int) -> Int32 {
    let descriptor = Int32(Int(bitPattern: BIO_get_data(bio)))
    BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
    while true {
      let count = call(descriptor)
      if count >= 0 { return Int32(count) }
      if errno == EINTR { continue }
      if errno == EAGAIN { BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY) }
      return -1
    }
  }
}
