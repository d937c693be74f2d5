import Formats
import HTTP
import Registry
import Testing

import Service

@Suite("Conditional scores")
struct ConditionalScoreTests {
  private let fixture: ServiceFixture
  private let target = "/v1/models/mixed/score"

  init() throws {
    fixture = try ServiceFixture()
    try fixture.publish(ModelFiles.mixed, as: "mixed")
  }

  @Test("targets as JSON, as a query parameter and in another order of the rows' columns give the same numbers")
  func forms() async throws {
    let json = try await fixture.post(
      target, json: #"{"k": 7, "seed": 2, "targets": ["colour", "age"], "rows": [{"age": 30, "colour": "red", "weight": null, "answer": "2"}]}"#)
    #expect(json.status == 200, "\(json.text)")
    let item = try #require(try json.member("items")?.elements.first)
    #expect(item["scored"] == .integer(2) || item["scored"] == .number(2))
    #expect(try json.member("targets")?.elements.map(\.string) == ["colour", "age"] && json.member("estimator")?.string == "proposal")
    let csv = try await fixture.post(
      target + "?k=7&seed=2&targets=colour,age", Array("answer,weight,colour,age\n2,NA,red,30\n".utf8), type: "text/csv")
    #expect(try csv.member("items") == json.member("items") && csv.member("mean") == json.member("mean"))
    let quoted = try await fixture.post(
      target + "?k=7&seed=2&targets=%5B%22colour%22,%22age%22%5D", Array("answer,weight,colour,age\n2,NA,red,30\n".utf8), type: "text/csv")
    #expect(quoted.body == csv.body)
    let plain = try await fixture.post(
      target + "?k=7&seed=2&targets=colour,age&estimator=prior", Array("answer,weight,colour,age\n2,NA,red,30\n".utf8), type: "text/csv",
      accept: "text/csv")
    #expect(plain.text.hasPrefix("elbo_nats,kl_nats,reconstruction_nats,iwae_nats,bits_per_dim,scored\r\n"))
  }

  @Test("a row without any target has no score and is left out of the means")
  func nothing() async throws {
    let rows = #"{"age": null, "colour": "red", "weight": 70, "answer": "1"}, {"age": 30, "colour": "red", "weight": 70, "answer": "1"}"#
    let answer = try await fixture.post(target, json: #"{"seed": 1, "targets": ["age"], "rows": [\#(rows)]}"#)
    let items = try #require(try answer.member("items")?.elements)
    #expect(items.count == 2 && (items[0]["scored"] == .integer(0) || items[0]["scored"] == .number(0)), "\(answer.text)")
    for name in ["elbo_nats", "kl_nats", "reconstruction_nats", "iwae_nats", "bits_per_dim"] {
      #expect(items[0][name] == .null)
      guard case .number(let mean) = try answer.member("mean", name), case .number(let value) = items[1][name] else {
        return #expect(Bool(false), "\(name): \(answer.text)")
      }
      #expect(Float(mean) == Float(value))
    }
  }

  @Test("a recorded score with targets is replayed to the same bytes")
  func replayed() async throws {
    let answer = try await fixture.post(
      target + "?k=3&targets=age,weight&record=true", Array("answer,weight,colour,age\n2,50,red,30\n".utf8), type: "text/csv")
    #expect(answer.status == 200, "\(answer.text)")
    let run = try #require(answer.headers["Posterior-Run"])
    fixture.application.recorder.flush()
    let replay = try await fixture.exchange(.post, "/v1/runs/\(run)/replay")
    #expect(replay.text.contains(#""equal":true"#), "\(replay.text)")
  }

  static let bad: [BadRequest] = [
    BadRequest(
      "an unknown column", "/v1/models/mixed/score", #"{"targets": ["size"], "inputs": [[1,0,1,0]]}"#, status: 422, field: "targets[0]", "size", "age"
    ),
    BadRequest("no column", "/v1/models/mixed/score", #"{"targets": [], "inputs": [[1,0,1,0]]}"#, status: 422, field: "targets"),
    BadRequest("a column twice", "/v1/models/mixed/score", #"{"targets": ["age", "age"], "inputs": [[1,0,1,0]]}"#, status: 422, field: "targets[1]"),
    BadRequest("a word for the array", "/v1/models/mixed/score", #"{"targets": "age", "inputs": [[1,0,1,0]]}"#, status: 422, field: "targets"),
    BadRequest(
      "an unknown estimator", "/v1/models/mixed/score", #"{"estimator": "best", "inputs": [[1,0,1,0]]}"#, status: 422, field: "estimator", "prior"),
    BadRequest(
      "targets of a family that can't", "/v1/models/table/score", #"{"targets": ["age"], "inputs": [[1,2,3]]}"#, status: 422, field: "targets", "vae"),
    BadRequest(
      "the other estimator of a family that can't", "/v1/models/table/score", #"{"estimator": "prior", "inputs": [[1,2,3]]}"#, status: 422,
      field: "estimator"),
    BadRequest(
      "a hole for a family that can't", "/v1/models/table/score", #"{"inputs": [[1,null,3]]}"#, status: 422, field: "inputs[0][1]", "missing"),
  ]

  @Test("bad requests get an answer that helps", arguments: bad)
  func refused(_ request: BadRequest) async throws {
    let answer = try await fixture.exchange(request.method, request.target, request.headers, body: request.body)
    #expect(answer.status == request.status, "\(answer.text)")
    #expect(try answer.member("field")?.string == request.field, "\(answer.text)")
    let detail = try #require(try answer.member("detail")?.string)
    for word in request.words { #expect(detail.contains(word), "\(detail)") }
  }
}
