internal import Locking

/// How many connections are open, asked of the server, which exists only after the application that it serves.
package final class ConnectionCount: Sendable {
  private let source = Protected<(@Sendable () -> Int)?>(nil)

  var value: Int? { source.withLock { $0 }?() }

  package func come(from source: @escaping @Sendable () -> Int) { self.source.withLock { $0 = source } }
}
