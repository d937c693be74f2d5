internal import Dispatch
internal import Locking
internal import Logging

/// Records requests without making them wait: they queue up to a bound, and one writer commits all that wait in one transaction.
///
/// A record that finds the queue full is dropped and counted. What waits when the process is killed is lost, at most `Options.linger` and a
/// commit old; what is committed survives that, but only a power cut later than the next synced change of the store, or its next checkpoint.
package final class InferenceRecorder: Sendable {
  /// Which requests are recorded.
  package enum Policy: String, CaseIterable, Codable, Sendable { case none, errors, all }

  package struct Options: Hashable, Sendable {
    package var policy = Policy.all
    /// Records kept; the oldest go first.
    package var retention = 100_000
    /// Bodies of requests up to this size are kept without being asked for.
    package var keptInputBytes = 0
    /// Bytes that may wait to be committed.
    package var queueBytes = 16 << 20
    /// How long the first of a batch waits for others.
    package var linger = Duration.milliseconds(100)

    package init() {}
  }

  /// Counted since the start.
  package struct Counters: Hashable, Sendable {
    package var recorded = 0
    package var dropped = 0
    package var commits = 0
    package var waiting = 0
  }

  package let options: Options
  private let store: ModelStore
  private let logger: Logger
  private let writer = DispatchQueue(label: "posterior.inference-recorder", qos: .utility)
  private let state = Protected(State())

  private struct State {
    var waiting: [InferenceRecord] = []
    var waitingBytes = 0
    var counters = Counters()
    var isScheduled = false
    var isHurried = false
    var isFailing = false
  }

  package init(store: ModelStore, options: Options = Options()) {
    self.store = store
    self.options = options
    logger = store.logger
  }

  package var counters: Counters {
    state.withLock { state in
      var counters = state.counters
      counters.waiting = state.waiting.count
      return counters
    }
  }

  /// Whether a request with such an answer is to be recorded.
  /// - Parameter isAskedFor: whether the client asked for this one.
  package func wants(failed: Bool, isAskedFor: Bool) -> Bool {
    switch options.policy {
    case .none: false
    case .errors: failed || isAskedFor
    case .all: true
    }
  }

  /// Queues a record; returns at once, whatever the disk does.
  /// - Returns: false when the queue was full and the record is dropped.
  package func record(_ record: InferenceRecord) -> Bool {
    enum Action { case nothing, schedule, hurry }
    let bytes = record.byteCount
    let (isTaken, action) = state.withLock { state -> (Bool, Action) in
      guard state.waitingBytes + bytes <= options.queueBytes else {
        state.counters.dropped += 1
        return (false, .nothing)
      }
      state.waiting.append(record)
      state.waitingBytes += bytes
      if state.waitingBytes > options.queueBytes / 4, !state.isHurried {
        state.isHurried = true
        return (true, .hurry)
      }
      guard !state.isScheduled else { return (true, .nothing) }
      state.isScheduled = true
      return (true, .schedule)
    }
    switch action {
    case .nothing: break
    case .schedule: writer.asyncAfter(deadline: .now() + options.linger / .seconds(1)) { self.commit() }
    case .hurry: writer.async { self.commit() }
    }
    return isTaken
  }

  /// Returns when everything recorded before the call is committed or given up; blocks for that long.
  package func flush() {
    writer.sync { commit() }
  }

  private func commit() {
    let batch = state.withLock { state -> [InferenceRecord] in
      defer { (state.waiting, state.waitingBytes, state.isScheduled, state.isHurried) = ([], 0, false, false) }
      return state.waiting
    }
    guard !batch.isEmpty else { return }
    do {
      let taken = try store.append(batch, retention: options.retention)
      state.withLock { state in
        state.counters.commits += 1
        state.counters.recorded += taken
        state.counters.dropped += batch.count - taken
        state.isFailing = false
      }
      if taken < batch.count { logger.error("the schema refused \(batch.count - taken) records of requests") }
    } catch {
      // Said once, not with every batch, until it works again.
      let isNews = state.withLock { state in
        state.counters.dropped += batch.count
        defer { state.isFailing = true }
        return !state.isFailing
      }
      if isNews { logger.error("requests are answered but not recorded", metadata: ["error": "\(error)"]) }
    }
  }
}
