import Formats
import Service
import Tensors
import Testing

/// Rows that wait, known by a number.
private final class Member: BatchMember {
  let id: Int
  let key: BatchKey
  let urgency: Urgency
  let arrival: ContinuousClock.Instant
  let deadline: ContinuousClock.Instant?
  let count: Int
  let rowLimit: Int
  let rowWeight: Double
  let guessedSecondsPerUnit: Double

  init(
    _ id: Int, key: BatchKey, urgency: Urgency, arrival: ContinuousClock.Instant, deadline: ContinuousClock.Instant?, count: Int, rowLimit: Int,
    rowWeight: Double, guessedSecondsPerUnit: Double
  ) {
    (self.id, self.key, self.urgency, self.arrival, self.deadline, self.count) = (id, key, urgency, arrival, deadline, count)
    (self.rowLimit, self.rowWeight, self.guessedSecondsPerUnit) = (rowLimit, rowWeight, guessedSecondsPerUnit)
  }
}

extension Batch where Member == ServiceTests.Member {
  struct Share: Equatable {
    let id: Int
    let rows: Range<Int>
  }

  var shares: [Share] { parts.map { Share(id: $0.member.id, rows: $0.rows) } }
}

@Suite("The queue of batches")
struct BatchQueueTests {
  private let start = ContinuousClock.now

  private func key(_ model: UInt8 = 1, _ request: String = "sample", options: Int = 0) -> BatchKey {
    BatchKey(model: SHA256.digest([model]), request: request, options: options)
  }

  private func entry(
    _ id: Int, _ key: BatchKey, rows: Int, urgency: Urgency = .interactive, after: Duration = .zero, deadline: Duration? = nil, rowLimit: Int = 256,
    weight: Double = 1, guess: Double = 1e-6
  ) -> Member {
    Member(
      id, key: key, urgency: urgency, arrival: start + after, deadline: deadline.map { start + $0 }, count: rows, rowLimit: rowLimit,
      rowWeight: weight, guessedSecondsPerUnit: guess)
  }

  /// A batch of 256 rows, so that the numbers below are plain.
  private var policy: BatchPolicy {
    var policy = BatchPolicy()
    policy.maxRows = 256
    return policy
  }

  private func next(_ queue: inout BatchQueue<Member>, after: Duration = .zero, freeLanes: Int = 0, background: Bool = true) -> Batch<Member>? {
    queue.next(at: start + after, freeLanes: freeLanes, background: background)
  }

  @Test("every row of every request comes out once and in order, in batches of one key, whatever comes and goes", arguments: 0..<40)
  func everyRowOnce(trial: Int) throws {
    let draws = RandomKey(seed: 91).split(trial).uniform([4000]).scalars
    var (position, nextID) = (0, 0)
    func draw(_ bound: Int) -> Int {
      position += 1
      return Int(draws[position % draws.count] * Float(bound))
    }
    var policy = self.policy
    policy.maxRows = 1 + draw(40)
    var queue = BatchQueue<Member>(policy: policy)
    var (members, rows, done) = ([Int: Member](), [Int: Int](), [Int: Int]())
    func compute(_ batch: Batch<Member>) {
      #expect(batch.rowCount <= policy.maxRows && batch.rowCount > 0)
      #expect(Set(batch.shares.map(\.id)).count == batch.shares.count)
      for share in batch.shares {
        #expect(members[share.id]?.key == batch.key && share.rows.lowerBound == done[share.id] && !share.rows.isEmpty)
        done[share.id] = share.rows.upperBound
      }
      queue.record(batch, seconds: Double(1 + draw(100)) * 1e-5)
    }
    for _ in 0..<400 {
      switch draw(10) {
      case 0..<4:
        nextID += 1
        let key = key(UInt8(draw(3)), ["sample", "score"][draw(2)], options: draw(2))
        let count = 1 + draw(60)
        let member = entry(nextID, key, rows: count, urgency: draw(3) == 0 ? .background : .interactive)
        (members[nextID], rows[nextID], done[nextID]) = (member, count, 0)
        queue.append(member)
      case 4:
        // Gone: none of its rows may come any more.
        guard let id = rows.keys.sorted().first(where: { done[$0]! < rows[$0]! }) else { continue }
        queue.remove(members[id]!)
        (members[id], rows[id], done[id]) = (nil, nil, nil)
      default: if let batch = next(&queue, freeLanes: draw(3), background: draw(2) == 0) { compute(batch) }
      }
    }
    while let batch = next(&queue) { compute(batch) }
    #expect(queue.isEmpty && done == rows)
  }

  @Test("a small request is done in the next batch, however large the one before it")
  func smallBehindLarge() {
    var queue = BatchQueue<Member>(policy: policy)
    queue.append(entry(1, key(), rows: 10_000))
    _ = next(&queue)
    queue.append(entry(2, key(), rows: 8))
    let batch = next(&queue)
    #expect(batch?.shares == [.init(id: 1, rows: 256..<504), .init(id: 2, rows: 0..<8)])
  }

  @Test("requests that fit whole are computed whole, in the order of arrival, so that none is spread over batches without need")
  func whole() {
    var queue = BatchQueue<Member>(policy: policy)
    for id in 0..<6 { queue.append(entry(id, key(), rows: 100)) }
    #expect(next(&queue)?.shares == [.init(id: 0, rows: 0..<100), .init(id: 1, rows: 0..<100), .init(id: 2, rows: 0..<56)])
    #expect(
      next(&queue)?.shares == [.init(id: 2, rows: 56..<100), .init(id: 3, rows: 0..<100), .init(id: 4, rows: 0..<100), .init(id: 5, rows: 0..<12)])
  }

  @Test("a stream of small requests does not stop a large one")
  func largeAmongSmall() {
    var queue = BatchQueue<Member>(policy: policy)
    queue.append(entry(0, key(), rows: 1000))
    for round in 0..<250 {
      for id in 1...63 { queue.append(entry(100 * round + 100 + id, key(), rows: 4)) }
      #expect(next(&queue)?.shares.first == .init(id: 0, rows: 4 * round..<4 * round + 4))
    }
    #expect(queue.isEmpty)
  }

  @Test("more requests than rows in a batch are served in the order of arrival")
  func crowd() {
    var policy = self.policy
    policy.maxRows = 4
    var queue = BatchQueue<Member>(policy: policy)
    for id in 0..<6 { queue.append(entry(id, key(), rows: 2)) }
    #expect((0..<3).map { _ in next(&queue)?.shares.map(\.id) } == [[0, 1], [2, 3], [4, 5]])
  }

  @Test("requests with other options, of another operation or for another model never share a batch")
  func kinds() {
    var queue = BatchQueue<Member>(policy: policy)
    let keys = [key(), key(options: 1), key(1, "score"), key(2)]
    for (id, key) in keys.enumerated() { queue.append(entry(id, key, rows: 3)) }
    var batches: [Batch<Member>] = []
    while let batch = next(&queue) { batches.append(batch) }
    #expect(batches.count == 4 && Set(batches.map(\.key)) == Set(keys))
  }

  @Test("models share the time equally, whatever their rows cost and however many requests they have")
  func fairness() {
    var queue = BatchQueue<Member>(policy: policy)
    for id in 0..<20 { queue.append(entry(id, key(1, options: id), rows: 100_000, guess: 1e-4)) }
    queue.append(entry(20, key(2), rows: 10_000_000, guess: 1e-6))
    var seconds: [Digest: Double] = [:]
    for _ in 0..<1000 {
      guard let batch = next(&queue) else { break }
      let cost = Double(batch.rowCount) * (batch.key.model == key(1).model ? 1e-4 : 1e-6)
      seconds[batch.key.model, default: 0] += cost
      queue.record(batch, seconds: cost)
    }
    let (dear, cheap) = (seconds[key(1).model] ?? 0, seconds[key(2).model] ?? 0)
    // Equal to within one batch of the dearer model.
    #expect(abs(dear - cheap) <= 0.005)
  }

  @Test("a batch costs what the policy allows, once the cost of a row is known")
  func cost() {
    var queue = BatchQueue<Member>(policy: policy)
    let first = entry(1, key(), rows: 1000)
    queue.append(first)
    #expect(next(&queue)?.rowCount == 256)
    queue.remove(first)
    queue.append(entry(2, key(), rows: 1000, weight: 100, guess: 1e-6))
    let guessed = next(&queue)
    #expect(guessed?.rowCount == 40)
    if let guessed { queue.record(guessed, seconds: 40 * 100 * 4e-6) }
    #expect(next(&queue)?.rowCount == 10)
  }

  @Test("one request is cut over the lanes that are free, where a part is worth the way")
  func freeLanes() {
    var queue = BatchQueue<Member>(policy: policy)
    queue.append(entry(1, key(), rows: 64, guess: 1e-5))
    #expect(next(&queue, freeLanes: 1)?.shares == [.init(id: 1, rows: 0..<32)])
    #expect(next(&queue)?.shares == [.init(id: 1, rows: 32..<64)])
    queue.append(entry(2, key(), rows: 64, guess: 1e-7))
    #expect(next(&queue, freeLanes: 3)?.rowCount == 64)
  }

  @Test("background work waits for interactive work, but not for ever, and not at all where it may not run")
  func urgency() {
    var queue = BatchQueue<Member>(policy: policy)
    queue.append(entry(1, key(1), rows: 1_000_000, urgency: .background))
    #expect(next(&queue, background: false) == nil)
    #expect(!queue.isReady(at: start, background: false) && queue.isReady(at: start, background: true))
    queue.append(entry(2, key(1), rows: 1_000_000))
    let urgencies = (0..<99).compactMap { _ in next(&queue)?.urgency }
    #expect(urgencies.filter { $0 == .background }.count == 3 && urgencies.prefix(32).allSatisfy { $0 == .interactive })
  }

  @Test("a request whose deadline has passed is taken out, also where some of its rows are computed")
  func deadlines() {
    var queue = BatchQueue<Member>(policy: policy)
    queue.append(entry(1, key(), rows: 300, deadline: .seconds(1)))
    queue.append(entry(2, key(), rows: 3, deadline: .seconds(3)))
    queue.append(entry(3, key(2), rows: 3))
    #expect(queue.removeLate(at: start).isEmpty)
    _ = next(&queue)
    #expect(queue.removeLate(at: start + .seconds(1)).map(\.id) == [1])
    #expect(queue.count == 1 && next(&queue)?.shares == [.init(id: 3, rows: 0..<3)])
    #expect(queue.isEmpty)
  }

  @Test("with a delay a line waits for company, until it is full or the delay is over")
  func delay() {
    var policy = self.policy
    policy.maxDelay = .milliseconds(10)
    policy.maxRows = 8
    var queue = BatchQueue<Member>(policy: policy)
    queue.append(entry(1, key(), rows: 3))
    #expect(next(&queue, after: .milliseconds(9)) == nil)
    #expect(queue.nextDue(after: start) == start + .milliseconds(10))
    queue.append(entry(2, key(), rows: 5, after: .milliseconds(4)))
    let full = next(&queue, after: .milliseconds(5))
    #expect(full?.rowCount == 8 && full?.closing == .full)
    queue.append(entry(3, key(), rows: 1, after: .milliseconds(5)))
    let waited = next(&queue, after: .milliseconds(15))
    #expect(waited?.rowCount == 1 && waited?.closing == .delay)
  }
}
