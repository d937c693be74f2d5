import COpenSSL
import Foundation

extension Handler {
  /// This handler with request bodies held to the SHA-256 that their client sent along; a body that has another one ends in 400.
  ///
  /// `Content-Digest` and `Repr-Digest` both speak of the bytes on the wire with their content coding, because a request carries its
  /// representation whole (RFC 9530 §2, §3; RFC 9110 §8.1): they are checked before a body is expanded. Other algorithms are passed over.
  package func checkingDigests(refuse: @escaping RefusalResponse = Refusal.plainText) -> some Handler {
    decorated { request, next in
      var request = request
      for field in ["Content-Digest", "Repr-Digest"] where request.headers.contains(field) {
        switch SentDigest(field, request.headers.values(of: field)) {
        case .none: break
        case .malformed:
          return refuse(Refusal(.badRequest, "\(field) is no sha-256=:BASE64: with 32 bytes in base 64."))
        case .sha256(let digest): request.body = request.body.checked(against: digest, field: field)
        }
      }
      return await next.respond(to: request)
    }
  }
}

/// What a digest field says: a dictionary of algorithms and byte sequences (RFC 8941 §3.2, §3.3.5).
private enum SentDigest {
  case none
  case malformed
  case sha256([UInt8])

  init(_ field: String, _ values: [String]) {
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
  fileprivate func checked(against digest: [UInt8], field: String) -> RequestBody {
    RequestBody(source: CheckedBody(source, digest: digest, field: field), length: length, limit: limit)
  }
}

/// Hashes a body as it is read; its end comes only if the hash is the one that was announced.
private actor CheckedBody: BodySource {
  private let source: any BodySource
  private let digest: [UInt8]
  private let field: String
  private let hash: Hash

  init(_ source: any BodySource, digest: [UInt8], field: String) {
    self.source = source
    self.digest = digest
    self.field = field
    hash = Hash()
  }

  func nextChunk() async throws(BodyError) -> [UInt8]? {
    if let chunk = try await source.nextChunk() {
      hash.update(chunk)
      return chunk
    }
    guard hash.value == digest else { throw .digestMismatch(field: field) }
    return nil
  }
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
