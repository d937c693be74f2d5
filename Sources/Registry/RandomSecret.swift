/// What nobody guesses: 256 bits of the system's generator, which on Linux is getrandom(2).
package enum RandomSecret {
  /// As 64 hexadecimal digits.
  package static func digits() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
      let word = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - word.utf8.count) + word
    }.joined()
  }
}
