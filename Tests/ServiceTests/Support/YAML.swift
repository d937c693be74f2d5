import Formats

/// As much of YAML 1.2 as the contract is written in, read into JSON: block and flow collections, plain and quoted scalars, literal blocks.
struct YAML {
  private struct Line {
    let indent: Int
    let text: Substring
  }
  private var lines: [Line]
  private var next = 0

  static func parse(_ text: String) throws -> JSONValue {
    var yaml = YAML(text)
    return try yaml.block(indent: 0)
  }

  struct Fault: Error { let text: String }

  private init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: true).compactMap { line in
      let content = line.drop { $0 == " " }
      return content.isEmpty || content.hasPrefix("#") ? nil : Line(indent: line.count - content.count, text: content)
    }
  }

  /// The collection, or the scalar, that begins at the next line.
  private mutating func block(indent: Int) throws -> JSONValue {
    guard next < lines.count else { return .null }
    return lines[next].text.hasPrefix("- ") ? try list(indent: lines[next].indent) : try record(indent: lines[next].indent)
  }

  private mutating func record(indent: Int) throws -> JSONValue {
    var members: [JSONValue.Member] = []
    while next < lines.count, lines[next].indent == indent, !lines[next].text.hasPrefix("- ") {
      let (name, rest) = try key(lines[next].text)
      members.append(.init(name: name, value: try value(rest, indent: indent)))
    }
    return .object(members)
  }

  private mutating func list(indent: Int) throws -> JSONValue {
    var elements: [JSONValue] = []
    while next < lines.count, lines[next].indent == indent, lines[next].text.hasPrefix("- ") {
      let content = lines[next].text.dropFirst(2)
      let isRecord = !"{[\"'".contains(content.first ?? " ") && content.contains(": ") || content.hasSuffix(":")
      if isRecord {
        lines[next] = Line(indent: indent + 2, text: content)
        elements.append(try record(indent: indent + 2))
      } else {
        elements.append(try value(content, indent: indent))
      }
    }
    return .array(elements)
  }

  private func key(_ text: Substring) throws -> (String, Substring) {
    if let quote = text.first, quote == "\"" || quote == "'" {
      guard let end = text.dropFirst().firstIndex(of: quote) else { throw Fault(text: String(text)) }
      return (String(text[text.index(after: text.startIndex)..<end]), text[text.index(end, offsetBy: 2)...].drop { $0 == " " })
    }
    guard let colon = text.indices.first(where: { text[$0] == ":" && (text.index(after: $0) == text.endIndex || text[text.index(after: $0)] == " ") })
    else { throw Fault(text: String(text)) }
    return (String(text[..<colon]), text[text.index(after: colon)...].drop { $0 == " " })
  }

  /// What stands behind a key or a dash of this indent, on its line or below.
  private mutating func value(_ text: Substring, indent: Int) throws -> JSONValue {
    next += 1
    if ["|", "|-", ">", ">-"].contains(text) {
      var parts: [Substring] = []
      while next < lines.count, lines[next].indent > indent {
        parts.append(lines[next].text)
        next += 1
      }
      return .string(parts.joined(separator: "\n"))
    }
    if text.isEmpty {
      guard next < lines.count, lines[next].indent > indent || (lines[next].indent == indent && lines[next].text.hasPrefix("- ")) else {
        return .null
      }
      return try block(indent: lines[next].indent)
    }
    var flow = text
    let value = try Self.flow(&flow)
    guard flow.allSatisfy({ $0 == " " }) else { return .string(String(text)) }
    return value
  }

  private static func flow(_ text: inout Substring) throws -> JSONValue {
    text = text.drop { $0 == " " }
    switch text.first {
    case "{":
      var members: [JSONValue.Member] = []
      try items(of: &text, until: "}") { text in
        guard case .string(let name) = try scalar(&text, isKey: true) else { throw Fault(text: String(text)) }
        text = text.drop { $0 == ":" || $0 == " " }
        members.append(.init(name: name, value: try flow(&text)))
      }
      return .object(members)
    case "[":
      var elements: [JSONValue] = []
      try items(of: &text, until: "]") { text in elements.append(try flow(&text)) }
      return .array(elements)
    default: return try scalar(&text, isKey: false)
    }
  }

  private static func items(of text: inout Substring, until end: Character, _ read: (inout Substring) throws -> Void) throws {
    text = text.dropFirst().drop { $0 == " " }
    while text.first != end {
      guard !text.isEmpty else { throw Fault(text: "no \(end)") }
      try read(&text)
      text = text.drop { $0 == " " || $0 == "," }
    }
    text = text.dropFirst()
  }

  private static func scalar(_ text: inout Substring, isKey: Bool) throws -> JSONValue {
    if let quote = text.first, quote == "\"" || quote == "'" {
      guard let end = text.dropFirst().firstIndex(of: quote) else { throw Fault(text: String(text)) }
      defer { text = text[text.index(after: end)...] }
      return .string(String(text[text.index(after: text.startIndex)..<end]))
    }
    let plain = text.prefix { isKey ? $0 != ":" : !",}]".contains($0) }
    text = text[plain.endIndex...]
    let word = String(plain)
    if isKey { return .string(word) }
    return (try? JSONValue(parsing: Array(word.trimming.utf8))) ?? .string(word.trimming)
  }
}

extension String {
  fileprivate var trimming: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
