import Glibc

/// An address or a network of proxies whose word about their clients counts: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`, or `unix` for socket files.
package struct ProxyPattern: Hashable, Sendable, CustomStringConvertible {
  package let description: String
  private let kind: Kind

  private enum Kind: Hashable, Sendable {
    case unix
    case network(bytes: [UInt8], bits: Int)
  }

  package struct Invalid: Error, Equatable, CustomStringConvertible {
    package let text: String
    package var description: String {
      "\"\(text)\" is no address or network of a proxy; expected one such as 10.0.0.1, 10.0.0.0/8, fd00::/8, or unix"
    }
  }

  package init(_ text: String) throws(Invalid) {
    description = text
    if text == "unix" {
      kind = .unix
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let bytes = Self.bytes(of: String(parts[0])) else { throw Invalid(text: text) }
    guard parts.count == 2 else {
      kind = .network(bytes: bytes, bits: 8 * bytes.count)
      return
    }
    guard let bits = Int(parts[1]), (0...8 * bytes.count).contains(bits) else { throw Invalid(text: text) }
    kind = .network(bytes: bytes, bits: bits)
  }

  /// - Parameter address: without a port; `unix` for a socket file.
  package func matches(_ address: String) -> Bool {
    switch kind {
    case .unix: return address == "unix"
    case .network(let network, let bits):
      guard let bytes = Self.bytes(of: address), bytes.count == network.count else { return false }
      // Whole bytes, then what is left of the last one.
      let (whole, rest) = (bits / 8, bits % 8)
      guard bytes[..<whole] == network[..<whole] else { return false }
      return rest == 0 || (bytes[whole] ^ network[whole]) >> UInt8(8 - rest) == 0
    }
  }

  /// Of an IPv4 or IPv6 address, in the order of the network.
  private static func bytes(of text: String) -> [UInt8]? {
    var (four, six) = (in_addr(), in6_addr())
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
    return nil
  }
}

extension Handler {
  /// This handler for servers behind proxies: of requests from a trusted one the client is who `Forwarded` (RFC 7239) or `X-Forwarded-For` says, the
  /// scheme what they say of it, and `X-Forwarded-Prefix` the path below which the server stands. What others say of themselves is passed over.
  ///
  /// Each proxy appends the one that it got the request from, so the list is read from its end: the client is the last one who is no trusted proxy.
  package func trusting(_ proxies: [ProxyPattern]) -> some Handler {
    decorated { request, next in
      func isTrusted(_ address: String) -> Bool { proxies.contains { $0.matches(address) } }
      guard isTrusted(request.peer) else { return await next.respond(to: request) }
      var request = request
      let clients: [String] = request.forwardedClients
      if let client = clients.last(where: { !isTrusted($0) }) ?? clients.first {
        request.remoteAddress = ListenAddress(host: client, port: 0).description
      }
      if let scheme = request.forwardedScheme { request.isSecure = scheme == "https" }
      if let prefix = request.headers["X-Forwarded-Prefix"] { request.prefix = Request.cleaned(prefix: prefix) ?? request.prefix }
      return await next.respond(to: request)
    }
  }

  /// This handler below a path, such as `/posterior`: of requests that name it, and of those from which a proxy has taken it. Addresses that it
  /// answers with have the path before them; so they do below one that a trusted proxy named.
  package func below(_ prefix: String) -> some Handler {
    let own = prefix.split(separator: "/").map(String.init)
    return decorated { request, next in
      var request = request
      if !own.isEmpty {
        request.prefix = "/" + own.joined(separator: "/")
        if request.segments.starts(with: own) {
          request.segments.removeFirst(own.count)
          if request.segments == [""] { request.segments = [] }
        }
      }
      var response = await next.respond(to: request)
      if !request.prefix.isEmpty, let location = response.headers["Location"], location.hasPrefix("/") {
        response.headers["Location"] = request.prefix + location
      }
      return response
    }
  }
}

extension Request {
  /// The address at the other end, without its port.
  fileprivate var peer: String { (try? ListenAddress(remoteAddress))?.host ?? remoteAddress }

  /// The clients that a request is said to have come from, the nearest last, without ports; what is no address, such as `unknown`, ends the list.
  fileprivate var forwardedClients: [String] {
    let forwarded = headers.values(of: "Forwarded")
    let lists = forwarded.isEmpty ? headers.values(of: "X-Forwarded-For") : forwarded
    var known: [String] = []
    for element in lists.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: false) {
      let text = element.trimmingBlanks()
      let client = forwarded.isEmpty ? text : Self.parameter("for", of: text) ?? ""
      // What stands before a text that can't be read is worth no more than that text.
      if let address = Self.address(client) { known.append(address) } else { known.removeAll() }
    }
    return known
  }

  /// A parameter of one element of Forwarded (RFC 7239 §4).
  private static func parameter(_ name: String, of element: String) -> String? {
    for pair in element.split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingBlanks() }
      guard parts.count == 2, parts[0].lowercased() == name else { continue }
      return parts[1].hasPrefix("\"") && parts[1].hasSuffix("\"") && parts[1].count > 1 ? String(parts[1].dropFirst().dropLast()) : parts[1]
    }
    return nil
  }

  /// An address without its port and brackets; nil for what is none.
  private static func address(_ text: String) -> String? {
    if (try? ProxyPattern(text)) != nil, !text.contains("/"), text != "unix" { return text }
    guard let authority = Authority(text), (try? ProxyPattern(authority.host)) != nil, authority.host != "unix" else { return nil }
    return authority.host
  }

  fileprivate var forwardedScheme: String? {
    let last = headers.values(of: "Forwarded").last.flatMap { $0.split(separator: ",").last.map(String.init) }
    return (last.flatMap { Self.parameter("proto", of: $0) } ?? headers["X-Forwarded-Proto"])?.lowercased()
  }

  /// A path that can stand in a link as it is; nil for another one.
  fileprivate static func cleaned(prefix: String) -> String? {
    let segments = prefix.split(separator: "/")
    guard prefix.hasPrefix("/"), segments.allSatisfy({ $0 != "." && $0 != ".." && $0.utf8.allSatisfy(\.isNameByte) }) else { return nil }
    return segments.map { "/" + $0 }.joined()
  }
}
