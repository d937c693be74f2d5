import Formats
import Foundation
import ModelFiles
import Registry
import Testing

@Suite("Deleting and renaming models")
struct ModelNamesTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  @discardableResult
  private func publish(_ text: String, as name: String, alias: String? = "live") throws -> Publication {
    let staged = try store.stageUpload()
    try staged.write(Array(text.utf8))
    return try store.publish(staged, as: name, alias: alias, actor: .commandLine) { _ in
      ModelFacts(format: 1, family: "vae", configuration: "{}", signature: "{}", provenance: nil, parameterCount: 1)
    }
  }

  @Test("a deleted model is gone with versions, aliases, words and tags; under its name the numbers go on")
  func deleting() throws {
    let first = try publish("one", as: "m").version
    try publish("two", as: "m", alias: "next")
    try publish("one", as: "other")
    try store.annotate("m", Annotation(description: "words", tags: ["team": "x"]), actor: .commandLine)
    let deleted = try store.deleteModel("m", actor: .commandLine)
    #expect(deleted.model.versions.map(\.version) == [1, 2])
    #expect(deleted.unneeded == [SHA256.digest(Array("two".utf8))], "the other model needs \(first.digest)")
    #expect(try store.models().items.map(\.name) == ["other"])
    for reference in ["m", "m@1", "m@next"] {
      #expect(throws: StoreError.unknownModel(name: "m", existing: ["other"])) { try store.resolve(reference) }
    }
    #expect(throws: StoreError.unknownModel(name: "m", existing: ["other"])) { try store.deleteModel("m", actor: .commandLine) }
    #expect(try store.collectGarbage().blobs == deleted.unneeded)
    let again = try publish("one", as: "m")
    #expect(again.version.id == "m@3" && again.isNew)
    let model = try store.model(named: "m")
    #expect(model.description.isEmpty && model.tags.isEmpty && model.aliases.map(\.name) == ["live"])
    let actions = try store.changes().items.map(\.action)
    #expect(actions.contains(.deleteModel) && actions.count { $0 == .deleteAlias } == 2)
    #expect(try ModelStore(directory: store.directory).model(named: "m") == model)
  }

  @Test("a renamed model keeps versions, aliases, history, words and tags; its old name is free for no other model's numbers")
  func renaming() throws {
    try publish("one", as: "m")
    try publish("two", as: "m")
    try publish("three", as: "taken")
    try store.annotate("m", Annotation(description: "words", tags: ["team": "x"]), actor: .commandLine)
    try store.annotate(1, of: "m", Annotation(tags: ["old": "yes"]), actor: .commandLine)
    let before = try store.model(named: "m")
    let renamed = try store.renameModel("m", to: "n", actor: .commandLine)
    #expect(renamed.name == "n" && renamed.description == "words" && renamed.tags == ["team": "x"] && renamed.createdAt == before.createdAt)
    #expect(renamed.versions.map(\.digest) == before.versions.map(\.digest) && renamed.versions[0].tags == ["old": "yes"])
    #expect(try store.resolve("n").id == "n@2" && store.aliasHistory("live", of: "n").map(\.to) == [2, 1])
    #expect(throws: StoreError.unknownModel(name: "m", existing: ["n", "taken"])) { try store.resolve("m@1") }
    #expect(try publish("four", as: "n").version.id == "n@3")
    #expect(try publish("five", as: "m").version.id == "m@3", "m@1 and m@2 meant something once")
    for name in ["taken", "m"] {
      #expect(throws: StoreError.nameTaken(name: name)) { try store.renameModel("n", to: name, actor: .commandLine) }
    }
    #expect(throws: StoreError.invalidModelName(given: "No")) { try store.renameModel("n", to: "No", actor: .commandLine) }
    #expect(try store.renameModel("n", to: "n", actor: .commandLine).name == "n")
    _ = try store.moveAlias("live", of: "n", to: 1, actor: .commandLine)
    #expect(try ModelStore(directory: store.directory).resolve("n").version == 1)
  }

  @Test("an open file is read to its end, also when its version is deleted and collected meanwhile")
  func files() throws {
    let version = try publish("one", as: "m").version
    let file = try store.open(version)
    try store.deleteModel("m", actor: .commandLine)
    _ = try store.collectGarbage()
    #expect(try file.read(upTo: 100) == Array("one".utf8) && file.read(upTo: 100).isEmpty)
    #expect(throws: StoreError.missingBlob(path: version.path, version: "m@1")) { try store.open(version) }
  }
}
