import Families
import Formats
import HTTP
import Modelling
import Service
import Tensors
import Testing

@Suite("Compression over HTTP")
struct CompressionEndpointTests {
  private static let width = 20
  /// Pictures of 4 x 5 pixels, black and white.
  private static let items: [Float] = (0..<30 * width).map { $0 * $0 % 7 < 3 ? 255 : 0 }
  private static let bits = "application/vnd.posterior.bits"

  private static func npy(_ items: [Float] = items) -> [UInt8] {
    var bytes = NPY.header(shape: [items.count / width, 4, 5])
    FloatBytes.append(items, to: &bytes)
    return bytes
  }

  private static func raw(_ items: ArraySlice<Float>) -> [UInt8] {
    var bytes: [UInt8] = []
    FloatBytes.append(Array(items), to: &bytes)
    return bytes
  }

  private static func csv(_ items: ArraySlice<Float>) -> String {
    var lines = (0..<width).map { "p\($0)" }.joined(separator: ",") + "\n"
    for start in stride(from: items.startIndex, to: items.endIndex, by: width) {
      lines += items[start..<start + width].map { "\(Int($0))" }.joined(separator: ",") + "\n"
    }
    return lines
  }

  private static func json(_ items: ArraySlice<Float>, _ options: String = "") -> String {
    let rows = stride(from: items.startIndex, to: items.endIndex, by: width).map { start in
      "[" + items[start..<start + width].map { "\(Int($0))" }.joined(separator: ",") + "]"
    }
    return #"{"inputs": [\#(rows.joined(separator: ","))]\#(options)}"#
  }

  private static func png(_ item: ArraySlice<Float>) throws -> [UInt8] {
    try PNG.encode(Raster(height: 4, width: 5, channels: 1, pixels: item.map { UInt8($0) }))
  }

  private func compress(
    _ fixture: ServiceFixture, _ query: String = "?seed=4&chunk=7", _ body: [UInt8] = npy(), type: String = "application/x-npy",
    accept: String? = nil, model: String = "pictures"
  ) async throws -> Exchange {
    try await fixture.post("/v1/models/\(model)/compress\(query)", body, type: type, accept: accept)
  }

  private func decompress(
    _ fixture: ServiceFixture, _ stream: [UInt8], _ query: String = "", accept: String? = "application/octet-stream", model: String = "pictures"
  ) async throws -> Exchange {
    try await fixture.post("/v1/models/\(model)/decompress\(query)", stream, type: Self.bits, accept: accept)
  }

  // MARK: - There and back

  @Test(
    "items come back value for value, whatever they came as",
    arguments: ["application/json", "application/x-npy", "application/octet-stream", "text/csv", "image/png"])
  func sent(type: String) async throws {
    let fixture = try ServiceFixture()
    let few = Self.items[..<(type == "image/png" ? Self.width : 12 * Self.width)]
    let body: [UInt8] =
      switch type {
      case "application/json": Array(Self.json(few, #", "seed": 4, "chunk": 5"#).utf8)
      case "application/x-npy": Self.npy(Array(few))
      case "text/csv": Array(Self.csv(few).utf8)
      case "image/png": try Self.png(few)
      default: Self.raw(few)
      }
    let stream = try await compress(fixture, type == "application/json" ? "" : "?seed=4&chunk=5", body, type: type)
    #expect(stream.status == 200 && stream.headers["Content-Type"] == Self.bits, "\(stream.text)")
    #expect(stream.headers["Posterior-Shape"] == "\(few.count / Self.width),4,5" && stream.headers["Posterior-Seed"] == "4")
    #expect(stream.headers["Posterior-Model"] == "pictures@1" && stream.headers["Posterior-Run"] != nil)
    let back = try await decompress(fixture, stream.body)
    #expect(back.status == 200 && back.body == Self.raw(few), "\(back.text)")
    // The same items are the same stream, whatever they came as.
    let plain = try await compress(fixture, "?seed=4&chunk=5", Self.raw(few), type: "application/octet-stream")
    #expect(plain.body == stream.body)
  }

  @Test("items are answered in every type that items have")
  func answered() async throws {
    let fixture = try ServiceFixture()
    let stream = try await compress(fixture).body
    let json = try await decompress(fixture, stream, "?seed=9", accept: nil)
    #expect(try JSONValue(parsing: json.body, numericFields: ["items"])[name: "items"]?.numbers?.scalars == Self.items)
    #expect(try json.member("seed")?.integer == 9 && json.headers["Posterior-Shape"] == "30,4,5")
    #expect(try await decompress(fixture, stream, accept: "application/x-npy").body == Self.npy())
    let picture = try await decompress(fixture, stream, "?items=3", accept: "image/png")
    #expect(try PNG.decode(picture.body).pixels.map { Float($0) } == Array(Self.items[60..<80]))
    #expect(try await decompress(fixture, stream, accept: "text/csv").status == 406)

    // Rows have CSV instead of pictures.
    let signature = Signature.vector(3)
    try fixture.publish(ModelFiles.vae(signature, Observation(.bernoulli)), as: "switches")
    let table = Array("x0,x1,x2\r\n0,1,1\r\n1,0,1\r\n".utf8)
    let coded = try await compress(fixture, "", table, type: "text/csv", model: "switches")
    #expect(coded.status == 200, "\(coded.text)")
    #expect(try await decompress(fixture, coded.body, accept: "text/csv", model: "switches").body == table)
  }

  @Test("a stream has the bytes of the command line, however large the blocks that are kept, read and written")
  func sameBytes() async throws {
    var limits = ServiceLimits()
    (limits.unspooledBytes, limits.streamedAnswerNumbers, limits.longBodyBytes) = (64, 10, 16)
    let (fixture, small) = try (ServiceFixture(), ServiceFixture(lanes: 1, limits: limits))
    let model = try await fixture.application.models.model(named: "pictures")
    var compressor = try model.compressor(seed: 4)
    var expected = compressor.beginning
    let raw = Tensor(shape: [30, Self.width], scalars: Self.items)
    for first in stride(from: 0, to: 30, by: 7) {
      expected += try compressor.append(Items(raw: raw.slice(0, first..<min(first + 7, 30)), layout: .nested(field: "items", shape: [4, 5])))
    }
    expected += compressor.finish()
    for fixture in [fixture, small] {
      let stream = try await compress(fixture)
      #expect(stream.status == 200 && stream.body == expected)
      #expect(stream.headers["Posterior-Rate"] != nil)
      for (accept, bytes) in [("application/x-npy", Self.npy()), ("application/octet-stream", Self.raw(Self.items[...]))] {
        #expect(try await decompress(fixture, stream.body, accept: accept).body == bytes)
      }
    }
  }

  @Test("some of the items are those of the whole, and their numbers are told", arguments: ["0-29", "6-7", "13", "20-", "29"])
  func some(_ range: String) async throws {
    let fixture = try ServiceFixture()
    let stream = try await compress(fixture).body
    let rows = try DecompressOptions(items: range).range(of: 30)
    let answer = try await decompress(fixture, stream, "?items=\(range)")
    #expect(answer.body == Self.raw(Self.items[rows.lowerBound * Self.width..<rows.upperBound * Self.width]))
    #expect(answer.headers["Posterior-Shape"] == "\(rows.count),4,5")
    #expect(answer.headers["Posterior-First-Item"] == (rows.lowerBound == 0 ? nil : "\(rows.lowerBound)"))
  }

  @Test("the rates stand in the head, and by themselves in JSON")
  func rates() async throws {
    let fixture = try ServiceFixture()
    let stream = try await compress(fixture)
    let rates = try await compress(fixture, accept: "application/json")
    #expect(rates.status == 200 && rates.headers["Content-Type"] == "application/json")
    #expect(try rates.member("bytes")?.integer == stream.body.count)
    let names = ["Posterior-Rate": "gross", "Posterior-Rate-Net": "net", "Posterior-Rate-Bound": "bound"]
    for (field, name) in names {
      let told = try #require(try rates.member("bits_per_dim", name))
      guard case .number(let rate) = told else { return #expect(Bool(false), "\(name) is \(told)") }
      let header = try #require(stream.headers[field].flatMap(Double.init))
      #expect(abs(header - rate) < 1e-5 * abs(rate))
      if name == "gross" { #expect(abs(rate - 8 * Double(stream.body.count) / 600) < 1e-9) }
    }
  }

  // MARK: - Records

  @Test("both can be replayed: the same bytes again", arguments: ["application/octet-stream", "application/json"])
  func replays(accept: String) async throws {
    let fixture = try ServiceFixture()
    let stream = try await compress(fixture, "?seed=4&chunk=7&record=true", accept: accept == "application/json" ? accept : nil)
    let bytes = accept == "application/json" ? try await compress(fixture).body : stream.body
    let back = try await decompress(fixture, bytes, "?record=true&items=3-12", accept: accept)
    for answer in [stream, back] {
      let run = try #require(answer.headers["Posterior-Run"])
      let replay = try await fixture.exchange(.post, "/v1/runs/\(run)/replay")
      #expect(try replay.member("equal") == .bool(true), "\(replay.text)")
      #expect(try replay.member("expected")?.string == SHA256.digest(answer.body).description)
    }
    let facts = try await fixture.get("/v1/runs/\(try #require(back.headers["Posterior-Run"]))")
    #expect(facts.text.contains("decompress") && facts.text.contains("3-12"))
  }

  // MARK: - What is refused

  @Test("a model that has no codec can't, says why, and doesn't list it")
  func incapable() async throws {
    let fixture = try ServiceFixture()
    for (model, reason) in [("vector", "likelihood"), ("toy", "family")] {
      for operation in ["compress", "decompress"] {
        let answer = try await fixture.post("/v1/models/\(model)/\(operation)", [1], type: Self.bits)
        #expect(answer.status == 422 && answer.text.contains("unsupported-operation") && answer.text.contains(reason), "\(answer.text)")
        #expect(try answer.member("operations")?.elements.isEmpty == false)
      }
    }
    for (model, can) in [("pictures", true), ("table", true), ("vector", false), ("toy", false)] {
      let operations = try await fixture.get("/v1/models/\(model)").member("operations")?.elements.compactMap(\.string) ?? []
      #expect(operations.contains("compress") == can && operations.contains("decompress") == can, "\(model): \(operations)")
    }
  }

  @Test("an item off the model's levels is refused by its place, as the client called it")
  func strangers() async throws {
    let fixture = try ServiceFixture()
    var items = Self.items
    items[27 * Self.width + 8] = 7
    let array = try await compress(fixture, "?chunk=5", Self.npy(items))
    #expect(array.status == 422)
    #expect(try array.member("field")?.string == "array[27][1][3]" && array.member("given")?.string == "7", "\(array.text)")
    let nested = try await compress(fixture, "", Array(Self.json(items[...]).utf8), type: "application/json")
    #expect(try nested.member("field")?.string == "inputs[27][8]", "\(nested.text)")
    items[27 * Self.width + 8] = .nan
    #expect(try await compress(fixture, "?chunk=5", Self.npy(items)).status == 422)
    #expect(try await compress(fixture, "", Self.npy([])).status == 422)
  }

  @Test("a picture that would lose values is refused")
  func lossy() async throws {
    let fixture = try ServiceFixture()
    let colours = try PNG.encode(Raster(height: 4, width: 5, channels: 3, pixels: (0..<60).map { $0 == 7 ? 255 : 0 }))
    let answer = try await compress(fixture, "", colours, type: "image/png")
    #expect(answer.status == 422 && answer.text.contains("colours, which would not come back"), "\(answer.text)")
    // Colours that are all grey are grey.
    let grey = try PNG.encode(Raster(height: 4, width: 5, channels: 3, pixels: (0..<60).map { $0 / 3 == 7 ? 255 : 0 }))
    #expect(try await compress(fixture, "", grey, type: "image/png").status == 200)
  }

  @Test("a stream of another model is refused with both digests")
  func otherModel() async throws {
    let fixture = try ServiceFixture()
    try fixture.publish(ModelFiles.vae(.image(height: 4, width: 5), Observation(.bernoulli), seed: 9), as: "others")
    let answer = try await decompress(fixture, compress(fixture).body, model: "others")
    #expect(answer.status == 422)
    let models = fixture.application.models
    let (given, expected) = try await (models.model(named: "others").digest, models.model(named: "pictures").digest)
    #expect(try answer.member("given")?.string == given.description && answer.member("expected")?.string == expected.description)
  }

  @Test("a flipped bit and a missing end are refused, wherever they are, and no item is answered")
  func damage() async throws {
    let fixture = try ServiceFixture()
    let stream = try await compress(fixture).body
    for place in stride(from: 0, to: stream.count, by: 3) {
      var flipped = stream
      flipped[place] ^= 1 << UInt8(place % 8)
      let answer = try await decompress(fixture, flipped)
      #expect([400, 413, 415, 422].contains(answer.status) && answer.text.contains("detail"), "byte \(place): \(answer.status)")
    }
    for count in stride(from: 0, to: stream.count, by: 11) {
      #expect(try await decompress(fixture, Array(stream[..<count])).status == 400, "\(count) bytes")
    }
  }

  @Test("a damaged chunk does not hinder the items of another")
  func damageElsewhere() async throws {
    let fixture = try ServiceFixture()
    var stream = try await compress(fixture).body
    let model = try await fixture.application.models.model(named: "pictures")
    let header = try model.compressor(seed: 4).beginning.count
    stream[header + 30] ^= 1
    #expect(try await decompress(fixture, stream, "?items=0-6").status == 400)
    #expect(try await decompress(fixture, stream, "?items=7-8").body == Self.raw(Self.items[140..<180]))
  }

  @Test(
    "requests that make no sense are told what is wrong",
    arguments: [
      ("decompress?items=5-3", bits, 422, "items"), ("decompress?items=-3", bits, 422, "items"), ("decompress?items=30", bits, 422, "items"),
      ("decompress?items=3-30", bits, 422, "items"), ("decompress?items=a", bits, 422, "items"), ("decompress?items=", bits, 422, "items"),
      ("decompress?chunk=3", bits, 422, "chunk"), ("decompress?seed=-1", bits, 422, "seed"), ("decompress", "text/csv", 415, "Content-Type"),
      ("decompress", "application/json", 415, "Content-Type"), ("compress?chunk=0", "application/x-npy", 422, "chunk"),
      ("compress?chunk=1000000000", "application/x-npy", 422, "chunk"), ("compress?items=3", "application/x-npy", 422, "items"),
      ("compress", bits, 415, "Content-Type"),
    ])
  func nonsense(_ target: String, _ type: String, _ status: Int, _ field: String) async throws {
    let fixture = try ServiceFixture()
    let body = target.hasPrefix("decompress") ? try await compress(fixture).body : Self.npy()
    let answer = try await fixture.post("/v1/models/pictures/\(target)", body, type: type)
    #expect(answer.status == status, "\(answer.text)")
    #expect(try answer.member("field")?.string == field)
  }

  @Test("an answer beyond the limits is refused before an item is read")
  func bombs() async throws {
    var limits = ServiceLimits()
    (limits.answerNumbers, limits.streamedBodyBytes) = (100, 4 * 400)
    let fixture = try ServiceFixture(limits: limits)
    let model = try await fixture.application.models.model(named: "pictures")
    var compressor = try model.compressor(seed: 4)
    let raw = Tensor(shape: [30, Self.width], scalars: Self.items)
    let items = Items(raw: raw, layout: .nested(field: "items", shape: [4, 5]))
    let stream = try compressor.beginning + compressor.append(items) + compressor.finish()
    let document = try await decompress(fixture, stream, accept: "application/json")
    #expect(document.status == 413 && document.text.contains("NPY or raw floats"), "\(document.text)")
    #expect(try document.member("expected")?.string == "at most 5 at once")
    #expect(try await decompress(fixture, stream, accept: "application/octet-stream").status == 413)
    #expect(try await decompress(fixture, stream, "?items=3-7", accept: "application/json").status == 200)
    #expect(try await decompress(fixture, stream, "?items=3-22").status == 200)
  }

  @Test("a chunk that memory has no room for is refused")
  func memory() async throws {
    var limits = ServiceLimits()
    limits.heldBytes = 20_000
    let fixture = try ServiceFixture(limits: limits)
    #expect(try await compress(fixture, "?chunk=30").status == 413)
    #expect(try await compress(fixture, "?chunk=3").status == 200)
    #expect(fixture.application.memory.bytes == 0)
  }

  @Test("time that is over before the first chunk is an error")
  func late() async throws {
    let fixture = try ServiceFixture()
    let headers: HeaderFields = ["Content-Type": "application/x-npy", "Posterior-Timeout": "0.000001"]
    let answer = try await fixture.exchange(.post, "/v1/models/pictures/compress", headers, body: Self.npy())
    #expect(answer.status == 503 && answer.text.contains("deadline-exceeded"))
  }

  @Test("a processor without fused multiply-add can't, and says why")
  func processors() throws {
    for set in ["avx512", "avx2", "neon"] { try BitsOperation.checkProcessor(set) }
    #expect { try BitsOperation.checkProcessor("portable") } throws: { error in
      (error as? Fault)?.given.contains("fused multiply-add") == true
    }
  }
}
