internal import HTTP

/// The trace that a request belongs to: `traceparent` (W3C Trace Context, level 1).
struct TraceContext: Sendable, Equatable {
  /// 32 hexadecimal digits.
  let trace: String
  /// The caller's span: 16 of them.
  let parent: String

  /// nil for what is no trace context, which is ignored, as the recommendation says.
  init?(_ field: String?) {
    guard let parts = field?.split(separator: "-", omittingEmptySubsequences: false), parts.count >= 4 else { return nil }
    func isHex(_ text: Substring, _ count: Int) -> Bool {
      text.utf8.count == count && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
    guard isHex(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4, isHex(parts[1], 32), isHex(parts[2], 16), isHex(parts[3], 2),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
    else { return nil }
    (trace, parent) = (String(parts[1]), String(parts[2]))
  }
}
