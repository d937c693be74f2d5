/// A way to make a body smaller (RFC 9110 §8.4.1).
package enum ContentCoding: String, Sendable, CaseIterable {
  case gzip
  /// The zlib format, as the standard has it; not bare deflate data, which some clients mean by it.
  case deflate

  /// - Parameter name: as in `Content-Encoding`; `x-gzip` is `gzip` (RFC 9110 §8.4.1.3).
  package init?(named name: some StringProtocol) {
    switch name.lowercased() {
    case "gzip", "x-gzip": self = .gzip
    case "deflate": self = .deflate
    default: return nil
    }
  }

  /// zlib's parameter for window and wrapper.
  var windowBits: Int32 {
    switch self {
    case .gzip: 15 + 16
    case .deflate: 15
    }
  }
}

/// How much larger than it came a coded body may become: `free` bytes whatever it was, beyond those `ratio` times its coded bytes.
///
/// A table of empty cells shrinks a thousandfold, so a client could fill the disk with what cost it next to nothing to send.
package struct ExpansionLimit: Hashable, Sendable {
  package var ratio = 100
  package var free = 16 << 20

  package init() {}

  func allows(_ expanded: Int, from coded: Int) -> Bool { expanded <= free || expanded / ratio <= coded }
}

/// What a client says about content codings in `Accept-Encoding` (RFC 9110 §12.5.3).
package struct AcceptedCodings: Sendable, Equatable {
  private var weights: [String: Double] = [:]

  /// - Parameter fields: the field's values, lines in order; entries that can't be read say nothing.
  package init(_ fields: [String]) {
    for entry in fields.joined(separator: ",").split(separator: ",") {
      let parts = entry.split(separator: ";").map { $0.trimmingBlanks() }
      guard let name = parts.first, !name.isEmpty else { continue }
      let quality = parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
      weights[name.lowercased()] = min(max(quality ?? 1, 0), 1)
    }
  }

  /// Whether gzip may be sent, and is not liked less than the plain body.
  package var prefersGzip: Bool {
    let gzip = weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0
    return gzip > 0 && gzip >= weights["identity"] ?? 0
  }
}

extension StringProtocol {
  /// Without spaces and tabs at either end, which is HTTP's optional white space.
  func trimmingBlanks() -> String {
    func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
    return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
