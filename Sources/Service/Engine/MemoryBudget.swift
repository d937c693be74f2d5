internal import HTTP
internal import Locking

/// How many bytes requests may hold at once: bodies that have arrived, what is read of them, and numbers on their way out.
///
/// Also: how many bytes of their bodies may be on disk. What arrives is counted as it comes, not as it is announced, so that nobody reserves memory
/// by a header; what is made of it is counted before it is made.
package final class MemoryBudget: Sendable {
  package let capacity: Int
  /// The most that requests of one client hold.
  private let capacityPerClient: Int
  /// What the bytes are of, for sentences.
  private let resource: String
  private let held = Protected(Held())

  private struct Held {
    var total = 0
    /// Of clients that hold something.
    var byClient: [ClientNetwork: Int] = [:]
  }

  package init(capacity: Int, perClient: Int = .max, of resource: String = "memory") {
    (self.capacity, self.capacityPerClient, self.resource) = (capacity, perClient, resource)
  }

  /// Bytes held now.
  package var bytes: Int { held.withLock { $0.total } }

  /// An account of one request, empty at first.
  ///
  /// - Parameter client: the address that it came from; what has none is held to the whole capacity alone.
  package func open(for client: String? = nil) -> Lease { Lease(self, client: capacityPerClient == .max ? nil : client.flatMap(ClientNetwork.init)) }

  /// What one request holds, given back when the last reference goes.
  package final class Lease: Sendable {
    private let budget: MemoryBudget
    private let client: ClientNetwork?
    private let own = Protected(0)

    fileprivate init(_ budget: MemoryBudget, client: ClientNetwork?) { (self.budget, self.client) = (budget, client) }

    deinit { give(back: own.withLock { $0 }) }

    /// - Throws: `MemoryOverload` where others hold so much that this does not fit, or where it fits under no circumstances.
    package func take(_ bytes: Int) throws(MemoryOverload) {
      let mine = own.withLock { $0 }
      let overload = budget.held.withLock { held -> MemoryOverload? in
        let most = client == nil ? budget.capacity : min(budget.capacity, budget.capacityPerClient)
        // Compared so that no sum overflows, whatever a request comes to.
        guard bytes <= most - mine else {
          return MemoryOverload(.request(bytes > .max - mine ? .max : mine + bytes), capacity: most, resource: budget.resource)
        }
        if let client, bytes > budget.capacityPerClient - held.byClient[client, default: 0] {
          return MemoryOverload(.client, capacity: budget.capacityPerClient, resource: budget.resource)
        }
        guard bytes <= budget.capacity - held.total else { return MemoryOverload(.all, capacity: budget.capacity, resource: budget.resource) }
        held.total += bytes
        if let client { held.byClient[client, default: 0] += bytes }
        return nil
      }
      if let overload { throw overload }
      own.withLock { $0 += bytes }
    }

    /// Gives back some of what was taken, which is no longer there.
    package func giveBack(_ bytes: Int) {
      let bytes = own.withLock { own in
        let part = min(bytes, own)
        own -= part
        return part
      }
      give(back: bytes)
    }

    private func give(back bytes: Int) {
      budget.held.withLock { held in
        held.total -= bytes
        guard let client else { return }
        let rest = held.byClient[client, default: 0] - bytes
        held.byClient[client] = rest == 0 ? nil : rest
      }
    }

    /// The whole body, counted while it arrives; twice until it is there, because an array that grows stands in two places.
    nonisolated(nonsending) func collect(_ body: RequestBody) async throws -> [UInt8] {
      var bytes: [UInt8] = []
      for try await chunk in body {
        try take(2 * chunk.count)
        if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
      }
      giveBack(bytes.count)
      return bytes
    }
  }
}

/// There is no room for what a request needs.
package struct MemoryOverload: Error, Equatable {
  package enum Whose: Equatable, Sendable {
    /// Requests together hold as much as they may; one more has to wait outside.
    case all
    /// Those of this client do.
    case client
    /// This request by itself would hold so many bytes or more, which it never may.
    case request(Int)
  }
  package let whose: Whose
  package let capacity: Int
  package let resource: String

  package init(_ whose: Whose, capacity: Int, resource: String) { (self.whose, self.capacity, self.resource) = (whose, capacity, resource) }
}
