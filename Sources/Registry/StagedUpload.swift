package import Formats
package import Foundation
import Locking

/// A model file on its way in: a temporary file, hashed while it is written, removed unless it is published.
package final class StagedUpload: Sendable {
  let path: String
  private let file: OpenFile
  private let limit: Int
  // While this object lives its session does, and nobody takes the file for a leftover.
  private let session: Session
  private let state = Protected(State())

  private struct State: ~Copyable {
    var hasher = SHA256()
    var byteCount = 0
    var digest: Digest?
    var isOver = false
    var failure: StoreError?
  }

  init(path: String, limit: Int, session: Session) throws(StoreError) {
    self.path = path
    self.session = session
    self.limit = limit
    file = try OpenFile(path, O_CREAT | O_EXCL | O_RDWR)
  }

  deinit { abort() }

  /// How many bytes were written so far.
  package var byteCount: Int { state.withLock { $0.byteCount } }

  /// Of all that was written; asking for it ends the writing.
  package var digest: Digest { get throws { try seal().digest } }

  /// Appends bytes.
  ///
  /// - Throws: `StoreError.tooLarge`, `.diskFull`; the file is removed at once and every later call throws the same.
  package func write(_ bytes: some ContiguousBytes) throws {
    try bytes.withUnsafeBytes { bytes in
      try state.withLock { state in
        try Self.requireOpen(state)
        do throws(StoreError) {
          guard bytes.count <= limit - state.byteCount else { throw .tooLarge(limit: limit) }
          try file.write(bytes)
        } catch {
          state.failure = error
          remove()
          throw error
        }
        state.hasher.update(bytes)
        state.byteCount += bytes.count
      }
    }
  }

  /// Removes the file; what was published stays.
  package func abort() {
    state.withLock { state in
      guard !state.isOver else { return }
      state.isOver = true
      if state.failure == nil { remove() }
    }
  }

  /// Ends the writing: on return the disk has the bytes and nobody can write to the file any more.
  func seal() throws -> (digest: Digest, byteCount: Int) {
    try state.withLock { state in
      if let digest = state.digest { return (digest, state.byteCount) }
      try Self.requireOpen(state)
      try file.setMode(0o444)
      try file.synchronize()
      let digest = state.hasher.finalize()
      state.digest = digest
      return (digest, state.byteCount)
    }
  }

  /// The file has found its place: it is no longer this object's to remove.
  func release() {
    state.withLock { $0.isOver = true }
  }

  private static func requireOpen(_ state: borrowing State) throws(StoreError) {
    if let failure = state.failure { throw failure }
    precondition(!state.isOver && state.digest == nil, "an upload is written before it is published or aborted, not after")
  }

  private func remove() {
    // Where this fails the next opening of the store removes the file.
    unlink(path)
  }
}
