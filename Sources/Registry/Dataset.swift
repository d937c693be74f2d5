package import Formats
package import ModelFiles

/// Files under one name, which trainings and evaluations of a server learn from.
package struct Dataset: Hashable, Sendable {
  package struct File: Hashable, Sendable {
    /// As recipes name it.
    package let path: String
    package let digest: Digest
    package let byteCount: Int
  }

  package let name: String
  /// By path; at least one.
  package let files: [File]
  /// A JSON object: what was found in them.
  package let description: String
  package let createdAt: Timestamp

  /// Of the only file, or of the list of several: a line each, `digest path`.
  package var digest: Digest {
    files.count == 1 ? files[0].digest : SHA256.digest(files.flatMap { Array("\($0.digest) \($0.path)\n".utf8) })
  }

  package var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

  /// Whether a path can name a file of a data set: relative, without steps upwards, hidden parts and control characters.
  package static func accepts(path: String) -> Bool {
    (1...200).contains(path.utf8.count) && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }
      && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
  }
}

/// A file that a run made, kept among the blobs; it may be deleted, and expires.
package struct RunFile: Hashable, Sendable {
  package let name: String
  package let mediaType: String
  package let digest: Digest
  package let byteCount: Int
  package let time: Timestamp
  /// nil: it stays.
  package let expiresAt: Timestamp?
}

/// What a run does without a client that waits, and whose it is.
package struct Job: Hashable, Sendable {
  package let run: RunID
  /// JSON.
  package let specification: String
  /// The identifier of the key that started it; `admin` for the store's own key.
  package let owner: String
}
