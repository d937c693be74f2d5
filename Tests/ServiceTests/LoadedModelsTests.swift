import Families
import Formats
import Foundation
import HTTP
import Locking
import Modelling
import Registry
import Service
import Testing

@Suite("Models in memory")
struct LoadedModelsTests {
  @Test("models together stay within their memory; those used longest ago give way")
  func bound() async throws {
    let sizes = try ServiceFixture().store.models().items.compactMap { $0.live?.memoryBytes }.sorted()
    var limits = ServiceLimits()
    // Room for the largest and the smallest together.
    limits.loadedBytes = sizes[sizes.count - 1] + sizes[0]
    let fixture = try ServiceFixture(limits: limits)
    let models = fixture.application.models
    for name in ["pictures", "table", "toy", "vector", "colours", "pictures"] {
      #expect(try await fixture.post("/v1/models/\(name)/sample", json: "{}").status == 200)
      #expect(models.census.bytes.values.reduce(0, +) <= limits.loadedBytes)
      #expect(models.census.bytes["\(name)@1"] != nil)
    }
    let census = models.census
    #expect(census.loads == 6 && census.unloads == census.loads - census.bytes.count)
    let metrics = try await fixture.get("/metrics").text
    #expect(metrics.contains("posterior_model_bytes{model=\"pictures@1\"} \(ModelFiles.pictures.count)\n"))
    #expect(metrics.contains("posterior_model_loads_total 6\n") && metrics.contains("posterior_model_unloads_total \(census.unloads)\n"))
  }

  @Test("a model larger than all that may be loaded is told so, as a request and as an upload, and the others go on")
  func tooLarge() async throws {
    var limits = ServiceLimits()
    limits.loadedBytes = ModelFiles.pictures.count - 1
    let fixture = try ServiceFixture(limits: limits)
    let sample = try await fixture.post("/v1/models/pictures/sample", json: "{}")
    #expect(sample.status == 503 && sample.text.contains("--model-memory"), "\(sample.text)")
    let content = try fixture.content
    let upload = try await fixture.upload(ModelFiles.pictures, as: "again")
    #expect(upload.status == 413 && upload.text.contains("\(limits.loadedBytes) bytes"), "\(upload.text)")
    #expect(try fixture.content == content)
    #expect(try await fixture.post("/v1/models/toy/sample", json: "{}").status == 200)
  }

  @Test("at the start live versions are loaded and answer once; a damaged one is named and holds nobody up")
  func warmUp() async throws {
    let fixture = try ServiceFixture()
    let damaged = try fixture.store.resolve("vector")
    try FileManager.default.removeItem(atPath: damaged.path)
    let application = fixture.application
    #expect(try await fixture.get("/readyz").status == 503)
    let failed = try await application.warmUp()
    #expect(failed.map(\.id) == ["vector@1"])
    #expect(application.models.count == 4 && application.models.census.loads == 4)
    application.readiness.failedModels = failed.map(\.id)
    application.readiness.beginServing()
    #expect(try await fixture.get("/readyz").text == #"{"status":"ready","failed_models":["vector@1"]}"#)
    let list = try await fixture.get("/v1/models").member("models")?.elements ?? []
    #expect(list.filter { $0["failure"]?.string != nil }.map { $0["name"]?.string } == ["vector"])

    // The same file again makes it whole.
    #expect(try await fixture.upload(ModelFiles.vector, as: "vector").status == 200)
    #expect(try await fixture.post("/v1/models/vector/sample", json: "{}").status == 200)
    #expect(try await fixture.get("/v1/models").member("models")?.elements.allSatisfy { $0["failure"]?.string == nil } == true)
  }

  @Test("a model whose file was changed is 503 with what to do, is not read for every request, and works when the file is whole again")
  func damaged() async throws {
    // Long enough not to end during the test on the slowest machine.
    var limits = ServiceLimits()
    limits.damagedModelPause = .seconds(3600)
    let fixture = try ServiceFixture(limits: limits)
    let path = try fixture.store.resolve("vector").path
    let whole = try #require(FileManager.default.contents(atPath: path))
    func write(_ data: Data) throws {
      try FileManager.default.removeItem(atPath: path)
      try data.write(to: URL(fileURLWithPath: path))
    }
    var changed = whole
    changed[changed.count - 1] ^= 1
    try write(changed)
    for _ in 0..<3 {
      let answer = try await fixture.post("/v1/models/vector/sample", json: "{}")
      #expect(answer.status == 503 && answer.headers["Retry-After"] == "3600", "\(answer.text)")
      #expect(try answer.member("type")?.string == "urn:posterior:problem:damaged-model" && answer.text.contains("posterior store check"))
      #expect(!answer.text.contains(fixture.directory))
    }
    #expect(try await fixture.post("/v1/models/toy/sample", json: "{}").status == 200)
    fixture.application.readiness.beginServing()
    #expect(try await fixture.get("/readyz").status == 200)

    // The pause is not over: the file is not looked at.
    try write(whole)
    #expect(try await fixture.post("/v1/models/vector/sample", json: "{}").status == 503)
    #expect(try await fixture.upload(ModelFiles.vector, as: "vector").status == 200)
    #expect(try await fixture.post("/v1/models/vector/sample", json: "{}").status == 200)
  }

  @Test("after its pause a damaged file is read again")
  func mended() async throws {
    var limits = ServiceLimits()
    limits.damagedModelPause = .zero
    let fixture = try ServiceFixture(limits: limits)
    let path = try fixture.store.resolve("vector").path
    let whole = try #require(FileManager.default.contents(atPath: path))
    try FileManager.default.removeItem(atPath: path)
    #expect(try await fixture.post("/v1/models/vector/sample", json: "{}").status == 503)
    try whole.write(to: URL(fileURLWithPath: path))
    #expect(try await fixture.post("/v1/models/vector/sample", json: "{}").status == 200)
  }

  @Test("once the server says that it is ready, the first request to a live model loads nothing and waits for nobody")
  func readyIsWarm() async throws {
    let fixture = try ServiceFixture()
    #expect(try await fixture.get("/readyz").status == 503)
    #expect(try await fixture.application.warmUp().isEmpty)
    fixture.application.readiness.beginServing()
    #expect(try await fixture.get("/readyz").status == 200)
    let loads = fixture.application.models.census.loads
    #expect(loads == ModelFiles.all.count)
    for (name, _) in ModelFiles.all { #expect(try await fixture.post("/v1/models/\(name)/sample", json: "{}").status == 200) }
    #expect(fixture.application.models.census.loads == loads)
  }

  @Test("the warm-up loads no more than may stay")
  func boundedWarmUp() async throws {
    var limits = ServiceLimits()
    limits.loadedModels = 2
    let fixture = try ServiceFixture(limits: limits)
    #expect(try await fixture.application.warmUp().isEmpty)
    #expect(fixture.application.models.count == 2 && fixture.application.models.census.unloads == 0)
  }

  @Test("a signal to stop during the warm-up is not undone by its end")
  func draining() {
    let readiness = Readiness()
    readiness.state = .draining
    readiness.beginServing()
    #expect(readiness.state == .draining)
  }

  @Test("a published version is in memory before its alias moves, and a deleted one leaves memory")
  func publication() async throws {
    let fixture = try ServiceFixture(models: false)
    #expect(try await fixture.upload(ModelFiles.vector, as: "m").status == 201)
    #expect(try await fixture.upload(ModelFiles.vector, as: "n").status == 201)
    #expect(fixture.application.models.census == .init(bytes: ["m@1": ModelFiles.vector.count], loads: 1, unloads: 0))
    #expect(try await fixture.upload(ModelFiles.toy, as: "m").status == 201)
    #expect(try await fixture.post("/v1/models/m/sample", json: "{}").status == 200)
    #expect(fixture.application.models.census.loads == 2)
    // Another model still needs the bytes of m@1.
    #expect(try await fixture.exchange(.delete, "/v1/admin/models/m/versions/1", key: ServiceFixture.key).status == 204)
    #expect(fixture.application.models.count == 2)
    #expect(try await fixture.upload(ModelFiles.toy, as: "n").status == 201)
    #expect(try await fixture.exchange(.delete, "/v1/admin/models/n/versions/1", key: ServiceFixture.key).status == 204)
    #expect(fixture.application.models.count == 1)
  }

  @Test("while versions are published, moved, deleted and collected, every request gets the bytes of the version that it names")
  func replacement() async throws {
    var limits = ServiceLimits()
    // So few that versions are loaded and let go all the time.
    limits.loadedModels = 2
    limits.waitingRequests = 10_000
    let fixture = try ServiceFixture(lanes: 3, limits: limits, models: false)
    let variants = (0..<4).map { ModelFiles.vae(.vector(3), .init(.gaussian), seed: UInt64($0)) }
    let request = #"{"n": 4, "seed": 3}"#
    var expected: [String: [UInt8]] = [:]
    for bytes in variants {
      let upload = try await fixture.upload(bytes, as: "m")
      let digest = try #require(try upload.member("digest")?.string)
      expected[digest] = try await fixture.post("/v1/models/m/sample", json: request, accept: "application/octet-stream").body
    }
    let answers = expected
    let requests = Requests()
    let served = try await withThrowingTaskGroup(of: Set<String>.self) { group in
      for _ in 0..<6 {
        group.addTask {
          var seen: Set<String> = []
          repeat {
            let answer = try await fixture.post("/v1/models/m/sample", json: request, accept: "application/octet-stream")
            #expect(answer.status == 200, "\(answer.text)")
            let digest = answer.headers["Posterior-Digest"] ?? ""
            #expect(answer.body == answers[digest])
            seen.insert(digest)
          } while !requests.areOver
          return seen
        }
      }
      let key = ServiceFixture.key
      for round in 0..<40 {
        // The next variant becomes live; the one before it is deleted and its file collected.
        let versions = try fixture.store.model(named: "m").versions
        #expect(try await fixture.upload(variants[round % 4], as: "m").status < 300)
        let live = try fixture.store.resolve("m").version
        for old in versions where old.version != live {
          #expect(try await fixture.exchange(.delete, "/v1/admin/models/m/versions/\(old.version)", key: key).status == 204)
        }
        _ = try fixture.store.collectGarbage()
      }
      requests.end()
      return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
    }
    #expect(served.count > 1)
    #expect(try StoreCheck(directory: fixture.directory).findings.isEmpty)
  }
}

/// Whether clients have sent enough.
private final class Requests: Sendable {
  private let ended = Protected(false)

  var areOver: Bool { ended.withLock { $0 } }
  func end() { ended.withLock { $0 = true } }
}
