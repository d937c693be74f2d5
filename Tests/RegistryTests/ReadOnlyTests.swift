import Formats
import Foundation
import Registry
import Testing

@Suite("A store that is only read")
struct ReadOnlyTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
    try store.publish(bytes: [1, 2, 3], as: "a", alias: "live")
  }

  @Test("every verb that would change something is refused, and what is there can be read")
  func refused() throws {
    let reader = try ModelStore.reading(directory: store.directory)
    #expect(reader.isReadOnly && !store.isReadOnly)
    #expect(try reader.resolve("a") == store.resolve("a"))
    try reader.check(reader.resolve("a"))
    #expect(throws: StoreError.servedReadOnly) { try reader.stageUpload() }
    #expect(throws: StoreError.servedReadOnly) { try reader.moveAlias("best", of: "a", to: 1, actor: "t") }
    #expect(throws: StoreError.servedReadOnly) { try reader.deleteVersion(1, of: "a", actor: "test") }
    #expect(throws: StoreError.servedReadOnly) { try reader.collectGarbage() }
    #expect(throws: StoreError.servedReadOnly) { try reader.clearAway() }
    #expect(throws: StoreError.servedReadOnly) {
      try reader.start(.small)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/sessions").count == 1)
  }

  @Test("what another process publishes is seen")
  func follows() async throws {
    var options = ModelStore.Options()
    options.pollInterval = .milliseconds(5)
    let reader = try ModelStore.reading(directory: store.directory, options: options)
    try store.publish(bytes: [4], as: "a", alias: "live")
    while try reader.resolve("a").version == 1 { try await Task.sleep(for: .milliseconds(5)) }
    try reader.reading(reader.resolve("a")) { #expect(FileManager.default.contents(atPath: $0) == Data([4])) }
  }

  @Test("a store of a newer or an older build is refused with a sentence")
  func otherBuilds() throws {
    try store.execute("INSERT INTO grdb_migrations (identifier) VALUES ('9999-later.sql')")
    let path = store.directory + "/posterior.sqlite"
    #expect(throws: StoreError.newerStore(path: path, migrations: ["9999-later.sql"])) { try ModelStore.reading(directory: store.directory) }
    try store.execute("DELETE FROM grdb_migrations")
    #expect(throws: StoreError.olderStore(path: path, migrations: Migrations.all.map(\.name))) { try ModelStore.reading(directory: store.directory) }
  }

  @Test("a folder of model files is a registry with each file under its name; files that are no models are told and left out")
  func modelFiles() throws {
    for (name, bytes) in [
      ("digits.safetensors", [1]), ("Bad Name.safetensors", [2]), ("broken.safetensors", [3]), ("notes.txt", [4]), ("same.safetensors", [1]),
    ]
      as [(String, [UInt8])]
    {
      #expect(FileManager.default.createFile(atPath: folder.path + "/" + name, contents: Data(bytes)))
    }
    struct NoModel: Error {}
    var skipped: [String] = []
    let reader = try ModelStore.reading(
      modelFilesIn: folder.path,
      describe: { if $0.hasSuffix("broken.safetensors") { throw NoModel() } else { .small } },
      skipped: { path, _ in skipped.append(URL(fileURLWithPath: path).lastPathComponent) })
    #expect(skipped == ["Bad Name.safetensors", "broken.safetensors"])
    #expect(try reader.models().items.map(\.name) == ["digits", "same"])
    let version = try reader.resolve("digits")
    #expect(version.version == 1 && version.digest == SHA256.digest([1]))
    try reader.check(version)
    try reader.reading(version) { #expect(FileManager.default.contents(atPath: $0) == Data([1])) }
    #expect(throws: StoreError.servedReadOnly) { try reader.deleteVersion(1, of: "digits", actor: "test") }
  }
}
