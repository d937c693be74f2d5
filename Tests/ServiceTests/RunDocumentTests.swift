import Formats
import HTTP
import ModelFiles
import Registry
import Service
import Testing

@Suite("Documents of runs over HTTP")
struct RunDocumentTests {
  private func started(_ fixture: ServiceFixture) throws -> RunID {
    try fixture.store.start(
      RunDescription(
        kind: .evaluate, family: "toy", model: "toy", configuration: "{}", seed: 1,
        build: BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b")))
  }

  @Test("a run lists its documents, and each is read under its type and digest")
  func read() async throws {
    let fixture = try ServiceFixture()
    let run = try started(fixture)
    let path = "/v1/runs/\(run)"
    #expect(try await fixture.get(path).member("documents") == .array([]))
    let table = Array("cluster,a\r\n0,3\r\n".utf8)
    try fixture.store.attach("table.csv", mediaType: "text/csv", bytes: table, to: run)
    try fixture.store.attach("grid.png", mediaType: "image/png", bytes: [1, 2, 3], to: run)
    let listed = try await fixture.get(path).member("documents")?.elements ?? []
    #expect(listed.compactMap { $0["name"]?.string } == ["grid.png", "table.csv"])
    #expect(listed.last?["byte_count"] == .integer(table.count) && listed.last?["media_type"]?.string == "text/csv")
    #expect(listed.last?["digest"]?.string == SHA256.digest(table).description)

    let answer = try await fixture.get(path + "/documents/table.csv")
    #expect(answer.status == 200 && answer.body == table && answer.headers["Content-Type"] == "text/csv")
    #expect(answer.headers["ETag"] == "\"\(SHA256.digest(table))\"")
    let tag = try #require(answer.headers["ETag"])
    let again = try await fixture.exchange(.get, path + "/documents/table.csv", ["If-None-Match": tag], body: [], key: nil)
    #expect(again.status == 304 && again.body.isEmpty)
  }

  @Test("what is not there is 404 with the names that are")
  func unknown() async throws {
    let fixture = try ServiceFixture()
    let run = try started(fixture)
    try fixture.store.attach("a.json", mediaType: "application/json", bytes: Array("{}".utf8), to: run)
    let answer = try await fixture.get("/v1/runs/\(run)/documents/b.json")
    #expect(answer.status == 404 && answer.text.contains("it has: a.json"), "\(answer.text)")
    for name in ["A", "x'%20OR%201=1"] { #expect(try await fixture.get("/v1/runs/\(run)/documents/\(name)").status == 404) }
    #expect(try await fixture.get("/v1/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV/documents/a.json").status == 404)
    #expect(try await fixture.get("/v1/runs/\(run)/documents/a.json?x=1").status == 400)
    // A recorded request keeps none.
    let recorded = try #require(try await fixture.post("/v1/models/toy/sample", json: "{}").headers["Posterior-Run"])
    let none = try await fixture.get("/v1/runs/\(recorded)/documents/a.json")
    #expect(none.status == 404 && none.text.contains("it has none"), "\(none.text)")
    #expect(try await fixture.get("/v1/runs/\(recorded)").member("documents") == .array([]))
  }
}
