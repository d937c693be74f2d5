import Registry
import Testing

@Suite("Descriptions, tags and search")
struct AnnotationsTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
    for name in ["apples", "birds", "cats"] { try store.publish(bytes: [1], as: name, alias: "live") }
  }

  @Test("what is left out stays, what is given replaces, nil removes")
  func merging() throws {
    try store.annotate("cats", Annotation(description: "pets", tags: ["a": "1", "b": "2"]), actor: "me")
    let model = try store.annotate("cats", Annotation(tags: ["a": "3", "b": nil, "c": ""]), actor: "me")
    #expect(model.description == "pets" && model.tags == ["a": "3", "c": ""])
    let version = try store.annotate(1, of: "cats", Annotation(description: "the first", tags: ["x": "y"]), actor: "me")
    #expect(version.description == "the first" && version.tags == ["x": "y"])
    #expect(try store.model(named: "cats").tags == ["a": "3", "c": ""])
    #expect(try store.model(named: "birds").versions[0].tags.isEmpty)
    let reopened = try ModelStore(directory: store.directory).model(named: "cats")
    #expect(reopened.description == "pets" && reopened.versions == [version])
    #expect(try store.annotate("cats", Annotation(description: ""), actor: "me").description.isEmpty)
  }

  @Test("what can't be said is refused, and nothing of it is kept")
  func refusals() throws {
    let before = try store.model(named: "cats")
    for annotation in [
      Annotation(description: String(repeating: "x", count: 10_001)), Annotation(description: "ok", tags: ["": "a"]),
      Annotation(description: "ok", tags: ["a=b": "c"]), Annotation(description: "ok", tags: ["a": String(repeating: "x", count: 5001)]),
      Annotation(description: "ok", tags: [String(repeating: "x", count: 251): "a"]),
    ] {
      #expect(throws: StoreError.self) { try store.annotate("cats", annotation, actor: "me") }
      #expect(throws: StoreError.self) { try store.annotate(1, of: "cats", annotation, actor: "me") }
    }
    #expect(throws: StoreError.unknownVersion(model: "cats", version: 2, existing: [1])) {
      try store.annotate(2, of: "cats", Annotation(description: "x"), actor: "me")
    }
    #expect(throws: StoreError.self) { try store.annotate("dogs", Annotation(description: "x"), actor: "me") }
    #expect(try store.model(named: "cats") == before)
  }

  @Test("the tags of a deleted version go with it, and its number never comes back")
  func deletedVersion() throws {
    try store.publish(bytes: [2], as: "cats")
    try store.annotate(2, of: "cats", Annotation(tags: ["x": "y"]), actor: "me")
    try store.deleteVersion(2, of: "cats", actor: "me")
    let next = try store.publish(bytes: [2], as: "cats").version
    #expect(next.version == 3 && next.tags.isEmpty)
  }

  @Test("a list holds the models that meet every condition")
  func filters() throws {
    try store.annotate("apples", Annotation(description: "Fruit of a tree", tags: ["team": "food"]), actor: "me")
    try store.annotate("birds", Annotation(tags: ["team": "zoo"]), actor: "me")
    try store.annotate(1, of: "cats", Annotation(tags: ["team": "zoo", "stage": "Trial"]), actor: "me")
    func names(_ change: (inout ModelFilter) -> Void) throws -> [String] {
      var filter = ModelFilter()
      change(&filter)
      return try store.models(filter).items.map(\.name)
    }
    #expect(try names { _ in } == ["apples", "birds", "cats"])
    #expect(try names { $0.search = "TREE" } == ["apples"])
    #expect(try names { $0.search = "ird" } == ["birds"])
    #expect(try names { $0.search = "trial" } == ["cats"])
    #expect(try names { $0.search = "100%_" } == [])
    #expect(try names { $0.tags = ["team": "zoo"] } == ["birds", "cats"])
    #expect(try names { $0.tags = ["team": nil] } == ["apples", "birds", "cats"])
    #expect(try names { $0.tags = ["team": "zoo", "stage": nil] } == ["cats"])
    #expect(try names { $0.family = "vae" } == ["apples", "birds", "cats"])
    #expect(try names { $0.family = "other" } == [])
    #expect(try names { $0.names = ["cats", "gone"] } == ["cats"])
    #expect(try names { $0.names = [] } == [])
  }

  @Test("pages of a filtered list join up, each item once", arguments: 1...3)
  func pages(_ limit: Int) throws {
    for index in 0..<6 { try store.publish(bytes: [1], as: index % 2 == 0 ? "even\(index)" : "odd\(index)") }
    var filter = ModelFilter()
    filter.search = "even"
    var names: [String] = []
    var token: String?
    repeat {
      let page = try store.models(filter, pageToken: token, limit: limit)
      #expect(page.items.count <= limit && (page.nextPageToken == nil || page.items.count == limit))
      names += page.items.map(\.name)
      token = page.nextPageToken
    } while token != nil
    #expect(names == ["even0", "even2", "even4"])
  }
}
