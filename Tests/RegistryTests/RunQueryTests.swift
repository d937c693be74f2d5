import Formats
import Foundation
import ModelFiles
import Registry
import Testing

@Suite("Searching runs")
struct RunQueryTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  private func start(
    _ kind: RunKind = .train, parameters: [String: String] = [:], tags: [String: String] = [:], seed: UInt64 = 1, metrics: [String: Double] = [:]
  ) throws -> RunID {
    let id = try store.start(
      RunDescription(
        kind: kind, family: "vae", model: "m", configuration: "{}", parameters: parameters, tags: tags, seed: seed,
        dataDigest: SHA256.digest([2]), build: RunDescription.example.build))
    try store.record(metrics.map { RunMetric(name: $0.key, value: $0.value, step: 0) }, in: id)
    return id
  }

  private func ids(_ filter: String, order: String = "started") throws -> [RunID] {
    var asked = RunFilter(predicate: try RunFilterParser.predicate(filter))
    asked.optionNames = ["mean", "n", "name"]
    return try store.runs(asked, order: try RunFilterParser.order(order)).items.map(\.id)
  }

  @Test("a filter finds the runs that meet all its conditions, of every kind")
  func filters() throws {
    let a = try start(parameters: ["beta": "4", "rate": "1e-3", "likelihood": "bernoulli"], tags: ["team": "x"], metrics: ["elbo": -230])
    let b = try start(parameters: ["beta": "10", "odd name": "it's"], tags: ["team": "y"], seed: .init(Int64.max), metrics: ["elbo": -250])
    let c = try start(.evaluate, parameters: ["beta": "auto"], metrics: ["elbo": .nan])
    try store.finish(b, .finished(output: SHA256.digest([4])))
    let sample = InferenceRecord.example(n: 3)
    let slow = InferenceRecord.example(model: "other", n: 64, microseconds: 2_000_000)
    let refused = InferenceRecord.example(status: 422, failure: "n is 0")
    _ = try store.append([sample, slow, refused], retention: 10)

    for (filter, expected) in [
      ("metrics.elbo > -240", [a]), ("metrics.elbo > -240 and params.beta = 4", [a]), ("metrics.elbo > -240 and params.beta = 5", []),
      ("metrics.elbo < 0", [a, b]), ("metrics.elbo != -230", [b]),
      // Numbers are compared as numbers, and a text is none.
      ("params.beta > 3.5", [a, b]), ("params.beta < 9", [a]), ("params.beta = '10'", [b]), ("params.beta != 4", [b]), ("params.rate = 0.001", [a]),
      ("params.beta = 'auto'", [c]), ("params.\"odd name\" = 'it''s'", [b]), ("params.likelihood = 'bernoulli'", [a]),
      ("tags.team = 'x'", [a]), ("tags.team != 'x'", [b]), ("tags.team = 'x' and tags.team = 'y'", []),
      ("params.n = 3", [sample.id]), ("params.n >= 3", [sample.id, slow.id]), ("params.mean = true", [sample.id, slow.id]),
      ("params.name = 'a ''b'''", [sample.id, slow.id]), ("params.n = '3'", []),
      ("duration > 1", [slow.id]), ("items = 64", [slow.id]), ("http_status >= 400", [refused.id]),
      ("operation = 'sample'", [sample.id, slow.id, refused.id]),
      ("status = 'failed'", [refused.id]), ("status != 'running'", [b, sample.id, slow.id, refused.id]),
      ("kind = 'inference'", [sample.id, slow.id, refused.id]), ("kind != 'inference'", [a, b, c]), ("kind = evaluate", [c]),
      ("model = 'm' and seed = 7", [sample.id]), ("seed = \(Int64.max)", [b]), ("version = 2", [sample.id, slow.id, refused.id]),
      ("model_digest = '\(sample.digest)'", [sample.id, slow.id, refused.id]), ("data_digest = '\(SHA256.digest([2]))'", [a, b, c]),
      ("output_digest = '\(SHA256.digest([4]))'", [b, sample.id, slow.id]), ("input_digest = '\(SHA256.digest([4]))'", []),
      ("family = 'vae' and started >= '\(sample.id.startedAt)' and kind = 'inference'", [sample.id, slow.id, refused.id]),
      // Either, in brackets, one of several, patterns, and what is not there.
      ("params.beta = 4 or tags.team = 'y'", [a, b]), ("(params.beta = 4 or tags.team = 'y') and metrics.elbo < -240", [b]),
      ("params.beta = 4 or operation = 'sample' and items = 64", [a, slow.id]), ("params.beta in (4, 'auto')", [a, c]),
      ("params.n in (3, 4)", [sample.id]), ("params.beta not in (4)", [b, c]), ("kind in (train, evaluate)", [a, b, c]),
      ("kind not in ('train', 'evaluate')", [sample.id, slow.id, refused.id]), ("params.likelihood like 'BERN%'", [a]),
      ("params.\"odd name\" contains 'n'", []), ("params.\"odd name\" contains '''s'", [b]), ("params.name contains 'B'", [sample.id, slow.id]),
      ("operation like 's_mple' and items = 64", [slow.id]), ("tags.team not like 'x'", [b]),
      ("tags.team is null and kind = 'evaluate'", [c]), ("tags.team is not null", [a, b]), ("params.n is not null", [sample.id, slow.id]),
      ("metrics.elbo is null and kind != 'inference'", [c]), ("metrics.elbo is null and http_status >= 400", [refused.id]),
      ("output_digest is null and kind != 'inference'", [a, c]), ("operation is null", [a, b, c]), ("metrics.elbo < -.24e3 and seed > 2", [b]),
      ("started = '\(sample.id.startedAt.description.prefix(10))' and items = 64", [slow.id]), ("started < '1999-12-31'", []),
      ("started > '2999-01-01T00:00:00Z'", []), ("tags.team = 'x'' OR 1=1 --'", []), ("model = ''' OR TRUE OR '''", []),
    ] as [(String, [RunID])] {
      #expect(try ids(filter) == expected, "\(filter)")
    }
    #expect(try store.runs(RunFilter(until: a.startedAt)).items.isEmpty)
    #expect(try store.runs(RunFilter(model: "other")).items.map(\.id) == [slow.id])
  }

  @Test("runs are ordered by the last value of a metric; those without it, or with no number, are left out")
  func metricOrder() throws {
    let low = try start(metrics: ["elbo": -5])
    let high = try start(metrics: ["elbo": 7])
    let diverged = try start(metrics: ["elbo": .infinity])
    _ = try start(metrics: ["elbo": .nan])
    _ = try start(metrics: ["kl": 0])
    let equal = try start(metrics: ["elbo": 7])
    _ = try store.append([.example()], retention: 10)
    try store.record([RunMetric(name: "elbo", value: 3, step: 1)], in: low)
    #expect(try ids("seed = 1", order: "metrics.elbo") == [low, high, equal, diverged])
    #expect(try ids("seed = 1", order: "metrics.elbo desc") == [diverged, equal, high, low])
    // One at a time, across equal values and infinity.
    for order in [RunOrder(by: .field(.metric("elbo")), isDescending: true), RunOrder(by: .field(.metric("elbo")), isDescending: false)] {
      let whole = try store.runs(order: order).items.map(\.id)
      #expect(try pages(RunFilter(), order, limit: 1).flatMap { $0 } == whole)
    }
  }

  @Test("runs of every kind are ordered by what both tables have, numbers before texts, page by page as at once")
  func everyOrder() throws {
    let runs = try [("10", "b"), ("9", "a"), ("auto", "ä"), ("1e1", "Z")].map { try start(parameters: ["n": $0], tags: ["t": $1]) }
    let (small, large) = (InferenceRecord.example(n: 3, microseconds: 5), InferenceRecord.example(n: 64, microseconds: 2_000_000))
    _ = try store.append([small, large], retention: 10)
    #expect(try ids("seed > 0", order: "params.n") == [small.id, runs[1], runs[0], runs[3], large.id, runs[2]])
    #expect(try ids("seed > 0", order: "tags.t desc") == [runs[2], runs[0], runs[1], runs[3]])
    let byDuration = try ids("seed > 0", order: "duration")
    #expect(byDuration == [small.id, large.id])
    #expect(try ids("seed > 0", order: "kind desc") == runs.reversed() + [large.id, small.id])
    for order in ["params.n", "params.n desc", "tags.t", "duration desc", "seed", "model desc", "kind", "output_digest", "status desc", "items"] {
      let order = try RunFilterParser.order(order)
      var all = RunFilter()
      all.optionNames = ["n"]
      let whole = try store.runs(all, order: order).items.map(\.id)
      #expect(!whole.isEmpty)
      #expect(try pages(all, order, limit: 1).flatMap { $0 } == whole, "\(order)")
    }
  }

  @Test("a name that no run has is refused with those that are near; asking for runs without it is not")
  func unknownNames() throws {
    _ = try start(parameters: ["beta": "4"], tags: ["team": "x"], metrics: ["train.elbo_nats": -230])
    for (filter, column, expected) in [
      ("params.betta = 4", 1, "params.beta"), ("seed = 1 and metrics.elbo_nats > 0", 14, "metrics.train.elbo_nats"),
      ("tags.tema = 'x'", 1, "tags.team"), ("params.zzzz = 1", 1, "a name that runs have"),
    ] {
      let error = try #require(throws: RunQueryError.self) { try ids(filter) }
      #expect(error.column == column && error.expected.contains(expected) && error.given.contains("which no run has"), "\(error)")
    }
    let ordered = try #require(throws: RunQueryError.self) { try ids("seed = 1", order: "metrics.train.elbo_nat") }
    #expect(ordered.parameter == "order_by")
    #expect(try ids("params.betta is null").count == 1 && ids("params.n = 1").isEmpty)
    // Who may see one model's runs alone is told nothing of others'.
    var restricted = RunFilter(predicate: try RunFilterParser.predicate("params.betta = 4"))
    restricted.models = ["another"]
    let error = try #require(throws: RunQueryError.self) { try store.runs(restricted) }
    #expect(error.expected.contains("no run has any params"), "\(error)")
  }

  private func pages(_ filter: RunFilter, _ order: RunOrder, limit: Int, between: () throws -> Void = {}) throws -> [[RunID]] {
    var pages: [[RunID]] = []
    var token: String?
    repeat {
      let page = try store.runs(filter, order: order, pageToken: token, limit: limit)
      pages.append(page.items.map(\.id))
      token = page.nextPageToken
      try between()
    } while token != nil
    return pages
  }

  @Test("ten thousand runs of both tables come page by page, each once and in order, while others are added and removed")
  func tenThousand() throws {
    let inferences = (0..<9000).map { _ in InferenceRecord.example() }
    _ = try store.append(inferences, retention: 100_000)
    let runs = try (0..<1000).map { _ in try store.start(.example) }
    let all = Set(inferences.map(\.id) + runs)
    let pages = try pages(RunFilter(), .newestFirst, limit: 250) { _ = try store.append([.example()], retention: 100_000) }
    let seen = pages.flatMap { $0 }
    #expect(pages.count == 40 && pages.allSatisfy { $0.count == 250 })
    #expect(seen == all.sorted().reversed())
  }

  @Test("a token is good for its own list alone, and no other text is one")
  func tokens() throws {
    for _ in 0..<3 { _ = try start(parameters: ["n": "1"]) }
    let filter = RunFilter(predicate: try RunFilterParser.predicate("params.n = 1"))
    let token = try #require(try store.runs(filter, limit: 1).nextPageToken)
    #expect(token.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
    #expect(try store.runs(filter, pageToken: token, limit: 1).items.count == 1)
    let foreign = StoreError.foreignPageToken(given: token)
    #expect(throws: foreign) { try store.runs(pageToken: token) }
    #expect(throws: foreign) { try store.runs(filter, order: .oldestFirst, pageToken: token) }
    #expect(throws: foreign) { try store.runs(RunFilter(predicate: try RunFilterParser.predicate("params.n = 2")), pageToken: token) }
    for text in ["", "8", "AAAA", runText, "\u{FF}", String(repeating: "A", count: 5000)] {
      #expect(throws: StoreError.invalidPageToken(given: text)) { try store.runs(filter, pageToken: text) }
    }
  }

  private var runText: String { RunID.generate().description }

  @Test(
    "no way to list or filter reads a whole table or sorts one",
    arguments: [
      "", "kind = 'train'", "kind = 'inference'", "model = 'm'", "status = 'failed'", "params.beta = 4", "metrics.elbo > -240", "tags.team = 'x'",
      "started > '2026-01-01T00:00:00Z'", "duration > 1 and operation = 'sample'", "model_digest = 'sha256:\(String(repeating: "0", count: 64))'",
    ], ["started", "started desc", "metrics.elbo desc"])
  func plans(_ text: String, _ order: String) throws {
    let filter = RunFilter(predicate: text.isEmpty ? nil : try RunFilterParser.predicate(text))
    let plan = try store.plan(of: filter, order: try RunFilterParser.order(order))
    #expect(!plan.isEmpty)
    #expect(!plan.contains { $0.hasPrefix("SCAN") && !$0.contains("VIRTUAL TABLE") }, "\(plan)")
    #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
  }

  @Test(
    "the filters of the query's own parameters have indexes of their own",
    arguments: [
      (RunFilter(model: "m"), "inferences_by_model"), (RunFilter(kind: .inference, status: .failed), "inferences_by_failure"),
      (RunFilter(since: Timestamp(milliseconds: 5)), "PRIMARY KEY"),
    ])
  func indexes(_ filter: RunFilter, _ index: String) throws {
    let plan = try store.plan(of: filter)
    #expect(plan.contains { $0.contains("SEARCH inferences") && $0.contains(index) }, "\(plan)")
  }

  @Test("a parameter is written once: the same value again changes nothing, another is refused")
  func writtenOnce() throws {
    let id = try start(parameters: ["beta": "4"])
    try store.setParameter("beta", to: "4", of: id)
    try store.setParameter("new", to: "1", of: id)
    #expect(throws: StoreError.parameterWritten(run: id, name: "beta", value: "4", given: "5")) { try store.setParameter("beta", to: "5", of: id) }
    #expect(try store.run(id.description).description.parameters == ["beta": "4", "new": "1"])
    let unknown = RunID.generate()
    #expect(throws: StoreError.unknownRun(id: unknown.description)) { try store.setParameter("a", to: "b", of: unknown) }
  }

  @Test("ranges and last values of metrics leave out what is no number")
  func ranges() throws {
    let id = try start(metrics: ["elbo": -5])
    try store.record(
      [RunMetric(name: "elbo", value: 3, step: 1), RunMetric(name: "elbo", value: -1, step: 2), RunMetric(name: "kl", value: .nan, step: 0)], in: id)
    #expect(try store.metricRanges(of: id) == ["elbo": -5...3])
    #expect(try store.latestValues(of: [id, .generate()]) == [id: ["elbo": -1]])
  }
}
