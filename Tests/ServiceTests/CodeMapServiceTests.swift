import Families
import Formats
import HTTP
import Modelling
import Networks
import Service
import Tensors
import Testing

@Suite("Maps of codes over HTTP")
struct CodeMapServiceTests {
  private static let model: RRVQ = {
    do {
      var model = try RRVQ(
        .init(strides: [2, 2], codes: 6, codeWidth: 3, channels: 4), signature: .image(height: 4, width: 5), key: RandomKey(seed: 12))
      var number = 0
      model.network = model.network.mapping { _, tensor in
        number += 1
        return tensor + RandomKey(seed: 4).split(number).normal(tensor.shape) * 0.5
      }
      return model
    } catch { preconditionFailure("\(error)") }
  }()

  private static func fixture() throws -> ServiceFixture {
    let fixture = try ServiceFixture()
    try fixture.publish(ModelFiles.encoded { model }, as: "maps")
    return fixture
  }

  private static let pictures =
    #"{"inputs": [[[1,2,3,4,5],[250,0,9,8,7],[0,0,0,0,0],[99,98,97,96,95]], [[9,2,3,4,5],[25,0,9,8,7],[1,0,0,0,0],[9,8,7,6,5]]]}"#

  @Test("encode answers whole numbers, a layer's places from the top left, which decode takes in every format")
  func roundTrip() async throws {
    let fixture = try Self.fixture()
    let target = "/v1/models/maps"
    let encoded = try await fixture.post("\(target)/encode", json: Self.pictures)
    #expect(encoded.status == 200, "\(encoded.text)")
    let layers = try #require(try JSONValue(parsing: encoded.body)["layers"])
    #expect(layers.elements.count == 2 && layers.elements.allSatisfy { $0[name: "kind"] == .string("codes") })
    let codes = layers.elements.compactMap { $0[name: "codes"] }
    #expect(codes.map { $0.elements.map(\.elements.count) } == [[6, 6], [2, 2]])
    #expect(codes.allSatisfy { $0.elements.allSatisfy { $0.elements.allSatisfy { if case .integer(0...5) = $0 { true } else { false } } } })
    let csv = try await fixture.post("\(target)/encode", json: Self.pictures, accept: "text/csv")
    #expect(csv.text.hasPrefix("code_0_0,code_0_1,code_0_2,code_0_3,code_0_4,code_0_5,code_1_0,code_1_1\r\n"), "\(csv.text)")

    let expected = try await fixture.post("\(target)/reconstruct", json: Self.pictures, accept: "application/octet-stream").body
    var bodies: [(String, [UInt8])] = [("application/json", JSONValue.record(["layers": layers]).text)]
    for type in ["text/csv", "application/x-npy", "application/octet-stream"] {
      bodies.append((type, try await fixture.post("\(target)/encode", json: Self.pictures, accept: type).body))
    }
    let rows = zip(codes[0].elements, codes[1].elements).map { JSONValue.array($0.elements + $1.elements) }
    bodies.append(("application/json", JSONValue.record(["inputs": .array(rows)]).text))
    for (type, body) in bodies {
      let answer = try await fixture.post("\(target)/decode", body, type: type, accept: "application/octet-stream")
      #expect(answer.status == 200 && answer.body == expected, "\(type) \(answer.text.prefix(300))")
    }
    // The layer above alone, and the one below from its prior.
    let above = JSONValue.record(["layers": .array([.record([:]), .record(["codes": codes[1]])]), "seed": .integer(3)]).text
    let drawn = try await fixture.post("\(target)/decode", above, type: "application/json", accept: "application/octet-stream")
    let given = JSONValue.record([
      "given": .record(["layers": .array([.record([:]), .record(["values": codes[1].elements[0]])])]), "mean": .bool(true), "seed": .integer(3),
    ]).text
    let sample = try await fixture.post("\(target)/sample", given, type: "application/json", accept: "application/octet-stream")
    #expect(drawn.status == 200 && sample.status == 200 && Array(drawn.body.prefix(80)) == sample.body, "\(drawn.text) \(sample.text)")
  }

  @Test("codes that are none are refused by their place, and so is a draw of what has no scale")
  func refusals() async throws {
    let fixture = try Self.fixture()
    let zeros = "[0,0,0,0,0,0]"
    for (body, field, words) in [
      (#"{"layers": [{"codes": [[0,0,0,6,0,0]]}, {}]}"#, "code_0_3", "a whole number from 0 to 5, a code of layer 0"),
      (#"{"layers": [{"codes": [[0,0,0.5,0,0,0]]}, {}]}"#, "code_0_2", "a whole number from 0 to 5"),
      (#"{"layers": [{"codes": [[0,0,null,0,0,0]]}, {}]}"#, "code_0_2", "all 6 codes of layer 0, or none for its prior"),
      (#"{"layers": [{"mean": [\#(zeros)]}, {}]}"#, "layers[0].mean", "kind or codes"),
      (#"{"layers": [{"codes": [\#(zeros)], "kind": "gaussian"}, {}]}"#, "layers[0].kind", "codes"),
      (#"{"layers": [{}, {}]}"#, "layers", "those of at least one layer"),
      (#"{"layers": [{"codes": [\#(zeros)]}, {}], "sampling": true}"#, "sampling", "false: the codes of layer 0 are what they are"),
    ] {
      let answer = try await fixture.post("/v1/models/maps/decode", json: body)
      #expect(answer.status == 422 && answer.text.contains(words) && answer.text.contains(field), "\(body): \(answer.status) \(answer.text)")
    }
    let sample = try await fixture.post("/v1/models/maps/sample", json: #"{"given": {"layers": [{"values": [0,0,9,0,0,0]}, {}]}}"#)
    #expect(sample.status == 422 && sample.text.contains("given.layers[0].values[2]"), "\(sample.text)")
  }

  @Test("scores say what every layer costs, by hard codes")
  func scores() async throws {
    let fixture = try Self.fixture()
    let body = Self.pictures.dropLast() + #", "by_layer": true, "k": 2}"#
    let answer = try await fixture.post("/v1/models/maps/score", json: String(body))
    #expect(answer.status == 200 && answer.text.contains("layer_1_kl_nats") && answer.text.contains(#""elbo_nats":"lower_bound""#), "\(answer.text)")
  }

  @Test("the Open Inference Protocol names a tensor of whole numbers a layer, and takes it back")
  func inference() async throws {
    let fixture = try Self.fixture()
    let encode = try await fixture.get("/v2/models/maps:encode")
    #expect(encode.status == 200 && encode.text.contains("codes_0") && encode.text.contains("INT64"), "\(encode.text)")
    let body = #"{"inputs": [{"name": "codes_0", "datatype": "INT64", "shape": [1, 6], "data": [0, 1, 2, 3, 4, 5]}, "#
    let above = #"{"name": "codes_1", "datatype": "INT64", "shape": [1, 2], "data": [5, 0]}]}"#
    let decoded = try await fixture.post("/v2/models/maps:decode/infer", json: body + above)
    #expect(decoded.status == 200 && decoded.text.contains(#""shape":[1,4,5]"#), "\(decoded.text)")
    let wrong = try await fixture.post("/v2/models/maps:decode/infer", json: body + above.replacing("5, 0", with: "6, 0"))
    #expect(wrong.status >= 400, "\(wrong.text)")
  }
}
