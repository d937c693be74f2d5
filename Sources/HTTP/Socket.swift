import Glibc

/// A connected, non-blocking stream socket, plain or under TLS.
struct Socket: Sendable {
  let descriptor: Int32
  let tls: TLSSession?

  init(descriptor: Int32, tls: TLSSession? = nil) {
    self.descriptor = descriptor
    self.tls = tls
  }

  /// Whether a read that fills less than its buffer has emptied the socket; a TLS read ends with its record.
  var shortReadEmpties: Bool { tls == nil }

  enum ReadResult: Equatable {
    case bytes(Int)
    case wouldBlock
    case end
    case failed
  }

  enum WriteResult: Equatable {
    case bytes(Int)
    case wouldBlock
    case failed
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
    let result = tls.map { $0.read(into: buffer) } ?? readRaw(into: buffer)
    if case .bytes(let count) = result { Traffic.received(count) }
    return result
  }

  /// Reads what is on the wire, for bytes that nobody will look at.
  func readRaw(into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      default: return .failed
      }
    }
  }

  /// Writes both buffers with one system call, under TLS the first that has bytes; a peer that is gone is a result, never a SIGPIPE.
  func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> WriteResult {
    let result = writeUncounted(first, second)
    if case .bytes(let count) = result { Traffic.sent(count) }
    return result
  }

  private func writeUncounted(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> WriteResult {
    if let tls { return tls.write(first.isEmpty ? second : first) }
    var parts = (
      iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
      iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
    )
    while true {
      let count =
        if second.isEmpty {
          send(descriptor, first.baseAddress, first.count, Int32(MSG_NOSIGNAL))
        } else {
          withUnsafeMutablePointer(to: &parts) { pointer in
            pointer.withMemoryRebound(to: iovec.self, capacity: 2) { vector in
              var message = msghdr()
              message.msg_iov = vector
              message.msg_iovlen = 2
              return sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
            }
          }
        }
      if count >= 0 { return .bytes(count) }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      default: return .failed
      }
    }
  }

  /// Bytes that were written and that the peer's kernel has not confirmed.
  var unacknowledged: Int {
    var count: Int32 = 0
    // On Linux TIOCOUTQ is SIOCOUTQ; where it is not known nothing is outstanding.
    return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
  }

  func shutDownWriting() {
    tls?.sayGoodbye()
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Lets `close` cut the connection and drop what was not sent, instead of going on to send it.
  func resetOnClose() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
  }

  func close() { Glibc.close(descriptor) }
}
