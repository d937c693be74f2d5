import Formats

/// Reads filters by recursive descent.
///
///     filter     = condition ("and" condition)*
///     condition  = field comparison value
///     field      = attribute | ("params" | "metrics" | "tags") "." name
///     name       = word | "…" | `…`
///     comparison = "=" | "!=" | "<" | "<=" | ">" | ">="
///     value      = number | '…' | "true" | "false"
package struct RunFilterParser {
  static let comparisons = RunCondition.Comparison.allCases.map(\.rawValue).joined(separator: ", ")
  /// Characters of a filter, and conditions in it.
  static let limits = (characters: 4000, conditions: 50)

  private let tokens: [RunFilterLexer.Token]
  private let parameter: String
  private var position = 0

  /// The conditions of a filter, which a run has to meet all.
  package static func conditions(_ text: String) throws(RunQueryError) -> [RunCondition] {
    guard text.count <= limits.characters else {
      throw RunQueryError(
        parameter: "filter", column: limits.characters + 1, given: "\(text.count) characters", expected: "at most \(limits.characters)")
    }
    var parser = RunFilterParser(tokens: try RunFilterLexer.tokens(of: text, parameter: "filter"), parameter: "filter")
    return try parser.filter()
  }

  /// `started_at`, `started` or `metrics.NAME`, with `asc` or `desc` after it.
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

  private mutating func filter() throws(RunQueryError) -> [RunCondition] {
    var conditions = [try condition()]
    while current.kind != .end {
      let token = take()
      guard token.kind == .word, token.text.lowercased() == "and" else { throw refuse(token, "'and' or the end") }
      guard conditions.count < Self.limits.conditions else { throw refuse(token, "at most \(Self.limits.conditions) conditions") }
      conditions.append(try condition())
    }
    return conditions
  }

  private mutating func condition() throws(RunQueryError) -> RunCondition {
    let field = try field()
    let token = take()
    guard case .comparison(let comparison) = token.kind else { throw refuse(token, "one of \(Self.comparisons)") }
    if case .attribute(let attribute) = field, !attribute.hasOrder, comparison != .equal, comparison != .notEqual {
      throw refuse(token, "= or !=, because \(attribute.rawValue) has no order")
    }
    return RunCondition(field, comparison, try value(for: field))
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
        guard token.kind == .string, let time = Timestamp(token.text) else { throw refuse(token, "an RFC 3339 time such as '2026-01-31T12:00:00Z'") }
        return .time(time)
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
    let start = current
    let expected = "started_at or metrics.NAME"
    let key: RunOrder.Key
    let field: RunCondition.Field
    do throws(RunQueryError) {
      field = try self.field()
    } catch {
      throw error.column == start.column ? refuse(start, expected) : error
    }
    switch field {
    case .attribute(.started): key = .started
    case .metric(let name): key = .metric(name)
    case .attribute, .parameter, .tag: throw refuse(start, expected)
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
