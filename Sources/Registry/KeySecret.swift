import Formats

/// A key as a client sends it: `pk_`, the key's identifier, `_`, and 256 random bits in hexadecimal digits.
///
/// The identifier finds the key, so that one comparison decides, and that one takes the same time whatever it finds.
struct KeySecret: Sendable {
  static let prefix = "pk_"
  static let idLength = 12

  let id: String
  private let digits: String

  /// A new one.
  init() {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    id = String((0..<Self.idLength).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    digits = RandomSecret.digits()
  }

  init?(_ text: String) {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] + "_" == Self.prefix, parts[1].utf8.count == Self.idLength, parts[2].utf8.count == 64 else { return nil }
    id = String(parts[1])
    digits = String(parts[2])
  }

  var text: String { "\(Self.prefix)\(id)_\(digits)" }

  /// What is kept. A plain hash is enough: nobody can try out 2^256 secrets.
  var digest: Digest { SHA256.digest(Array(digits.utf8)) }
}

extension Digest {
  /// Whether both are the same, in a time that does not depend on where they differ.
  func equalsInConstantTime(_ other: Digest) -> Bool { zip(bytes, other.bytes).map(^).reduce(0, |) == 0 }
}
