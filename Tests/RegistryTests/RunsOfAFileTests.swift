import Formats
import ModelFiles
import Registry
import Testing

@Suite("Runs of a model file")
struct RunsOfAFileTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  private static let file = SHA256.digest([1])

  @discardableResult
  private func start(_ digest: Digest = file, kind: RunKind = .evaluate, model: String? = "m", metrics: [String] = []) throws -> RunID {
    let id = try store.start(
      RunDescription(
        kind: kind, family: "vae", model: model, modelDigest: digest, configuration: "{}", seed: 1, build: RunDescription.example.build))
    try store.record(metrics.map { RunMetric(name: $0, value: 1, step: 0) }, in: id)
    return id
  }

  private func ids(models: Set<String>? = nil, kind: RunKind? = .evaluate, _ predicate: RunPredicate? = nil) throws -> [RunID] {
    var filter = RunFilter(kind: kind)
    (filter.modelDigest, filter.models, filter.includesFormerNames, filter.ownPredicate) = (Self.file, models, true, predicate)
    return try store.runs(filter, order: .oldestFirst).items.map(\.id)
  }

  @Test("the digest decides, whatever the model was called")
  func digests() throws {
    let own = [try start(), try start(model: nil), try start(model: "another")]
    try start(SHA256.digest([2]))
    let audit = try start(kind: .robustness)
    #expect(try ids() == own)
    #expect(try ids(kind: .robustness) == [audit] && ids(kind: nil) == own + [audit])
    // A recorded request knows its file as well.
    let record = InferenceRecord.example()
    _ = try store.append([record], retention: 10)
    var filter = RunFilter(kind: .inference)
    filter.modelDigest = SHA256.digest([9])
    #expect(try store.runs(filter).items.map(\.id) == [record.id])
    filter.modelDigest = Self.file
    #expect(try store.runs(filter).items.isEmpty)
  }

  @Test("whoever may see one model has its runs under names that no model has now, and none under another model's")
  func formerNames() throws {
    _ = try store.publish(bytes: [1], as: "m")
    _ = try store.publish(bytes: [1], as: "other")
    let own = [try start(), try start(model: nil), try start(model: "given-up")]
    try start(model: "other")
    #expect(try ids(models: ["m"]) == own)
    try store.renameModel("m", to: "n", actor: .commandLine)
    #expect(try ids(models: ["n"]) == own)
    #expect(try ids(models: ["n", "other"]).count == 4)
  }

  @Test("a condition of the program's own may name what no run has yet")
  func ownNames() throws {
    let one = try start(metrics: ["nmi"])
    try start()
    #expect(try ids(.condition(RunCondition(.metric("nmi"), .isNull(false)))) == [one])
    #expect(try ids(.condition(RunCondition(.metric("none"), .isNull(false)))).isEmpty)
  }

  @Test("the index of digests finds and sorts them, by page and for a key of some models", arguments: [RunKind.evaluate, .robustness])
  func plans(_ kind: RunKind) throws {
    var filter = RunFilter(kind: kind, status: .finished)
    (filter.modelDigest, filter.models, filter.includesFormerNames) = (Self.file, ["m"], true)
    filter.ownPredicate = .any([.condition(RunCondition(.metric("nmi"), .isNull(false)))])
    for _ in 0..<3 { try store.finish(try start(kind: kind, metrics: ["nmi"]), .finished(output: nil)) }
    let token = try #require(try store.runs(filter, limit: 1).nextPageToken)
    for plan in [try store.plan(of: filter), try store.plan(of: filter, pageToken: token)] {
      #expect(plan.contains { $0.contains("SEARCH runs USING INDEX runs_by_digest (digest=? AND id>? AND id<?)") }, "\(plan)")
      #expect(!plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(plan)")
    }
  }
}
