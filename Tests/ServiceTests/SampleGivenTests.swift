import Formats
import HTTP
import Modelling
import Service
import Testing

@Suite("Samples given a class, a cluster, or layers of items")
struct SampleGivenTests {
  private func samples(_ fixture: ServiceFixture, _ model: String, _ json: String) async throws -> [Float] {
    let answer = try await fixture.post("/v1/models/\(model)/sample", json: json, accept: "application/octet-stream")
    #expect(answer.status == 200, "\(json) \(answer.text)")
    return try #require(FloatBytes.decode(answer.body))
  }

  @Test("a label means its component, whether it is written as a text or a number")
  func labels() async throws {
    let fixture = try ServiceFixture.clustering()
    let named = try await samples(fixture, "classifier", #"{"n": 4, "seed": 2, "given": {"label": "dog, or wolf"}}"#)
    #expect(try await named == samples(fixture, "classifier", #"{"n": 4, "seed": 2, "given": {"cluster": 1}}"#))
    #expect(try await named == samples(fixture, "classifier", #"{"n": 4, "seed": 2, "given": {"cluster": 1, "layer": 0}}"#))
    #expect(try await named != samples(fixture, "classifier", #"{"n": 4, "seed": 2, "given": {"cluster": 2}}"#))
  }

  @Test("layers take after items, clusters and priors, each on its own: swapping two items' layers swaps nothing else")
  func layers() async throws {
    let fixture = try ServiceFixture.clustering()
    func swapped(_ low: String, _ high: String, _ items: String = "[[1, 2, 3], [-1, 0.5, 0]]") async throws -> [Float] {
      try await samples(fixture, "ladder-of-rows", #"{"inputs": \#(items), "given": {"layers": [\#(low), \#(high)]}, "seed": 5}"#)
    }
    let (first, second) = (#"{"from_item": 0}"#, #"{"from_item": 1}"#)
    // The toy's decoder is linear, so that what the layers add is a sum: (a, b) + (b, a) = (a, a) + (b, b).
    let (aa, ab) = (try await swapped(first, first), try await swapped(first, second))
    let (ba, bb) = (try await swapped(second, first), try await swapped(second, second))
    #expect(aa != ab && ab != ba && aa != bb)
    for i in aa.indices { #expect(abs(ab[i] + ba[i] - aa[i] - bb[i]) < 1e-4) }
    // Only the item that is named counts.
    #expect(try await swapped(first, first, "[[1, 2, 3], [9, 9, 9]]") == aa)
    #expect(try await swapped(first, "{}") != aa)
  }

  @Test("a cluster beside layers is what items are of, and the layers still are where their codes come from")
  func classed() async throws {
    let fixture = try ServiceFixture.clustering()
    func sampled(_ rest: String) async throws -> [Float] {
      try await samples(
        fixture, "ladder-of-rows", #"{"inputs": [[1, 2, 3]], "given": {"layers": [{"from_item": 0}, {}]\#(rest)}, "seed": 5, "n": 3}"#)
    }
    let (plain, classed) = (try await sampled(""), try await sampled(#", "cluster": 2"#))
    #expect(plain.count == classed.count && zip(plain, classed).allSatisfy { abs($1 - $0 - 2) < 1e-5 })
  }

  @Test("items come with the request in any form that has room for options, and a replay needs them again")
  func forms() async throws {
    let fixture = try ServiceFixture.clustering()
    let given = #"{"layers": [{"from_item": 1}, {"cluster": 3}]}"#
    let json = #"{"n": 2, "seed": 4, "inputs": [[1, 2, 3], [0.5, 0, -2]], "given": \#(given)}"#
    let expected = try await samples(fixture, "ladder-of-rows", json)
    let query = "?n=2&seed=4&given=%7B%22layers%22%3A%5B%7B%22from_item%22%3A1%7D%2C%7B%22cluster%22%3A3%7D%5D%7D"
    var raw: [UInt8] = []
    FloatBytes.append([1, 2, 3, 0.5, 0, -2], to: &raw)
    let sent: [(String, [UInt8])] = [
      ("application/octet-stream", raw), ("application/x-npy", NPY.encode([1, 2, 3, 0.5, 0, -2], shape: [2, 3])),
      ("text/csv", Array("x0,x1,x2\n1,2,3\n0.5,0,-2\n".utf8)),
    ]
    for (type, body) in sent {
      let answer = try await fixture.post("/v1/models/ladder-of-rows/sample\(query)", body, type: type, accept: "application/octet-stream")
      #expect(answer.status == 200 && FloatBytes.decode(answer.body) == expected, "\(type) \(answer.text.prefix(300))")
      let id = try #require(answer.headers["Posterior-Run"])
      #expect(try await fixture.exchange(.post, "/v1/runs/\(id)/replay").status == 409)
      let replay = try await fixture.exchange(.post, "/v1/runs/\(id)/replay", body: body)
      #expect(try replay.member("equal") == .bool(true), "\(replay.text)")
    }
    let whole = try await fixture.post("/v1/models/ladder-of-rows/sample", json: json)
    let id = try #require(whole.headers["Posterior-Run"])
    #expect(try await fixture.exchange(.post, "/v1/runs/\(id)/replay", body: Array(json.utf8)).member("equal") == .bool(true))
    let kept = try await fixture.post("/v1/models/ladder-of-rows/sample", json: String(json.dropLast()) + #", "record": true}"#)
    let keptID = try #require(kept.headers["Posterior-Run"])
    #expect(try await fixture.exchange(.post, "/v1/runs/\(keptID)/replay").member("equal") == .bool(true))
    // Without items nothing has to be sent again.
    let plain = try await fixture.post("/v1/models/ladder-of-rows/sample", json: #"{"given": {"cluster": 1, "layer": 1}}"#)
    let plainID = try #require(plain.headers["Posterior-Run"])
    #expect(try await fixture.exchange(.post, "/v1/runs/\(plainID)/replay").member("equal") == .bool(true))
  }

  @Test(
    "layers have one of a label and a cluster beside them, and nothing else",
    arguments: [#""label": "a", "cluster": 1"#, #""text": "a""#, #""label": "a", "text": "a""#])
  func beside(_ rest: String) throws {
    let given = try StrictJSON.decode(SampleGiven.self, from: Array(#"{"layers": [{}], \#(rest)}"#.utf8))
    let fault = #expect(throws: Fault.self) { try given.check() }
    #expect(fault?.expected == "one of them, or layers beside a label or a cluster")
  }

  private static let classifier = "/v1/models/classifier/sample"
  private static let ladder = "/v1/models/ladder-of-rows/sample"

  static let refused: [BadRequest] = [
    BadRequest("a label that the model doesn't know", classifier, #"{"given": {"label": "cow"}}"#, status: 422, field: "given.label", "cat"),
    BadRequest("a label that is a list", classifier, #"{"given": {"label": ["cat"]}}"#, status: 422, field: "given.label"),
    BadRequest(
      "a label of a model without classes", "/v1/models/unlabelled/sample", #"{"given": {"label": "cat"}}"#, status: 422, field: "given.label",
      "knows no class"),
    BadRequest("a cluster out of range", classifier, #"{"given": {"cluster": 4}}"#, status: 422, field: "given.cluster", "0 to 3"),
    BadRequest("a cluster below 0", classifier, #"{"given": {"cluster": -1}}"#, status: 422, field: "given.cluster", "0 to 3"),
    BadRequest("a cluster that is half a number", classifier, #"{"given": {"cluster": 0.5}}"#, status: 422, field: "given.cluster"),
    BadRequest("a layer that is not there", ladder, #"{"given": {"cluster": 1, "layer": 2}}"#, status: 422, field: "given.layer", "0 to 1"),
    BadRequest("a cluster of which layer", ladder, #"{"given": {"cluster": 1}}"#, status: 422, field: "given.layer", "clusters of its own"),
    BadRequest("a layer without a cluster", ladder, #"{"given": {"layer": 1}}"#, status: 422, field: "given.layer", "cluster"),
    BadRequest("a label and a cluster", classifier, #"{"given": {"label": "cat", "cluster": 1}}"#, status: 422, field: "given", "one of them"),
    BadRequest(
      "a layer of a cluster beside layers", ladder, #"{"given": {"cluster": 1, "layer": 0, "layers": [{}, {}]}}"#, status: 422, field: "given.layer",
      "no layer"),
    BadRequest(
      "a cluster out of range beside layers", ladder, #"{"given": {"cluster": 9, "layers": [{}, {}]}}"#, status: 422, field: "given.cluster", "0 to 2"
    ),
    BadRequest("an unknown condition", ladder, #"{"given": {"colour": 1}}"#, status: 422, field: "given.colour"),
    BadRequest("a condition that is no object", ladder, #"{"given": 3}"#, status: 422, field: "given"),
    BadRequest("too few layers", ladder, #"{"given": {"layers": [{}]}}"#, status: 422, field: "given.layers", "2"),
    BadRequest("no layer", ladder, #"{"given": {"layers": []}}"#, status: 422, field: "given.layers", "2"),
    BadRequest("layers of a model without", "/v1/models/toy/sample", #"{"given": {"layers": [{}, {}]}}"#, status: 422, field: "given.layers"),
    BadRequest("clusters of a vae", "/v1/models/vector/sample", #"{"given": {"cluster": 0}}"#, status: 422, field: "given.cluster", "no clusters"),
    BadRequest(
      "a layer's cluster out of range", ladder, #"{"given": {"layers": [{"cluster": 3}, {}]}}"#, status: 422, field: "given.layers[0].cluster",
      "0 to 2"),
    BadRequest(
      "an item and a cluster in one layer", ladder, #"{"inputs": [[1,2,3]], "given": {"layers": [{"cluster": 1, "from_item": 0}, {}]}}"#, status: 422,
      field: "given.layers[0]", "one of them"),
    BadRequest(
      "an item that was not sent", ladder, #"{"inputs": [[1,2,3]], "given": {"layers": [{"from_item": 1}, {}]}}"#, status: 422,
      field: "given.layers[0].from_item", "the only item"),
    BadRequest(
      "an item below 0", ladder, #"{"inputs": [[1,2,3],[1,2,3]], "given": {"layers": [{}, {"from_item": -1}]}}"#, status: 422,
      field: "given.layers[1].from_item", "0 to 1"),
    BadRequest("an item without items", ladder, #"{"given": {"layers": [{"from_item": 0}, {}]}}"#, status: 422, field: "inputs", "from_item"),
    BadRequest("items that nothing takes after", ladder, #"{"inputs": [[1,2,3]]}"#, status: 422, field: "inputs", "from_item"),
    BadRequest(
      "items of another width", ladder, #"{"inputs": [[1,2]], "given": {"layers": [{"from_item": 0}, {}]}}"#, status: 422, field: "inputs", "[n, 3]"),
    BadRequest(
      "an item with a hole", ladder, #"{"inputs": [[1,null,3]], "given": {"layers": [{"from_item": 0}, {}]}}"#, status: 422, field: "inputs[0][1]",
      "missing"),
    BadRequest("an empty list of items", ladder, #"{"inputs": [], "given": {"layers": [{"from_item": 0}, {}]}}"#, status: 422, field: "inputs"),
    BadRequest("items as words", ladder, type: "text/plain", "1,2,3", status: 415),
  ]

  @Test("what can't be is refused with the field, what was given and what was expected", arguments: refused)
  func refusals(_ request: BadRequest) async throws { try await request.check(on: try ServiceFixture.clustering()) }
}
