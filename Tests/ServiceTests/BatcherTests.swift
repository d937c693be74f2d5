import Families
import FamilyExamples
import Formats
import Locking
import Modelling
import Service
import Tensors
import Testing

@Suite("Batches")
struct BatcherTests {
  private struct Request {
    let kind: RequestKind
    let asked: any CheckedRequest
    let solo: [UInt8]
  }

  /// Requests of every operation that the model can do, with items of their own, seeds of their own, and options from a small set so that many share a batch.
  private func requests(_ example: FamilyExample, _ model: LoadedModel, count: Int, key: RandomKey) throws -> [Request] {
    try (0..<count).map { index in
      let draws = key.split(index).uniform([3]).scalars
      let kind = model.requestKinds[index % model.requestKinds.count]
      let n = 1 + Int(draws[0] * 9)
      var options: [SentRequest.Option] = [.init(name: "seed", value: "\(Int(draws[1] * 1000))")]
      let choice = Int(draws[2] * 2)
      switch kind.name {
      case "cluster": options.append(.init(name: "draws", value: ["0", "2"][choice]))
      case "sample":
        // Classes that are as likely stay so at any temperature, which is refused.
        let isEven = model.codes.map { $0.layers.allSatisfy(\.form.isCategorical) } ?? false
        options += [.init(name: "n", value: "\(n)"), .init(name: "temperature", value: ["1", isEven ? "1" : "0.5"][choice])]
      case "score": options.append(.init(name: "k", value: ["1", "3"][choice]))
      case "reconstruct": options.append(.init(name: "sampling", value: ["true", "false"][choice]))
      default: break
      }
      var body: [UInt8] = []
      let items = kind.rows(example.signature.toRaw(example.items(n, seed: UInt64(index))), count: n, of: model).scalars
      if kind.items != .references {
        // One text, of any length.
        if let texts = example.signature.space.tokens {
          body = Array(texts.text(of: items.prefix(1 + index % texts.atMost)).utf8)
        } else {
          FloatBytes.append(kind.items == .codes ? items : items.map(clipped(example)), to: &body)
        }
      }
      let sent = SentRequest(body: body, contentType: kind.items == .references ? nil : Self.type(of: example.signature).items, options: options)
      let asked = try kind.ask(sent, of: model, limits: ServiceLimits())
      let solo = try asked.perform().bytes(as: Self.type(of: example.signature).answers, receipt: asked.receipt)
      return Request(kind: kind, asked: asked, solo: solo)
    }
  }

  private static func type(of signature: Signature) -> (items: MediaType, answers: MediaType) {
    signature.space.tokens == nil ? (.floats, .floats) : (.text, .json)
  }

  /// The way to model units and back may round past the range's end.
  private func clipped(_ example: FamilyExample) -> (Float) -> Float {
    { value in example.signature.space.picture.map { min(max(value, $0.range.lowerBound), $0.range.upperBound) } ?? value }
  }

  @Test(
    "whatever is computed together, in any order and cut, on 1, 2 or 4 lanes and 1 or 2 threads, every answer has the bytes of the request alone",
    .serialized, arguments: FamilyExample.all, [1, 2, 4])
  func sameBytes(_ example: FamilyExample, lanes: Int) async throws {
    defer { Parallelism.width = 1 }
    let key = RandomKey(seed: 17).split(lanes)
    let model = LoadedModel(family: try example.model(), digest: SHA256.digest(Array(example.description.utf8)))
    let requests = try requests(example, model, count: 48, key: key)
    #expect(Set(requests.map(\.kind.name)) == Set(model.requestKinds.map(\.name)))
    for round in 0..<3 {
      Parallelism.width = [1, 2, 2][round]
      var policy = BatchPolicy()
      policy.maxRows = [256, 7, 3][round]
      policy.maxDelay = [.milliseconds(20), .zero, .zero][round]
      // Rows may cost what they like, so that a slow machine makes no smaller batches.
      if round == 0 { policy.targetSeconds = 1e6 }
      let batcher = Batcher(width: lanes, capacity: 1000, policy: policy)
      let order = key.split(round).permutation(requests.count)
      let answers = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
        for index in order {
          let asked = requests[index].asked
          group.addTask {
            (
              index,
              try await batcher.perform(asked, urgency: index % 5 == 0 ? .background : .interactive) {
                try $0.bytes(as: Self.type(of: example.signature).answers, receipt: asked.receipt)
              }
            )
          }
        }
        return try await group.reduce(into: [Int: [UInt8]]()) { $0[$1.0] = $1.1 }
      }
      for (index, request) in requests.enumerated() {
        #expect(answers[index] == request.solo, "\(request.kind.name), \(request.asked.count) rows, round \(round)")
      }
      #expect(batcher.depth == 0)
      // With time to gather, strangers were in one batch: the law was put to the test.
      if round == 0 { #expect(sharedBatches(batcher)) }
    }
  }

  /// Whether some batch had rows of several requests.
  private func sharedBatches(_ batcher: Batcher) -> Bool {
    func total(_ name: String) -> Double {
      let samples = batcher.metrics.text.split(separator: "\n").filter { $0.hasPrefix("posterior_batch_requests_\(name){") }
      return samples.compactMap { Double($0.split(separator: " ")[1]) }.reduce(0, +)
    }
    return total("sum") > total("count")
  }

  @Test("every kind of request, and every family, is among those whose answers are compared")
  func coverage() {
    let families = FamilyExample.all.compactMap { Catalogue.family(named: $0.family) }
    #expect(Set(families.map { $0.name }) == Set(Catalogue.families.map { $0.name }))
    #expect(Set(families.flatMap { RequestKind.offered(by: $0) }.map(\.name)) == Set(RequestKind.all.map(\.name)))
  }

  private func sample(_ n: Int = 1, seed: Int = 1) throws -> any CheckedRequest {
    let example = try #require(FamilyExample.all.first { $0.family == "vae" })
    let model = LoadedModel(family: try example.model(), digest: SHA256.digest([1]))
    let kind = try #require(RequestKind.named("sample"))
    return try kind.ask(
      SentRequest(options: [.init(name: "n", value: "\(n)"), .init(name: "seed", value: "\(seed)")]), of: model, limits: ServiceLimits())
  }

  @Test("what waits together is computed together, and the histogram says so")
  func gathered() async throws {
    let batcher = Batcher(width: 1, capacity: 100)
    let door = Door()
    let blocker = Task { try await batcher.run { door.wait() } }
    await door.untilSomeoneWaits()
    let tasks = try (0..<10).map { seed in
      let asked = try sample(2, seed: seed)
      return Task { try await batcher.perform(asked) { $0.shape } }
    }
    while batcher.depth < 10 { await Task.yield() }
    door.open()
    try await blocker.value
    for task in tasks { #expect(try await task.value == [2, 4, 3]) }
    let rows = batcher.metrics.text
    #expect(
      rows.contains("posterior_batch_rows_sum{operation=\"sample\"} 20.0") && rows.contains("posterior_batch_rows_count{operation=\"sample\"} 1\n"))
    #expect(rows.contains("posterior_batch_requests_sum{operation=\"sample\"} 10.0"))
    #expect(rows.contains("posterior_batches_total{closed=\"idle\"} 1\n"))
    #expect(rows.contains("posterior_request_seconds_count{phase=\"compute\"} 10\n"))
  }

  @Test("a lane waits for company as long as it is told to, takes no more rows than it is told to, and says which of the two closed a batch")
  func knobs() async throws {
    var policy = BatchPolicy()
    (policy.maxRows, policy.maxDelay, policy.targetSeconds) = (4, .seconds(1_000_000), 1e6)
    let full = Batcher(width: 1, capacity: 100, policy: policy)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for seed in 0..<8 {
        let asked = try sample(seed: seed)
        group.addTask { try await full.perform(asked) { _ in } }
      }
      try await group.waitForAll()
    }
    #expect(full.metrics.text.contains("posterior_batches_total{closed=\"full\"} 2\n"))
    #expect(full.metrics.text.contains("posterior_batch_rows_bucket{operation=\"sample\",le=\"2.0\"} 0\n"))
    #expect(full.metrics.text.contains("posterior_batch_rows_bucket{operation=\"sample\",le=\"4.0\"} 2\n"))

    policy.maxDelay = .milliseconds(1)
    let delayed = Batcher(width: 1, capacity: 100, policy: policy)
    try await delayed.perform(try sample()) { _ in }
    #expect(delayed.metrics.text.contains("posterior_batches_total{closed=\"delay\"} 1\n"))
  }

  @Test("a request that is cancelled while it waits is never computed and frees its place")
  func cancelled() async throws {
    let batcher = Batcher(width: 1, capacity: 1)
    let door = Door()
    let blocker = Task { try await batcher.run { door.wait() } }
    await door.untilSomeoneWaits()
    let asked = try sample()
    let dropped = Task { try await batcher.perform(asked) { _ in Issue.record("it was computed") } }
    while batcher.depth < 1 { await Task.yield() }
    await #expect(throws: LaneOverload.self) { try await batcher.perform(asked) { _ in } }
    dropped.cancel()
    await #expect(throws: CancellationError.self) { try await dropped.value }
    #expect(batcher.depth == 0)
    door.open()
    try await blocker.value
    #expect(try await batcher.perform(asked) { $0.shape } == [1, 4, 3])
    #expect(batcher.metrics.text.contains("posterior_batch_rows_count{operation=\"sample\"} 1\n"))
  }

  @Test("a task that is cancelled before it asks gets no answer")
  func cancelledBefore() async throws {
    let batcher = Batcher(width: 1, capacity: 1)
    let asked = try sample()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await batcher.perform(asked) { $0.shape }
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await batcher.perform(asked) { $0.shape } == [1, 4, 3])
  }

  @Test("a request whose deadline passed while it waited is told so and not computed")
  func late() async throws {
    let batcher = Batcher(width: 1, capacity: 10)
    let door = Door()
    let blocker = Task { try await batcher.run { door.wait() } }
    await door.untilSomeoneWaits()
    let asked = try sample()
    let deadline = ContinuousClock.now + .milliseconds(1)
    let late = Task { try await batcher.perform(asked, deadline: deadline) { _ in } }
    while batcher.depth < 1 { await Task.yield() }
    try await Task.sleep(until: deadline)
    door.open()
    try await blocker.value
    await #expect(throws: DeadlineExceeded.self) { try await late.value }
    #expect(batcher.metrics.text.contains("posterior_requests_late_total 1\n"))
    #expect(!batcher.metrics.text.contains("posterior_batch_rows_count"))
  }

  @Test("an error in writing one answer is that request's alone")
  func errors() async throws {
    struct Fault: Error {}
    let batcher = Batcher(width: 1, capacity: 100)
    let door = Door()
    let blocker = Task { try await batcher.run { door.wait() } }
    await door.untilSomeoneWaits()
    let asked = try sample()
    let faulty = Task { try await batcher.perform(asked) { _ in throw Fault() } }
    let sound = Task { try await batcher.perform(asked) { $0.shape } }
    while batcher.depth < 2 { await Task.yield() }
    door.open()
    try await blocker.value
    await #expect(throws: Fault.self) { try await faulty.value }
    #expect(try await sound.value == [1, 4, 3])
  }
}
