/// Cuts the text of a filter into words, quoted names, strings and operators, each with its place.
struct RunFilterLexer {
  enum Kind: Hashable {
    /// Letters, digits and `_ . - + /`: names, numbers, `and` and the like.
    case word
    /// Between double quotes or backquotes: a name with any characters.
    case name
    /// Between single quotes.
    case string
    case comparison(RunCondition.Comparison)
    case dot
    case open
    case close
    case comma
    case end
  }

  struct Token: Hashable {
    let kind: Kind
    let text: String
    /// Of its first character, from 1.
    let column: Int

    /// What an error says was found.
    var shown: String { kind == .end ? "the end" : "'\(text.prefix(40))'" }
  }

  private let characters: [Character]
  private var position = 0
  private let parameter: String

  init(_ text: String, parameter: String) {
    characters = Array(text)
    self.parameter = parameter
  }

  /// All tokens, the last of kind `.end`.
  static func tokens(of text: String, parameter: String) throws(RunQueryError) -> [Token] {
    var lexer = RunFilterLexer(text, parameter: parameter)
    var tokens: [Token] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private mutating func next() throws(RunQueryError) -> Token {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
    let column = position + 1
    guard position < characters.count else { return Token(kind: .end, text: "", column: column) }
    let first = characters[position]
    switch first {
    case "'": return Token(kind: .string, text: try quoted(by: first), column: column)
    case "\"", "`": return Token(kind: .name, text: try quoted(by: first), column: column)
    case "=", "!", "<", ">": return try comparison(column)
    case "(", ")", ",":
      position += 1
      return Token(kind: first == "(" ? .open : first == ")" ? .close : .comma, text: String(first), column: column)
    // A dot before a quoted name; in a bare name it belongs to the word, and before a digit to a number.
    case "." where !(position + 1 < characters.count && characters[position + 1].isWholeNumber):
      position += 1
      return Token(kind: .dot, text: ".", column: column)
    default:
      guard Self.isOfWords(first) || first == "." else {
        throw RunQueryError(parameter: parameter, column: column, given: "'\(first)'", expected: "a name, a value or a comparison")
      }
      return Token(kind: .word, text: word(), column: column)
    }
  }

  /// The text between two of the same quotes; the quote itself is written twice.
  private mutating func quoted(by quote: Character) throws(RunQueryError) -> String {
    let column = position + 1
    var text = ""
    position += 1
    while position < characters.count {
      let character = characters[position]
      position += 1
      guard character == quote else {
        text.append(character)
        continue
      }
      guard position < characters.count, characters[position] == quote else { return text }
      text.append(quote)
      position += 1
    }
    throw RunQueryError(parameter: parameter, column: column, given: "a quote \(quote) that is not closed", expected: "a second \(quote)")
  }

  private mutating func comparison(_ column: Int) throws(RunQueryError) -> Token {
    // The longer one first, so that <= is not < and =.
    for length in [2, 1] where position + length <= characters.count {
      let text = String(characters[position..<position + length])
      guard let comparison = RunCondition.Comparison(rawValue: text) else { continue }
      position += length
      return Token(kind: .comparison(comparison), text: text, column: column)
    }
    throw RunQueryError(parameter: parameter, column: column, given: "'\(characters[position])'", expected: RunFilterParser.tests)
  }

  /// A word may hold dots but does not end with one, so that `params."a b"` is a word, a dot and a name.
  private mutating func word() -> String {
    let start = position
    while position < characters.count {
      let isDotAtEnd = characters[position] == "." && !(position + 1 < characters.count && Self.isOfWords(characters[position + 1]))
      guard Self.isOfWords(characters[position]) || characters[position] == ".", !isDotAtEnd else { break }
      position += 1
    }
    return String(characters[start..<position])
  }

  private static func isOfWords(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "_-+/:@".contains(character)
  }
}
