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
    if let first = parts[1].utf8.first, Self.isDigit(first) {
      // Exactly one way to write a number: "03" and numbers beyond 64 bits name nothing.
      guard let version = Int(parts[1]), version > 0, String(version) == parts[1] else { throw .invalidReference(given: text) }
      selector = .version(version)
    } else {
      guard Self.isName(parts[1], beginsWith: Self.isLetter) else { throw .invalidReference(given: text) }
      selector = .alias(parts[1])
    }
  }

  package static func validate(name: String) throws(StoreError) {
    guard isName(name, beginsWith: { isLetter($0) || isDigit($0) }) else { throw .invalidModelName(given: name) }
  }

  /// An alias begins with a letter, so that it can't be taken for a version.
  package static func validate(alias: String) throws(StoreError) {
    guard isName(alias, beginsWith: isLetter) else { throw .invalidAlias(given: alias) }
  }

  private static func isName(_ text: String, beginsWith isFirst: (UInt8) -> Bool) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 64, isFirst(first) else { return false }
    return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || isMark($0) }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isMark(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") }
}
