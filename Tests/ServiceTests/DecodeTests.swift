import Formats
import HTTP
import Modelling
import Service
import Testing

@Suite("Codes decoded to items")
struct DecodeTests {
  private static let pictures =
    #"{"inputs": [[[1,2,3,4,5],[250,0,9,8,7],[0,0,0,0,0],[99,98,97,96,95]], [[9,2,3,4,5],[25,0,9,8,7],[1,0,0,0,0],[9,8,7,6,5]]]}"#

  private func codes(_ fixture: ServiceFixture, _ accept: String) async throws -> Exchange {
    let answer = try await fixture.post("/v1/models/pictures/encode", json: Self.pictures, accept: accept)
    #expect(answer.status == 200, "\(answer.text)")
    return answer
  }

  @Test("what encode answers decodes to what reconstruct answers, in every format and without its scales")
  func roundTrip() async throws {
    let fixture = try ServiceFixture()
    let expected = try await fixture.post("/v1/models/pictures/reconstruct", json: Self.pictures, accept: "application/octet-stream").body
    let encoded = try await codes(fixture, "application/json").body
    let layers = try #require(try JSONValue(parsing: encoded)["layers"])
    let json = JSONValue.record(["layers": layers]).text
    var bodies: [(String, [UInt8])] = [("application/json", json)]
    for type in ["text/csv", "application/x-npy", "application/octet-stream"] { bodies.append((type, try await codes(fixture, type).body)) }
    // Means alone.
    let means = try #require(layers.elements[0][name: "mean"])
    let width = try #require(means.elements.first).elements.count
    let numbers = means.elements.flatMap(\.elements).map { Float($0.line) ?? .nan }
    bodies.append(("application/json", JSONValue.record(["layers": .array([.record(["mean": means])])]).text))
    bodies.append(("application/json", JSONValue.record(["inputs": means]).text))
    bodies.append(("application/x-npy", NPY.encode(numbers, shape: [2, width])))
    let header = (0..<width).map { "mean_0_\($0)" }.joined(separator: ",")
    let rows = means.elements.map { $0.elements.map(\.line).joined(separator: ",") }
    bodies.append(("text/csv", Array("\(header)\n\(rows.joined(separator: "\n"))\n".utf8)))
    for (type, body) in bodies {
      let answer = try await fixture.post("/v1/models/pictures/decode", body, type: type, accept: "application/octet-stream")
      #expect(answer.status == 200 && answer.body == expected, "\(type) \(answer.text.prefix(300))")
      let id = try #require(answer.headers["Posterior-Run"])
      #expect(try await fixture.exchange(.post, "/v1/runs/\(id)/replay", body: body).member("equal") == .bool(true))
    }
    let picture = try await fixture.post("/v1/models/pictures/decode", json, type: "application/json", accept: "image/png")
    #expect(picture.status == 200 && picture.headers["Content-Type"] == "image/png")
  }

  @Test("a code that is left out is drawn from the prior by the seed; a draw of q follows its scale")
  func drawn() async throws {
    let fixture = try ServiceFixture()
    func decoded(_ json: String) async throws -> [UInt8] {
      let answer = try await fixture.post("/v1/models/pictures/decode", json: json, accept: "application/octet-stream")
      #expect(answer.status == 200, "\(json) \(answer.text)")
      return answer.body
    }
    let encoded = try await codes(fixture, "application/json").body
    let layer = try #require(try JSONValue(parsing: encoded)["layers"]).elements[0]
    let width = try #require(layer[name: "mean"]).elements[0].elements.count
    let (zeros, nulls) = (Self.row("0", width), Self.row("null", width))
    let sample = try await fixture.post("/v1/models/pictures/sample", json: #"{"seed": 3, "mean": true}"#, accept: "application/octet-stream").body
    #expect(try await decoded(#"{"layers": [{"mean": [\#(nulls)]}], "seed": 3}"#) == sample)
    #expect(try await decoded(#"{"layers": [{"mean": [\#(nulls)]}], "seed": 4}"#) != sample)
    let still = try await decoded(#"{"layers": [{"mean": [\#(zeros)]}]}"#)
    #expect(try await decoded(#"{"layers": [{"mean": [\#(zeros)], "scale": [\#(zeros)]}], "sampling": true, "seed": 1}"#) == still)
    #expect(try await decoded(#"{"layers": [{"mean": [\#(zeros)], "scale": [\#(Self.row("2", width))]}], "sampling": true, "seed": 1}"#) != still)
    #expect(try await decoded(#"{"layers": [{"mean": [\#(nulls)]}], "temperature": 0, "seed": 9}"#) == still)
    // The same code among those of samples.
    let given = #"{"mean": true, "given": {"layers": [{"values": \#(zeros)}]}}"#
    #expect(try await fixture.post("/v1/models/pictures/sample", json: given, accept: "application/octet-stream").body == still)
  }

  private static func row(_ number: String, _ width: Int) -> String { "[\([String](repeating: number, count: width).joined(separator: ","))]" }

  private static let decode = "/v1/models/vector/decode"

  static let refused: [BadRequest] = [
    BadRequest("no codes", decode, "{}", status: 422, field: "layers", "layers, as encode answers them"),
    BadRequest("codes and numbers", decode, #"{"layers": [{}], "inputs": [[1]]}"#, status: 422, field: "layers", "one of them"),
    BadRequest("too many layers", decode, #"{"layers": [{}, {}]}"#, status: 422, field: "layers", "2 layers"),
    BadRequest("no layer with a mean", decode, #"{"layers": [{}]}"#, status: 422, field: "layers", "without a mean"),
    BadRequest("a mean of another width", decode, #"{"layers": [{"mean": [[1, 2, 3, 4, 5, 6, 7]]}]}"#, status: 422, field: "layers[0].mean", "[n, "),
    BadRequest(
      "a member that codes don't have", decode, #"{"layers": [{"means": [[1]]}]}"#, status: 422, field: "layers[0].means", "kind, mean or scale"),
    BadRequest("another kind of code", decode, #"{"layers": [{"kind": "point", "mean": [[1]]}]}"#, status: 422, field: "layers[0].kind", "gaussian"),
    BadRequest("items in place of codes", decode, #"{"texts": ["a"]}"#, status: 422, field: "texts"),
    BadRequest("codes in place of items", "/v1/models/vector/encode", #"{"layers": [{"mean": [[1]]}]}"#, status: 422, field: "layers"),
    BadRequest(
      "values of another width", "/v1/models/vector/sample", #"{"given": {"layers": [{"values": [1, 2, 3, 4, 5, 6, 7]}]}}"#, status: 422,
      field: "given.layers[0].values", "7 numbers"),
    BadRequest(
      "values and an item", "/v1/models/vector/sample", #"{"given": {"layers": [{"values": [1, 2], "from_item": 0}]}}"#, status: 422,
      field: "given.layers[0]"),
  ]

  @Test("what can't be decoded is refused by its place", arguments: refused)
  func refusals(_ bad: BadRequest) async throws {
    let fixture = try ServiceFixture()
    try await bad.check(on: fixture)
  }

  @Test("a part of a mean, a negative scale, and a missing one where it is needed are refused by row and column")
  func parts() async throws {
    let fixture = try ServiceFixture()
    func refusal(_ csv: String, _ query: String = "") async throws -> (Int, String?) {
      let answer = try await fixture.post("/v1/models/vector/decode\(query)", Array(csv.utf8), type: "text/csv")
      return (answer.status, try answer.member("field")?.string)
    }
    #expect(try await refusal("mean_0_0,mean_0_1\n1,2\n1,\n") == (422, "rows[1].mean_0_1"))
    #expect(try await refusal("mean_0_0,mean_0_1,scale_0_0,scale_0_1\n1,2,1,-1\n") == (422, "rows[0].scale_0_1"))
    #expect(try await refusal("mean_0_0,mean_0_1\n1,2\n", "?sampling=true") == (422, "rows[0].scale_0_0"))
    #expect(try await refusal("mean_0_0\n1\n") == (422, "mean_0_1"))
  }
}
