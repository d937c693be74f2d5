import Formats
import HTTP
import Modelling
import Registry
import Service
import Tensors
import Testing

@Suite("The Open Inference Protocol")
struct InferenceProtocolTests {
  private let fixture: ServiceFixture

  init() throws { fixture = try ServiceFixture() }

  /// The outputs of an answer whose tensors all came as bytes, by name.
  private func tensors(_ answer: Exchange) throws -> (json: JSONValue, bytes: [String: [UInt8]]) {
    let length = try #require(answer.headers["Inference-Header-Content-Length"].flatMap { Int($0) })
    let json = try JSONValue(parsing: Array(answer.body[..<length]))
    var (rest, found) = (answer.body[length...], [String: [UInt8]]())
    for output in json["outputs"]?.elements ?? [] {
      let size = try #require(output["parameters"]?["binary_data_size"]?.integer)
      found[try #require(output["name"]?.string)] = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    #expect(rest.isEmpty)
    return (json, found)
  }

  @Test("every operation of every model answers by it what it answers under /v1, as bytes and in JSON, with the outputs that metadata tell")
  func law() async throws {
    var asked = 0
    for model in try fixture.store.models().items.map(\.name) {
      let loaded = try await fixture.application.models.model(named: model)
      guard loaded.signature.space.tokens == nil else { continue }
      for kind in loaded.requestKinds {
        let count = 3
        let sampled = try await fixture.exchange(.post, "/v1/models/\(model)/sample?n=3&seed=4", ["Accept": "application/octet-stream"])
        let raw = sampled.status == 200 ? FloatBytes.decode(sampled.body) ?? [] : [Float](repeating: 0.5, count: count * loaded.signature.width)
        let rows = kind.rows(Tensor(shape: [count, loaded.signature.width], scalars: raw), count: count, of: loaded)
        var bytes: [UInt8] = []
        if kind.items != .references { FloatBytes.append(rows.scalars, to: &bytes) }
        let plain = try await fixture.exchange(
          .post, "/v1/models/\(model)/\(kind.name)?seed=9", ["Content-Type": "application/octet-stream", "Accept": "application/octet-stream"],
          body: bytes)
        guard plain.status == 200 else { continue }
        let shape = kind.items == .codes ? "[\(count),\(rows.shape[1])]" : "[\(count),\(loaded.signature.width)]"
        let input =
          kind.items == .references
          ? "" : #"{"name":"input","shape":\#(shape),"datatype":"FP32","parameters":{"binary_data_size":\#(bytes.count)}}"#
        let head = Array(#"{"parameters":{"seed":9,"binary_data_output":true},"inputs":[\#(input)]}"#.utf8)
        let binary = try await fixture.exchange(
          .post, "/v2/models/\(model):\(kind.name)/infer", ["Inference-Header-Content-Length": "\(head.count)"], body: head + bytes)
        #expect(binary.status == 200, "\(model) \(kind.name): \(binary.text.prefix(300))")
        let (json, outputs) = try tensors(binary)
        let metadata = try await fixture.get("/v2/models/\(model):\(kind.name)")
        let forms = try #require(try metadata.member("outputs")).elements
        #expect(forms.map { $0["name"] } == json["outputs"]?.elements.map { $0["name"] }, "\(model) \(kind.name)")
        for (form, output) in zip(forms, json["outputs"]?.elements ?? []) {
          #expect(form["datatype"] == output["datatype"])
          let (told, given) = (form["shape"]?.elements.compactMap(\.integer) ?? [], output["shape"]?.elements.compactMap(\.integer) ?? [])
          #expect(told.count == given.count && zip(told, given).allSatisfy { $0 == -1 || $0 == $1 }, "\(model) \(kind.name): \(told), \(given)")
        }
        // The numbers of a row stand in its outputs one after the other, where they are no choices.
        if outputs.count == 1, let only = outputs.values.first { #expect(only == plain.body, "\(model) \(kind.name)") }
        if kind.name == "encode" {
          let widths = forms.compactMap { $0["shape"]?.elements.last?.integer }
          let parts = forms.compactMap { $0["name"]?.string.flatMap { outputs[$0] } }.map { FloatBytes.decode($0) ?? [] }
          let joined = (0..<count).flatMap { row in zip(widths, parts).flatMap { $1[row * $0..<(row + 1) * $0] } }
          #expect(joined == FloatBytes.decode(plain.body), "\(model)")
        }
        let text =
          #"{"parameters":{"seed":9},"inputs":[\#(kind.items == .references ? "" : #"{"name":"input","shape":\#(shape),"datatype":"FP32","data":\#(Self.data(rows.scalars))}"#)]}"#
        let spelled = try await fixture.post("/v2/models/\(model):\(kind.name)/infer", json: text)
        #expect(spelled.status == 200, "\(model) \(kind.name): \(spelled.text.prefix(300))")
        asked += 1
      }
    }
    #expect(asked > 20)
  }

  private static func data(_ numbers: [Float]) -> String {
    var text: [UInt8] = []
    FloatText.appendJSON(numbers, shape: [numbers.count], to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  @Test("seeds that the server draws stay below 2^53")
  func seeds() async throws {
    for _ in 0..<20 {
      let answer = try await fixture.post("/v1/models/pictures/sample", json: "{}")
      #expect(try #require(try answer.member("seed")?.integer) < 1 << 53)
    }
  }

  @Test("a query's default beside a JSON body is no contradiction, anything else is")
  func defaults() async throws {
    #expect(try await fixture.post("/v1/models/pictures/sample?n=1&temperature=1.0&mean=false&record=false", json: #"{"seed": 1}"#).status == 200)
    #expect(try await fixture.post("/v1/models/pictures/sample?n=2", json: #"{"seed": 1}"#).status == 400)
    #expect(try await fixture.post("/v1/models/pictures/sample?seed=1", json: #"{"n": 1}"#).status == 400)
    #expect(try await fixture.post("/v1/models/pictures/sample?m=1", json: #"{"n": 1}"#).status == 400)
  }

  @Test("load and unload are for administrators, and a key for some models reaches no others")
  func keys() async throws {
    #expect(try await fixture.exchange(.post, "/v2/repository/models/pictures/load").status == 401)
    #expect(try await fixture.exchange(.post, "/v2/repository/models/pictures/load", key: ServiceFixture.key).status == 200)
    #expect(try await fixture.exchange(.post, "/v2/repository/models/pictures/unload", key: ServiceFixture.key).status == 200)
    #expect(try await fixture.get("/v2/models/pictures/ready").status == 200)
  }
}
