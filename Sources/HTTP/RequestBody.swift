import Locking

/// A request's body as it arrives: chunks, read once, each pulled from the socket only when asked for.
package struct RequestBody: AsyncSequence, Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = BodyError

  /// What the client declared: 0 without a body, nil when chunked.
  package let length: Int?
  /// The most bytes that will be given out; one more throws `tooLarge`.
  package private(set) var limit: Int
  package let source: any BodySource

  package init(source: any BodySource, length: Int?, limit: Int) {
    self.source = source
    self.length = length
    self.limit = limit
  }

  /// A body in memory.
  package init(_ bytes: [UInt8]) {
    self.init(source: BytesSource(bytes), length: bytes.count, limit: .max)
  }

  /// The same body under another limit.
  package func limited(to limit: Int) -> RequestBody {
    var body = self
    body.limit = limit
    return body
  }

  /// The whole body in memory, at most `limit` bytes of it (by default the body's own limit).
  package func collect(upTo limit: Int? = nil) async throws(BodyError) -> [UInt8] {
    let bounded = limit.map { self.limited(to: Swift.min($0, self.limit)) } ?? self
    var iterator = bounded.makeAsyncIterator()
    guard var bytes = try await iterator.next() else { return [] }
    while let chunk = try await iterator.next() { bytes += chunk }
    return bytes
  }

  package func makeAsyncIterator() -> Iterator { Iterator(source: source, length: length, limit: limit) }

  package struct Iterator: AsyncIteratorProtocol {
    fileprivate let source: any BodySource
    fileprivate let length: Int?
    fileprivate let limit: Int
    private var count = 0

    fileprivate init(source: any BodySource, length: Int?, limit: Int) {
      self.source = source
      self.length = length
      self.limit = limit
    }

    package mutating func next() async throws(BodyError) -> [UInt8]? { try await next(isolation: nil) }

    package mutating func next(isolation: isolated (any Actor)?) async throws(BodyError) -> [UInt8]? {
      if let length, length > limit { throw .tooLarge(limit: limit) }
      guard let chunk = try await source.nextChunk() else { return nil }
      count += chunk.count
      guard count <= limit else { throw .tooLarge(limit: limit) }
      return chunk
    }
  }
}

/// Where a body's chunks come from.
package protocol BodySource: Sendable {
  /// The next chunk, never empty; nil at the end.
  func nextChunk() async throws(BodyError) -> [UInt8]?
  /// The fields that came behind the body, once it has ended.
  func trailers() async -> HeaderFields
}

extension BodySource {
  package func trailers() async -> HeaderFields { [:] }
}

private final class BytesSource: BodySource {
  private let bytes: Protected<[UInt8]>

  init(_ bytes: [UInt8]) { self.bytes = Protected(bytes) }

  func nextChunk() async throws(BodyError) -> [UInt8]? {
    let rest = bytes.withLock { bytes in
      defer { bytes = [] }
      return bytes
    }
    return rest.isEmpty ? nil : rest
  }
}

/// Why a body can't be read to its end.
package enum BodyError: Error, Equatable, Sendable {
  /// More bytes than the route allows.
  case tooLarge(limit: Int)
  case malformed(ParseError)
  /// The bytes are not in the coding that Content-Encoding names.
  case undecodable
  /// It expands to more than the allowed multiple of what was sent.
  case expandsTooFar(ExpansionLimit)
  /// The bytes are not the ones whose digest this field announced.
  case digestMismatch(field: String)
  /// This field, which may have come behind the body, holds no digest.
  case malformedDigest(field: String)
  /// The client stopped sending.
  case timedOut
  /// The client went away.
  case disconnected
}

extension BodyError: Refusable {
  package var refusal: Refusal {
    switch self {
    case .tooLarge(let limit): Refusal(.contentTooLarge, "The request body is larger than the \(limit) bytes that are allowed here.")
    case .malformed(let error): error.refusal
    case .undecodable: Refusal(.badRequest, "The request body is not in the coding that Content-Encoding names, or breaks off.")
    case .expandsTooFar(let limit):
      Refusal(
        .contentTooLarge,
        "The request body expands to more than \(limit.free) bytes and more than \(limit.ratio) times what was sent, which is not allowed; send it plain."
      )
    case .digestMismatch(let field): Refusal(.badRequest, "The SHA-256 of the request body is not the one that \(field) names.")
    case .malformedDigest(let field): Refusal(.badRequest, "\(field) is no sha-256=:BASE64: with 32 bytes in base 64.")
    case .timedOut: Refusal(.requestTimeout, "The request body stopped arriving.")
    case .disconnected: Refusal(.badRequest, "The connection ended before the request body did.")
    }
  }
}
