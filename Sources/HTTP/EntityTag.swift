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

  /// Whether a list of `If-Match` names this text of a tag; the comparison is strong, so a weak tag is never the same (RFC 9110 §13.1.1).
  package static func isMatched(_ tag: String?, in fields: [String]) -> Bool {
    guard let tag, tag.hasPrefix("\"") else { return false }
    return fields.contains { field in
      tags(in: field).contains { $0.tag == tag && !$0.isWeak }
    }
  }

  private static func opaqueTags(in field: String) -> [String] { tags(in: field).map(\.tag) }

  /// The quoted parts of a list of tags; a comma may stand inside of quotes.
  private static func tags(in field: String) -> [(tag: String, isWeak: Bool)] {
    var tags: [(String, Bool)] = []
    var rest = field[...]
    while let open = rest.firstIndex(of: "\""), let close = rest[rest.index(after: open)...].firstIndex(of: "\"") {
      tags.append((String(rest[open...close]), rest[..<open].hasSuffix("W/")))
      rest = rest[rest.index(after: close)...]
    }
    return tags
  }
}

extension Request {
  /// What `If-Match` asks the state of the target to be; nil where it asks nothing, or for any state that there is (`*`).
  private var matches: [String]? {
    let fields = headers.values(of: "If-Match")
    return fields.isEmpty || fields.contains { $0.trimmingBlanks() == "*" } ? nil : fields
  }

  /// Why a method that changes something must not be carried out: nothing that can be changed here has an entity tag, so none is the one that
  /// `If-Match` names (RFC 9110 §13.1.1).
  package var failedPrecondition: Refusal? {
    guard matches != nil, method != .get, method != .head else { return nil }
    return Refusal(.preconditionFailed, "If-Match names a state that this does not have: what is changed here has no ETag.")
  }

  /// Why a question that is asked by a method of change must not be answered: `If-Match` names another state than that of what is asked.
  package func failedPrecondition(asking tag: EntityTag) -> Refusal? {
    guard let matches, !EntityTag.isMatched(tag.description, in: matches) else { return nil }
    return Refusal(.preconditionFailed, "If-Match does not name the state that this has: its ETag is \(tag).")
  }

  /// The same for an answer that is read.
  package func failedPrecondition(of response: Response) -> Refusal? {
    guard let matches, method == .get || method == .head, (200..<300).contains(response.status.code) || response.status == .notModified else {
      return nil
    }
    let tag = response.headers["ETag"]
    if EntityTag.isMatched(tag, in: matches) { return nil }
    return Refusal(.preconditionFailed, "If-Match does not name the state that this has: its ETag is \(tag ?? "none").")
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
