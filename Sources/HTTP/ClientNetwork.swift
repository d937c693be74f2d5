import Glibc

/// What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer is given (RFC 6177).
package struct ClientNetwork: Hashable, Sendable {
  private let isIPv6: Bool
  private let prefix: UInt64

  /// - Parameter address: a request's `remoteAddress`; nil for one that is no internet address, such as a Unix-domain socket's.
  package init?(_ address: String) {
    guard let address = try? ListenAddress(address) else { return nil }
    var bytes = (UInt64(0), UInt64(0))
    if inet_pton(AF_INET, address.host, &bytes) == 1 {
      isIPv6 = false
    } else if inet_pton(AF_INET6, address.host, &bytes) == 1 {
      isIPv6 = true
    } else {
      return nil
    }
    prefix = bytes.0
  }
}
