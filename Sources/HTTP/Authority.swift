import Glibc

/// `host [":" port]`, as Host fields and absolute targets name a server (RFC 9110 §7.2, RFC 3986 §3.2), without user information.
package struct Authority: Hashable, Sendable, CustomStringConvertible {
  /// In lower case, not percent-decoded; an IPv6 address without its brackets.
  package let host: String
  /// nil where none, or an empty one, was given.
  package let port: Int?

  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    self.init(bytes.span)
  }

  /// An http URL has a host that is not empty (RFC 9110 §4.2.1), so an authority has one too.
  init?(_ bytes: Span<UInt8>) {
    guard let first = bytes.count > 0 ? bytes[0] : nil else { return nil }
    let end: Int
    if first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      host = bytes.extracting(1..<close).repairedText.lowercased()
      guard Self.isIPv6(host) else { return nil }
      end = close + 1
    } else {
      end = bytes.firstIndex(of: .colon) ?? bytes.count
      guard end > 0, Self.isName(bytes.extracting(0..<end)) else { return nil }
      host = bytes.extracting(0..<end).repairedText.lowercased()
    }
    guard end < bytes.count else {
      port = nil
      return
    }
    guard bytes[end] == .colon, bytes.count - end <= 6 else { return nil }
    var number = 0
    for index in (end + 1)..<bytes.count {
      guard bytes[index].isDigit else { return nil }
      number = number * 10 + Int(bytes[index] - 0x30)
    }
    guard number <= 65_535 else { return nil }
    port = end + 1 < bytes.count ? number : nil
  }

  /// reg-name, which an IPv4 address is too (RFC 3986 §3.2.2).
  private static func isName(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    while index < bytes.count {
      if bytes[index] == .percent {
        guard index + 2 < bytes.count, bytes[index + 1].hexDigit != nil, bytes[index + 2].hexDigit != nil else { return false }
        index += 3
      } else {
        guard bytes[index].isNameByte else { return false }
        index += 1
      }
    }
    return true
  }

  private static func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    return !text.utf8.contains(0) && inet_pton(AF_INET6, text, &address) == 1
  }

  /// Whether the two mean one server under a scheme with this port (RFC 3986 §6.2.3).
  func isSame(as other: Authority, defaultPort: Int) -> Bool { host == other.host && port ?? defaultPort == other.port ?? defaultPort }

  /// Whether the name can mean nothing but the machine itself (RFC 6761 §6.3): no page of another can make it its own.
  package var isLoopback: Bool {
    let name = host.hasSuffix(".") ? host.dropLast() : host[...]
    if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" { return true }
    var address = in_addr()
    return inet_pton(AF_INET, String(name), &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
  }

  package var description: String { (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "") }
}
