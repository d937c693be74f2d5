import Formats
import Foundation
import HTTP
import ModelFiles
import Registry
import Service
import Testing

@Suite("Searching and comparing runs over HTTP")
struct RunSearchTests {
  private func start(_ fixture: ServiceFixture, beta: String, elbo: Double, cpu: String = "p", tag: String? = nil) throws -> RunID {
    let id = try fixture.store.start(
      RunDescription(
        kind: .train, family: "vae", model: "m", configuration: "{}", parameters: ["beta": beta, "epochs": "2"],
        tags: tag.map { ["team": $0] } ?? [:], seed: 9, build: BuildInformation(gitRevision: "r", compiler: "c", cpu: cpu, blas: "b")))
    try fixture.store.record([RunMetric(name: "elbo", value: elbo - 10, step: 0), RunMetric(name: "elbo", value: elbo, step: 1)], in: id)
    return id
  }

  private func listed(_ fixture: ServiceFixture, _ query: String) async throws -> [String] {
    let answer = try await fixture.get("/v1/runs?\(query)")
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.member("runs")?.elements.compactMap { $0["id"]?.string } ?? []
  }

  @Test("filter and order reach the store, and a page goes on where the last one ended")
  func search() async throws {
    let fixture = try ServiceFixture(models: false)
    let low = try start(fixture, beta: "4", elbo: -250), high = try start(fixture, beta: "4", elbo: -230)
    _ = try start(fixture, beta: "1", elbo: -200)
    let query = "filter=params.beta%20%3D%204%20and%20metrics.elbo%20%3C%200&order_by=metrics.elbo%20desc"
    #expect(try await listed(fixture, query) == [high.description, low.description])
    let first = try await fixture.get("/v1/runs?\(query)&limit=1")
    let token = try #require(try first.member("next_page_token")?.string)
    #expect(try await listed(fixture, "\(query)&limit=1&page_token=\(token)") == [low.description])
    #expect(try await fixture.get("/v1/runs?page_token=\(token)").status == 400)
    #expect(try await listed(fixture, "until=2020-01-01T00:00:00Z") == [])
  }

  @Test("tags of a run are patched and on record; what changes nothing leaves no line, and recorded requests have none")
  func tags() async throws {
    let fixture = try ServiceFixture()
    let id = try start(fixture, beta: "4", elbo: -250, tag: "vision")
    func patch(_ id: String, _ body: String, key: String? = ServiceFixture.key) async throws -> Exchange {
      try await fixture.exchange(.patch, "/v1/admin/runs/\(id)", ["Content-Type": "application/json"], body: Array(body.utf8), key: key)
    }
    let changed = try await patch(id.description, #"{"tags":{"team":null,"stage":"trial"}}"#)
    #expect(changed.status == 200 && changed.text.contains(#""tags":{"stage":"trial"}"#), "\(changed.text)")
    #expect(try await patch(id.description, #"{"tags":{"stage":"trial","none":null}}"#).status == 200)
    #expect(try await listed(fixture, "filter=tags.stage%20%3D%20'trial'") == [id.description])
    let lines = try fixture.store.changes(ChangeFilter(action: .annotateRun)).items
    #expect(lines.map(\.target) == [id.description] && lines.first?.detail == #"{"tags":{"stage":"trial","team":null}}"#)
    #expect(lines.first?.actor.key == "admin")

    #expect(try await patch(id.description, #"{"tags":{"a":"b"}}"#, key: nil).status == 401)
    #expect(try await patch(id.description, #"{"description":"x"}"#).member("field")?.string == "description")
    #expect(try await patch(id.description, #"{"tags":{"a":1}}"#).member("field")?.string == "tags.a")
    #expect(try await patch("01ARZ3NDEKTSV4RRFFQ69G5FAV", #"{"tags":{"a":"b"}}"#).status == 404)
    let recorded = try #require(try await fixture.post("/v1/models/toy/sample", json: "{}").headers["Posterior-Run"])
    #expect(try await patch(recorded, #"{"tags":{"a":"b"}}"#).status == 422)
  }

  @Test("a fault in a filter, an order or a time is 400 and names its place")
  func faults() async throws {
    let fixture = try ServiceFixture(models: false)
    let filter = try await fixture.get("/v1/runs?filter=metrics.elbo%20%3E%20x")
    #expect(filter.status == 400)
    #expect(try filter.member("field")?.string == "filter" && filter.member("given")?.string == "'x'")
    #expect(try filter.member("expected")?.string == "a number" && (filter.member("detail")?.string ?? "").contains("column 16"))
    #expect(try await fixture.get("/v1/runs?order_by=params.x").member("field")?.string == "order_by")
    #expect(try await fixture.get("/v1/runs?until=tomorrow").member("field")?.string == "until")
    #expect(try await fixture.get("/v1/runs", ["Accept": "image/png"]).status == 406)
    #expect(try await fixture.get("/v1/runs?limit=5", ["Accept": "text/csv"]).status == 400)
  }

  @Test("all runs come as one table, in columns that depend on nothing but the names in them")
  func table() async throws {
    let fixture = try ServiceFixture()
    let train = try start(fixture, beta: "4", elbo: -230.5, tag: "a, \"b\"")
    let answer = try await fixture.post("/v1/models/toy/sample", json: #"{"n": 2, "seed": 3}"#)
    let table = try await fixture.get("/v1/runs?order_by=started_at", ["Accept": "text/csv"])
    #expect(table.status == 200 && table.headers["Content-Type"] == "text/csv; charset=utf-8; header=present")
    var reader = try CSVReader(table.body)
    let names = reader.header
    #expect(names.prefix(3) == ["id", "kind", "status"])
    #expect(
      names.suffix(9) == [
        "params.beta", "params.epochs", "params.first_item", "params.given", "params.mean", "params.n", "params.temperature", "metrics.elbo",
        "tags.team",
      ])
    func next() throws -> [String: String]? {
      try reader.next().map { record in Dictionary(uniqueKeysWithValues: zip(names, record.fields.map { "\($0.value)" })) }
    }
    let first = try #require(try next()), second = try #require(try next())
    #expect(first["id"] == train.description && first["metrics.elbo"] == "-230.5" && first["tags.team"] == "a, \"b\"" && first["params.n"] == "")
    #expect(second["id"] == answer.headers["Posterior-Run"] && second["params.n"] == "2" && second["operation"] == "sample")
    #expect(second["output_digest"] == SHA256.digest(answer.body).description)
    #expect(try next() == nil)
  }

  @Test("compared runs show what differs, every metric and no parameter that is the same")
  func compare() async throws {
    let fixture = try ServiceFixture(models: false)
    let a = try start(fixture, beta: "4", elbo: -230), b = try start(fixture, beta: "1", elbo: -240, cpu: "q")
    let answer = try await fixture.get("/v1/runs/compare?ids=\(a),\(b)")
    #expect(answer.status == 200)
    #expect(try answer.member("runs")?.elements.map { $0["id"]?.string } == [a.description, b.description])
    #expect(try answer.member("differences", "parameters") == .object([.init(name: "beta", value: .array([.string("4"), .string("1")]))]))
    #expect(try answer.member("differences", "build") == .object([.init(name: "cpu", value: .array([.string("p"), .string("q")]))]))
    let elbo = try #require(try answer.member("metrics", "elbo"))
    #expect(elbo["last"] == .array([.integer(-230), .integer(-240)]) || elbo["last"] == .array([.number(-230), .number(-240)]))
    #expect(elbo["min"]?.elements.count == 2 && elbo["max"] == elbo["last"])
    for query in ["", "?ids=", "?ids=\(a)", "?ids=\(a),\(a)"] {
      #expect(try await fixture.get("/v1/runs/compare\(query)").status == 400, "\(query)")
    }
    #expect(try await fixture.get("/v1/runs/compare?ids=\(a),\(RunID.generate())").status == 404)
  }

  @Test("events bring every metric once, in order, and end with the run")
  func events() async throws {
    let fixture = try ServiceFixture(models: false)
    let id = try start(fixture, beta: "4", elbo: -230)
    let store = fixture.store
    let watching = Task { try await fixture.get("/v1/runs/\(id)/events") }
    try store.record([RunMetric(name: "elbo", value: -220, step: 2)], in: id)
    try store.finish(id, .finished(output: SHA256.digest([1])))
    let events = try await watching.value
    #expect(events.headers["Content-Type"] == "text/event-stream")
    #expect(events.text.components(separatedBy: "event: metric\n").count == 4)
    for (id, next) in [("id: 1\n", "id: 2\n"), ("id: 2\n", "id: 3\n"), ("id: 3\n", "event: end\n")] {
      let (here, there) = (events.text.range(of: id), events.text.range(of: next))
      #expect(try #require(here).lowerBound < #require(there).lowerBound)
    }
    #expect(events.text.contains(#""status":"finished""#))
    let resumed = try await fixture.get("/v1/runs/\(id)/events", ["Last-Event-ID": "2"])
    #expect(resumed.text.components(separatedBy: "event: metric\n").count == 2)
    // The end once more to whoever has not got it, and nothing at all to a browser that comes again with it.
    let last = try await fixture.get("/v1/runs/\(id)/events", ["Last-Event-ID": "3"])
    #expect(last.status == 200 && last.text.hasPrefix("id: 4\nevent: end\n"))
    let again = try await fixture.get("/v1/runs/\(id)/events?after=0", ["Last-Event-ID": "4"])
    #expect(again.status == 204 && again.text.isEmpty)
    #expect(try await fixture.get("/v1/runs/\(id)/events?after=0", ["Last-Event-ID": "2"]).text == resumed.text, "the header says more")
    #expect(try await fixture.get("/v1/runs/\(id)/events?after=3").text == last.text)
    #expect(try await fixture.get("/v1/runs/\(id)/events?after=99").status == 200)
    for (query, event) in [("?after=-1", ""), ("?after=x", ""), ("", "x"), ("", "-1")] {
      #expect(try await fixture.get("/v1/runs/\(id)/events\(query)", ["Last-Event-ID": event]).status == 400, "\(query) \(event)")
    }
    #expect(try await fixture.get("/v1/runs/\(RunID.generate())/events").status == 404)
  }

  @Test("events of many at once are complete or turned away with when to come again, never cut")
  func manyEvents() async throws {
    var limits = ServiceLimits()
    limits.waitingRequests = 4
    let fixture = try ServiceFixture(limits: limits, models: false)
    let id = try start(fixture, beta: "4", elbo: -230)
    try fixture.store.finish(id, .finished(output: nil))
    let answers = try await withThrowingTaskGroup(of: Exchange.self) { group in
      for _ in 0..<100 { group.addTask { try await fixture.get("/v1/runs/\(id)/events") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for answer in answers {
      #expect(answer.status == 200 ? answer.text.contains("event: end\n") : answer.status == 503 && answer.headers["Retry-After"] == "1")
    }
  }
}
