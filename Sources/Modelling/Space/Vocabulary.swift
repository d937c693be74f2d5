internal import Formats

/// The characters of texts; a character's code is its place among them.
///
/// A character is one Unicode scalar: what people see as one, such as a letter with an accent, may be two. In JSON it is a list of strings.
package struct Vocabulary: Sendable {
  package let characters: [String]
  private let codes: [Unicode.Scalar: Int]

  /// - Parameter characters: strings of one Unicode scalar each; others are refused by `check`.
  package init(_ characters: [String]) {
    self.characters = characters
    codes = Dictionary(
      characters.enumerated().compactMap { code, text in text.unicodeScalars.count == 1 ? text.unicodeScalars.first.map { ($0, code) } : nil },
      uniquingKeysWith: { first, _ in first })
  }

  /// Every character that a text has, in the order of their numbers in Unicode.
  package init(of text: String) { self.init(Set(text.unicodeScalars).sorted().map { String($0) }) }

  package var count: Int { characters.count }

  package func code(of character: Unicode.Scalar) -> Int? { codes[character] }

  /// - Parameter field: what holds the text, for errors.
  /// - Throws: where a character is unknown; the fault's field is its place, counted from 0.
  package func encode(_ text: String, field: String = "text") throws(Fault) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(text.utf8.count)
    for (place, character) in text.unicodeScalars.enumerated() {
      guard let code = codes[character] else { throw refusal(of: character, at: "\(field)[\(place)]") }
      result.append(code)
    }
    return result
  }

  /// The inverse of `encode`.
  package func decode(_ codes: some Sequence<Int>) -> String { codes.map { characters[$0] }.joined() }

  /// What is wrong with an unknown character.
  package func refusal(of character: Unicode.Scalar, at place: String) -> Fault {
    let shown = Self.quoted(characters.prefix(100).joined()) + (count > 100 ? " and \(count - 100) more" : "")
    return Fault(
      field: place, given: "\(Self.quoted(String(character))) (\(Self.name(of: character)))", expected: "one of the \(count) characters \(shown)")
  }

  private static func quoted(_ text: String) -> String { String(decoding: JSONValue.string(text).text, as: UTF8.self) }

  /// U+00E9.
  private static func name(of character: Unicode.Scalar) -> String {
    let digits = String(character.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// Fewer have nothing to learn; of more, words would be the better tokens.
  static let sizes = 2...65_536

  func check(_ field: String) throws(Fault) {
    guard Self.sizes.contains(count) else {
      throw Fault(
        field: field, given: "\(count) characters", expected: "\(Self.sizes.lowerBound) to \(Self.sizes.upperBound) characters")
    }
    for (place, text) in characters.enumerated() {
      guard text.unicodeScalars.count == 1, let character = text.unicodeScalars.first else {
        throw Fault(field: "\(field)[\(place)]", given: Self.quoted(String(text.prefix(20))), expected: "one Unicode scalar")
      }
      guard codes[character] == place else {
        throw Fault(field: "\(field)[\(place)]", given: "\(Self.quoted(text)) again", expected: "characters that differ")
      }
    }
  }
}

extension Vocabulary: Hashable, Codable {
  // Swift takes strings for equal that are written with other scalars: Å and the sign of the ångström.
  private var scalars: [[Unicode.Scalar]] { characters.map { Array($0.unicodeScalars) } }

  package static func == (left: Vocabulary, right: Vocabulary) -> Bool { left.scalars == right.scalars }
  package func hash(into hasher: inout Hasher) { hasher.combine(scalars) }
  package init(from decoder: any Decoder) throws { self.init(try [String](from: decoder)) }
  package func encode(to encoder: any Encoder) throws { try characters.encode(to: encoder) }
}
