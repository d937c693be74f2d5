import CEpoll
import Glibc
import Synchronization

/// A listening socket: accepts what waits and hands it on; out of descriptors, it rests until the next tick instead of spinning.
final class Listener: EventSource {
  let descriptor: Int32
  let token: UInt64
  let address: ListenAddress
  private let loop: EventLoop
  private let accepted: @Sendable (Int32, String) -> Void
  private let open = Atomic(true)

  init(
    _ address: ListenAddress, unixMode: mode_t? = nil, token: UInt64, loop: EventLoop, accepted: @escaping @Sendable (Int32, String) -> Void
  ) throws(ServerError) {
    let descriptor = try Self.bind(address, unixMode)
    self.descriptor = descriptor
    self.token = token
    self.loop = loop
    self.accepted = accepted
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    withUnsafeMutablePointer(to: &storage) { pointer in
      _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    self.address = ListenAddress(storage) ?? address
  }

  /// Until the socket is closed; after that nothing more is accepted.
  var isOpen: Bool { open.load(ordering: .acquiring) }

  func ready(_ events: PollEvents) { acceptAll() }

  func signal(_ signal: LoopSignal) {
    switch signal {
    case .start, .tick: acceptAll()
    case .flush: break
    case .drain, .abort:
      guard isOpen else { return }
      loop.remove(self)
      Glibc.close(descriptor)
      if let path = address.path { unlink(path) }
      open.store(false, ordering: .releasing)
    }
  }

  /// Accepts until the queue is empty. Out of descriptors (EMFILE) the rest waits: edge-triggered epoll does not ask again, the next tick does.
  private func acceptAll() {
    while isOpen {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let client = withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          accept4(descriptor, $0, &length, Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
        }
      }
      guard client >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return
      }
      accepted(client, ListenAddress(storage)?.description ?? "unix")
    }
  }

  /// What the kernel takes of an answer ahead of sending it; without a bound, clients that don't read fill the memory with megabytes each.
  private static let unsentBytes: Int32 = 128 * 1024

  private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, to value: Int32 = 1) {
    var value = value
    _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func bind(_ address: ListenAddress, _ unixMode: mode_t?) throws(ServerError) -> Int32 {
    if let path = address.path { return try bind(address, path: path, unixMode) }
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(address.host, String(address.port), &hints, &found)
    guard code == 0, let info = found?.pointee else { throw .unknownHost(address, String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(found) }
    return try bind(address, family: info.ai_family, info.ai_addr, info.ai_addrlen) { descriptor in
      set(descriptor, SOL_SOCKET, SO_REUSEADDR)
      // Accepted sockets inherit these two.
      set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
      set(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, to: unsentBytes)
      if info.ai_family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
    }
  }

  /// A socket file that a server left behind is replaced; one that somebody listens on, or another kind of file, is not.
  private static func bind(_ address: ListenAddress, path: String, _ mode: mode_t?) throws(ServerError) -> Int32 {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let isStale = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
        let probe = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { Glibc.close(probe) }
        return probe >= 0 && connect(probe, name, length) != 0 && errno == ECONNREFUSED
      }
    }
    var status = stat()
    if isStale, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    return try withUnsafePointer(to: &name) { pointer throws(ServerError) in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name throws(ServerError) in
        try bind(address, family: AF_UNIX, name, length, named: { if let mode { chmod(path, mode) } }) { _ in }
      }
    }
  }

  private static func bind(
    _ address: ListenAddress, family: Int32, _ name: UnsafePointer<sockaddr>, _ length: socklen_t, named: () -> Void = {}, prepare: (Int32) -> Void
  ) throws(ServerError) -> Int32 {
    let descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .cannotListen(address, Errno().description) }
    prepare(descriptor)
    let isBound = Glibc.bind(descriptor, name, length) == 0
    // Before anybody can connect.
    if isBound { named() }
    guard isBound, listen(descriptor, 1024) == 0 else {
      let reason = Errno().description
      Glibc.close(descriptor)
      throw .cannotListen(address, reason)
    }
    return descriptor
  }
}
