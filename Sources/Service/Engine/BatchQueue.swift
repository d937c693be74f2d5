internal import Formats

/// Which rows are computed next: a value without clocks, threads or numbers, fed with requests and asked for batches.
///
/// A line holds the requests that may share a batch. A request that needs no more than an equal part of the batch is done in it, whatever stands before it
/// in the line; the others follow in the order of arrival, of which the first always gets its part. Among models the one that was given the least time goes first (start-time
/// fair queueing), and interactive lines go before background ones.
package struct BatchQueue {
  package struct Entry {
    package let id: Int
    package let key: BatchKey
    package let urgency: Urgency
    package let arrival: ContinuousClock.Instant
    package let deadline: ContinuousClock.Instant?
    /// Rows of one batch at most, for the memory that this model's items need.
    package let rowLimit: Int
    /// Cost of a row in units of the operation's plainest row; and seconds a unit before any was measured.
    package let weight: Double
    package let guess: Double
    package var remaining: Range<Int>

    package init(
      id: Int, key: BatchKey, urgency: Urgency, arrival: ContinuousClock.Instant, deadline: ContinuousClock.Instant?, rowLimit: Int, weight: Double,
      guess: Double, remaining: Range<Int>
    ) {
      self.id = id
      self.key = key
      self.urgency = urgency
      self.arrival = arrival
      self.deadline = deadline
      self.rowLimit = rowLimit
      self.weight = weight
      self.guess = guess
      self.remaining = remaining
    }
  }

  /// Rows of one request in a batch.
  package struct Share: Equatable {
    package let id: Int
    package let rows: Range<Int>

    package init(id: Int, rows: Range<Int>) {
      self.id = id
      self.rows = rows
    }
  }

  /// Why a batch was closed.
  package enum Closing: String, Sendable, CaseIterable {
    /// It holds as many rows as it may: by the policy, by memory, or by what they cost.
    case full
    /// Its line waited as long as the policy says.
    case delay
    /// A lane was free and took all that waited, or its part of it.
    case idle
  }

  package struct Batch: Equatable {
    package let key: BatchKey
    package let urgency: Urgency
    package let shares: [Share]
    /// Cost of all its rows in units, to learn the rate from.
    package let weight: Double
    package let closing: Closing

    package var rowCount: Int { shares.reduce(0) { $0 + $1.rows.count } }
  }

  private struct LineKey: Hashable {
    let key: BatchKey
    let urgency: Urgency
  }
  private typealias Line = [Entry]

  private struct RateKey: Hashable {
    let model: Digest
    let operation: String
  }

  package let policy: BatchPolicy
  private var lines: [LineKey: Line] = [:]
  /// Seconds given to each model that has requests here; a newcomer starts at the least of them.
  private var given: [Digest: Double] = [:]
  /// Measured seconds a unit of cost.
  private var rates: [RateKey: Double] = [:]
  private var interactiveRun = 0
  package private(set) var count = 0

  package init(policy: BatchPolicy) { self.policy = policy }

  package var isEmpty: Bool { count == 0 }

  package mutating func append(_ entry: Entry) {
    precondition(!entry.remaining.isEmpty && entry.rowLimit > 0, "an entry without rows")
    lines[LineKey(key: entry.key, urgency: entry.urgency), default: []].append(entry)
    if given[entry.key.model] == nil { given[entry.key.model] = given.values.min() ?? 0 }
    count += 1
  }

  /// Takes out what is left of a request.
  package mutating func remove(_ id: Int, key: BatchKey, urgency: Urgency) {
    let line = LineKey(key: key, urgency: urgency)
    guard let index = lines[line]?.firstIndex(where: { $0.id == id }) else { return }
    lines[line]?.remove(at: index)
    count -= 1
    tidy(line)
  }

  /// Takes out the requests whose deadline has passed.
  package mutating func removeLate(at now: ContinuousClock.Instant) -> [Int] {
    var late: [Int] = []
    for (key, line) in lines where line.contains(where: { $0.isLate(at: now) }) {
      late += line.filter { $0.isLate(at: now) }.map(\.id)
      lines[key] = line.filter { !$0.isLate(at: now) }
      tidy(key)
    }
    count -= late.count
    return late
  }

  /// Whether `next` would give a batch.
  package func isReady(at now: ContinuousClock.Instant, background: Bool) -> Bool {
    lines.contains { key, line in (background || key.urgency == .interactive) && isReady(line, at: now) }
  }

  /// When the first line that waits for company is ready; nil where none waits.
  package func nextDue(after now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    guard policy.maxDelay > .zero else { return nil }
    return lines.values.compactMap { $0.map(\.arrival).min()?.advanced(by: policy.maxDelay) }.filter { $0 > now }.min()
  }

  /// The next batch.
  /// - Parameters:
  ///   - freeLanes: lanes beside the asking one that have nothing to do, for which rows are left where that pays.
  ///   - background: whether background work may be chosen.
  package mutating func next(at now: ContinuousClock.Instant, freeLanes: Int, background: Bool) -> Batch? {
    let ready = lines.filter { isReady($0.value, at: now) && (background || $0.key.urgency == .interactive) }
    guard let urgency = choose(among: ready.keys.map(\.urgency)) else { return nil }
    let candidates = ready.filter { $0.key.urgency == urgency }
    // The model that was given least, then the line whose first request waits longest; ids settle what is equal.
    guard
      let (key, line) = candidates.min(by: { left, right in
        let (a, b) = (given[left.key.key.model] ?? 0, given[right.key.key.model] ?? 0)
        return a != b ? a < b : left.value[0].id < right.value[0].id
      })
    else { return nil }
    return take(from: line, key, freeLanes: freeLanes)
  }

  /// Learns what a batch really cost.
  package mutating func record(_ batch: Batch, seconds: Double) {
    guard batch.weight > 0, seconds > 0 else { return }
    if rates.count >= 1024 { rates.removeAll() }
    let key = RateKey(model: batch.key.model, operation: batch.key.operation)
    let rate = seconds / batch.weight
    // Small batches look dear, because every batch has a price of its own: a cheaper reading counts at once, a dearer one slowly.
    rates[key] = rates[key].map { rate < $0 ? rate : $0 + (rate - $0) / 8 } ?? rate
  }

  private func isReady(_ line: Line, at now: ContinuousClock.Instant) -> Bool {
    guard policy.maxDelay > .zero, let first = line.map(\.arrival).min() else { return true }
    return first.advanced(by: policy.maxDelay) <= now || line.reduce(0) { $0 + $1.remaining.count } >= bound(line)
  }

  private mutating func choose(among urgencies: [Urgency]) -> Urgency? {
    guard let first = urgencies.min(by: { $0.rawValue < $1.rawValue }) else { return nil }
    let backgroundWaits = urgencies.contains(.background)
    guard first == .interactive, backgroundWaits else {
      interactiveRun = 0
      return first
    }
    interactiveRun += 1
    guard interactiveRun > policy.interactiveRun else { return .interactive }
    interactiveRun = 0
    return .background
  }

  private func secondsPerRow(_ entry: Entry) -> Double {
    (rates[RateKey(model: entry.key.model, operation: entry.key.operation)] ?? entry.guess) * entry.weight
  }

  /// Rows that a batch of this line holds at most.
  private func bound(_ line: Line) -> Int {
    let affordable = policy.targetSeconds / max(line.map(secondsPerRow).max() ?? 0, 1e-12)
    return max(1, min(policy.maxRows, line.map(\.rowLimit).min() ?? 1, Int(min(affordable, 1e9))))
  }

  private mutating func take(from line: Line, _ key: LineKey, freeLanes: Int) -> Batch {
    let waiting = line.reduce(0) { $0 + $1.remaining.count }
    let worthwhile = policy.worthwhileSeconds / max(line.map(secondsPerRow).max() ?? 0, 1e-12)
    let perLane = (waiting + freeLanes) / (freeLanes + 1)
    let bound = bound(line)
    let rows = min(bound, max(perLane, Int(min(worthwhile, 1e9)), 1))

    // The first in line goes on; then whoever is done with an equal part or less; what is left over is given in the order of arrival.
    var shares = line.map { _ in 0 }
    var left = rows
    let part = max(1, rows / line.count)
    func give(_ index: Int, upTo most: Int) {
      let more = min(left, most, line[index].remaining.count - shares[index])
      shares[index] += more
      left -= more
    }
    give(0, upTo: part)
    for index in line.indices where line[index].remaining.count <= part { give(index, upTo: part) }
    for index in line.indices where left > 0 { give(index, upTo: left) }

    var (batch, rest) = ([Share](), Line())
    var weight = 0.0
    for (entry, share) in zip(line, shares) {
      var entry = entry
      if share > 0 {
        let rows = entry.remaining.prefix(share)
        batch.append(Share(id: entry.id, rows: rows))
        weight += entry.weight * Double(share)
        entry.remaining = rows.upperBound..<entry.remaining.upperBound
      }
      if !entry.remaining.isEmpty { rest.append(entry) }
    }
    lines[key] = rest
    count -= line.count - rest.count
    given[key.key.model, default: 0] += line.map(secondsPerRow).max()! * Double(rows - left)
    tidy(key)
    let closing: Closing = rows - left == bound ? .full : policy.maxDelay > .zero ? .delay : .idle
    return Batch(key: key.key, urgency: key.urgency, shares: batch, weight: weight, closing: closing)
  }

  private mutating func tidy(_ key: LineKey) {
    if lines[key]?.isEmpty == true { lines[key] = nil }
    // A model that has nothing here any more keeps no account, and none is held against it when it comes back.
    if !lines.keys.contains(where: { $0.key.model == key.key.model }) { given[key.key.model] = nil }
  }
}

extension BatchQueue.Entry {
  fileprivate func isLate(at now: ContinuousClock.Instant) -> Bool { deadline.map { $0 <= now } ?? false }
}
