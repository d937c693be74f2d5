/// Where a web page comes from: `scheme "://" authority` (RFC 6454 §6.1).
package struct Origin: Hashable, Sendable, CustomStringConvertible {
  package let scheme: String
  package let authority: Authority

  package struct Invalid: Error, Equatable, CustomStringConvertible {
    package let text: String
    package var description: String { "\"\(text)\" is no origin; expected one such as https://app.example.org or http://localhost:3000, or *" }
  }

  /// - Throws: `Invalid` also for `null`, which pages without an origin of their own send.
  package init(_ text: String) throws(Invalid) {
    guard let range = text.firstRange(of: "://"), let authority = Authority(String(text[range.upperBound...])) else { throw Invalid(text: text) }
    scheme = text[..<range.lowerBound].lowercased()
    guard ["http", "https"].contains(scheme) else { throw Invalid(text: text) }
    self.authority = authority
  }

  private var defaultPort: Int { scheme == "https" ? 443 : 80 }

  package func isSame(as other: Origin) -> Bool { scheme == other.scheme && isOf(other.authority) }

  /// Whether a server by this name has this origin; its scheme may be that of a proxy before it.
  func isOf(_ host: Authority) -> Bool { authority.isSame(as: host, defaultPort: defaultPort) }

  package var description: String { "\(scheme)://\(authority)" }
}

/// An origin, or `*` for any.
package enum OriginPattern: Hashable, Sendable, CustomStringConvertible {
  case any
  case exactly(Origin)

  package init(_ text: String) throws(Origin.Invalid) { self = text == "*" ? .any : .exactly(try Origin(text)) }

  package func matches(_ text: String) -> Bool {
    switch self {
    case .any: true
    case .exactly(let known): (try? Origin(text)).map(known.isSame) ?? false
    }
  }

  package var description: String {
    switch self {
    case .any: "*"
    case .exactly(let origin): origin.description
    }
  }
}
