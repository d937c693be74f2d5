import Glibc

/// A connected, non-blocking stream socket; the seam where TLS will go.
struct Socket: Sendable {
  let descriptor: Int32

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

  /// Writes both buffers with one system call; a peer that is gone is a result, never a SIGPIPE.
  func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> WriteResult {
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

  func shutDownWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  func close() { Glibc.close(descriptor) }
}
