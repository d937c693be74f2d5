import Families
import Formats
import HTTP
import Modelling
import Registry
import Service
import Tensors
import Testing

@Suite("Same model, same seed, same bytes")
struct SameBytesTests {
  @Test("a sample is the same over HTTP as JSON, npy and raw floats, offline, and after the store was opened again")
  func sampleEverywhere() async throws {
    let fixture = try ServiceFixture()
    let json = try await fixture.post("/v1/models/pictures/sample", json: #"{"n": 5, "seed": 11}"#)
    let raw = try await fixture.post("/v1/models/pictures/sample", json: #"{"n": 5, "seed": 11}"#, accept: "application/octet-stream")
    let npy = try await fixture.exchange(.post, "/v1/models/pictures/sample?n=5&seed=11", ["Accept": "application/x-npy"])
    let samples = try #require(try json.member("samples")?.numbers)
    #expect(samples.shape == [5, 4, 5])
    #expect(FloatBytes.decode(raw.body) == samples.scalars)
    #expect(try NPY.decode(npy.body) == samples)

    let version = try fixture.store.resolve("pictures")
    let file = try LoadedModel.load(path: version.path, families: Catalogue.families, registered: .init(name: "pictures", version: 1))
    let kind = try #require(RequestKind.named("sample"))
    let options = [SentRequest.Option(name: "n", value: "5"), .init(name: "seed", value: "11")]
    let asked = try kind.ask(SentRequest(options: options), of: file, limits: ServiceLimits())
    #expect(try asked.perform().bytes(as: .json, receipt: asked.receipt) == json.body)
    #expect(try asked.perform().bytes(as: .floats, receipt: asked.receipt) == raw.body)

    let reopened = try ServiceFixture(directory: fixture.directory)
    #expect(try await reopened.post("/v1/models/pictures/sample", json: #"{"seed": 11, "n": 5}"#).body == json.body)
  }

  @Test("the first items of a larger sample are the smaller sample", arguments: ["pictures", "colours", "table", "vector", "toy"])
  func prefix(model: String) async throws {
    let fixture = try ServiceFixture()
    let small = try await fixture.post("/v1/models/\(model)/sample?n=3&seed=5", [], type: "", accept: "application/octet-stream")
    let large = try await fixture.post("/v1/models/\(model)/sample?n=64&seed=5", [], type: "", accept: "application/octet-stream")
    #expect(small.status == 200 && large.status == 200)
    #expect(large.body.starts(with: small.body) && small.body.count * 64 == large.body.count * 3)
  }

  @Test("the cut into blocks and the number of lanes change no bit of any operation")
  func blocks() async throws {
    var fine = ServiceLimits()
    fine.blockRows = 3
    let (coarse, cut) = (try ServiceFixture(lanes: 1), try ServiceFixture(lanes: 4, limits: fine))
    var items: [UInt8] = []
    FloatBytes.append((0..<20 * 20).map { Float($0 * 37 % 256) }, to: &items)
    for path in ["sample?n=20&seed=1", "encode", "reconstruct?sampling=true&seed=1", "score?k=7&seed=1"] {
      let body = path.hasPrefix("sample") ? [] : items
      let target = "/v1/models/pictures/\(path)"
      let whole = try await coarse.post(target, body, type: "application/octet-stream", accept: "application/octet-stream")
      let blocks = try await cut.post(target, body, type: "application/octet-stream", accept: "application/octet-stream")
      #expect(whole.status == 200 && whole.body == blocks.body && !whole.body.isEmpty, "\(path)")
    }
  }

  @Test("clusters and classes have the same bytes in blocks, on one lane or four, offline and after the store was opened again")
  func clusters() async throws {
    var fine = ServiceLimits()
    fine.blockRows = 3
    let (coarse, cut) = (try ServiceFixture.clustering(lanes: 1), try ServiceFixture.clustering(lanes: 4, limits: fine))
    var items: [UInt8] = []
    FloatBytes.append((0..<20 * 3).map { Float($0 * 37 % 256) / 40 - 3 }, to: &items)
    for (model, query) in [("ladder-of-rows", "cluster?draws=3&seed=1"), ("ladder-of-rows", "cluster?layer=1"), ("classifier", "classify?seed=1")] {
      let target = "/v1/models/\(model)/\(query)"
      for accept in ["application/octet-stream", "text/csv"] {
        let whole = try await coarse.post(target, items, type: "application/octet-stream", accept: accept)
        let blocks = try await cut.post(target, items, type: "application/octet-stream", accept: accept)
        #expect(whole.status == 200 && whole.body == blocks.body && !whole.body.isEmpty, "\(target)")
        let reopened = try ServiceFixture.clustering(directory: coarse.directory)
        #expect(try await reopened.post(target, items, type: "application/octet-stream", accept: accept).body == whole.body)
      }
      let version = try coarse.store.resolve(model)
      let families = coarse.application.options.families
      let file = try LoadedModel.load(path: version.path, families: families, registered: .init(name: model, version: 1))
      let parts = query.split(separator: "?")
      let kind = try #require(RequestKind.named(String(parts[0])))
      let options = parts[1].split(separator: "&").map { pair in
        let sides = pair.split(separator: "=").map(String.init)
        return SentRequest.Option(name: sides[0], value: sides[1])
      }
      let asked = try kind.ask(SentRequest(body: items, contentType: .floats, options: options), of: file, limits: ServiceLimits())
      let online = try await coarse.post(target, items, type: "application/octet-stream", accept: "application/octet-stream")
      #expect(try asked.perform().bytes(as: .floats, receipt: asked.receipt) == online.body)
      // An item is assigned alike alone and in any place among others that draw nothing.
      if query != "cluster?draws=3&seed=1" {
        let alone = try await coarse.post(target, Array(items[12 * 5..<12 * 6]), type: "application/octet-stream", accept: "application/octet-stream")
        let width = online.body.count / 20
        #expect(alone.body == Array(online.body[width * 5..<width * 6]))
      }
    }
  }

  @Test("requests for clusters, classes and conditioned samples at once are answered as each alone")
  func clustersTogether() async throws {
    let fixture = try ServiceFixture.clustering(lanes: 4)
    let requests: [(String, String)] = (0..<32).map { index in
      let row = "[[\(index), \(index % 5), -1], [0.5, \(index % 3), 2]]"
      return switch index % 4 {
      case 0: ("/v1/models/ladder-of-rows/cluster", #"{"inputs": \#(row), "draws": \#(index % 8), "seed": \#(index)}"#)
      case 1: ("/v1/models/classifier/classify", #"{"inputs": \#(row), "seed": \#(index)}"#)
      case 2: ("/v1/models/classifier/sample", #"{"n": 3, "given": {"cluster": \#(index % 3 + 1)}, "seed": \#(index)}"#)
      default:
        (
          "/v1/models/ladder-of-rows/sample",
          #"{"n": 2, "inputs": \#(row), "given": {"layers": [{"from_item": \#(index / 4 % 2)}, {"cluster": 1}]}, "seed": \#(index)}"#
        )
      }
    }
    var alone: [[UInt8]] = []
    for (target, json) in requests {
      let answer = try await fixture.post(target, json: json)
      #expect(answer.status == 200, "\(answer.text)")
      alone.append(answer.body)
    }
    let together = try await withThrowingTaskGroup(of: (Int, Exchange).self) { group in
      for (index, (target, json)) in requests.enumerated() { group.addTask { (index, try await fixture.post(target, json: json)) } }
      return try await group.reduce(into: [Int: Exchange]()) { $0[$1.0] = $1.1 }
    }
    for index in requests.indices { #expect(together[index]?.body == alone[index]) }
    #expect(Set(alone).count == requests.count)
  }

  @Test("thirty-two requests at once, of all kinds and models, are answered as each alone")
  func concurrent() async throws {
    let fixture = try ServiceFixture(lanes: 4)
    let picture = "[[\((0..<4).map { row in "[\((0..<5).map { "\(row * 50 + $0)" }.joined(separator: ","))]" }.joined(separator: ","))]]"
    let requests: [(String, String)] = (0..<32).map { index in
      switch index % 4 {
      case 0: ("/v1/models/pictures/sample", #"{"n": \#(1 + index), "seed": \#(index)}"#)
      case 1: ("/v1/models/table/sample", #"{"n": \#(1 + index), "seed": \#(index), "temperature": 0.5}"#)
      case 2: ("/v1/models/pictures/score", #"{"inputs": \#(picture), "k": \#(index), "seed": \#(index)}"#)
      default: ("/v1/models/pictures/reconstruct", #"{"inputs": \#(picture), "sampling": true, "seed": \#(index)}"#)
      }
    }
    var alone: [[UInt8]] = []
    for (target, json) in requests { alone.append(try await fixture.post(target, json: json).body) }
    let together = try await withThrowingTaskGroup(of: (Int, Exchange).self) { group in
      for (index, (target, json)) in requests.enumerated() {
        group.addTask { (index, try await fixture.post(target, json: json)) }
      }
      return try await group.reduce(into: [Int: Exchange]()) { $0[$1.0] = $1.1 }
    }
    for index in requests.indices { #expect(together[index]?.status == 200 && together[index]?.body == alone[index]) }
    #expect(Set(alone).count == requests.count)
  }

  @Test("a seed that the server drew gives the same answer when it is sent back")
  func drawnSeed() async throws {
    let fixture = try ServiceFixture()
    let first = try await fixture.post("/v1/models/vector/sample", json: "{}")
    let seed = try #require(first.headers["Posterior-Seed"])
    #expect(try first.member("seed")?.integer == Int(seed))
    #expect(try await fixture.post("/v1/models/vector/sample", json: #"{"seed": \#(seed)}"#).body == first.body)
    #expect(try await fixture.post("/v1/models/vector/sample", json: "{}").body != first.body)
  }
}
