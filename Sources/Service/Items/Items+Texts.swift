internal import Formats
internal import Modelling
internal import Tensors

extension Items {
  /// Texts as a JSON field has them.
  static func texts(_ value: JSONValue, signature: Signature, limits: ServiceLimits) throws -> Items {
    guard case .array(let elements) = value else {
      let given = String(decoding: value.text.prefix(60), as: UTF8.self)
      throw Problem(.impossible, "texts is \(given), expected an array of texts.", field: "texts", given: given, expected: "an array of texts")
    }
    let texts = try elements.enumerated().map { index, element in
      if case .string(let text) = element { return text }
      let given = String(decoding: element.text.prefix(60), as: UTF8.self)
      throw Problem(.impossible, "texts[\(index)] is \(given), expected a text.", field: "texts[\(index)]", given: given, expected: "a text")
    }
    return try Items.texts(texts, field: "texts", signature: signature, limits: limits)
  }

  /// One text by itself, every character of the body its own.
  static func text(_ bytes: [UInt8], signature: Signature, limits: ServiceLimits) throws -> Items {
    guard signature.space.tokens != nil else {
      throw Problem(
        .unsupportedMedia, "text/plain is for texts; this model takes \(signature.space.summary): send them as application/json.",
        field: "Content-Type", given: "text/plain", expected: "application/json")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Problem(.malformed, "The body is no UTF-8, expected a text in UTF-8.", field: "body", given: "other bytes", expected: "UTF-8")
    }
    return try texts([text], field: "text", signature: signature, limits: limits)
  }

  private static func texts(_ texts: [String], field: String, signature: Signature, limits: ServiceLimits) throws -> Items {
    guard let space = signature.space.tokens else {
      throw Problem(
        .impossible, "\(field) are for models of texts; this model takes \(signature.space.summary).", field: field, given: "texts",
        expected: signature.space.isRow ? "inputs or rows" : "inputs")
    }
    try check(count: texts.count, field: field, limits: limits)
    // What is behind the shorter ones takes memory too.
    let longest = texts.reduce(0) { max($0, $1.unicodeScalars.count) }
    guard longest > space.atMost || texts.count * longest <= limits.inputCharacters else {
      throw Problem(
        .impossible, "\(field) holds \(texts.count) texts, the longest of \(longest) characters: more than one request may send.",
        field: field, given: "\(texts.count) texts of \(longest) characters",
        expected: "at most \(limits.inputCharacters) characters, every text counted as the longest")
    }
    let rows = try space.rows(of: texts, field: field).values
    return Items(raw: rows, layout: .nested(field: field, shape: [rows.shape[1]]))
  }

  /// Refuses texts with a hole in them and texts of no character; behind its last one a row has nothing.
  func checkTexts() throws {
    let width = raw.shape[1]
    for row in 0..<count {
      let codes = raw.slice(0, row..<row + 1).scalars
      let end = codes.firstIndex(where: \.isNaN) ?? width
      guard end == 0 || codes[end...].contains(where: { !$0.isNaN }) else { continue }
      let place = place(row: row, cell: end)
      let expected = "the code of a character"
      throw Problem(.impossible, "\(place) is missing, expected \(expected).", field: place, given: "null", expected: expected)
    }
  }
}
