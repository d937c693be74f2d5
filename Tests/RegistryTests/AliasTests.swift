import Registry
import Testing

@Suite("Aliases and versions")
struct AliasTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
    for byte in UInt8(1)...3 { try store.publish(bytes: [byte], as: "m") }
  }

  @Test("every move is kept with where from, where to, why and by whom, the newest first")
  func history() throws {
    try store.moveAlias("live", of: "m", to: 1, reason: "first", actor: "ann")
    try store.moveAlias("live", of: "m", to: 3, reason: "better", actor: "bob")
    #expect(try store.moveAlias("live", of: "m", to: 3, reason: "again", actor: "bob") == nil)
    try store.moveAlias("live", of: "m", to: 1, reason: "worse after all", actor: "ann")
    try store.deleteAlias("live", of: "m", reason: "retired", actor: "ann")
    let history = try store.aliasHistory("live", of: "m")
    #expect(history.map(\.from) == [1, 3, 1, nil])
    #expect(history.map(\.to) == [nil, 1, 3, 1])
    #expect(history.map(\.reason) == ["retired", "worse after all", "better", "first"])
    #expect(history.map(\.actor) == ["ann", "ann", "bob", "ann"])
    #expect(history.map(\.time) == history.map(\.time).sorted(by: >))
    #expect(throws: StoreError.unknownAlias(model: "m", alias: "live", existing: [], versions: [1, 2, 3])) { try store.resolve("m") }
  }

  @Test("an alias goes to no version that is not there, and one that is not there has no history and can't be deleted")
  func unknown() throws {
    #expect(throws: StoreError.unknownVersion(model: "m", version: 9, existing: [1, 2, 3])) {
      try store.moveAlias("live", of: "m", to: 9, actor: "me")
    }
    #expect(throws: StoreError.unknownModel(name: "x", existing: ["m"])) { try store.moveAlias("live", of: "x", to: 1, actor: "me") }
    #expect(throws: StoreError.invalidAlias(given: "1st")) { try store.moveAlias("1st", of: "m", to: 1, actor: "me") }
    let error = StoreError.unknownAlias(model: "m", alias: "live", existing: [], versions: [1, 2, 3])
    #expect(throws: error) { try store.deleteAlias("live", of: "m", actor: "me") }
    #expect(throws: error) { try store.aliasHistory("live", of: "m") }
  }

  @Test("a version that an alias points to stays; freed, it goes, and its number never comes back")
  func deletion() throws {
    try store.moveAlias("live", of: "m", to: 3, actor: "me")
    try store.moveAlias("best", of: "m", to: 3, actor: "me")
    #expect(throws: StoreError.versionInUse(model: "m", version: 3, aliases: ["best", "live"])) { try store.deleteVersion(3, of: "m", actor: "me") }
    try store.moveAlias("live", of: "m", to: 1, actor: "me")
    try store.deleteAlias("best", of: "m", actor: "me")
    try store.deleteVersion(3, of: "m", actor: "me")
    #expect(try store.model(named: "m").versions.map(\.version) == [1, 2])
    #expect(throws: StoreError.unknownVersion(model: "m", version: 3, existing: [1, 2])) { try store.deleteVersion(3, of: "m", actor: "me") }
    let again = try store.publish(bytes: [3], as: "m")
    #expect(again.isNew && again.version.version == 4)
  }

  @Test("a move that expects the alias elsewhere is refused, so that two people do not undo each other's moves unseen")
  func expectedPlace() throws {
    try store.moveAlias("live", of: "m", to: 1, actor: "ann")
    #expect(throws: StoreError.aliasElsewhere(model: "m", alias: "live", expected: 2, actual: 1)) {
      try store.moveAlias("live", of: "m", to: 3, from: 2, actor: "bob")
    }
    #expect(throws: StoreError.aliasElsewhere(model: "m", alias: "best", expected: 1, actual: nil)) {
      try store.moveAlias("best", of: "m", to: 3, from: 1, actor: "bob")
    }
    #expect(try store.resolve("m").version == 1)
    #expect(try store.moveAlias("live", of: "m", to: 3, from: 1, actor: "bob")?.from == 1)
  }

  @Test("the history keeps the key that an alias was moved with")
  func key() throws {
    try store.moveAlias("live", of: "m", to: 1, actor: Principal(key: "abc", name: "ann", address: "::1"))
    try store.moveAlias("live", of: "m", to: 2, actor: "bob")
    #expect(try store.aliasHistory("live", of: "m").map(\.key) == [nil, "abc"])
  }
}
