import Formats
import Foundation
import ModelFiles
import Registry
import Testing

@Suite("Runs")
struct RunsTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  private func description(_ kind: RunKind = .train, model: String? = "m", seed: UInt64 = 7) -> RunDescription {
    RunDescription(
      kind: kind, family: "vae", model: model, version: model == nil ? nil : 2, modelDigest: SHA256.digest([1]), configuration: #"{"latent":2}"#,
      parameters: ["beta": "4", "batch": "128"], tags: ["note": "a 'quoted' name"], seed: seed, dataDigest: SHA256.digest([2]),
      build: BuildInformation(gitRevision: "abc", compiler: "Swift 6.3", cpu: "avx2", blas: "OpenBLAS Haswell"))
  }

  @Test("a run comes back as it was described", arguments: [RunKind.train, .inference], [0, 7, UInt64(Int64.max)])
  func roundTrip(_ kind: RunKind, _ seed: UInt64) throws {
    let description = description(kind, seed: seed)
    let id = try store.start(description)
    var run = try store.run(id.description)
    #expect(run.id == id && run.description == description && run.status == .running)
    #expect(run.finishedAt == nil && run.startedAt.milliseconds == Int64(id.milliseconds))
    try store.finish(id, .finished(output: SHA256.digest([3])))
    run = try store.run(id.description)
    #expect(run.status == .finished && run.outputDigest == SHA256.digest([3]) && run.failure == nil)
    #expect(try #require(run.finishedAt) >= run.startedAt)
  }

  @Test(
    "a run ends once, as it ended",
    arguments: [
      (RunOutcome.failed("the loss is not a number"), RunStatus.failed, "the loss is not a number"), (.cancelled, .cancelled, nil),
      (.finished(output: nil), .finished, nil),
    ] as [(RunOutcome, RunStatus, String?)])
  func ends(_ outcome: RunOutcome, _ status: RunStatus, _ failure: String?) throws {
    let id = try store.start(description())
    try store.finish(id, outcome)
    #expect(try store.run(id.description).status == status)
    #expect(try store.run(id.description).failure == failure)
    #expect(throws: StoreError.runNotRunning(id: id, status: status)) { try store.finish(id, .cancelled) }
    #expect(throws: StoreError.runNotRunning(id: id, status: status)) { try store.record([RunMetric(name: "a", value: 1, step: 0)], in: id) }
  }

  @Test("metrics come back in order, also those that are infinite or no number, and can be followed as they come")
  func metrics() throws {
    let id = try store.start(description())
    try store.record([RunMetric(name: "elbo", value: -240.5, step: 0, epoch: 1), RunMetric(name: "kl", value: 3, step: 0)], in: id)
    let first = try store.metrics(of: id)
    #expect(first.map(\.sequence) == [1, 2])
    #expect(first.map(\.metric) == [RunMetric(name: "elbo", value: -240.5, step: 0, epoch: 1), RunMetric(name: "kl", value: 3, step: 0)])
    try store.record([RunMetric(name: "elbo", value: .nan, step: 1), RunMetric(name: "kl", value: .infinity, step: 1)], in: id)
    let more = try store.metrics(of: id, after: 2)
    #expect(more.map(\.sequence) == [3, 4])
    #expect(more[0].metric.value.isNaN && more[1].metric.value == .infinity)
    #expect(try store.metrics(of: id, after: 4).isEmpty)
    #expect(try store.metrics(of: id, limit: 3).count == 3)
    let latest = try store.latestMetrics(of: id)
    #expect(latest.map(\.metric.name) == ["elbo", "kl"] && latest.map(\.sequence) == [3, 4])
  }

  @Test("what is not there is unknown")
  func unknown() throws {
    let id = RunID.generate()
    let error = StoreError.unknownRun(id: id.description)
    #expect(throws: error) { try store.run(id.description) }
    #expect(throws: error) { try store.metrics(of: id) }
    #expect(throws: error) { try store.latestMetrics(of: id) }
    #expect(throws: error) { try store.record([], in: id) }
    #expect(throws: error) { try store.finish(id, .cancelled) }
    #expect(throws: error) { try store.setTag("a", to: "b", of: id) }
    #expect(throws: StoreError.unknownRun(id: "' OR 1=1 --")) { try store.run("' OR 1=1 --") }
  }

  @Test("a seed beyond 2^63 - 1 and a configuration that is no JSON are refused, and no run is begun")
  func badDescriptions() throws {
    #expect(throws: StoreError.invalidSeed(given: 1 << 63)) { try store.start(description(seed: 1 << 63)) }
    let broken = RunDescription(kind: .train, family: "vae", configuration: "{", seed: 1, build: description().build)
    let error = try #require(throws: StoreError.self) { try store.start(broken) }
    guard case .refused = error else {
      Issue.record("\(error)")
      return
    }
    #expect(try store.runs().items.isEmpty)
  }

  @Test("a store that goes with a run unfinished has abandoned it, which one that stays open can find out")
  func abandonedBeside() throws {
    var beside: ModelStore? = try ModelStore(directory: store.directory)
    let id = try #require(try beside?.start(description()))
    beside = nil
    try store.clearAway()
    #expect(try store.run(id.description).status == .failed)
  }

  @Test("a tag is overwritten, a parameter has no way to be")
  func tags() throws {
    let id = try store.start(description())
    try store.setTag("note", to: "second", of: id)
    try store.setTag("new", to: "x", of: id)
    #expect(try store.run(id.description).description.tags == ["note": "second", "new": "x"])
  }

  @Test("filters let pass what they name, alone and together")
  func filters() throws {
    let train = try store.start(description(.train))
    let other = try store.start(description(.train, model: "other"))
    let replay = try store.start(description(.replay))
    try store.finish(replay, .cancelled)
    func ids(_ filter: RunFilter) throws -> [RunID] { try store.runs(filter, order: .oldestFirst).items.map(\.id) }
    #expect(try ids(RunFilter()) == [train, other, replay])
    #expect(try ids(RunFilter(kind: .train)) == [train, other])
    #expect(try ids(RunFilter(model: "m")) == [train, replay])
    #expect(try ids(RunFilter(status: .running)) == [train, other])
    #expect(try ids(RunFilter(kind: .replay, model: "m", status: .cancelled)) == [replay])
    #expect(try ids(RunFilter(kind: .replay, model: "other")).isEmpty)
    #expect(try ids(RunFilter(model: "' OR 1=1 --")).isEmpty)
    #expect(try ids(RunFilter(since: train.startedAt)) == [train, other, replay])
    #expect(try ids(RunFilter(since: Timestamp(milliseconds: replay.startedAt.milliseconds + 1))).isEmpty)
    #expect(try ids(RunFilter(since: Timestamp(milliseconds: -1))) == [train, other, replay])
  }

  @Test("pages join up to the whole list in both orders while runs are added", arguments: [RunOrder.newestFirst, .oldestFirst], [1, 3, 7, 8])
  func pages(_ order: RunOrder, _ limit: Int) throws {
    let before = try (0..<8).map { _ in try store.start(description()) }
    var seen: [RunID] = []
    var token: String?
    repeat {
      let page = try store.runs(order: order, pageToken: token, limit: limit)
      #expect(page.items.count <= limit)
      seen += page.items.map(\.id)
      token = page.nextPageToken
      if order == .newestFirst { _ = try store.start(description()) }
    } while token != nil
    #expect(seen == (order == .oldestFirst ? before : before.reversed()))
    #expect(throws: StoreError.invalidPageToken(given: "8")) { try store.runs(pageToken: "8") }
    #expect(throws: StoreError.invalidLimit(given: 0, allowed: 1...1000)) { try store.runs(limit: 0) }
  }

  @Test("a run whose process was killed is failed when the store is next opened; those of living processes go on")
  func abandoned() throws {
    let id = try store.start(description())
    try store.record([RunMetric(name: "elbo", value: 1, step: 0)], in: id)
    let copy = try folder.crashCopy(of: store.directory)

    let beside = try ModelStore(directory: store.directory)
    #expect(try beside.run(id.description).status == .running)
    try store.record([RunMetric(name: "elbo", value: 2, step: 1)], in: id)

    try store.clearAway()
    #expect(try store.run(id.description).status == .running)

    let reopened = try ModelStore(directory: copy)
    let run = try reopened.run(id.description)
    #expect(run.status == .failed && run.failure == "the process ended without finishing the run")
    #expect(try reopened.metrics(of: id).count == 1)
  }

  @Test(
    "every way to list runs walks an index and sorts nothing",
    arguments: ["", "WHERE kind = 'train'", "WHERE model = 'm'", "WHERE status = 'running'"])
  func plans(_ condition: String) throws {
    let and = condition.isEmpty ? "WHERE" : condition + " AND"
    let plan = try store.fetchPlan("SELECT * FROM runs \(and) id < '01' ORDER BY id DESC LIMIT 101")
    #expect(plan.contains("USING INDEX"), "\(plan)")
    #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
  }

  @Test("a run whose process has ended without ending it can be cancelled by another, one whose process lives can't")
  func cancelsAbandoned() throws {
    let id = try store.start(description(.robustness))
    let other = try ModelStore(directory: store.directory)
    #expect(try !other.cancelAbandoned(id), "its process lives")
    var options = ModelStore.Options()
    options.clearsAway = false
    let survivor = try ModelStore(directory: folder.crashCopy(of: store.directory), options: options)
    #expect(try survivor.cancelAbandoned(id) && survivor.run(id.description).status == .cancelled)
    #expect(try !survivor.cancelAbandoned(id), "it has ended")
    #expect(try !survivor.cancelAbandoned(RunID.generate()))
  }
}
