import COpenSSL
import Foundation

/// SHA-256 (FIPS 180-4) by OpenSSL, over bytes as they arrive.
///
/// OpenSSL refusing its own default digest is a broken installation, not an input, and stops the program.
// Safe because the context has exactly one owner (the struct can't be copied) and each call that touches it is mutating, hence exclusive.
package struct SHA256: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer
  // Looked up once: the algorithm behind `EVP_sha256()` is looked up by name with every use, which takes longer than hashing a short text.
  // Safe because nothing changes what it points to, and OpenSSL counts the references to it atomically.
  private nonisolated(unsafe) static let algorithm: OpaquePointer = {
    guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else { preconditionFailure("OpenSSL has no SHA-256") }
    return algorithm
  }()

  package init() {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("OpenSSL could not allocate a digest context") }
    self.context = context
    let started = EVP_DigestInit_ex(context, Self.algorithm, nil)
    precondition(started == 1, "OpenSSL refused to start SHA-256")
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    let updated = EVP_DigestUpdate(context, base, bytes.count)
    precondition(updated == 1, "OpenSSL refused to update SHA-256")
  }

  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// The digest of everything so far; afterwards the hasher starts again from nothing.
  package mutating func finalize() -> Digest {
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
      var length: UInt32 = 0
      let finished = EVP_DigestFinal_ex(context, buffer.baseAddress, &length)
      precondition(finished == 1, "OpenSSL refused to finish SHA-256")
      count = Int(length)
    }
    let restarted = EVP_DigestInit_ex(context, Self.algorithm, nil)
    precondition(restarted == 1, "OpenSSL refused to start SHA-256")
    guard let digest = Digest(bytes: bytes) else { preconditionFailure("SHA-256 gave \(bytes.count) bytes") }
    return digest
  }

  package static func digest(_ bytes: [UInt8]) -> Digest {
    let result = [UInt8](unsafeUninitializedCapacity: Digest.byteCount) { buffer, count in
      var length: UInt32 = 0
      let done = bytes.withUnsafeBytes { EVP_Digest($0.baseAddress, $0.count, buffer.baseAddress, &length, algorithm, nil) }
      precondition(done == 1 && length == Digest.byteCount, "OpenSSL refused to compute SHA-256")
      count = Digest.byteCount
    }
    guard let digest = Digest(bytes: result) else { preconditionFailure("SHA-256 gave \(result.count) bytes") }
    return digest
  }

  /// Reads the file in pieces of one megabyte, so a model of any size takes constant memory.
  package static func digest(ofFile path: String) throws -> Digest {
    let file = try FileHandle(forReadingFrom: path.fileURL)
    var hasher = SHA256()
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
      piece.withUnsafeBytes { hasher.update($0) }
    }
    try file.close()
    return hasher.finalize()
  }
}
