/// Names that a server answers to: `models.example.org`, `*.example.org` for all names below, `*` for any.
package struct HostPattern: Hashable, Sendable, CustomStringConvertible {
  package let description: String
  private let kind: Kind

  private enum Kind: Hashable, Sendable {
    case any
    case exactly(String)
    case below(suffix: String)
  }

  package struct Invalid: Error, Equatable, CustomStringConvertible {
    package let text: String
    package var description: String { "\"\(text)\" is no host's name without a port; expected one such as models.example.org, *.example.org, or *" }
  }

  package init(_ text: String) throws(Invalid) {
    description = text
    if text == "*" {
      kind = .any
      return
    }
    let isBelow = text.hasPrefix("*.")
    // An IPv6 address may stand without its brackets.
    guard let name = Authority(isBelow ? String(text.dropFirst(2)) : text) ?? Authority("[\(text)]"), name.port == nil, !text.hasSuffix(":"),
      !name.host.contains("*")
    else { throw Invalid(text: text) }
    kind = isBelow ? .below(suffix: "." + name.host) : .exactly(name.host)
  }

  package func matches(_ authority: Authority) -> Bool {
    let name = authority.host.hasSuffix(".") ? String(authority.host.dropLast()) : authority.host
    return switch kind {
    case .any: true
    case .exactly(let known): name == known
    case .below(let suffix): name.hasSuffix(suffix) && name.count > suffix.count
    }
  }
}

extension Handler {
  /// This handler for requests that name this machine by a loopback name, or by one of `hosts`; others are answered 421 (RFC 9110 §7.4).
  ///
  /// A web page can give its own name the address 127.0.0.1 (DNS rebinding), and then reads what a local server answers; it can't change the name
  /// that the browser sends. Requests without a Host come from no browser, and no browser speaks to a Unix-domain socket.
  package func answering(to hosts: [HostPattern], refuse: @escaping RefusalResponse = Refusal.plainText) -> some Handler {
    decorated { request, next in
      guard !request.isLocalSocket, let text = request.headers["Host"], let host = Authority(text), !host.isLoopback,
        !hosts.contains(where: { $0.matches(host) })
      else { return await next.respond(to: request) }
      let names = (["localhost"] + hosts.map(\.description)).joined(separator: ", ")
      return refuse(Refusal(.misdirectedRequest, "This server is not \(host.host); it answers to \(names) (--allowed-hosts)."))
    }
  }
}
