/// How a request names a model: `name`, `name@3` or `name@alias`; a bare name means the alias `live`.
package struct ModelReference: Hashable, Sendable {
  package enum Selector: Hashable, Sendable {
    case version(Int)
    case alias(String)
  }

  package static let defaultAlias = "live"

  package let name: String
  package let selector: Selector

  package init(_ text: String) throws(StoreError) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2 else { throw .invalidReference(given: text) }
    name = parts[0]
    try Self.validate(name: name)
    guard parts.count == 2 else {
      selector = .alias(Self.defaultAlias)
      return
    }
    if let first = parts[1].utf8.first, Self.digits.contains(first) {
      // Exactly one way to write a number: "03" and numbers beyond 64 bits name nothing.
      guard let version = Int(parts[1]), version > 0, String(version) == parts[1] else { throw .invalidReference(given: text) }
      selector = .version(version)
    } else {
      guard Self.isName(parts[1], beginning: Self.letters) else { throw .invalidReference(given: text) }
      selector = .alias(parts[1])
    }
  }

  package static func validate(name: String) throws(StoreError) {
    guard isName(name, beginning: letters + digits) else { throw .invalidModelName(given: name) }
  }

  /// An alias begins with a letter, so that it can't be taken for a version.
  package static func validate(alias: String) throws(StoreError) {
    guard isName(alias, beginning: letters) else { throw .invalidAlias(given: alias) }
  }

  private static let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
  private static let digits = Array("0123456789".utf8)

  private static func isName(_ text: String, beginning: [UInt8]) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 64 else { return false }
    return beginning.contains(first) && bytes.allSatisfy { (letters + digits + Array("._-".utf8)).contains($0) }
  }
}
