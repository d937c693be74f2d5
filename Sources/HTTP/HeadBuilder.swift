/// Reads a request line and header lines one by one, and decides what they mean together.
struct HeadBuilder: Sendable {
  private var head: RequestHead
  private var contentLength: Int?
  private var transferEncoding: TransferEncoding?
  private var host: Authority?
  private var connectionHasClose = false
  private var connectionHasKeepAlive = false

  private enum TransferEncoding { case chunked }

  /// Longer than any registered method; a longer one is answered 501 (RFC 9112 §3).
  static let longestMethod = 24

  /// A builder that waits for a request line.
  init() {
    head = RequestHead(method: .get, target: RequestTarget(), version: .http11)
  }

  /// `method SP request-target SP HTTP-version` (RFC 9112 §3).
  init(requestLine line: Span<UInt8>, limits: Limits) throws(ParseError) {
    guard let methodEnd = line.firstIndex(of: .space) else { throw .malformedRequestLine }
    for index in 0..<methodEnd where !line[index].isTokenByte { throw .invalidMethod }
    guard methodEnd > 0 else { throw .invalidMethod }
    guard methodEnd <= Self.longestMethod else { throw .methodTooLong }
    guard let targetEnd = line.firstIndex(of: .space, from: methodEnd + 1) else { throw .malformedRequestLine }
    guard targetEnd > methodEnd + 1 else { throw .malformedRequestLine }
    guard targetEnd - methodEnd - 1 <= limits.targetBytes else { throw .targetTooLong }
    let version = try Self.version(line.extracting((targetEnd + 1)..<line.count))
    let method = Method(rawValue: line.extracting(0..<methodEnd).repairedText)
    guard method.rawValue != "CONNECT" else { throw .tunnelRequested }
    let target = try RequestTarget(line.extracting((methodEnd + 1)..<targetEnd), method: method)
    head = RequestHead(method: method, target: target, version: version)
    head.headers.reserve(bytes: 128, lines: 4)
  }

  /// Exactly `HTTP/` DIGIT `.` DIGIT, in capitals (RFC 9112 §2.3).
  private static func version(_ bytes: Span<UInt8>) throws(ParseError) -> Version {
    let name: StaticString = "HTTP/"
    guard bytes.count == 8, bytes[5].isDigit, bytes[6] == UInt8(ascii: "."), bytes[7].isDigit else { throw .malformedVersion }
    for index in 0..<5 where bytes[index] != name.utf8Start[index] { throw .malformedVersion }
    switch (bytes[5], bytes[7]) {
    case (UInt8(ascii: "1"), UInt8(ascii: "1")): return .http11
    case (UInt8(ascii: "1"), UInt8(ascii: "0")): return .http10
    default: throw .unsupportedVersion
    }
  }

  /// `field-name ":" OWS field-value OWS` (RFC 9112 §5).
  mutating func add(line: Span<UInt8>, maximumCount: Int) throws(ParseError) {
    let (nameRange, valueRange) = try Self.split(line)
    let name = line.extracting(nameRange)
    let value = line.extracting(valueRange)
    guard head.headers.count < maximumCount else { throw .tooManyFields }
    try interpret(name: name, value: value)
    head.headers.append(checkedName: name, checkedValue: value)
  }

  /// Reads a line of the trailer section into `trailers`. Fields may not come there that frame, route, authorise or describe the body
  /// (RFC 9110 §6.5.1).
  static func add(trailer line: Span<UInt8>, to trailers: inout HeaderFields) throws(ParseError) {
    let (nameRange, valueRange) = try split(line)
    let name = line.extracting(nameRange)
    let forbidden: [StaticString] = [
      "authorization", "connection", "content-encoding", "content-length", "content-range", "content-type", "cookie", "expect", "host", "te",
      "trailer", "transfer-encoding", "upgrade",
    ]
    for field in forbidden where name.spells(field) { throw .forbiddenTrailer }
    trailers.append(checkedName: name, checkedValue: line.extracting(valueRange))
  }

  /// Where a field line's name and value stand, both checked.
  private static func split(_ line: Span<UInt8>) throws(ParseError) -> (name: Range<Int>, value: Range<Int>) {
    // RFC 9112 §5.2: obs-fold is refused; §5.1: no white space before the colon.
    guard !line[0].isBlank else { throw .foldedField }
    guard let colon = line.firstIndex(of: .colon) else { throw .missingColon }
    guard colon > 0 else { throw .emptyFieldName }
    guard !line[colon - 1].isBlank else { throw .spaceBeforeColon }
    for index in 0..<colon where !line[index].isTokenByte { throw .invalidFieldName }
    let value = line.trimmingBlanks((colon + 1)..<line.count)
    for index in value where !line[index].isFieldByte { throw .invalidFieldValue }
    return (0..<colon, value)
  }

  /// Remembers the fields that frame and route the request.
  private mutating func interpret(name: Span<UInt8>, value: Span<UInt8>) throws(ParseError) {
    switch name.count {
    case 4 where name.spells("host"):
      guard host == nil else { throw .severalHosts }
      // RFC 9112 §3.2: an invalid value is an error, an empty one is where the scheme is http (RFC 9110 §4.2.1).
      guard let authority = Authority(value) else { throw .invalidHost }
      host = authority
    case 6 where name.spells("expect"):
      guard head.version == .http11 else { return }  // RFC 9110 §10.1.1: ignored from HTTP/1.0
      guard value.spells("100-continue") else { throw .unknownExpectation }
      head.expectsContinue = true
    case 10 where name.spells("connection"):
      readConnectionOptions(value)
    case 14 where name.spells("content-length"):
      guard contentLength == nil else { throw .severalContentLengths }
      contentLength = try Self.contentLength(value)
    case 17 where name.spells("transfer-encoding"):
      guard transferEncoding == nil else { throw .severalTransferEncodings }
      transferEncoding = try Self.transferEncoding(value)
    default:
      break
    }
  }

  /// `Content-Length = 1*DIGIT`, here without leading zeros too, which some parsers read as octal (RFC 9110 §8.6).
  private static func contentLength(_ value: Span<UInt8>) throws(ParseError) -> Int {
    guard !value.isEmpty, value.count == 1 || value[0] != UInt8(ascii: "0") else { throw .invalidContentLength }
    for index in value.indices where !value[index].isDigit { throw .invalidContentLength }
    var length = 0
    for index in value.indices {
      let (tens, overflow) = length.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(value[index] - 0x30))
      guard !overflow, !carry else { throw .contentLengthOverflow }
      length = sum
    }
    return length
  }

  /// Exactly `chunked`; another coding alone is 501, a list that can't be framed is 400 (RFC 9112 §6.1).
  private static func transferEncoding(_ value: Span<UInt8>) throws(ParseError) -> TransferEncoding {
    if value.spells("chunked") { return .chunked }
    let codings = value.repairedText.lowercased().split(separator: ",", omittingEmptySubsequences: false).map { coding in
      String(coding.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" && $0 != ";" })
    }
    guard codings.filter({ $0 == "chunked" }).count <= 1 else { throw .severalTransferEncodings }
    let isFramed = !codings.contains("chunked") || (codings.count > 1 && codings.last == "chunked")
    guard isFramed, !codings.contains("") else { throw .invalidTransferEncoding }
    throw .unknownTransferCoding
  }

  /// `Connection` is a list of options, of which two matter here (RFC 9110 §7.6.1).
  private mutating func readConnectionOptions(_ value: Span<UInt8>) {
    var start = 0
    while start <= value.count {
      let end = value.firstIndex(of: .comma, from: start) ?? value.count
      let option = value.extracting(value.trimmingBlanks(start..<end))
      if option.spells("close") { connectionHasClose = true }
      if option.spells("keep-alive") { connectionHasKeepAlive = true }
      start = end + 1
    }
  }

  /// The rules that need the whole header section.
  func finished() throws(ParseError) -> RequestHead {
    var head = head
    // RFC 9112 §3.2: exactly one Host on 1.1; §3.2.2: an absolute-form target names the same host.
    if head.version == .http11, host == nil { throw .missingHost }
    if let authority = head.target.authority, let host {
      guard host.isSame(as: authority, defaultPort: head.target.defaultPort) else { throw .hostMismatch }
    }
    // RFC 9112 §6.1, §6.3: any doubt about where the body ends is an error.
    switch (transferEncoding, contentLength) {
    case (.chunked?, .some): throw .lengthAndTransferEncoding
    case (.chunked?, nil):
      guard head.version == .http11 else { throw .transferEncodingInHTTP10 }
      head.framing = .chunked
    case (nil, let length?): head.framing = .length(length)
    case (nil, nil): head.framing = .none
    }
    switch head.version {
    case .http11: head.wantsKeepAlive = !connectionHasClose
    case .http10: head.wantsKeepAlive = connectionHasKeepAlive && !connectionHasClose
    }
    return head
  }
}

extension RequestTarget {
  /// The root, `/`.
  init() { text = "/" }
}
