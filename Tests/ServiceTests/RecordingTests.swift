import Formats
import Foundation
import HTTP
import ModelFiles
import Registry
import Service
import Testing

@Suite("Recording requests")
struct RecordingTests {
  @Test("an answer names its record, which is found at once and says what was asked and answered")
  func recorded() async throws {
    let fixture = try ServiceFixture()
    let json = #"{"n": 3, "seed": 8, "temperature": 0.5}"#
    let answer = try await fixture.post("/v1/models/pictures/sample", json: json)
    let id = try #require(answer.headers["Posterior-Run"])
    let run = try await fixture.get("/v1/runs/\(id)")
    #expect(run.status == 200)
    #expect(try run.member("kind")?.string == "inference" && run.member("status")?.string == "finished")
    #expect(try run.member("model")?.string == "pictures" && run.member("version")?.integer == 1 && run.member("seed")?.integer == 8)
    #expect(try run.member("model_digest")?.string == answer.headers["Posterior-Digest"])
    #expect(try run.member("output_digest")?.string == SHA256.digest(answer.body).description)
    #expect(try run.member("inference", "input_digest")?.string == SHA256.digest(Array(json.utf8)).description)
    #expect(try run.member("inference", "operation")?.string == "sample" && run.member("inference", "items")?.integer == 3)
    #expect(try run.member("inference", "input_kept") == .bool(false))
    // Also what was left at its default.
    #expect(
      try run.member("parameters")
        == .object(
          [("first_item", "0"), ("given", "{}"), ("mean", "false"), ("n", "3"), ("temperature", "0.5")].map {
            .init(name: $0.0, value: .string($0.1))
          }))
    #expect(try await fixture.get("/v1/runs?kind=inference&filter=params.n%20%3D%203").member("runs")?.elements.count == 1)
    #expect(try await fixture.get("/v1/runs/\(id)/metrics").status == 200)
  }

  @Test("a seed that the server drew is on record, and repeats the answer")
  func drawnSeed() async throws {
    let fixture = try ServiceFixture()
    let answer = try await fixture.post("/v1/models/toy/sample", json: "{}")
    let run = try await fixture.get("/v1/runs/\(try #require(answer.headers["Posterior-Run"]))")
    #expect(try run.member("seed")?.integer.map(String.init) == answer.headers["Posterior-Seed"])
  }

  @Test("a refused request is recorded with its reason; one for a model that isn't there is not")
  func refused() async throws {
    let fixture = try ServiceFixture()
    let refused = try await fixture.post("/v1/models/toy/sample", json: #"{"n": 0}"#)
    #expect(refused.status == 422)
    let run = try await fixture.get("/v1/runs/\(try #require(refused.headers["Posterior-Run"]))")
    #expect(try run.member("status")?.string == "failed" && run.member("inference", "http_status")?.integer == 422)
    #expect(try run.member("failure") == refused.member("detail"))
    #expect(try run.member("seed") == .null && run.member("output_digest") == .null)
    let absent = try await fixture.post("/v1/models/nobody/sample", json: "{}")
    #expect(absent.status == 404 && absent.headers["Posterior-Run"] == nil)
    #expect(try await fixture.get("/v1/runs?status=failed").member("runs")?.elements.count == 1)
  }

  @Test("--record none and errors leave out what they say, and the answers are the same bytes", arguments: InferenceRecorder.Policy.allCases)
  func policies(_ policy: InferenceRecorder.Policy) async throws {
    let fixture = try ServiceFixture(recording: policy)
    let good = try await fixture.post("/v1/models/toy/sample", json: #"{"seed": 1}"#)
    let bad = try await fixture.post("/v1/models/toy/sample", json: #"{"n": 0}"#)
    #expect((good.headers["Posterior-Run"] != nil) == (policy == .all))
    #expect((bad.headers["Posterior-Run"] != nil) == (policy != .none))
    let asked = try await fixture.post("/v1/models/toy/sample", json: #"{"seed": 1, "record": true}"#)
    #expect((asked.headers["Posterior-Run"] != nil) == (policy != .none))
    #expect(asked.body == good.body)
    #expect(try await fixture.get("/v1/runs").member("runs")?.elements.count == [.none: 0, .errors: 2, .all: 3][policy])
  }

  @Test("inputs are kept when the request asks, in JSON or in the query, or when they are small enough; else only their digest")
  func inputs() async throws {
    let fixture = try ServiceFixture(keptInputBytes: 40)
    let small = Array(#"{"inputs": [[1, 2, 3]], "seed": 1}"#.utf8)
    let large = small + [UInt8](repeating: 0x20, count: 40)
    let asking = Array(#"{"inputs": [[1, 2, 3]], "seed": 1, "record": true}"#.utf8)
    let floats = [UInt8](repeating: 0, count: 48)
    for (body, type, query, isKept) in [
      (small, "application/json", "", true), (large, "application/json", "", false), (asking, "application/json", "", true),
      (floats, "application/octet-stream", "", false), (floats, "application/octet-stream", "?record=true", true),
    ] {
      let answer = try await fixture.post("/v1/models/vector/encode\(query)", body, type: type)
      #expect(answer.status == 200, "\(answer.text)")
      let id = try #require(answer.headers["Posterior-Run"])
      #expect(try await fixture.get("/v1/runs/\(id)").member("inference", "input_kept") == .bool(isKept))
      #expect(try fixture.store.input(of: #require(RunID(id))) == (isKept ? body : nil))
    }
    let wrong = try await fixture.post("/v1/models/vector/encode?record=maybe", floats, type: "application/octet-stream")
    #expect(try wrong.status == 422 && wrong.member("field")?.string == "record")
    #expect(try await fixture.post("/v1/models/toy/sample", json: #"{"record": 1}"#).status == 422)
  }

  @Test("a queue that is full costs the record, not the answer, and /metrics counts it")
  func full() async throws {
    let fixture = try ServiceFixture(queueBytes: 100)
    let answer = try await fixture.post("/v1/models/toy/sample", json: "{}")
    #expect(answer.status == 200 && answer.headers["Posterior-Run"] == nil)
    let metrics = try await fixture.get("/metrics").text
    #expect(metrics.contains(#"posterior_inference_records_total{outcome="dropped"} 1"#))
    #expect(metrics.contains("posterior_inference_records_waiting 0"))
  }
}

extension ServiceFixture {
  convenience init(recording policy: InferenceRecorder.Policy = .all, keptInputBytes: Int = 0, queueBytes: Int = 1 << 20) throws {
    var recording = InferenceRecorder.Options()
    (recording.policy, recording.keptInputBytes, recording.queueBytes) = (policy, keptInputBytes, queueBytes)
    // Only what looks for a record commits it, so that nothing depends on the clock.
    recording.linger = .seconds(1000)
    try self.init(recordingOptions: recording)
  }
}
