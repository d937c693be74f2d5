internal import Foundation
internal import Glibc

/// One request on a connection of its own, answered into memory: what a benchmark asks before and after its load.
package struct Exchange: Sendable, Equatable {
  package let status: Int
  package let body: [UInt8]

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// - Parameter limit: the most bytes of a body.
  package static func perform(
    _ request: LoadRequest, at destination: Destination, within timeout: Duration = .seconds(30), limit: Int = 256 << 20
  ) async throws -> Exchange {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            do {
              return try blocking(request, at: destination, until: Monotonic.now + timeout.nanoseconds, limit: limit)
            } catch {
              throw Failure(description: "\(destination): \(error)")
            }
          })
      }
    }
  }

  private static func blocking(_ request: LoadRequest, at destination: Destination, until deadline: Int, limit: Int) throws -> Exchange {
    var connection = ClientConnection(index: 0)
    try connection.open(try destination.resolve(), at: 0)
    defer { connection.close() }
    try wait(connection.descriptor, POLLOUT, until: deadline)
    try connection.didConnect()
    connection.assign(0, expecting: nil, intended: 0, at: 0)
    while try !connection.send(request.bytes) { try wait(connection.descriptor, POLLOUT, until: deadline) }
    return try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
      var isComplete = false
      while !isComplete {
        try wait(connection.descriptor, POLLIN, until: deadline)
        isComplete = try connection.receive(into: buffer)
        guard connection.received <= limit else { throw Failure(description: "an answer of more than \(limit) bytes") }
      }
      let answer = connection.finish()
      return Exchange(status: answer.status, body: answer.body ?? [])
    }
  }

  private static func wait(_ descriptor: Int32, _ events: Int32, until deadline: Int) throws {
    var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    while true {
      let rest = deadline - Monotonic.now
      guard rest > 0 else { throw SystemError(ETIMEDOUT) }
      let count = Glibc.poll(&entry, 1, Int32(clamping: rest / 1_000_000 + 1))
      if count > 0 { return }
      if count < 0, errno != EINTR { throw SystemError() }
    }
  }
}
