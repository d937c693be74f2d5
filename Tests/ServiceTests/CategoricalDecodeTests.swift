import Families
import Formats
import HTTP
import ModelFiles
import Modelling
import Networks
import Service
import Tensors
import Testing

@Suite("Categorical codes over HTTP")
struct CategoricalDecodeTests {
  private static let bytes = ModelFiles.encoded {
    try VAE(
      StrictJSON.decode(VAE.Configuration.self, from: Array(#"{"latents": {"categorical": [3, 4]}, "hidden": [6]}"#.utf8)),
      signature: .image(height: 2, width: 3, range: 0...1), key: RandomKey(seed: 3))
  }
  private static let pictures = #"{"inputs": [[[1,0,1],[0,0,1]], [[0,1,1],[1,0,0]]]}"#
  private static let target = "/v1/models/discrete"

  private func fixture() async throws -> ServiceFixture {
    let fixture = try ServiceFixture()
    try fixture.publish(Self.bytes, as: "discrete")
    return fixture
  }

  @Test("encode answers whole numbers and probabilities, and decode gives the reconstruction back from either, in every format")
  func roundTrip() async throws {
    let fixture = try await fixture()
    let expected = try await fixture.post("\(Self.target)/reconstruct", json: Self.pictures, accept: "application/octet-stream").body
    let encoded = try await fixture.post("\(Self.target)/encode", json: Self.pictures, accept: "application/json")
    #expect(encoded.status == 200, "\(encoded.text)")
    let layers = try #require(try JSONValue(parsing: encoded.body)["layers"])
    let (layer, codes) = (layers.elements[0], try #require(layers.elements[0][name: "codes"]))
    #expect(layer[name: "kind"]?.string == "categorical" && codes.elements.count == 2 && !codes.line.contains("."))
    #expect(layer[name: "probabilities"]?.elements.first?.elements.count == 3)
    var bodies: [(String, [UInt8])] = [
      ("application/json", JSONValue.record(["layers": layers]).text),
      ("application/json", JSONValue.record(["layers": .array([.record(["codes": codes])])]).text),
      ("application/json", JSONValue.record(["inputs": codes]).text),
    ]
    for type in ["text/csv", "application/x-npy", "application/octet-stream"] {
      bodies.append((type, try await fixture.post("\(Self.target)/encode", json: Self.pictures, accept: type).body))
    }
    for (type, body) in bodies {
      let answer = try await fixture.post("\(Self.target)/decode", body, type: type, accept: "application/octet-stream")
      #expect(answer.status == 200 && answer.body == expected, "\(type) \(answer.text.prefix(300))")
    }
    // Certain probabilities leave nothing to draw; the likeliest classes of an item are those of its code.
    let certain = #"{"layers": [{"codes": [[1, 2, 3]], "probabilities": [[[0,1,0,0],[0,0,1,0],[0,0,0,1]]]}], "sampling": true, "seed": 4}"#
    let still = try await fixture.post("\(Self.target)/decode", json: #"{"inputs": [[1, 2, 3]]}"#, accept: "application/octet-stream")
    #expect(try await fixture.post("\(Self.target)/decode", json: certain, accept: "application/octet-stream").body == still.body)
    let values = #"{"mean": true, "given": {"layers": [{"values": [1, 2, 3]}]}}"#
    #expect(try await fixture.post("\(Self.target)/sample", json: values, accept: "application/octet-stream").body == still.body)
    // Nothing known is the prior.
    let prior = try await fixture.post("\(Self.target)/sample", json: #"{"seed": 3, "mean": true}"#, accept: "application/octet-stream").body
    let unknown = #"{"layers": [{"codes": [[null, null, null]]}], "seed": 3}"#
    #expect(try await fixture.post("\(Self.target)/decode", json: unknown, accept: "application/octet-stream").body == prior)
  }

  @Test(
    "codes that no class has, and requests that make no sense of them, are refused by field",
    arguments: [
      ("decode", #"{"inputs": [[0, 4, 1]]}"#, "inputs[0][1]"), ("decode", #"{"inputs": [[0, 1.5, 1]]}"#, "inputs[0][1]"),
      ("decode", #"{"inputs": [[-1, 0, 1]]}"#, "inputs[0][0]"), ("decode", #"{"layers": [{"mean": [[0, 1, 1]]}]}"#, "layers[0].mean"),
      ("decode", #"{"layers": [{"kind": "gaussian", "codes": [[0, 1, 1]]}]}"#, "layers[0].kind"),
      ("decode", #"{"inputs": [[0, 1, 1]], "sampling": true}"#, "inputs[0][3]"),
      ("decode", #"{"inputs": [[0, 1, 1]], "temperature": 0.5}"#, "temperature"), ("sample", #"{"temperature": 0}"#, "temperature"),
      ("sample", #"{"given": {"layers": [{"values": [0, 1]}]}}"#, "given.layers[0].values"),
      ("sample", #"{"given": {"layers": [{"values": [0, 1, 4]}]}}"#, "given.layers[0].values[2]"),
    ])
  func refusals(_ operation: String, _ json: String, _ field: String) async throws {
    let answer = try await fixture().post("\(Self.target)/\(operation)", json: json)
    #expect(answer.status == 422)
    #expect(try answer.member("field")?.string == field, "\(answer.text)")
  }

  @Test("an audit is refused with the reason, and scores, compression and the other protocol know the codes")
  func others() async throws {
    let fixture = try await fixture()
    let audit = try await fixture.post("\(Self.target)/robustness", json: Self.pictures)
    #expect(audit.status == 422 && audit.text.contains("categorical codes"), "\(audit.status) \(audit.text)")
    let score = try await fixture.post("\(Self.target)/score", json: Self.pictures)
    #expect(score.status == 200 && score.text.contains("iwae_nats"), "\(score.text)")
    let model = try LoadedModel(family: ModelFile.load(bytes: Self.bytes, families: Catalogue.families).model, digest: SHA256.digest(Self.bytes))
    try model.warmUp(limits: .init())
    #expect(model.requestNames.contains("compress") && !model.requestNames.contains("robustness"))
  }
}
