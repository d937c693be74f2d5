internal import HTTP
internal import Locking

/// How many bytes requests may hold at once: bodies that have arrived, and numbers on their way out.
///
/// Also: how many bytes of their bodies may be on disk. Counted as they come, not as they are announced, so that nobody reserves memory by a header. A request that is alone is never refused.
package final class MemoryBudget: Sendable {
  package let capacity: Int
  /// What the bytes are of, for sentences.
  private let resource: String
  private let held = Protected(0)

  package init(capacity: Int, of resource: String = "memory") { (self.capacity, self.resource) = (capacity, resource) }

  /// Bytes held now.
  package var bytes: Int { held.withLock { $0 } }

  /// An account of one request, empty at first.
  func open() -> Lease { Lease(self) }

  /// What one request holds, given back when the last reference goes.
  final class Lease: Sendable {
    private let budget: MemoryBudget
    private let own = Protected(0)

    fileprivate init(_ budget: MemoryBudget) { self.budget = budget }

    deinit {
      let bytes = own.withLock { $0 }
      budget.held.withLock { $0 -= bytes }
    }

    /// - Throws: `MemoryOverload` where others hold so much that this does not fit.
    func take(_ bytes: Int) throws(MemoryOverload) {
      let mine = own.withLock { $0 }
      let fits = budget.held.withLock { held in
        guard held == mine || held + bytes <= budget.capacity else { return false }
        held += bytes
        return true
      }
      guard fits else { throw MemoryOverload(capacity: budget.capacity, resource: budget.resource) }
      own.withLock { $0 += bytes }
    }

    /// The whole body, counted while it arrives.
    nonisolated(nonsending) func collect(_ body: RequestBody) async throws -> [UInt8] {
      var bytes: [UInt8] = []
      for try await chunk in body {
        try take(chunk.count)
        if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
      }
      return bytes
    }
  }
}

/// Requests hold as much memory, or disk, as they may; one more has to wait outside.
package struct MemoryOverload: Error, Equatable {
  package let capacity: Int
  package let resource: String
}
