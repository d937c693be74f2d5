import Formats
import HTTP
import ModelFiles
import Registry
import Service
import Testing

@Suite("Replays")
struct ReplayTests {
  private func replay(_ fixture: ServiceFixture, _ id: String, body: [UInt8] = []) async throws -> Exchange {
    try await fixture.exchange(.post, "/v1/runs/\(id)/replay", body: body)
  }

  @Test(
    "a recorded request gives the same bytes again, whatever it asked for and in whatever form",
    arguments: [
      ("pictures/sample", #"{"n": 3, "seed": 8, "temperature": 0.7}"#, "application/json", "application/json"),
      ("pictures/sample", #"{"n": 3}"#, "application/json", "image/png"),
      ("pictures/sample?n=2&mean=true", "", "", "application/x-npy"),
      ("vector/encode", #"{"inputs": [[1, 2, 3.25], [4, 5, 6]], "record": true}"#, "application/json", "application/json"),
      ("table/score", #"{"rows": [{"age": 41.5, "height": 170, "weight": 65}], "k": 7, "record": true}"#, "application/json", "text/csv"),
      ("table/reconstruct?record=true&sampling=true", "weight,age,height\r\n60,30,181.25\r\n", "text/csv", "application/json"),
    ])
  func equal(_ path: String, _ body: String, _ type: String, _ accept: String) async throws {
    let fixture = try ServiceFixture()
    let headers: HeaderFields = type.isEmpty ? ["Accept": accept] : ["Content-Type": type, "Accept": accept]
    let answer = try await fixture.exchange(.post, "/v1/models/\(path)", headers, body: Array(body.utf8))
    #expect(answer.status == 200, "\(answer.text)")
    let id = try #require(answer.headers["Posterior-Run"])
    let replay = try await replay(fixture, id)
    #expect(replay.status == 200, "\(replay.text)")
    #expect(try replay.member("equal") == .bool(true))
    let digest = SHA256.digest(answer.body).description
    #expect(try replay.member("expected")?.string == digest && replay.member("actual")?.string == digest)
    #expect(try replay.member("differences", "build") == .object([]))
    let run = try await fixture.get("/v1/runs/\(try #require(try replay.member("run")?.string))")
    #expect(try run.member("kind")?.string == "replay" && run.member("status")?.string == "finished")
    #expect(try run.member("parameters", "replay_of")?.string == id && run.member("tags", "equal")?.string == "true")
    #expect(try run.member("output_digest")?.string == digest)
  }

  @Test("an input that was not kept can be sent again, and only the same bytes are taken")
  func sentAgain() async throws {
    let fixture = try ServiceFixture()
    let body = Array(#"{"inputs": [[1, 2, 3]], "seed": 5}"#.utf8)
    let answer = try await fixture.post("/v1/models/vector/encode", body, type: "application/json")
    let id = try #require(answer.headers["Posterior-Run"])
    let without = try await replay(fixture, id)
    #expect(without.status == 409 && without.text.contains("Send the same body again"))
    let other = try await replay(fixture, id, body: body + [0x20])
    #expect(other.status == 409)
    #expect(try other.member("expected")?.string == SHA256.digest(body).description)
    #expect(try await replay(fixture, id, body: body).member("equal") == .bool(true))
  }

  @Test("a version that moved or was renamed replays on the file that answered; one that is gone is missed by name")
  func replacedModel() async throws {
    let fixture = try ServiceFixture()
    let answer = try await fixture.post("/v1/models/toy/sample", json: "{}")
    let id = try #require(answer.headers["Posterior-Run"])
    try fixture.publish(ModelFiles.vector, as: "toy")
    #expect(try await replay(fixture, id).member("equal") == .bool(true))
    _ = try fixture.store.deleteVersion(1, of: "toy", actor: "test")
    let gone = try await replay(fixture, id)
    #expect(gone.status == 409)
    #expect(gone.text.contains(try #require(answer.headers["Posterior-Digest"])))
    // The same file under another name: the answer still says the names of then.
    try fixture.publish(ModelFiles.toy, as: "elsewhere")
    #expect(try await replay(fixture, id).member("equal") == .bool(true))
  }

  @Test("a record whose bytes were others is told apart, and the builds that differ are named")
  func different() async throws {
    let fixture = try ServiceFixture()
    let version = try fixture.store.resolve("toy")
    let build = BuildInformation(
      gitRevision: BuildInformation.current.gitRevision, compiler: BuildInformation.current.compiler, cpu: "another processor",
      blas: BuildInformation.current.blas)
    let record = InferenceRecord(
      id: .generate(), model: "toy", version: 1, digest: version.digest, family: "toy", build: build, operation: "sample", status: 200,
      microseconds: 1, options: .init(parameters: #"{"n":1,"temperature":1,"mean":false,"given":{}}"#, seed: 1, items: 1), input: nil,
      output: .init(digest: SHA256.digest([1]), type: "application/json"), failure: nil)
    _ = try fixture.store.append([record], retention: 10)
    let replay = try await replay(fixture, record.id.description)
    #expect(replay.status == 200)
    #expect(try replay.member("equal") == .bool(false))
    #expect(try replay.member("expected")?.string == SHA256.digest([1]).description)
    #expect(try replay.member("differences", "build", "cpu", "expected")?.string == "another processor")
    #expect(try replay.member("differences", "build", "cpu", "actual")?.string == BuildInformation.current.cpu)
    #expect(try fixture.store.runs(RunFilter(kind: .replay)).items.map(\.description.tags) == [["equal": "false"]])
  }

  @Test("what can't be replayed says why and what to do")
  func impossible() async throws {
    let fixture = try ServiceFixture()
    let refused = try await fixture.post("/v1/models/toy/sample", json: #"{"n": 0}"#)
    let noAnswer = try await replay(fixture, try #require(refused.headers["Posterior-Run"]))
    #expect(noAnswer.status == 422 && noAnswer.text.contains("no answer to compare"))
    let training = try fixture.store.start(
      RunDescription(kind: .train, family: "vae", configuration: "{}", seed: 1, build: .current))
    let long = try await replay(fixture, training.description)
    #expect(long.status == 422 && long.text.contains("posterior runs replay \(training)"))
    #expect(try await replay(fixture, RunID.generate().description).status == 404)
    #expect(throws: Problem.self) { try Replay.expectation(of: fixture.store.run(training.description)) }
  }
}
