import Formats
import Foundation

/// The key that admits to the admin endpoints.
///
/// It never prints: `secret` is for showing it once to the one who set up the server.
package struct AdminKey: Sendable {
  package let secret: String
  private let digest: Digest

  /// A key chosen by whoever runs the server.
  ///
  /// - Throws: `StoreError.invalidKey` for one that is short or that no `Authorization` header can carry (RFC 6750 section 2.1).
  package init(secret: String) throws {
    guard secret.utf8.count >= 16 else { throw StoreError.invalidKey(reason: "it has \(secret.utf8.count) characters, give at least 16") }
    guard secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw StoreError.invalidKey(reason: "it has spaces or characters other than printable ASCII")
    }
    self.secret = secret
    digest = SHA256.digest(Array(secret.utf8))
  }

  /// The key in `STORE/admin.key`; where there is none, 256 random bits are written there for the owner's eyes only.
  ///
  /// - Throws: `StoreError.invalidKey` when the file holds no usable key; it is not replaced.
  package static func loadOrCreate(in directory: String) throws -> AdminKey {
    let folder = try Folder(creating: directory)
    let lock = try folder.lock()
    defer { lock.unlock() }
    let path = folder.path(of: "admin.key")
    if access(path, F_OK) == 0 {
      guard let bytes = FileManager.default.contents(atPath: path) else { throw StoreError.readOnly(path: path) }
      return try AdminKey(secret: String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
    let secret = RandomSecret.digits()
    let unfinished = folder.path(of: "admin.key.part")
    try folder.remove("admin.key.part")
    let file = try OpenFile(unfinished, O_CREAT | O_EXCL | O_WRONLY, mode: 0o600)
    do {
      try Array("\(secret)\n".utf8).withUnsafeBytes { try file.write($0) }
      try file.synchronize()
      try folder.adopt(unfinished, as: "admin.key")
    } catch {
      unlink(unfinished)
      throw error
    }
    return try AdminKey(secret: secret)
  }

  /// A key that was never told to anybody, for a server that has no use for one and no place to write it.
  package static func nobodys() throws -> AdminKey { try AdminKey(secret: RandomSecret.digits()) }

  /// Whether the candidate is the key; the time that takes tells nothing about the key.
  ///
  /// Both sides are hashed first, so that what is compared has one length and can't be steered by the candidate.
  package func matches(_ candidate: String) -> Bool {
    digest.equalsInConstantTime(SHA256.digest(Array(candidate.utf8)))
  }
}

extension AdminKey: CustomStringConvertible {
  package var description: String { "AdminKey(hidden)" }
}
