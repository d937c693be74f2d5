import Locking
import Service
import Testing

@Suite("Compute lanes")
struct ComputeLanesTests {
  @Test("never more jobs run at once than there are lanes, and every job runs", arguments: [1, 3])
  func width(_ width: Int) async throws {
    let lanes = ComputeLanes("test", width: width, capacity: 1000)
    let census = Census()
    try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<200 {
        group.addTask {
          try await lanes.run {
            census.enter()
            let sum = (0..<1000).reduce(index, ^)
            census.leave()
            return sum
          }
        }
      }
      for try await _ in group {}
    }
    #expect(census.counts.done == 200)
    #expect((1...width).contains(census.counts.most))
    #expect(lanes.depth == 0)
  }

  @Test("a full queue refuses at once; what waited is done")
  func overload() async throws {
    let lanes = ComputeLanes("test", width: 1, capacity: 2)
    let door = Door()
    let blocker = Task { try await lanes.run { door.wait() } }
    await door.untilSomeoneWaits()
    let waiting = (0..<2).map { index in Task { try await lanes.run { index } } }
    while lanes.depth < 2 { await Task.yield() }
    await #expect(throws: LaneOverload.self) { try await lanes.run { 0 } }
    door.open()
    try await blocker.value
    for (index, task) in waiting.enumerated() { #expect(try await task.value == index) }
    #expect(try await lanes.run { 7 } == 7)
  }

  @Test("a job whose task is cancelled while it waits never runs, and frees its place")
  func cancellation() async throws {
    let lanes = ComputeLanes("test", width: 1, capacity: 1)
    let door = Door()
    let census = Census()
    let blocker = Task { try await lanes.run { door.wait() } }
    await door.untilSomeoneWaits()
    let dropped = Task { try await lanes.run { census.enter() } }
    while lanes.depth < 1 { await Task.yield() }
    dropped.cancel()
    await #expect(throws: CancellationError.self) { try await dropped.value }
    #expect(lanes.depth == 0)
    let next = Task { try await lanes.run { 5 } }
    while lanes.depth < 1 { await Task.yield() }
    door.open()
    try await blocker.value
    #expect(try await next.value == 5)
    #expect(census.counts.most == 0)
  }

  @Test("a job's error reaches who asked, and the lane goes on")
  func errors() async throws {
    struct Fault: Error {}
    let lanes = ComputeLanes("test", width: 1, capacity: 1)
    await #expect(throws: Fault.self) { try await lanes.run { throw Fault() } }
    #expect(try await lanes.run { 1 } == 1)
  }
}

/// Counts who is inside.
private final class Census: Sendable {
  private let stored = Protected((running: 0, most: 0, done: 0))

  var counts: (running: Int, most: Int, done: Int) { stored.withLock { $0 } }

  func enter() {
    stored.withLock {
      $0.running += 1
      $0.most = max($0.most, $0.running)
    }
  }

  func leave() {
    stored.withLock {
      $0.running -= 1
      $0.done += 1
    }
  }
}
