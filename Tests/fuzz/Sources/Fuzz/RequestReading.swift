import HTTP

/// What the request parser made of some bytes, the cuts between body chunks apart.
struct RequestReading: Equatable {
  struct Request: Equatable {
    var head: RequestHead
    var body: [UInt8] = []
    var isComplete = false
  }

  var requests: [Request] = []
  var error: ParseError?
  var hasBegunAnother = false

  init(_ pieces: [ArraySlice<UInt8>], limits: Limits) {
    var parser = RequestParser(limits: limits)
    do throws(ParseError) {
      for piece in pieces {
        parser.feed(piece)
        while let event = try parser.next() { take(event) }
      }
    } catch {
      self.error = error
      precondition((400..<600).contains(error.refusal.status.code), "an error without a status")
      parser.feed(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
      do throws(ParseError) {
        _ = try parser.next()
        preconditionFailure("the parser went on after a framing error")
      } catch let again {
        precondition(again == error, "another error than the first")
      }
    }
    hasBegunAnother = parser.hasBegunRequest
  }

  private mutating func take(_ event: RequestParser.Event) {
    switch event {
    case .head(let head):
      precondition(requests.last?.isComplete ?? true, "a head inside a request")
      head.checkLaws()
      requests.append(Request(head: head))
    case .body(let bytes):
      precondition(!bytes.isEmpty, "an empty piece of body")
      precondition(requests.last?.isComplete == false, "a body without a head")
      requests[requests.count - 1].body += bytes
    case .end:
      precondition(requests.last?.isComplete == false, "an end without a head")
      requests[requests.count - 1].isComplete = true
      requests[requests.count - 1].checkLength()
    }
  }
}

extension RequestReading.Request {
  fileprivate func checkLength() {
    switch head.framing {
    case .none: precondition(body.isEmpty, "a body where none was declared")
    case .length(let length): precondition(body.count == length, "a body of another length than declared")
    case .chunked: break
    }
  }
}

extension RequestHead {
  /// What handlers rely on, whatever was sent.
  fileprivate func checkLaws() {
    for segment in target.segments {
      precondition(segment != "." && segment != "..", "a dot segment")
      precondition(!segment.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "a control character in the path")
    }
    for (name, value) in headers {
      precondition(!name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }, "a field name that is not a token")
      precondition(!value.utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 }, "a field value that could split a message")
    }
    let lengths = headers.values(of: "Content-Length")
    let codings = headers.values(of: "Transfer-Encoding")
    precondition(headers.values(of: "Host").count <= 1 && (version == .http10 || headers["Host"] != nil), "not one Host")
    switch framing {
    case .none: precondition(lengths.isEmpty && codings.isEmpty, "framing fields without framing")
    case .length(let length): precondition(lengths == [String(length)] && codings.isEmpty, "another length than declared")
    case .chunked: precondition(lengths.isEmpty && codings.map { $0.lowercased() } == ["chunked"], "chunked without being asked")
    }
  }
}

extension Limits {
  /// Limits that a fuzzer's short inputs run into.
  static var tight: Limits {
    var limits = Limits()
    limits.headerBytes = 96
    limits.headerCount = 4
    limits.targetBytes = 24
    limits.trailerBytes = 24
    limits.chunkExtensionBytes = 8
    return limits
  }
}
