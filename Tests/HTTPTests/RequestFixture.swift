import HTTP
import Testing

/// Bytes that a client might send, and what they have to be read as.
struct RequestFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  /// "GET /a body" per request that is read before the error, if any.
  let requests: [String]
  let error: ParseError?

  init(_ name: String, _ text: String, reads requests: String..., then error: ParseError? = nil) {
    self.init(name, bytes: Array(text.utf8), reads: requests, then: error)
  }

  init(_ name: String, bytes: [UInt8], reads requests: [String] = [], then error: ParseError? = nil) {
    self.name = name
    self.bytes = bytes
    self.requests = requests
    self.error = error
  }

  var testDescription: String { name }
}

/// What a parser made of some bytes, the cuts between body chunks apart.
struct Reading: Equatable {
  var requests: [String] = []
  /// A request whose end has not come.
  var unfinished: String?
  var error: ParseError?

  /// Feeds the pieces one after the other, taking every event in between.
  init(_ pieces: [ArraySlice<UInt8>], limits: Limits = Limits()) {
    var parser = RequestParser(limits: limits)
    do {
      for piece in pieces {
        parser.feed(piece)
        while let event = try parser.next() {
          switch event {
          case .head(let head): unfinished = "\(head.method) \(head.target.text) "
          case .body(let bytes): unfinished! += String(decoding: bytes, as: UTF8.self)
          case .end:
            requests.append(unfinished!)
            unfinished = nil
          }
        }
      }
    } catch {
      self.error = error
    }
  }
}

extension Array<UInt8> {
  var whole: [ArraySlice<UInt8>] { [self[...]] }
  var byteByByte: [ArraySlice<UInt8>] { indices.map { self[$0...$0] } }
  func cut(at position: Int) -> [ArraySlice<UInt8>] { [self[..<position], self[position...]] }
}
