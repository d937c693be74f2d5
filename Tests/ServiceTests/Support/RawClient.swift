import Foundation
import Glibc
import HTTP

/// A connection that sends any bytes it is told to; what blocks runs on threads of its own, never on Swift's pool.
final class RawClient: Sendable {
  private let descriptor: Int32

  /// - Parameter receiveBuffer: bytes that the kernel takes for a client that reads nothing; nil is its own choice.
  init(_ address: ListenAddress, receiveBuffer: Int32? = nil) throws {
    descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = in_port_t(UInt16(address.port).bigEndian)
    name.sin_addr.s_addr = inet_addr(address.host)
    let connected = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
    // A test that would hang fails instead.
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Sends all of it before anything is read.
  func send(_ text: String) async {
    let bytes = Array(text.utf8)
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [descriptor] in
        var sent = 0
        while sent < bytes.count {
          let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
          guard count > 0 else { break }
          sent += count
        }
        continuation.resume()
      }
    }
  }

  /// Everything until the server closes; whether it ended with a reset.
  func readToEnd() async -> (bytes: [UInt8], isReset: Bool) {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [descriptor] in
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var count = 0
        repeat {
          count = read(descriptor, &chunk, chunk.count)
          if count > 0 { answer += chunk[..<count] }
        } while count > 0
        continuation.resume(returning: (answer, count < 0 && errno == ECONNRESET))
      }
    }
  }

  /// Ends the connection as a process that is killed does.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    // The number stays this object's until it goes.
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    dup2(null, descriptor)
    close(null)
  }

  static func exchange(_ text: String, at address: ListenAddress) async throws -> [UInt8] {
    let client = try RawClient(address)
    await client.send(text)
    return await client.readToEnd().bytes
  }
}
