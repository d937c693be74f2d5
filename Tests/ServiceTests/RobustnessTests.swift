import Families
import Formats
import HTTP
import Registry
import Service
import Tensors
import Testing

@Suite("Under strain")
struct RobustnessTests {
  @Test("no mutation of a request is the server's fault, and none changes the store")
  func mutations() async throws {
    let fixture = try ServiceFixture()
    let content = try fixture.content
    let png = try PNG.encode(Raster(height: 4, width: 5, channels: 1, pixels: [UInt8](repeating: 100, count: 20)))
    let seeds: [(String, String, [UInt8])] = [
      ("/v1/models/pictures/sample", "application/json", Array(#"{"n": 3, "seed": 7, "temperature": 0.5, "mean": true, "given": {}}"#.utf8)),
      ("/v1/models/vector/score", "application/json", Array(#"{"inputs": [[1, 2.5, -3e1], [0, 0, 0]], "k": 3, "seed": 1}"#.utf8)),
      ("/v1/models/table/encode", "application/json", Array(#"{"rows": [{"age": 30, "height": 170, "weight": 60}]}"#.utf8)),
      ("/v1/models/table/encode", "text/csv", Array("age,height,weight\r\n30,170,60\r\n31,\"171\",61\r\n".utf8)),
      ("/v1/models/pictures/reconstruct", "image/png", png),
      ("/v1/models/vector/encode", "application/x-npy", NPY.encode([1, 2, 3], shape: [1, 3])),
      ("/v1/models/vector/encode", "application/octet-stream", [UInt8](repeating: 0x40, count: 24)),
    ]
    let key = RandomKey(seed: 12)
    for trial in 0..<3000 {
      let (target, type, original) = seeds[trial % seeds.count]
      var body = original
      let draws = key.split(trial).uniform([8]).scalars
      for change in 0..<(1 + Int(draws[0] * 3)) {
        let position = Int(draws[1 + 2 * change] * Float(body.count))
        let value = UInt8(draws[2 + 2 * change] * 255.9)
        switch value % 3 {
        case 0: body[position] = value
        case 1: body.remove(at: position)
        default: body.insert(value, at: position)
        }
      }
      let exchange = try await fixture.post(target, body, type: type)
      #expect(exchange.status < 500, "\(target) \(type) \(body): \(exchange.text)")
      guard exchange.status < 500 else { return }
    }
    #expect(try fixture.content == content)
  }

  @Test("where more waits than the queue holds, the next request is told at once when to come again")
  func overload() async throws {
    var limits = ServiceLimits()
    limits.waitingRequests = 1
    let fixture = try ServiceFixture(lanes: 1, limits: limits)
    // Loaded first, so that only the requests below use the lane.
    #expect(try await fixture.post("/v1/models/toy/sample", json: "{}").status == 200)
    let lanes = fixture.application.batcher
    let door = Door()
    let blocker = Task { try await lanes.run { door.wait() } }
    await door.untilSomeoneWaits()
    let waiting = Task { try await fixture.post("/v1/models/toy/sample", json: #"{"seed": 1}"#) }
    while lanes.depth < 1 { await Task.yield() }
    let refused = try await fixture.post("/v1/models/toy/sample", json: #"{"seed": 1}"#)
    #expect(refused.status == 503 && refused.headers["Retry-After"] == "1")
    #expect(try await fixture.get("/healthz").status == 200)
    door.open()
    try await blocker.value
    #expect(try await waiting.value.status == 200)
  }

  @Test("where requests hold all the memory they may, the next one is told at once when to come again, and nothing stays held")
  func memory() async throws {
    var limits = ServiceLimits()
    limits.heldBytes = 50_000
    let fixture = try ServiceFixture(lanes: 1, limits: limits)
    let large = [UInt8](repeating: 0, count: 12 * 200)
    let target = "/v1/models/vector/encode"
    // 2,400 bytes that came, the numbers that they are read as, and those of the answer with their text.
    #expect(try await fixture.post(target, large, type: "application/octet-stream").status == 200)
    #expect(fixture.application.memory.bytes == 0)
    let door = Door()
    let blocker = Task { try await fixture.application.batcher.run { door.wait() } }
    await door.untilSomeoneWaits()
    let waiting = Task { try await fixture.post(target, large, type: "application/octet-stream") }
    while fixture.application.batcher.depth < 1 { await Task.yield() }
    let refused = try await fixture.post(target, large, type: "application/octet-stream")
    #expect(refused.status == 503 && refused.headers["Retry-After"] == "1" && refused.text.contains("50000 bytes"))
    door.open()
    try await blocker.value
    #expect(try await waiting.value.status == 200)
    #expect(fixture.application.memory.bytes == 0)
  }

  @Test("a model that is wanted by many at once is loaded once")
  func singleLoad() async throws {
    let fixture = try ServiceFixture(lanes: 4)
    let version = try fixture.store.resolve("pictures")
    let models = try await withThrowingTaskGroup(of: LoadedModel.self) { group in
      for _ in 0..<16 { group.addTask { try await fixture.application.models.model(of: version) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(models.count == 16 && fixture.application.models.count == 1)
  }

  @Test("models that were not asked for longest give way, and come back with the same answers")
  func eviction() async throws {
    var limits = ServiceLimits()
    limits.loadedModels = 2
    let fixture = try ServiceFixture(limits: limits)
    var first: [[UInt8]] = []
    for _ in 0..<2 {
      var round: [[UInt8]] = []
      for name in ["pictures", "table", "toy", "vector"] {
        round.append(try await fixture.post("/v1/models/\(name)/sample", json: #"{"seed": 2}"#).body)
        #expect(fixture.application.models.count <= 2)
      }
      if first.isEmpty { first = round } else { #expect(round == first) }
    }
  }

  @Test("a model file that was changed on disk is not served")
  func damagedBlob() async throws {
    let fixture = try ServiceFixture()
    let version = try fixture.store.resolve("vector")
    #expect(throws: (any Error).self) { try LoadedModel.load(path: version.path, families: Catalogue.families, expecting: SHA256.digest([1])) }
    let other = try LoadedModel.load(path: version.path, families: Catalogue.families, expecting: version.digest)
    #expect(other.digest == version.digest)
  }

  @Test("a request that would hold more than all may together is told so, before anything is computed, and not to come again")
  func memoryOfOne() async throws {
    var limits = ServiceLimits()
    limits.heldBytes = 20_000
    let fixture = try ServiceFixture(lanes: 1, limits: limits)
    let refused = try await fixture.post("/v1/models/toy/sample", json: #"{"n": 10000, "seed": 1}"#)
    #expect(refused.status == 413 && refused.text.contains("20000") && refused.headers["Retry-After"] == nil)
    #expect(try await fixture.post("/v1/models/toy/sample", json: #"{"n": 1, "seed": 1}"#).status == 200)
    #expect(fixture.application.memory.bytes == 0)
  }

  @Test("a client holds no more than its part, and what it gives back others and itself may have")
  func memoryOfClients() throws {
    let budget = MemoryBudget(capacity: 100, perClient: 60, of: "disk")
    let one = budget.open(for: "10.0.0.1:5")
    try one.take(50)
    let again = budget.open(for: "10.0.0.1:6")
    #expect(throws: MemoryOverload(.client, capacity: 60, resource: "disk")) { try again.take(20) }
    #expect(throws: MemoryOverload(.request(70), capacity: 60, resource: "disk")) { try again.take(70) }
    try budget.open(for: "10.0.0.2:5").take(40)
    let two = budget.open(for: "10.0.0.2:5")
    try two.take(40)
    #expect(throws: MemoryOverload(.all, capacity: 100, resource: "disk")) { try budget.open(for: "unix").take(20) }
    one.giveBack(30)
    try again.take(20)
    #expect(budget.bytes == 80)
    #expect(throws: MemoryOverload(.request(.max), capacity: 60, resource: "disk")) { try again.take(.max) }
    withExtendedLifetime((one, two)) {}
  }
}
