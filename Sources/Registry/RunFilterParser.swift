import Formats

/// Reads filters by recursive descent.
///
///     filter     = part ("or" part)*
///     part       = factor ("and" factor)*
///     factor     = condition | "(" filter ")"
///     condition  = field test
///     field      = attribute | ("params" | "metrics" | "tags") "." name
///     name       = word | "…" | `…`
///     test       = comparison value | ["not"] "in" "(" value ("," value)* ")" | ["not"] "like" '…' | ["not"] "contains" '…' | "is" ["not"] "null"
///     comparison = "=" | "!=" | "<" | "<=" | ">" | ">="
///     value      = number | '…' | "true" | "false"
package struct RunFilterParser {
  static let tests = RunCondition.Comparison.allCases.map(\.rawValue).joined(separator: ", ") + ", in, like, contains, is null or not"
  /// Characters of a filter, conditions in it, values of one, and brackets within brackets.
  static let limits = (characters: 4000, conditions: 50, values: 200, depth: 20)

  private let tokens: [RunFilterLexer.Token]
  private let parameter: String
  private var position = 0
  private var conditions = 0

  /// What a filter asks of a run.
  package static func predicate(_ text: String) throws(RunQueryError) -> RunPredicate {
    guard text.count <= limits.characters else {
      throw RunQueryError(
        parameter: "filter", column: limits.characters + 1, given: "\(text.count) characters", expected: "at most \(limits.characters)")
    }
    var parser = RunFilterParser(tokens: try RunFilterLexer.tokens(of: text, parameter: "filter"), parameter: "filter")
    let predicate = try parser.filter(depth: 0)
    guard parser.current.kind == .end else { throw parser.refuse(parser.current, "'and', 'or' or the end") }
    return predicate
  }

  /// A field, `started_at` being another name of `started`, with `asc` or `desc` after it.
  package static func order(_ text: String) throws(RunQueryError) -> RunOrder {
    var parser = RunFilterParser(tokens: try RunFilterLexer.tokens(of: text, parameter: "order_by"), parameter: "order_by")
    return try parser.order()
  }

  private init(tokens: [RunFilterLexer.Token], parameter: String) {
    self.tokens = tokens
    self.parameter = parameter
  }

  private var current: RunFilterLexer.Token { tokens[position] }

  private mutating func take() -> RunFilterLexer.Token {
    defer { position = min(position + 1, tokens.count - 1) }
    return tokens[position]
  }

  private func refuse(_ token: RunFilterLexer.Token, _ expected: String) -> RunQueryError {
    RunQueryError(parameter: parameter, column: token.column, given: token.shown, expected: expected)
  }

  /// Whether the next word is this one, which is then taken.
  private mutating func accept(_ word: String) -> Bool {
    guard current.kind == .word, current.text.lowercased() == word else { return false }
    position += 1
    return true
  }

  private mutating func filter(depth: Int) throws(RunQueryError) -> RunPredicate {
    var parts = [try part(depth: depth)]
    while accept("or") { parts.append(try part(depth: depth)) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func part(depth: Int) throws(RunQueryError) -> RunPredicate {
    var factors = [try factor(depth: depth)]
    while accept("and") { factors.append(try factor(depth: depth)) }
    return factors.count == 1 ? factors[0] : .all(factors)
  }

  private mutating func factor(depth: Int) throws(RunQueryError) -> RunPredicate {
    guard current.kind == .open else { return .condition(try condition()) }
    guard depth < Self.limits.depth else { throw refuse(current, "at most \(Self.limits.depth) brackets within each other") }
    position += 1
    let inner = try filter(depth: depth + 1)
    guard current.kind == .close else { throw refuse(current, "'and', 'or' or ')'") }
    position += 1
    return inner
  }

  private mutating func condition() throws(RunQueryError) -> RunCondition {
    let start = current
    guard conditions < Self.limits.conditions else { throw refuse(start, "at most \(Self.limits.conditions) conditions") }
    conditions += 1
    let field = try field()
    return RunCondition(field, try test(of: field), column: start.column)
  }

  private mutating func test(of field: RunCondition.Field) throws(RunQueryError) -> RunCondition.Test {
    let token = current
    if case .comparison(let comparison) = token.kind {
      position += 1
      if case .attribute(let attribute) = field, !attribute.hasOrder, comparison != .equal, comparison != .notEqual {
        throw refuse(token, "= or !=, because \(attribute.rawValue) has no order")
      }
      return .compared(comparison, try value(for: field))
    }
    if accept("is") {
      let isNegated = accept("not")
      guard accept("null") else { throw refuse(current, isNegated ? "null" : "null or not null") }
      return .isNull(!isNegated)
    }
    let isNegated = accept("not")
    if accept("in") { return .isIn(try values(for: field), isNegated: isNegated) }
    let operation = current
    let isPattern = accept("like")
    guard isPattern || accept("contains") else { throw refuse(operation, isNegated ? "in, like or contains" : Self.tests) }
    guard field.isText else { throw refuse(operation, "a comparison, because \(field.shown) is no text") }
    let text = take()
    guard text.kind == .string else { throw refuse(text, "a text in single quotes") }
    return .isLike(isPattern ? text.text : "%" + Self.escaped(text.text) + "%", isNegated: isNegated)
  }

  /// The same text as a pattern.
  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { pattern, character in
      if "%_\\".contains(character) { pattern.append("\\") }
      pattern.append(character)
    }
  }

  private mutating func values(for field: RunCondition.Field) throws(RunQueryError) -> [RunCondition.Value] {
    guard current.kind == .open else { throw refuse(current, "'(' and values with commas between them") }
    position += 1
    var values = [try value(for: field)]
    while current.kind == .comma {
      guard values.count < Self.limits.values else { throw refuse(current, "at most \(Self.limits.values) values") }
      position += 1
      values.append(try value(for: field))
    }
    guard current.kind == .close else { throw refuse(current, "',' or ')'") }
    position += 1
    return values
  }

  private mutating func field() throws(RunQueryError) -> RunCondition.Field {
    let token = take()
    let attributes = RunCondition.Attribute.allCases.map(\.rawValue).joined(separator: ", ")
    let expected = "params.NAME, metrics.NAME, tags.NAME or one of \(attributes)"
    guard token.kind == .word else { throw refuse(token, expected) }
    // `params.beta` is one word; of `params."a b"` the word ends before the dot.
    let parts = token.text.split(separator: ".", maxSplits: 1).map(String.init)
    let make: (String) -> RunCondition.Field
    switch parts[0] {
    case "params": make = { .parameter($0) }
    case "metrics": make = { .metric($0) }
    case "tags": make = { .tag($0) }
    default:
      guard let attribute = RunCondition.Attribute(rawValue: token.text == "started_at" ? "started" : token.text) else {
        throw refuse(token, expected)
      }
      return .attribute(attribute)
    }
    if parts.count == 2 { return make(parts[1]) }
    guard current.kind == .dot else { throw refuse(current, "a dot and a name, such as \(parts[0]).beta or \(parts[0]).\"any name\"") }
    _ = take()
    let name = take()
    guard name.kind == .name || name.kind == .word, !name.text.isEmpty else { throw refuse(name, "a name, in double quotes if it is an odd one") }
    return make(name.text)
  }

  private mutating func value(for field: RunCondition.Field) throws(RunQueryError) -> RunCondition.Value {
    let token = take()
    switch field {
    case .metric: return try number(token)
    case .tag: return try text(token)
    case .parameter:
      if token.kind == .word, token.text == "true" || token.text == "false" { return .text(token.text) }
      if token.kind == .string { return .text(token.text) }
      guard token.kind == .word, let value = Self.number(token.text) else { throw refuse(token, "a number, true, false or a text in single quotes") }
      return value
    case .attribute(let attribute):
      switch attribute.kind {
      case .number: return try number(token)
      case .text: return try text(token)
      case .oneOf(let values):
        guard token.kind == .string || token.kind == .word, values.contains(token.text) else {
          throw refuse(token, "one of " + values.map { "'\($0)'" }.joined(separator: ", "))
        }
        return .text(token.text)
      case .digest:
        guard token.kind == .string, let digest = Digest(token.text) else {
          throw refuse(token, "'sha256:' and 64 hexadecimal digits, in single quotes")
        }
        return .digest(digest)
      case .time:
        guard token.kind == .string, let range = Timestamp.range(token.text) else {
          throw refuse(token, "an RFC 3339 time such as '2026-01-31T12:00:00Z', or a day such as '2026-01-31'")
        }
        return .time(range)
      }
    }
  }

  private func number(_ token: RunFilterLexer.Token) throws(RunQueryError) -> RunCondition.Value {
    guard token.kind == .word, let value = Self.number(token.text) else { throw refuse(token, "a number") }
    return value
  }

  private func text(_ token: RunFilterLexer.Token) throws(RunQueryError) -> RunCondition.Value {
    guard token.kind == .string else { throw refuse(token, "a text in single quotes") }
    return .text(token.text)
  }

  /// Whole numbers stay exact: seeds go up to 2^63 - 1. Words like "inf" and "nan" are none.
  private static func number(_ text: String) -> RunCondition.Value? {
    if let integer = Int64(text) { return .integer(integer) }
    guard text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }), let number = Double(text), number.isFinite else { return nil }
    return .number(number)
  }

  private mutating func order() throws(RunQueryError) -> RunOrder {
    let key: RunOrder.Key =
      switch try field() {
      case .attribute(.started): .started
      case let field: .field(field)
      }
    let direction = take()
    switch (direction.kind, direction.text.lowercased()) {
    case (.end, _): return RunOrder(by: key, isDescending: false)
    case (.word, "asc"), (.word, "desc"):
      guard current.kind == .end else { throw refuse(current, "the end") }
      return RunOrder(by: key, isDescending: direction.text.lowercased() == "desc")
    default: throw refuse(direction, "asc, desc or the end")
    }
  }
}

extension RunCondition.Field {
  /// Whether patterns can be held against it.
  fileprivate var isText: Bool {
    switch self {
    case .parameter, .tag: true
    case .metric: false
    case .attribute(let attribute):
      switch attribute.kind {
      case .text, .oneOf: true
      case .number, .digest, .time: false
      }
    }
  }
}
