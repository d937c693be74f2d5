import COpenSSL
import Foundation

extension Handler {
  /// This handler with request bodies held to the SHA-256 that their client sent along; a body that has another one ends in 400.
  ///
  /// `Content-Digest` and `Repr-Digest` both speak of the bytes on the wire with their content coding, because a request carries its
  /// representation whole (RFC 9530 §2, §3; RFC 9110 §8.1): they are checked before a body is expanded. They may also come behind a chunked body
  /// (RFC 9530 §5). Other algorithms are passed over.
  package func checkingDigests(refuse: @escaping RefusalResponse = Refusal.plainText) -> some Handler {
    decorated { request, next in
      let digests: [AnnouncedDigest]
      do throws(BodyError) {
        digests = try AnnouncedDigest.all(in: request.headers)
      } catch {
        return refuse(error.refusal)
      }
      // Without a length there may be a trailer section.
      guard !digests.isEmpty || request.body.length == nil else { return await next.respond(to: request) }
      var request = request
      request.body = request.body.checked(against: digests)
      return await next.respond(to: request)
    }
  }
}

/// A SHA-256 that a field announces.
private struct AnnouncedDigest: Sendable {
  let field: String
  let value: [UInt8]

  static func all(in fields: HeaderFields) throws(BodyError) -> [AnnouncedDigest] {
    guard !fields.isEmpty else { return [] }
    var digests: [AnnouncedDigest] = []
    for field in ["Content-Digest", "Repr-Digest"] where fields.contains(field) {
      switch SentDigest(fields.values(of: field)) {
      case .none: break
      case .malformed: throw .malformedDigest(field: field)
      case .sha256(let value): digests.append(AnnouncedDigest(field: field, value: value))
      }
    }
    return digests
  }
}

/// What a digest field says: a dictionary of algorithms and byte sequences (RFC 8941 §3.2, §3.3.5).
private enum SentDigest {
  case none
  case malformed
  case sha256([UInt8])

  init(_ values: [String]) {
    let name = "sha-256="
    let members = values.flatMap { $0.split(separator: ",") }.map { $0.trimmingBlanks() }
    // Of a key that comes twice the last one holds.
    guard let member = members.last(where: { $0.lowercased().hasPrefix(name) }) else {
      self = .none
      return
    }
    let value = member.dropFirst(name.count)
    guard value.count > 2, value.hasPrefix(":"), value.hasSuffix(":"), let digest = Data(base64Encoded: String(value.dropFirst().dropLast())),
      digest.count == 32
    else {
      self = .malformed
      return
    }
    self = .sha256(Array(digest))
  }
}

extension RequestBody {
  fileprivate func checked(against digests: [AnnouncedDigest]) -> RequestBody {
    RequestBody(source: CheckedBody(source, digests: digests), length: length, limit: limit)
  }
}

/// Hashes a body as it is read; its end comes only if the hash is the one that was announced, before it or behind it.
private actor CheckedBody: BodySource {
  private let source: any BodySource
  private let digests: [AnnouncedDigest]
  private let hash = Hash()

  init(_ source: any BodySource, digests: [AnnouncedDigest]) {
    self.source = source
    self.digests = digests
  }

  func nextChunk() async throws(BodyError) -> [UInt8]? {
    if let chunk = try await source.nextChunk() {
      hash.update(chunk)
      return chunk
    }
    let announced = try await digests + AnnouncedDigest.all(in: source.trailers())
    guard !announced.isEmpty else { return nil }
    let value = hash.value
    for digest in announced where digest.value != value { throw .digestMismatch(field: digest.field) }
    return nil
  }

  func trailers() async -> HeaderFields { await source.trailers() }
}

/// OpenSSL's SHA-256.
private final class Hash {
  private let context = EVP_MD_CTX_new()

  init() {
    let started = EVP_DigestInit_ex(context, EVP_sha256(), nil)
    precondition(started == 1, "OpenSSL has no SHA-256")
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: [UInt8]) {
    let updated = EVP_DigestUpdate(context, bytes, bytes.count)
    precondition(updated == 1, "OpenSSL refused to update SHA-256")
  }

  /// The digest of what came so far.
  var value: [UInt8] {
    let copy = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(copy) }
    var digest = [UInt8](repeating: 0, count: 32)
    let finished = EVP_MD_CTX_copy_ex(copy, context) == 1 && EVP_DigestFinal_ex(copy, &digest, nil) == 1
    precondition(finished, "OpenSSL refused to finish SHA-256")
    return digest
  }
}
