internal import Formats
internal import HTTP

extension Problem {
  /// Warnings as an error, where a client wants them so.
  package static func refuse(_ warnings: [String]) throws {
    guard let first = warnings.first else { return }
    let more = warnings.count > 1 ? " (and \(warnings.count - 1) more)" : ""
    throw Problem(
      .impossible, "The items are doubtful, and warnings are errors as asked: \(first)\(more).", given: first, expected: "items without a warning",
      members: [.init(name: "warnings", value: .strings(warnings))])
  }
}

extension Request {
  /// Whether warnings about items are errors: `Prefer: handling=strict` (RFC 7240 section 4.4).
  var isStrict: Bool {
    headers.values(of: "Prefer").contains { field in
      field.split(separator: ",").contains { $0.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } == "handling=strict" }
    }
  }
}

extension String {
  /// As a header field's value: visible ASCII, what is not being a question mark.
  var asciiField: String { String(String.UnicodeScalarView(unicodeScalars.map { (0x20...0x7E).contains($0.value) ? $0 : "?" })) }
}
