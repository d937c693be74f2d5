internal import Foundation
internal import Glibc

/// Where requests go: `http://HOST:PORT/BASE` or a Unix-domain socket.
package struct Destination: Sendable, Equatable, CustomStringConvertible {
  package let host: String
  package let port: Int
  /// The file of a Unix-domain socket.
  package let socketPath: String?
  /// What stands before every path; without a slash at its end.
  package let basePath: String

  package struct Invalid: Error, CustomStringConvertible {
    package let description: String
  }

  package init(url: String) throws(Invalid) {
    guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else {
      throw Invalid(description: "\"\(url)\" is no address of a server, expected http://HOST:PORT")
    }
    guard parts.scheme == "http" else {
      throw Invalid(description: "\"\(url)\" is not plain HTTP; load is sent without TLS, expected http://HOST:PORT")
    }
    guard parts.query == nil, parts.fragment == nil, parts.user == nil, (1...65_535).contains(parts.port ?? 80) else {
      throw Invalid(description: "\"\(url)\" is no address of a server, expected http://HOST:PORT with nothing but a path behind it")
    }
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    port = parts.port ?? 80
    socketPath = nil
    var path = parts.percentEncodedPath
    while path.hasSuffix("/") { path.removeLast() }
    basePath = path
  }

  package init(socketPath: String) throws(Invalid) {
    // sockaddr_un has room for 107 bytes and a NUL.
    guard !socketPath.isEmpty, socketPath.utf8.count <= 107, !socketPath.utf8.contains(0) else {
      throw Invalid(description: "\"\(socketPath)\" is no path of a socket, expected 1 to 107 bytes")
    }
    (host, port, basePath) = ("localhost", 80, "")
    self.socketPath = socketPath
  }

  package var description: String {
    socketPath.map { "unix:\($0)" } ?? "http://\(authority)\(basePath)"
  }

  /// The Host field.
  var authority: String {
    if socketPath != nil { return host }
    return "\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }

  /// The first address that the name stands for.
  func resolve() throws(Invalid) -> SocketAddress {
    var storage = sockaddr_storage()
    if let socketPath {
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: socketPath.utf8) }
      withUnsafeMutableBytes(of: &storage) { target in withUnsafeBytes(of: &name) { target.copyMemory(from: $0) } }
      return SocketAddress(storage: storage, length: socklen_t(MemoryLayout<sockaddr_un>.size), family: AF_UNIX)
    }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let outcome = getaddrinfo(host, String(port), &hints, &found)
    defer { if found != nil { freeaddrinfo(found) } }
    guard outcome == 0, let entry = found?.pointee, let address = entry.ai_addr else {
      throw Invalid(description: "the host \(host) is unknown: \(String(cString: gai_strerror(outcome)))")
    }
    withUnsafeMutableBytes(of: &storage) { target in
      target.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
    }
    return SocketAddress(storage: storage, length: entry.ai_addrlen, family: entry.ai_family)
  }
}

/// A resolved address, ready for `connect`.
struct SocketAddress {
  let storage: sockaddr_storage
  let length: socklen_t
  let family: Int32

  /// A non-blocking socket whose connection is under way.
  func connect() throws(SystemError) -> Int32 {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError() }
    var yes: Int32 = 1
    // Fails on a Unix-domain socket, which delays nothing anyway.
    _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    let outcome = withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
    }
    guard outcome == 0 || errno == EINPROGRESS else {
      let error = SystemError()
      close(descriptor)
      throw error
    }
    return descriptor
  }
}

/// The number and words of a failed system call.
struct SystemError: Error, Equatable, CustomStringConvertible {
  let code: Int32

  init(_ code: Int32 = errno) { self.code = code }

  var description: String { String(cString: strerror(code)) }
}
