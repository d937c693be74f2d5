/// A name for exactly one state of a resource, strong unless it begins with `W/` (RFC 9110 §8.8.3).
package struct EntityTag: Sendable, Equatable, CustomStringConvertible {
  package let description: String

  /// - Precondition: `text` holds visible ASCII without quotes: a digest or a version, never a client's words.
  package init(_ text: String) {
    precondition(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }, "an entity tag is visible ASCII, not \(text)")
    description = "\"\(text)\""
  }

  /// Whether `If-None-Match` names this tag; the comparison is weak (RFC 9110 §13.1.2).
  package func isNamed(in fields: [String]) -> Bool {
    fields.contains { field in
      field.trimmingBlanks() == "*" || Self.opaqueTags(in: field).contains(description)
    }
  }

  /// The quoted parts of a list of tags; a comma may stand inside of quotes.
  private static func opaqueTags(in field: String) -> [String] {
    var tags: [String] = []
    var rest = field[...]
    while let open = rest.firstIndex(of: "\""), let close = rest[rest.index(after: open)...].firstIndex(of: "\"") {
      tags.append(String(rest[open...close]))
      rest = rest[rest.index(after: close)...]
    }
    return tags
  }
}

extension Response {
  /// This answer under `tag`, or 304 without a body when the client has it already (RFC 9110 §15.4.5).
  ///
  /// - Parameter caching: `Cache-Control`; `no-cache` lets caches keep the answer and ask each time.
  package func tagged(_ tag: EntityTag, for request: Request, caching: String = "no-cache") -> Response {
    var response = self
    if request.method == .get || request.method == .head, status == .ok, tag.isNamed(in: request.headers.values(of: "If-None-Match")) {
      response = Response(.notModified)
      for vary in headers.values(of: "Vary") { response.headers.append("Vary", vary) }
    }
    response.headers["ETag"] = tag.description
    response.headers["Cache-Control"] = caching
    return response
  }
}
