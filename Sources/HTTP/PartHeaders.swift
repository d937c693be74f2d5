/// The header lines of one part of a form (RFC 7578 §4.2, §4.4).
struct PartHeaders: Sendable {
  private var part = MultipartParser.Part(name: "")
  private var hasName = false

  mutating func add(line: [UInt8]) throws(MultipartError) {
    let bytes = line.span
    guard let colon = bytes.firstIndex(of: .colon), colon > 0, line.allSatisfy(\.isFieldByte) else { throw .malformedHeader }
    guard let value = bytes.extracting(bytes.trimmingBlanks((colon + 1)..<line.count)).utf8Text else { throw .malformedHeader }
    switch bytes.extracting(0..<colon).repairedText.lowercased() {
    case "content-disposition": try readDisposition(value)
    case "content-type": part.contentType = value
    default: break  // RFC 7578 §4.8: other fields are ignored
    }
  }

  func finished() throws(MultipartError) -> MultipartParser.Part {
    guard hasName else { throw .missingName }
    return part
  }

  /// `form-data; name="..."; filename="..."`.
  private mutating func readDisposition(_ value: String) throws(MultipartError) {
    guard !hasName else { throw .malformedHeader }
    var parameters = MediaParameters(value)
    guard parameters.type == "form-data" else { throw .malformedHeader }
    while let next = parameters.next() {
      guard case .success(let (name, value)) = next else { throw .malformedHeader }
      switch name {
      case "name":
        guard !hasName else { throw .malformedHeader }
        part.name = value
        hasName = true
      case "filename": part.filename = value
      default: break
      }
    }
  }
}

/// `type; name=token; name="quoted"`, parameter by parameter (RFC 9110 §5.6.6).
struct MediaParameters: IteratorProtocol {
  struct Malformed: Error {}

  /// What stands before the first semicolon, in lower case.
  let type: String
  private var rest: Substring

  init(_ text: some StringProtocol) {
    let text = Substring(text)
    let head = text.prefix { $0 != ";" }
    type = Self.trim(head).lowercased()
    rest = text[head.endIndex...]
  }

  mutating func next() -> Result<(name: String, value: String), Malformed>? {
    rest = Self.trim(rest)
    guard !rest.isEmpty else { return nil }
    guard rest.removeFirst() == ";" else { return fail() }
    rest = Self.trim(rest)
    guard !rest.isEmpty else { return nil }
    let name = rest.prefix { $0 != "=" && $0 != ";" }
    rest = rest[name.endIndex...]
    guard !name.isEmpty, rest.popFirst() == "=" else { return fail() }
    guard rest.first == "\"" else {
      let value = rest.prefix { $0 != ";" }
      rest = rest[value.endIndex...]
      return .success((name.lowercased(), String(Self.trim(value))))
    }
    rest.removeFirst()
    var value = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return .success((name.lowercased(), value))
      case "\\" where rest.first == "\"" || rest.first == "\\":
        value.append(rest.removeFirst())
      default: value.append(character)
      }
    }
    return fail()
  }

  private mutating func fail() -> Result<(name: String, value: String), Malformed> {
    rest = ""
    return .failure(Malformed())
  }

  private static func trim(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
