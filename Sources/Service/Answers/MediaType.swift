internal import HTTP

/// A representation that items and answers can have.
package struct MediaType: Sendable, Hashable, CustomStringConvertible {
  package let name: String
  package var description: String { name }

  package init(_ name: String) { self.name = name }

  package static let json = Self("application/json")
  package static let csv = Self("text/csv")
  /// A table in the streaming format of Arrow's IPC.
  package static let arrow = Self("application/vnd.apache.arrow.stream")
  package static let png = Self("image/png")
  package static let npy = Self("application/x-npy")
  package static let floats = Self("application/octet-stream")
  package static let text = Self("text/plain")
  package static let form = Self("multipart/form-data")

  /// Whether it is a form, with or without its boundary.
  package var isForm: Bool { name == Self.form.name || name.hasPrefix(Self.form.name + ";") }

  /// The type of a Content-Type field, in lower case and without its parameters; a form keeps its own, because its body can't be read without them.
  package init?(contentType: String) {
    // The common case needs no parsing.
    if contentType == Self.json.name {
      self = .json
      return
    }
    let name = contentType.prefix { $0 != ";" }.trimmed.lowercased()
    guard !name.isEmpty else { return nil }
    self.init(name == Self.form.name ? name + contentType.drop { $0 != ";" } : name)
  }
}

/// What a client accepts (RFC 9110 §12.5.1).
package struct Acceptance: Sendable {
  private struct Range {
    let type: Substring
    let subtype: Substring
    let weight: Double
  }
  private let ranges: [Range]
  private let header: String?

  /// - Parameter header: nil or empty accepts everything.
  package init(_ header: String?) {
    self.header = header
    // The common case needs no parsing.
    if header == nil || header == "*/*" {
      ranges = []
      return
    }
    if header == MediaType.json.name {
      ranges = [Range(type: "application", subtype: "json", weight: 1)]
      return
    }
    ranges = (header ?? "").split(separator: ",").compactMap { element in
      let parts = element.split(separator: ";").map(\.trimmed)
      let names = (parts.first ?? "").split(separator: "/", maxSplits: 1)
      guard names.count == 2 else { return nil }
      let weight = parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      return Range(type: Substring(names[0].lowercased()), subtype: Substring(names[1].lowercased()), weight: min(max(weight, 0), 1))
    }
  }

  /// The type of highest weight, the earlier one of equals; nil where none is accepted.
  package func best(of offered: [MediaType]) -> MediaType? {
    guard !ranges.isEmpty else { return offered.first }
    // The common case needs no weighing.
    if let type = offered.first(where: { $0.name == header }) { return type }
    var best: (type: MediaType, weight: Double)?
    for type in offered {
      let weight = weight(of: type)
      if weight > 0, weight > best?.weight ?? 0 { best = (type, weight) }
    }
    return best?.type
  }

  /// - Throws: `Problem` where none is accepted.
  func type(among offered: [MediaType]) throws -> MediaType {
    if let type = best(of: offered) { return type }
    let names = offered.map(\.name).joined(separator: ", ")
    throw Problem(.notAcceptable, "This answer can be had as \(names).", field: "Accept", given: header, expected: names)
  }

  /// The most specific range decides.
  private func weight(of type: MediaType) -> Double {
    let names = type.name.split(separator: "/", maxSplits: 1)
    let matching = ranges.filter { ($0.type == names[0] || $0.type == "*") && ($0.subtype == names[1] || $0.subtype == "*") }
    func specificity(_ range: Range) -> Int { (range.type == "*" ? 0 : 1) + (range.subtype == "*" ? 0 : 1) }
    return matching.max { specificity($0) < specificity($1) }?.weight ?? 0
  }
}

extension StringProtocol {
  /// Without spaces and tabs at both ends.
  var trimmed: String {
    let text = Substring(self)
    let bytes = text.utf8
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(text[first...last])
  }
}
