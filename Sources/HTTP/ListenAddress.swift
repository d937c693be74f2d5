import Glibc

/// Where to listen: `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:80`, or a socket in the file system: `unix:/run/posterior.sock`.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// "" for a Unix-domain socket.
  package let host: String
  /// 0 is any free port.
  package let port: Int
  /// The file of a Unix-domain socket.
  package let path: String?

  package struct Invalid: Error, Equatable, CustomStringConvertible {
    package let text: String
    package var description: String {
      "\"\(text)\" is not an address to listen on; expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, or unix:/PATH"
    }
  }

  package init(_ text: String) throws(Invalid) {
    if text.hasPrefix("unix:") {
      // sockaddr_un has room for 107 bytes and a NUL.
      let path = text.dropFirst(5)
      guard path.hasPrefix("/"), path.utf8.count <= 107, !path.utf8.contains(0) else { throw Invalid(text: text) }
      self.init(host: "", port: 0, path: String(path))
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { throw Invalid(text: text) }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw Invalid(text: text)
    }
    guard !host.isEmpty else { throw Invalid(text: text) }
    self.init(host: String(host), port: Int(port))
  }

  package init(host: String, port: Int) { self.init(host: host, port: port, path: nil) }

  private init(host: String, port: Int, path: String?) {
    self.host = host
    self.port = port
    self.path = path
  }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool { path != nil || host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  package var description: String {
    if let path { return "unix:\(path)" }
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// The peer's or our own end of a socket, as text.
  init?(_ storage: sockaddr_storage) {
    var storage = storage
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    switch Int32(storage.ss_family) {
    case AF_INET:
      let (address, port) = withUnsafeBytes(of: &storage) { bytes in
        let address = bytes.load(as: sockaddr_in.self)
        return (address.sin_addr, UInt16(bigEndian: address.sin_port))
      }
      var copy = address
      inet_ntop(AF_INET, &copy, &text, socklen_t(text.count))
      self.port = Int(port)
    case AF_INET6:
      let (address, port) = withUnsafeBytes(of: &storage) { bytes in
        let address = bytes.load(as: sockaddr_in6.self)
        return (address.sin6_addr, UInt16(bigEndian: address.sin6_port))
      }
      var copy = address
      inet_ntop(AF_INET6, &copy, &text, socklen_t(text.count))
      self.port = Int(port)
    default: return nil
    }
    path = nil
    host = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
