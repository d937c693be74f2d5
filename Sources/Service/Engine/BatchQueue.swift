internal import Formats

/// What stands in a queue of batches: rows that may be computed with those of others under the same key.
package protocol BatchMember: AnyObject, Sendable {
  var key: BatchKey { get }
  var urgency: Urgency { get }
  var arrival: ContinuousClock.Instant { get }
  var deadline: ContinuousClock.Instant? { get }
  /// Rows that it has.
  var count: Int { get }
  /// Rows of one batch at most, for the memory that this model's items need.
  var rowLimit: Int { get }
  /// Cost of a row in units of the kind's plainest row; and seconds a unit before any was measured.
  var rowWeight: Double { get }
  var guessedSecondsPerUnit: Double { get }
}

/// Rows of several members that are computed together.
package struct Batch<Member: BatchMember>: Sendable {
  package let key: BatchKey
  package let urgency: Urgency
  package let parts: [(member: Member, rows: Range<Int>)]
  /// Cost of all its rows in units, to learn the rate from.
  package let weight: Double
  package let closing: BatchClosing

  package var rowCount: Int { parts.reduce(0) { $0 + $1.rows.count } }
}

/// Why a batch was closed.
package enum BatchClosing: String, Sendable, CaseIterable {
  /// It holds as many rows as it may: by the policy, by memory, or by what they cost.
  case full
  /// Its line waited as long as the policy says.
  case delay
  /// A lane was free and took all that waited, or its part of it.
  case idle
}

/// Which rows are computed next: a value without clocks, threads or numbers, fed with requests and asked for batches.
///
/// A line holds the requests that may share a batch. A request that needs no more than an equal part of the batch is done in it, whatever stands before it
/// in the line; the others follow in the order of arrival, of which the first always gets its part. Among models the one that was given the least time goes first (start-time
/// fair queueing), and interactive lines go before background ones.
package struct BatchQueue<Member: BatchMember> {
  /// A member with the rows that it still waits for, numbered as it came.
  private struct Waiting {
    let member: Member
    let number: Int
    var rows: Range<Int>
  }
  private typealias Line = [Waiting]

  private struct LineKey: Hashable {
    let key: BatchKey
    let urgency: Urgency

    init(_ member: Member) { (key, urgency) = (member.key, member.urgency) }
  }

  private struct RateKey: Hashable {
    let model: Digest
    let request: String

    init(_ key: BatchKey) { (model, request) = (key.model, key.request) }
  }

  package let policy: BatchPolicy
  private var lines: [LineKey: Line] = [:]
  /// Seconds given to each model that has requests here; a newcomer starts at the least of them.
  private var given: [Digest: Double] = [:]
  /// Measured seconds a unit of cost.
  private var rates: [RateKey: Double] = [:]
  private var interactiveRun = 0
  private var arrivals = 0
  package private(set) var count = 0

  package init(policy: BatchPolicy) { self.policy = policy }

  package var isEmpty: Bool { count == 0 }

  package mutating func append(_ member: Member) {
    precondition(member.count > 0 && member.rowLimit > 0, "a member without rows")
    arrivals += 1
    lines[LineKey(member), default: []].append(Waiting(member: member, number: arrivals, rows: 0..<member.count))
    if given[member.key.model] == nil { given[member.key.model] = given.values.min() ?? 0 }
    count += 1
  }

  /// Takes out what is left of a member.
  package mutating func remove(_ member: Member) {
    let line = LineKey(member)
    guard let index = lines[line]?.firstIndex(where: { $0.member === member }) else { return }
    lines[line]?.remove(at: index)
    count -= 1
    tidy(line)
  }

  /// Takes out the members whose deadline has passed.
  package mutating func removeLate(at now: ContinuousClock.Instant) -> [Member] {
    func isLate(_ waiting: Waiting) -> Bool { waiting.member.deadline.map { $0 <= now } ?? false }
    var late: [Member] = []
    for (key, line) in lines where line.contains(where: isLate) {
      late += line.filter(isLate).map { $0.member }
      lines[key] = line.filter { !isLate($0) }
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
    return lines.values.compactMap { $0.map { $0.member.arrival }.min()?.advanced(by: policy.maxDelay) }.filter { $0 > now }.min()
  }

  /// The next batch.
  /// - Parameters:
  ///   - freeLanes: lanes beside the asking one that have nothing to do, for which rows are left where that pays.
  ///   - background: whether background work may be chosen.
  package mutating func next(at now: ContinuousClock.Instant, freeLanes: Int, background: Bool) -> Batch<Member>? {
    let ready = lines.filter { isReady($0.value, at: now) && (background || $0.key.urgency == .interactive) }
    guard let urgency = choose(among: ready.keys.map { $0.urgency }) else { return nil }
    let candidates = ready.filter { $0.key.urgency == urgency }
    // The model that was given least, then the line whose first request came first.
    guard
      let (key, line) = candidates.min(by: { left, right in
        let (a, b) = (given[left.key.key.model] ?? 0, given[right.key.key.model] ?? 0)
        return a != b ? a < b : left.value[0].number < right.value[0].number
      })
    else { return nil }
    return take(from: line, key, freeLanes: freeLanes)
  }

  /// Learns what a batch really cost.
  package mutating func record(_ batch: Batch<Member>, seconds: Double) {
    guard batch.weight > 0, seconds > 0 else { return }
    if rates.count >= 1024 { rates.removeAll() }
    let key = RateKey(batch.key)
    let rate = seconds / batch.weight
    // Small batches look dear, because every batch has a price of its own: a cheaper reading counts at once, a dearer one slowly.
    rates[key] = rates[key].map { rate < $0 ? rate : $0 + (rate - $0) / 8 } ?? rate
  }

  private func isReady(_ line: Line, at now: ContinuousClock.Instant) -> Bool {
    guard policy.maxDelay > .zero, let first = line.map({ $0.member.arrival }).min() else { return true }
    return first.advanced(by: policy.maxDelay) <= now || line.reduce(0) { $0 + $1.rows.count } >= bound(line)
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

  private func secondsPerRow(_ waiting: Waiting) -> Double {
    (rates[RateKey(waiting.member.key)] ?? waiting.member.guessedSecondsPerUnit) * waiting.member.rowWeight
  }

  /// Rows that a batch of this line holds at most.
  private func bound(_ line: Line) -> Int {
    let affordable = policy.targetSeconds / max(line.map(secondsPerRow).max() ?? 0, 1e-12)
    return max(1, min(policy.maxRows, line.map { $0.member.rowLimit }.min() ?? 1, Int(min(affordable, 1e9))))
  }

  private mutating func take(from line: Line, _ key: LineKey, freeLanes: Int) -> Batch<Member> {
    let waiting = line.reduce(0) { $0 + $1.rows.count }
    let worthwhile = policy.worthwhileSeconds / max(line.map(secondsPerRow).max() ?? 0, 1e-12)
    let perLane = (waiting + freeLanes) / (freeLanes + 1)
    let bound = bound(line)
    let rows = min(bound, max(perLane, Int(min(worthwhile, 1e9)), 1))

    // The first in line goes on; then whoever is done with an equal part or less; what is left over is given in the order of arrival.
    var shares = line.map { _ in 0 }
    var left = rows
    let part = max(1, rows / line.count)
    func give(_ index: Int, upTo most: Int) {
      let more = min(left, most, line[index].rows.count - shares[index])
      shares[index] += more
      left -= more
    }
    give(0, upTo: part)
    for index in line.indices where line[index].rows.count <= part { give(index, upTo: part) }
    for index in line.indices where left > 0 { give(index, upTo: left) }

    var (parts, rest): ([(Member, Range<Int>)], Line) = ([], [])
    var weight = 0.0
    for (waiting, share) in zip(line, shares) {
      var waiting = waiting
      if share > 0 {
        let rows = waiting.rows.prefix(share)
        parts.append((waiting.member, rows))
        weight += waiting.member.rowWeight * Double(share)
        waiting.rows = rows.upperBound..<waiting.rows.upperBound
      }
      if !waiting.rows.isEmpty { rest.append(waiting) }
    }
    lines[key] = rest
    count -= line.count - rest.count
    given[key.key.model, default: 0] += line.map(secondsPerRow).max()! * Double(rows - left)
    tidy(key)
    let closing: BatchClosing = rows - left == bound ? .full : policy.maxDelay > .zero ? .delay : .idle
    return Batch(key: key.key, urgency: key.urgency, parts: parts, weight: weight, closing: closing)
  }

  private mutating func tidy(_ key: LineKey) {
    if lines[key]?.isEmpty == true { lines[key] = nil }
    // A model that has nothing here any more keeps no account, and none is held against it when it comes back.
    if !lines.keys.contains(where: { $0.key.model == key.key.model }) { given[key.key.model] = nil }
  }
}
