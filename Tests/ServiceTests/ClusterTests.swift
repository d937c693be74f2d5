import Formats
import Foundation
import HTTP
import Modelling
import Registry
import Service
import Tensors
import Testing

@Suite("Clusters and classes of items")
struct ClusterTests {
  private static func floats(_ count: Int, width: Int = 3) -> [UInt8] {
    var bytes: [UInt8] = []
    FloatBytes.append((0..<count * width).map { Float(($0 * 7919) % 211) / 50 - 2 }, to: &bytes)
    return bytes
  }

  private static func json(_ answer: Exchange) throws -> JSONValue {
    try JSONValue(parsing: answer.body, numericFields: ["responsibilities"])
  }

  @Test("every layer's clusters come with sizes and entropies that are those of the probabilities, which every format carries alike")
  func layers() async throws {
    let fixture = try ServiceFixture.clustering()
    let items = Self.floats(9)
    let target = "/v1/models/ladder-of-rows/cluster?seed=1"
    let answer = try await fixture.post(target, items, type: "application/octet-stream")
    #expect(answer.status == 200, "\(answer.text)")
    let layers = try Self.json(answer)["layers"]?.elements ?? []
    #expect(layers.map { $0["layer"]?.integer } == [0, 1] && layers.map { $0["components"]?.integer } == [3, 4])
    var side: [[Float]] = Array(repeating: [], count: 9)
    for layer in layers {
      let r = try #require(layer["responsibilities"]?.numbers)
      let assigned = layer["assignments"]?.elements.compactMap(\.integer) ?? []
      let entropies = layer["entropy_nats"]?.elements.compactMap(\.double) ?? []
      #expect(r.shape[0] == 9 && assigned.count == 9 && entropies.count == 9)
      for row in 0..<9 {
        let own = Array(r.scalars[row * r.shape[1]..<(row + 1) * r.shape[1]])
        side[row] += own
        #expect(abs(own.reduce(0, +) - 1) < 1e-5 && own[assigned[row]] == own.max())
        #expect(abs(entropies[row] + own.reduce(0) { $0 + Double($1) * log(Double($1)) }) < 1e-5)
      }
      #expect(layer["sizes"]?.elements.compactMap(\.integer) == (0..<r.shape[1]).map { k in assigned.count { $0 == k } })
      #expect(abs((layer["mean_entropy_nats"]?.double ?? 0) - entropies.reduce(0, +) / 9) < 1e-6)
    }
    let raw = try await fixture.post(target, items, type: "application/octet-stream", accept: "application/octet-stream")
    #expect(FloatBytes.decode(raw.body) == side.flatMap { $0 } && raw.headers["Posterior-Shape"] == "9,7")
    let npy = try await fixture.post(target, items, type: "application/octet-stream", accept: "application/x-npy")
    #expect(try NPY.decode(npy.body) == NumberArray(shape: [9, 7], scalars: side.flatMap { $0 }))
    let csv = try await fixture.post(target, items, type: "application/octet-stream", accept: "text/csv")
    let lines = csv.text.split(separator: "\r\n")
    #expect(lines[0] == "cluster_0,entropy_0,p_0_0,p_0_1,p_0_2,cluster_1,entropy_1,p_1_0,p_1_1,p_1_2,p_1_3" && lines.count == 10)
    let first = lines[1].split(separator: ",")
    #expect(first[2...4].compactMap { Float($0) } + first[7...].compactMap { Float($0) } == side[0])
    #expect(Int(first[0]) == layers[0]["assignments"]?.elements[0].integer)

    // One layer alone is that part of all.
    let one = try await fixture.post(target + "&layer=1", items, type: "application/octet-stream", accept: "application/octet-stream")
    #expect(FloatBytes.decode(one.body) == side.flatMap { $0[3...] })
    let brief = try await fixture.post(target + "&responsibilities=false", items, type: "application/octet-stream")
    #expect(!brief.text.contains("responsibilities") && brief.text.contains("assignments"))
    let short = try await fixture.post(target + "&responsibilities=false&layer=0", items, type: "application/octet-stream", accept: "text/csv")
    #expect(short.text.split(separator: "\r\n").map { $0.split(separator: ",").count } == Array(repeating: 2, count: 10))
  }

  @Test("items come as JSON, PNG, NPY, CSV and raw floats, and mean the same")
  func formats() async throws {
    let fixture = try ServiceFixture.clustering()
    let rows = "/v1/models/ladder-of-rows/cluster"
    let items: [Float] = [0.5, -1, 2, 1, 0.25, -0.5]
    var raw: [UInt8] = []
    FloatBytes.append(items, to: &raw)
    let sent: [(String, [UInt8])] = [
      ("application/json", Array(#"{"inputs": [[0.5, -1, 2], [1, 0.25, -0.5]]}"#.utf8)), ("application/octet-stream", raw),
      ("application/x-npy", NPY.encode(items, shape: [2, 3])), ("text/csv", Array("x0,x1,x2\n0.5,-1,2\n1,0.25,-0.5\n".utf8)),
    ]
    var answers: Set<[UInt8]> = []
    for (type, body) in sent {
      let answer = try await fixture.post(rows, body, type: type, accept: "application/x-npy")
      #expect(answer.status == 200, "\(type) \(answer.text)")
      answers.insert(answer.body)
    }
    #expect(answers.count == 1)
    let picture = try PNG.encode(Raster(height: 4, width: 5, channels: 1, pixels: (0..<20).map { UInt8($0 * 12) }))
    let png = try await fixture.post("/v1/models/ladder/cluster", picture, type: "image/png", accept: "application/x-npy")
    let inputs = "[[\((0..<20).map { "\($0 * 12)" }.joined(separator: ","))]]"
    let json = try await fixture.post("/v1/models/ladder/cluster", json: #"{"inputs": \#(inputs)}"#, accept: "application/x-npy")
    #expect(png.status == 200 && png.body == json.body)
  }

  @Test("draws change the probabilities with the seed, the mean of q(z|x) has none")
  func draws() async throws {
    let fixture = try ServiceFixture.clustering()
    func bytes(_ query: String) async throws -> [UInt8] {
      let target = "/v1/models/ladder-of-rows/cluster?\(query)"
      let answer = try await fixture.post(target, Self.floats(4), type: "application/octet-stream", accept: "application/octet-stream")
      #expect(answer.status == 200, "\(answer.text)")
      return answer.body
    }
    #expect(try await bytes("seed=1") == bytes("seed=2"))
    #expect(try await bytes("draws=20&seed=1") == bytes("draws=20&seed=1"))
    #expect(try await bytes("draws=20&seed=1") != bytes("draws=20&seed=2"))
    let p = try #require(FloatBytes.decode(try await bytes("draws=20&seed=1")))
    for row in 0..<4 {
      let sum: Float = p[row * 7..<row * 7 + 3].reduce(0, +)
      #expect(abs(sum - 1) < 1e-5)
    }
  }

  @Test("a class comes by its name, and a component that no label names as a new cluster")
  func classes() async throws {
    let fixture = try ServiceFixture.clustering()
    let items = Self.floats(40)
    let target = "/v1/models/classifier/classify"
    let answer = try await fixture.post(target, items, type: "application/octet-stream")
    #expect(answer.status == 200, "\(answer.text)")
    let names = ["cat", "dog, or wolf", "new cluster 0", "new cluster 1"]
    let components = try answer.member("components")?.elements ?? []
    #expect(
      components.compactMap { $0["label"]?.string } == names && components.map { $0["is_new"] } == [false, false, true, true].map(JSONValue.bool))
    let raw = try await fixture.post(target, items, type: "application/octet-stream", accept: "application/octet-stream")
    let q = try #require(FloatBytes.decode(raw.body))
    // What a classifier says of its components is what it clusters by.
    let clusters = try await fixture.post(
      "/v1/models/classifier/cluster", items, type: "application/octet-stream", accept: "application/octet-stream")
    #expect(raw.body == clusters.body && q.count == 160)
    var seen: Set<Int> = []
    for (row, item) in (try answer.member("items")?.elements ?? []).enumerated() {
      let own = Array(q[row * 4..<row * 4 + 4])
      let best = try #require(own.firstIndex(of: own.max() ?? 0))
      #expect(item["component"]?.integer == best && item["label"]?.string == names[best] && item["is_new"] == .bool(best > 1))
      guard case .object(let listed)? = item["probabilities"] else { return #expect(Bool(false)) }
      #expect(listed.count == 4 && listed.map { $0.value.double ?? 0 } == listed.map { $0.value.double ?? 0 }.sorted(by: >))
      #expect(listed.first?.name == names[best])
      seen.insert(best)
    }
    #expect(seen.contains { $0 < 2 } && seen.contains { $0 >= 2 }, "the items have classes and new clusters among them: \(seen)")
    let brief = try await fixture.post(target + "?top=1", items, type: "application/octet-stream")
    for item in try brief.member("items")?.elements ?? [] {
      guard case .object(let listed)? = item["probabilities"] else { return #expect(Bool(false)) }
      #expect(listed.count == 1 && listed[0].name == item["label"]?.string)
    }
    let csv = try await fixture.post(target, items, type: "application/octet-stream", accept: "text/csv")
    var (table, labels) = (try CSVReader(csv.body), [String]())
    while let record = try table.next() { labels.append(record.fields[0].value) }
    #expect(table.header == ["label", "component", "probability", "entropy"] + names.map { "p_" + $0 })
    #expect(labels == (try answer.member("items")?.elements.compactMap { $0["label"]?.string }))
  }

  @Test("a model that knows no class can't classify, says so, lists so, and clusters all the same")
  func unlabelled() async throws {
    let fixture = try ServiceFixture.clustering()
    let refused = try await fixture.post("/v1/models/unlabelled/classify", json: #"{"inputs": [[1, 2, 3]]}"#)
    #expect(refused.status == 422 && refused.text.contains("knows no class") && refused.text.contains("cluster"), "\(refused.text)")
    #expect(try refused.member("operations")?.elements.compactMap(\.string) == ["cluster", "sample"])
    #expect(try await fixture.get("/v1/models/unlabelled").member("operations")?.elements.compactMap(\.string) == ["cluster", "sample"])
    #expect(try await fixture.get("/v1/models/classifier").member("operations")?.elements.compactMap(\.string) == ["classify", "cluster", "sample"])
    #expect(try await fixture.post("/v1/models/unlabelled/cluster", json: #"{"inputs": [[1, 2, 3]]}"#).status == 200)
    #expect(try await fixture.application.warmUp().isEmpty)
  }

  private static let cluster = "/v1/models/ladder-of-rows/cluster"
  private static let classify = "/v1/models/classifier/classify"
  private static let rows = #""inputs": [[1, 2, 3], [4, 5, 6]]"#

  static let refused: [BadRequest] = [
    BadRequest("a layer that is not there", cluster, "{\(rows), \"layer\": 2}", status: 422, field: "layer", "0 to 1"),
    BadRequest("a layer below 0", cluster, "{\(rows), \"layer\": -1}", status: 422, field: "layer", "0 to 1"),
    BadRequest(
      "a second layer where there is one", "/v1/models/unlabelled/cluster", "{\(rows), \"layer\": 1}", status: 422, field: "layer", "the only layer"),
    BadRequest("a layer that is a word", cluster, "{\(rows), \"layer\": \"top\"}", status: 422, field: "layer"),
    BadRequest("draws below 0", cluster, "{\(rows), \"draws\": -1}", status: 422, field: "draws", "0 to 10000"),
    BadRequest("a million draws", cluster, "{\(rows), \"draws\": 1000000}", status: 422, field: "draws", "0 to 10000"),
    BadRequest("responsibilities that are a number", cluster, "{\(rows), \"responsibilities\": 1}", status: 422, field: "responsibilities"),
    BadRequest("an unknown option", cluster, "{\(rows), \"layers\": 1}", status: 422, field: "layers", "layer"),
    BadRequest("no items", cluster, "{}", status: 422, field: "inputs"),
    BadRequest("an empty list", cluster, #"{"inputs": []}"#, status: 422, field: "inputs"),
    BadRequest("an empty body", cluster, type: "application/octet-stream", status: 400, "empty"),
    BadRequest("an empty body without a type", cluster + "?seed=1", type: nil, status: 400, "empty"),
    BadRequest("another width", cluster, #"{"inputs": [[1, 2]]}"#, status: 422, field: "inputs", "[1, 2]", "[n, 3]"),
    BadRequest("another width in floats", cluster, type: "application/octet-stream", bytes: [UInt8](repeating: 0, count: 8), status: 422, "12 bytes"),
    BadRequest("another width in CSV", cluster, type: "text/csv", "x0,x1\n1,2\n", status: 422, "x2"),
    BadRequest("a missing number", cluster, #"{"inputs": [[1, null, 3]]}"#, status: 422, field: "inputs[0][1]", "missing"),
    BadRequest(
      "NaN in floats", cluster, type: "application/octet-stream", bytes: [0, 0, 0, 0, 0, 0, 0xC0, 0x7F, 0, 0, 0, 0], status: 422,
      field: "items[0][1]", "missing"),
    BadRequest(
      "an infinity in floats", cluster, type: "application/octet-stream", bytes: [0, 0, 0, 0, 0, 0, 0x80, 0x7F, 0, 0, 0, 0], status: 422,
      field: "items[0][1]"),
    BadRequest("NaN in JSON", cluster, #"{"inputs": [[1, NaN, 3]]}"#, status: 422, field: "inputs[0][1]"),
    BadRequest("a pixel out of range", "/v1/models/ladder/cluster", type: "application/octet-stream", bytes: Self.dark(-1), status: 422, "0 to 255"),
    BadRequest("an answer that is a picture", cluster, accept: "image/png", "{\(rows)}", status: 406, "application/json"),
    BadRequest("a model without clusters", "/v1/models/toy/cluster", "{\(rows)}", status: 422, "sample"),
    BadRequest("a model without classes", "/v1/models/ladder-of-rows/classify", "{\(rows)}", status: 422, "cluster"),
    BadRequest("none of the probabilities", classify, "{\(rows), \"top\": 0}", status: 422, field: "top", "1 to 4"),
    BadRequest("more probabilities than there are", classify, "{\(rows), \"top\": 5}", status: 422, field: "top", "1 to 4"),
    BadRequest("a layer to classify by", classify, "{\(rows), \"layer\": 0}", status: 422, field: "layer", "top"),
    BadRequest("nothing to classify", classify, "{}", status: 422, field: "inputs"),
    BadRequest("another width to classify", classify, #"{"inputs": [[1, 2, 3, 4]]}"#, status: 422, field: "inputs", "[n, 3]"),
    BadRequest("a hole to classify", classify, #"{"inputs": [[1, null, 3]]}"#, status: 422, field: "inputs[0][1]", "missing"),
  ]

  private static func dark(_ value: Float) -> [UInt8] {
    var bytes: [UInt8] = []
    FloatBytes.append([value] + [Float](repeating: 0, count: 19), to: &bytes)
    return bytes
  }

  @Test("what can't be is refused with the field, what was given and what was expected", arguments: refused)
  func refusals(_ request: BadRequest) async throws { try await request.check(on: try ServiceFixture.clustering()) }

  @Test("a class that is called like a new cluster is no class")
  func names() {
    var signature = Signature.vector(3)
    signature.classes = ["a", "new cluster 0"]
    #expect(throws: Fault.self) { try signature.check() }
  }

  @Test("ten thousand images stream through as floats, NPY and CSV, with the bytes of one block, and JSON adds up over all of them")
  func many() async throws {
    let count = 10_000
    var limits = ServiceLimits()
    limits.streamedRows = 700
    let (fixture, whole) = (try ServiceFixture.clustering(limits: limits), try ServiceFixture.clustering())
    var items: [UInt8] = []
    FloatBytes.append((0..<count * 20).map { Float(($0 * 7919) % 256) }, to: &items)
    let target = "/v1/models/ladder/cluster?draws=2&seed=3"
    for accept in ["application/octet-stream", "application/x-npy", "text/csv"] {
      let headers: HeaderFields = ["Content-Type": "application/octet-stream", "Accept": accept]
      let response = await fixture.handler.respond(to: try Request(.post, target, headers: headers, body: items))
      guard case .stream = response.body else { return #expect(Bool(false), "\(response.status)") }
      let streamed = try await response.body.collect()
      let expected = try await whole.post(target, items, type: "application/octet-stream", accept: accept)
      #expect(expected.status == 200 && streamed == expected.body)
    }
    let json = try await fixture.post(target + "&responsibilities=false", items, type: "application/octet-stream")
    #expect(json.status == 200)
    for layer in try json.member("layers")?.elements ?? [] {
      #expect(layer["sizes"]?.elements.compactMap(\.integer).reduce(0, +) == count && layer["assignments"]?.elements.count == count)
    }
    #expect(fixture.application.memory.bytes == 0)
  }
}

/// What tests read numbers of answers by.
extension JSONValue {
  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
