import Families
import Formats
import HTTP
import ModelFiles
import Modelling
import Registry
import Service
import Testing

@Suite("Lists and state")
struct ListTests {
  @Test("readiness follows the server's state; liveness does not")
  func readiness() async throws {
    let fixture = try ServiceFixture()
    #expect(try await fixture.get("/readyz").status == 503)
    fixture.application.readiness.state = .ready
    #expect(try await fixture.get("/readyz").status == 200)
    fixture.application.readiness.state = .draining
    let draining = try await fixture.get("/readyz")
    #expect(draining.status == 503 && draining.text.contains("draining"))
    #expect(draining.headers["Retry-After"] != nil)
    #expect(try await fixture.get("/healthz").status == 200)
  }

  @Test("models come page by page, each once, in order")
  func pages() async throws {
    let fixture = try ServiceFixture()
    var names: [String] = []
    var token: String?
    repeat {
      let page = try await fixture.get("/v1/models?limit=2" + (token.map { "&page_token=\($0)" } ?? ""))
      #expect(page.status == 200)
      names += try page.member("models")?.elements.compactMap { $0["name"]?.string } ?? []
      token = try page.member("next_page_token")?.string
    } while token != nil
    #expect(names == ["colours", "pictures", "table", "toy", "vector"])
  }

  @Test("a model shows what it is and what it can do", arguments: ["table", "table@1", "table@live"])
  func model(reference: String) async throws {
    let fixture = try ServiceFixture()
    let shown = try await fixture.get("/v1/models/\(reference)")
    #expect(shown.status == 200)
    #expect(try shown.member("family")?.string == "vae")
    #expect(try shown.member("version")?.integer == 1)
    #expect(try shown.member("signature", "kind")?.string == "table")
    #expect(try shown.member("configuration", "latent")?.integer == 2)
    #expect(try shown.member("provenance", "seed")?.integer == 3)
    let operations = try shown.member("operations")?.elements.compactMap(\.string)
    #expect(operations == ["compress", "decode", "decompress", "encode", "reconstruct", "robustness", "sample", "score"])
    let toy = try await fixture.get("/v1/models/toy")
    #expect(try toy.member("operations")?.elements.compactMap(\.string) == ["sample"])
  }

  @Test("families tell their fields, and whether they learn")
  func families() async throws {
    let families = try await ServiceFixture().get("/v1/families").member("families")?.elements ?? []
    let names = ["toy"] + Catalogue.families.map { $0.name } + ["toy_classifier", "toy_ladder", "toy_text"]
    #expect(families.compactMap { $0["name"]?.string } == names)
    let vae = try #require(families.first { $0["name"]?.string == "vae" })
    #expect(vae["configuration"]?.elements.count == VAE.configurationFields.count)
    #expect(vae["training"]?.elements.isEmpty == false)
    #expect(families.first?["training"] == nil)
  }

  @Test("runs are filtered, ordered and shown with their metrics")
  func runs() async throws {
    let fixture = try ServiceFixture()
    let build = BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b")
    var ids: [RunID] = []
    for kind in [RunKind.train, .evaluate] {
      let description = RunDescription(kind: kind, family: "vae", model: "m", configuration: #"{"latent": 2}"#, seed: 9, build: build)
      let id = try fixture.store.start(description)
      try fixture.store.record([RunMetric(name: "loss", value: 1.5, step: 1), RunMetric(name: "loss", value: .nan, step: 2)], in: id)
      ids.append(id)
    }
    try fixture.store.finish(ids[0], .finished(output: nil))
    func listed(_ query: String) async throws -> [String] {
      try await fixture.get("/v1/runs\(query)").member("runs")?.elements.compactMap { $0["id"]?.string } ?? []
    }
    #expect(try await listed("") == [ids[1], ids[0]].map(\.description))
    #expect(try await listed("?order_by=started_at") == ids.map(\.description))
    #expect(try await listed("?kind=train&model=m&status=finished&since=2020-01-01T00:00:00Z") == [ids[0].description])
    #expect(try await listed("?model=other") == [])
    let run = try await fixture.get("/v1/runs/\(ids[0])")
    #expect(try run.member("status")?.string == "finished")
    #expect(try run.member("configuration", "latent")?.integer == 2)
    #expect(try run.member("latest_metrics")?.elements.first?["value"] == .null)
    let metrics = try await fixture.get("/v1/runs/\(ids[0])/metrics?limit=1")
    #expect(try metrics.member("metrics")?.elements.count == 1)
    #expect(try metrics.member("next_after")?.integer == 1)
    #expect(try await fixture.get("/v1/runs/\(ids[0])/metrics?after=1").member("metrics")?.elements.count == 1)
  }

  @Test("the contract has a tag that saves sending it again")
  func contract() async throws {
    let fixture = try ServiceFixture()
    let first = try await fixture.get("/openapi.yaml")
    #expect(first.status == 200 && first.body == EmbeddedResource.contract)
    let tag = try #require(first.headers["ETag"])
    let second = try await fixture.get("/openapi.yaml", ["If-None-Match": tag])
    #expect(second.status == 304 && second.body.isEmpty)
    #expect(try await fixture.get("/openapi.yaml", ["If-None-Match": "\"other\""]).status == 200)
  }

  @Test("every route of the router is in the contract with its method, and no other")
  func contractListsTheRoutes() throws {
    var described: Set<String> = []
    var path: String?
    var isInPaths = false
    for line in String(decoding: EmbeddedResource.contract, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
      if !line.hasPrefix(" ") { isInPaths = line == "paths:" }
      guard isInPaths, line.hasSuffix(":") else { continue }
      if line.hasPrefix("  /") { path = String(line.dropFirst(2).dropLast()) }
      let key = line.dropFirst(4).dropLast()
      if let path, line.hasPrefix("    "), ["get", "post", "put", "patch", "delete"].contains(key) {
        described.insert("\(key.uppercased()) \(path)")
      }
    }
    let routes = try ServiceFixture(models: false).application.router.routes.map { "\($0.method) \($0.pattern)" }
    #expect(described == Set(routes))
  }

  @Test("metrics count the answers by route and status")
  func metrics() async throws {
    let fixture = try ServiceFixture()
    for _ in 0..<3 { _ = try await fixture.post("/v1/models/toy/sample", json: "{}") }
    _ = try await fixture.post("/v1/models/toy/sample", json: #"{"n": 0}"#)
    let text = try await fixture.get("/metrics").text
    #expect(text.contains(#"posterior_http_requests_total{method="POST",route="/v1/models/{model}/sample",status="200"} 3"#))
    #expect(text.contains(#"posterior_http_requests_total{method="POST",route="/v1/models/{model}/sample",status="422"} 1"#))
    #expect(text.contains("posterior_models_loaded 1"))
  }
}
