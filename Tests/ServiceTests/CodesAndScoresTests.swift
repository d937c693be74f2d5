import Formats
import Foundation
import HTTP
import ModelFiles
import Modelling
import Registry
import Service
import Tensors
import Testing

@Suite("Kinds of codes and of scores")
struct CodesAndScoresTests {
  private func fixture() throws -> ServiceFixture {
    let fixture = try ServiceFixture(models: false)
    let space = Space.tokens(TokenSpace(Vocabulary(["a", "b", "c"]), atMost: 2))
    try fixture.publish(ModelFile.encode(ToyText(.init(), signature: Signature(space), key: RandomKey(seed: 5))), as: "text")
    try fixture.publish(ModelFiles.vector, as: "vector")
    return fixture
  }

  /// Every text of two characters.
  private let texts = #"{"inputs": [[0,0],[0,1],[0,2],[1,0],[1,1],[1,2],[2,0],[2,1],[2,2]]}"#

  private func number(_ value: JSONValue?) throws -> Double {
    switch value {
    case .number(let number): number
    case .integer(let integer): Double(integer)
    default: throw JSONError(.mismatch, field: "", given: "\(String(describing: value))", expected: "a number")
    }
  }

  @Test("an exact likelihood sums to 1 over all texts, says that it is exact, and is given in bits a character")
  func exact() async throws {
    let answer = try await fixture().post("/v1/models/text/score", json: texts)
    #expect(answer.status == 200, "\(answer.text)")
    let items = try #require(try answer.member("items")).elements
    let nats = try items.map { try number($0[name: "nats"]) }
    #expect(abs(nats.reduce(0) { $0 + exp($1) } - 1) < 1e-5)
    for (item, nats) in zip(items, nats) { #expect(abs(try number(item[name: "bits_per_character"]) + nats / (2 * log(2))) < 1e-5) }
    #expect(try answer.member("kinds") == .record(["nats": .string("exact")]))
    #expect(try answer.member("k") == nil)
    let table = try await fixture().post("/v1/models/text/score", json: texts, accept: "text/csv")
    #expect(table.text.hasPrefix("nats,bits_per_character\r\n"))
  }

  @Test("bounds are answered as ever, without a word on their kinds")
  func bounds() async throws {
    let answer = try await fixture().post("/v1/models/vector/score", json: #"{"inputs": [[1, 2, 3]], "k": 3, "seed": 1}"#)
    #expect(try answer.member("kinds") == nil)
    guard case .object(let members) = try #require(try answer.member("items")).elements[0] else {
      Issue.record("\(answer.text)")
      return
    }
    #expect(members.map(\.name) == ["elbo_nats", "kl_nats", "reconstruction_nats", "iwae_nats", "bits_per_dim"])
  }

  @Test("a layer says the kind of its code: whole numbers and probabilities of choices, values, or a Gaussian's mean and scale")
  func codes() async throws {
    let answer = try await fixture().post("/v1/models/text/encode", json: texts)
    #expect(answer.status == 200, "\(answer.text)")
    let layers = try #require(try JSONValue(parsing: answer.body)["layers"]).elements
    #expect(layers.map { $0[name: "kind"]?.string } == ["categorical", "point"])
    #expect(try #require(layers[0][name: "codes"]).elements.map { $0.elements.map(\.integer) } == [0, 0, 0, 1, 1, 1, 2, 2, 2].map { [$0] })
    let probabilities = try #require(layers[0][name: "probabilities"]).elements
    #expect(probabilities.count == 9)
    #expect(abs(try probabilities[4].elements[0].elements.map { try number($0) }.reduce(0, +) - 1) < 1e-5)
    #expect(try #require(layers[1][name: "values"]).elements.map { try number($0.elements[0]) } == [0, 1, 1, 1, 0, 1, 1, 1, 0])
    let table = try await fixture().post("/v1/models/text/encode", json: texts, accept: "text/csv")
    #expect(table.text.hasPrefix("code_0_0,probability_0_0_0,probability_0_0_1,probability_0_0_2,value_1_0\r\n"))
    let gaussian = try await fixture().post("/v1/models/vector/encode", json: #"{"inputs": [[1, 2, 3]]}"#)
    #expect(gaussian.text.contains(#""layers":[{"kind":"gaussian","mean":[["#))
  }

  @Test("an answer that an earlier build recorded without kinds replays in its form, and the replay says so; CSV has one form alone")
  func earlierForm() async throws {
    let fixture = try fixture()
    let body = Array(#"{"inputs": [[1, 2, 3]], "seed": 5}"#.utf8)
    let answer = try await fixture.post("/v1/models/vector/encode", body, type: "application/json")
    let earlier = answer.text.replacing(#""kind":"gaussian","#, with: "")
    #expect(earlier.utf8.count < answer.body.count)
    let version = try fixture.store.resolve("vector")
    func record(_ digest: Digest, _ type: String) throws -> String {
      let record = InferenceRecord(
        id: .generate(), model: "vector", version: 1, digest: version.digest, family: "vae", build: .current, operation: "encode", status: 200,
        microseconds: 1, options: .init(parameters: "{}", seed: 5, items: 1),
        input: .init(digest: SHA256.digest(body), type: "application/json", body: body), output: .init(digest: digest, type: type), failure: nil)
      _ = try fixture.store.append([record], retention: 10)
      return record.id.description
    }
    let cases: [(Digest, String, isEqual: Bool, corrected: String?)] = [
      (SHA256.digest(Array(earlier.utf8)), "application/json", true, "0.2.0"), (SHA256.digest(answer.body), "application/json", true, nil),
      (SHA256.digest([1]), "application/json", false, nil), (SHA256.digest(Array(earlier.utf8)), "text/csv", false, nil),
    ]
    for (digest, type, isEqual, corrected) in cases {
      let replay = try await fixture.exchange(.post, "/v1/runs/\(try record(digest, type))/replay", body: body)
      #expect(replay.status == 200, "\(replay.text)")
      #expect(try replay.member("equal") == .bool(isEqual) && replay.member("corrected_in")?.string == corrected)
      #expect(try (replay.member("actual")?.string == digest.description) == isEqual)
    }
  }
}
