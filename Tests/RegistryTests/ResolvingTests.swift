import ModelFiles
import Registry
import Testing

@Suite("Resolving")
struct ResolvingTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
    for byte in UInt8(1)...3 { try store.publish(bytes: [byte], as: "m") }
    try store.moveAlias("live", of: "m", to: 2, actor: "me")
    try store.moveAlias("best", of: "m", to: 3, actor: "me")
    try store.publish(bytes: [9], as: "bare")
  }

  @Test(
    "a reference means one version",
    arguments: [
      ("m", "m@2"), ("m@live", "m@2"), ("m@best", "m@3"), ("m@1", "m@1"), ("m@3", "m@3"), ("bare@1", "bare@1"),
    ])
  func resolves(_ reference: String, _ expected: String) throws {
    #expect(try store.resolve(reference).id == expected)
  }

  @Test(
    "a reference that means nothing says what there is",
    arguments: [
      ("x", StoreError.unknownModel(name: "x", existing: ["bare", "m"])), ("x@1", .unknownModel(name: "x", existing: ["bare", "m"])),
      ("m@4", .unknownVersion(model: "m", version: 4, existing: [1, 2, 3])),
      ("m@worst", .unknownAlias(model: "m", alias: "worst", existing: ["best", "live"], versions: [1, 2, 3])),
      ("bare", .unknownAlias(model: "bare", alias: "live", existing: [], versions: [1])),
      ("m@0", .invalidReference(given: "m@0")), ("m@03", .invalidReference(given: "m@03")), ("m@-1", .invalidReference(given: "m@-1")),
      ("m@+1", .invalidReference(given: "m@+1")), ("m@", .invalidReference(given: "m@")), ("m@1@2", .invalidReference(given: "m@1@2")),
      ("m@9223372036854775808", .invalidReference(given: "m@9223372036854775808")), ("m@LIVE", .invalidReference(given: "m@LIVE")),
      ("m@١", .invalidReference(given: "m@١")), ("", .invalidModelName(given: "")), ("@live", .invalidModelName(given: "")),
      ("M", .invalidModelName(given: "M")), ("../m", .invalidModelName(given: "../m")), ("m\0", .invalidModelName(given: "m\0")),
    ])
  func refuses(_ reference: String, _ expected: StoreError) throws {
    let error = try #require(throws: StoreError.self) { try store.resolve(reference) }
    #expect(error == expected)
  }

  @Test("a model shows its versions in order, its aliases by name and what is live")
  func model() throws {
    let model = try store.model(named: "m")
    #expect(model.versions.map(\.version) == [1, 2, 3])
    #expect(model.aliases.map(\.name) == ["best", "live"])
    #expect(model.live?.version == 2)
    #expect(try store.model(named: "bare").live == nil)
    #expect(throws: StoreError.unknownModel(name: "none", existing: ["bare", "m"])) { try store.model(named: "none") }
  }

  @Test("every version of a model with gaps is found, and no other")
  func gaps() throws {
    for byte in UInt8(4)...20 { try store.publish(bytes: [byte], as: "m") }
    for version in [1, 4, 5, 6, 11, 20] { try store.deleteVersion(version, of: "m", actor: "me") }
    let left = Set(1...20).subtracting([1, 4, 5, 6, 11, 20])
    let model = try store.model(named: "m")
    for version in 0...22 { #expect((model.version(version) != nil) == left.contains(version)) }
  }

  @Test("pages join up to the whole list whatever their size, and a model added behind a page shifts nothing", arguments: 1...4)
  func pages(_ limit: Int) throws {
    try store.publish(bytes: [9], as: "zebra")
    var names: [String] = []
    var token: String?
    repeat {
      let page = try store.models(pageToken: token, limit: limit)
      #expect(page.items.count <= limit)
      names += page.items.map(\.name)
      token = page.nextPageToken
      if names.count == limit { try store.publish(bytes: [9], as: "aardvark") }
    } while token != nil
    #expect(names == ["bare", "m", "zebra"])
  }

  @Test("page tokens and limits that are none are refused")
  func badPages() throws {
    #expect(throws: StoreError.invalidPageToken(given: "A b")) { try store.models(pageToken: "A b") }
    for limit in [0, -1, 1001] { #expect(throws: StoreError.invalidLimit(given: limit, allowed: 1...1000)) { try store.models(limit: limit) } }
  }

  @Test("what another opening of the store changes is seen here without asking the database")
  func otherProcess() async throws {
    let other = try ModelStore(directory: store.directory)
    try other.moveAlias("live", of: "m", to: 3, actor: "other")
    #expect(try other.resolve("m").version == 3)
    for _ in 0..<400 where try store.resolve("m").version != 3 { try await Task.sleep(for: .milliseconds(25)) }
    #expect(try store.resolve("m").version == 3)
  }

  @Test("what another process publishes, promotes or revokes holds for the very next question")
  func seesOthers() throws {
    let folder = try TemporaryFolder()
    var options = ModelStore.Options()
    options.pollInterval = .seconds(3600)
    let (here, there) = (try ModelStore(directory: folder.path, options: options), try ModelStore(directory: folder.path, options: options))
    let reader = try ModelStore.reading(directory: folder.path, options: options)
    for version in 1...20 {
      try there.publish(bytes: [UInt8(version)], as: "m", alias: "live")
      #expect(try here.resolve("m").version == version && reader.resolve("m").version == version)
      // Changes of runs are none of models, and must not hide one.
      try there.finish(there.start(.small), .cancelled)
      #expect(try here.resolve("m@\(version)").version == version)
    }
    _ = try there.moveAlias("live", of: "m", to: 3, reason: "", actor: "tester")
    #expect(try here.resolve("m").version == 3 && reader.resolve("m").version == 3)
  }
}
