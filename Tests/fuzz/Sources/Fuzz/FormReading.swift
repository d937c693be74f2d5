import HTTP

/// What the form parser made of some bytes, the cuts between data chunks apart; the boundary is "b".
struct FormReading: Equatable {
  struct Part: Equatable {
    var part: MultipartParser.Part
    var data: [UInt8] = []
    var isComplete = false
  }

  var parts: [Part] = []
  var isComplete = false
  var error: MultipartError?

  init(_ pieces: [ArraySlice<UInt8>]) {
    var parser = MultipartParser(boundary: "b")
    do throws(MultipartError) {
      for piece in pieces {
        parser.feed(piece)
        while let event = try parser.next() { take(event) }
      }
    } catch {
      self.error = error
    }
  }

  private mutating func take(_ event: MultipartParser.Event) {
    precondition(!isComplete, "an event after the end")
    switch event {
    case .part(let part):
      precondition(parts.last?.isComplete ?? true, "a part inside a part")
      parts.append(Part(part: part))
    case .data(let bytes):
      precondition(!bytes.isEmpty && parts.last?.isComplete == false, "data outside a part")
      parts[parts.count - 1].data += bytes
    case .partEnd:
      precondition(parts.last?.isComplete == false, "an end outside a part")
      parts[parts.count - 1].isComplete = true
    case .end:
      precondition(parts.last?.isComplete ?? true, "a form that ends inside a part")
      isComplete = true
    }
  }
}
