import Foundation

/// Who changes the store, and from where: what the change log says of each.
package struct Principal: Hashable, Sendable {
  /// The key's identifier; nil without a key.
  package let key: String?
  /// The key's name, or the person's.
  package let name: String
  /// The client's address, without its port.
  package let address: String?

  package init(key: String? = nil, name: String, address: String? = nil) {
    self.key = key
    self.name = name
    self.address = address
  }

  /// Whoever may write to the store's folder: the user that runs this process.
  package static var commandLine: Principal {
    let user = NSUserName()
    return Principal(name: user.isEmpty ? "user \(getuid())" : user, address: "command line")
  }
}

extension Principal: ExpressibleByStringLiteral {
  package init(stringLiteral name: String) { self.init(name: name) }
}
