/// A request body in `multipart/form-data`, of which one part is wanted.
package struct MultipartForm: Sendable {
  private let boundary: String

  /// - Parameter contentType: the request's Content-Type field.
  package init(contentType: String) throws(MultipartError) {
    var parameters = MediaParameters(contentType)
    guard parameters.type == "multipart/form-data" else { throw .notMultipart(given: contentType) }
    var boundary: String?
    while let next = parameters.next() {
      guard case .success(let (name, value)) = next else { throw .invalidBoundary }
      if name == "boundary" {
        guard boundary == nil else { throw .invalidBoundary }
        boundary = value
      }
    }
    // RFC 2046 §5.1.1: 1 to 70 characters of a small set, not ending in a space.
    guard let boundary, (1...70).contains(boundary.utf8.count), boundary.last != " ", boundary.utf8.allSatisfy(Self.isBoundaryByte) else {
      throw .invalidBoundary
    }
    self.boundary = boundary
  }

  private static func isBoundaryByte(_ byte: UInt8) -> Bool {
    byte.isLetter || byte.isDigit || "'()+_,-./:=? ".utf8.contains(byte)
  }

  /// The chunks of the part `name`; other parts are read past. Ends only when the whole form has come.
  package func part(named name: String, in body: RequestBody) -> MultipartPart {
    MultipartPart(name: name, parser: MultipartParser(boundary: boundary), body: body)
  }
}

extension MultipartForm {
  /// All of its parts, as they come.
  package func parser(maximumParts: Int) -> MultipartParser { MultipartParser(boundary: boundary, maximumParts: maximumParts) }

  /// Every part of a form that has come whole, in order.
  package func parts(of body: [UInt8]) throws(MultipartError) -> [(name: String, bytes: [UInt8])] {
    var parser = MultipartParser(boundary: boundary)
    parser.feed(body)
    var parts: [(name: String, bytes: [UInt8])] = []
    while let event = try parser.next() {
      switch event {
      case .part(let part): parts.append((part.name, []))
      case .data(let bytes): parts[parts.count - 1].bytes += bytes
      case .partEnd: break
      case .end: return parts
      }
    }
    throw .truncated
  }
}

/// One part of a form, streamed; throws `MultipartError` and `BodyError`.
package struct MultipartPart: AsyncSequence, Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = any Error

  let name: String
  let parser: MultipartParser
  let body: RequestBody

  package func makeAsyncIterator() -> Iterator { Iterator(name: name, parser: parser, body: body.makeAsyncIterator()) }

  package struct Iterator: AsyncIteratorProtocol {
    private let name: String
    private var parser: MultipartParser
    private var body: RequestBody.Iterator
    private var isInPart = false
    private var wasFound = false

    init(name: String, parser: MultipartParser, body: RequestBody.Iterator) {
      self.name = name
      self.parser = parser
      self.body = body
    }

    package mutating func next() async throws -> [UInt8]? {
      while true {
        switch try parser.next() {
        case .part(let part):
          isInPart = part.name == name
          guard !(isInPart && wasFound) else { throw MultipartError.repeatedPart(name) }
          wasFound = wasFound || isInPart
        case .data(let bytes): if isInPart { return bytes }
        case .partEnd: isInPart = false
        case .end:
          guard wasFound else { throw MultipartError.missingPart(name) }
          while try await body.next() != nil {}
          return nil
        case nil:
          guard let bytes = try await body.next() else { throw MultipartError.truncated }
          parser.feed(bytes)
        }
      }
    }
  }
}

/// What can be wrong with a form.
package enum MultipartError: Error, Equatable, Sendable {
  case notMultipart(given: String)
  case invalidBoundary, missingOpening, malformedDelimiter, malformedHeader, missingName, truncated
  case headersTooLarge(limit: Int)
  case tooManyParts(limit: Int)
  case missingPart(String)
  case repeatedPart(String)
}

extension MultipartError: Refusable {
  package var refusal: Refusal {
    switch self {
    case .notMultipart(let given): Refusal(.unsupportedMediaType, "The body has to be multipart/form-data, not \(given).")
    case .invalidBoundary: Refusal(.badRequest, "Content-Type: multipart/form-data needs one boundary of 1 to 70 allowed characters.")
    case .missingOpening: Refusal(.badRequest, "The form does not start with its boundary.")
    case .malformedDelimiter: Refusal(.badRequest, "A boundary in the form is followed by neither CRLF nor two hyphens.")
    case .malformedHeader: Refusal(.badRequest, "A part of the form has a malformed header line.")
    case .missingName: Refusal(.badRequest, "A part of the form has no name; expected Content-Disposition: form-data; name=\"...\".")
    case .truncated: Refusal(.badRequest, "The form ends before its closing boundary.")
    case .headersTooLarge(let limit): Refusal(.badRequest, "A part's header lines are larger than \(limit) bytes.")
    case .tooManyParts(let limit): Refusal(.badRequest, "The form has more than \(limit) parts.")
    case .missingPart(let name): Refusal(.badRequest, "The form has no part named \"\(name)\".")
    case .repeatedPart(let name): Refusal(.badRequest, "The form has more than one part named \"\(name)\".")
    }
  }
}
