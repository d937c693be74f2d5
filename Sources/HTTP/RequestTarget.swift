/// A request target taken apart: path segments split first and decoded after, so no encoding can change the route (RFC 9112 §3.2, RFC 3986 §6).
package struct RequestTarget: Sendable, Equatable {
  /// As sent.
  package var text: String
  /// Decoded path segments: `/` is [], `/a%2Fb/` is ["a/b", ""]. Never ".", "..", or with a control character.
  package var segments: [String] = []
  package var query = Query()
  /// Whom an absolute-form target names.
  package var authority: Authority?
  /// The port that is meant where an absolute-form target names none (RFC 9110 §4.2).
  var defaultPort = 80

  init(_ bytes: Span<UInt8>, method: Method) throws(ParseError) {
    for index in bytes.indices where bytes[index] <= 0x20 || bytes[index] >= 0x7F { throw .invalidTarget }
    text = bytes.repairedText
    if bytes.count == 1, bytes[0] == UInt8(ascii: "*") {  // asterisk-form (RFC 9112 §3.2.4)
      guard method == .options else { throw .invalidTarget }
      segments = ["*"]
      return
    }
    var pathStart = 0
    if bytes[0] != .slash { pathStart = try readAuthority(bytes) }
    let end = bytes.firstIndex(of: .questionMark, from: pathStart) ?? bytes.count
    try readPath(bytes.extracting(pathStart..<end))
    if end < bytes.count { try readQuery(bytes.extracting((end + 1)..<bytes.count)) }
  }

  /// absolute-form (RFC 9112 §3.2.2): returns where the path starts.
  private mutating func readAuthority(_ bytes: Span<UInt8>) throws(ParseError) -> Int {
    let schemeEnd: Int
    if bytes.count > 7, bytes.extracting(0..<7).spells("http://") {
      schemeEnd = 7
    } else if bytes.count > 8, bytes.extracting(0..<8).spells("https://") {
      schemeEnd = 8
      defaultPort = 443
    } else {
      throw .invalidTarget
    }
    var end = schemeEnd
    while end < bytes.count, bytes[end] != .slash, bytes[end] != .questionMark { end += 1 }
    guard let authority = Authority(bytes.extracting(schemeEnd..<end)) else { throw .invalidTarget }
    self.authority = authority
    return end
  }

  private mutating func readPath(_ path: Span<UInt8>) throws(ParseError) {
    // "" (from http://host) and "/" are the root: no segments.
    var start = 1
    guard path.count > 1 else { return }
    while true {
      let end = path.firstIndex(of: .slash, from: start) ?? path.count
      let segment = try decode(path.extracting(start..<end), plusIsSpace: false) { $0.isPathByte }
      guard segment != ".", segment != ".." else { throw .dotSegment }
      segments.append(segment)
      if end == path.count { return }
      start = end + 1
    }
  }

  private mutating func readQuery(_ text: Span<UInt8>) throws(ParseError) {
    var start = 0
    while start <= text.count {
      let end = text.firstIndex(of: UInt8(ascii: "&"), from: start) ?? text.count
      let pair = text.extracting(start..<end)
      start = end + 1
      if pair.isEmpty { continue }
      let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
      let name = try decode(pair.extracting(0..<equals), plusIsSpace: true) { $0.isQueryByte }
      let value = equals < pair.count ? try decode(pair.extracting((equals + 1)..<pair.count), plusIsSpace: true) { $0.isQueryByte } : ""
      query.items.append(Query.Item(name: name, value: value))
    }
  }

  /// Percent-decodes one component (RFC 3986 §2.1); what comes out is UTF-8 text without control characters.
  private func decode(_ bytes: Span<UInt8>, plusIsSpace: Bool, allowed: (UInt8) -> Bool) throws(ParseError) -> String {
    var isPlain = true
    for index in bytes.indices {
      guard allowed(bytes[index]) else { throw .invalidTarget }
      if bytes[index] == .percent || bytes[index] == UInt8(ascii: "+") { isPlain = false }
    }
    if isPlain { return bytes.repairedText }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      var byte = bytes[index]
      if byte == .percent {
        guard index + 2 < bytes.count, let high = bytes[index + 1].hexDigit, let low = bytes[index + 2].hexDigit else {
          throw .invalidPercentEncoding
        }
        byte = UInt8(high << 4 | low)
        // A query value may hold lines of text; a path never does, and NUL ends strings elsewhere.
        guard byte >= (plusIsSpace ? 0x01 : 0x20), plusIsSpace || byte != 0x7F else { throw .controlCharacterInTarget }
        index += 2
      } else if plusIsSpace, byte == UInt8(ascii: "+") {
        byte = .space
      }
      decoded.append(byte)
      index += 1
    }
    guard let text = decoded.span.utf8Text else { throw .invalidUTF8 }
    return text
  }
}
