import Formats
import Foundation
import Locking
import Registry
import Testing

@Suite("Publishing")
struct PublishingTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  private struct NotAModel: Error, Equatable {}

  @Test("what goes up in pieces is there whole, read-only, under its digest")
  func roundTrip() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let staged = try store.stageUpload(declaredByteCount: bytes.count)
    for start in stride(from: 0, to: bytes.count, by: 4097) { try staged.write(bytes[start..<min(start + 4097, bytes.count)]) }
    #expect(staged.byteCount == bytes.count)
    let verified = Protected<Data?>(nil)
    let publication = try store.publish(staged, as: "fashion", alias: "live", reason: "first", actor: "me", expecting: SHA256.digest(bytes)) { path in
      verified.withLock { $0 = FileManager.default.contents(atPath: path) }
      return .small
    }
    #expect(verified.withLock { $0 } == Data(bytes))
    #expect(publication.isNew)
    let version = publication.version
    #expect(version.id == "fashion@1")
    #expect(version.digest == SHA256.digest(bytes))
    #expect(version.byteCount == bytes.count)
    #expect(version.facts == .small)
    #expect(publication.aliasMove?.reason == "first" && publication.aliasMove?.actor == "me" && publication.aliasMove?.from == nil)
    #expect(FileManager.default.contents(atPath: version.path) == Data(bytes))
    #expect(try FileManager.default.attributesOfItem(atPath: version.path)[.posixPermissions] as? Int == 0o444)
    let hex = version.digest.hex
    #expect(try store.modelFiles() == ["blobs/sha256/\(hex.prefix(2))/\(hex)"])
    #expect(try store.resolve("fashion") == version)
  }

  @Test("an upload that is aborted or forgotten leaves nothing")
  func aborted() throws {
    let staged = try store.stageUpload()
    try staged.write([1, 2, 3] as [UInt8])
    #expect(try store.modelFiles().count == 1)
    staged.abort()
    staged.abort()
    #expect(try store.modelFiles().isEmpty)
    do {
      let forgotten = try store.stageUpload()
      try forgotten.write([1] as [UInt8])
    }
    #expect(try store.modelFiles().isEmpty)
  }

  @Test("bytes that the model has are the version it has, and no alias moves unasked")
  func sameBytes() throws {
    try store.publish(bytes: [1], as: "m", alias: "live")
    try store.publish(bytes: [2], as: "m")
    let again = try store.publish(bytes: [2], as: "m")
    #expect(!again.isNew && again.version.version == 2 && again.aliasMove == nil)
    #expect(try store.resolve("m").version == 1)
    let asked = try store.publish(bytes: [2], as: "m", alias: "live")
    #expect(!asked.isNew && asked.aliasMove?.from == 1 && asked.aliasMove?.to == 2)
    #expect(try store.publish(bytes: [2], as: "m", alias: "live").aliasMove == nil)
    #expect(try store.model(named: "m").versions.map(\.version) == [1, 2])
    #expect(try store.modelFiles().count == 2)
  }

  @Test("two models of the same bytes share one file")
  func sharedBlob() throws {
    let first = try store.publish(bytes: [7, 7], as: "a").version
    let second = try store.publish(bytes: [7, 7], as: "b").version
    #expect(first.path == second.path && second.id == "b@1")
    #expect(try store.modelFiles().count == 1)
  }

  @Test("bytes that do not match the announced digest are refused, with both digests named")
  func digestMismatch() throws {
    let given = SHA256.digest([1, 2])
    let expected = SHA256.digest([1, 3])
    let error = try #require(throws: StoreError.self) { try store.publish(bytes: [1, 2], as: "m", expecting: expected) }
    #expect(error == .digestMismatch(given: given, expected: expected))
    #expect(error.description.contains(given.description) && error.description.contains(expected.description))
    try expectEmpty()
  }

  @Test("the verifier's own error reaches the caller, and nothing stays")
  func notAModel() throws {
    let staged = try store.stageUpload()
    try staged.write([1, 2] as [UInt8])
    #expect(throws: NotAModel()) { try store.publish(staged, as: "m", alias: "live", actor: "me") { _ in throw NotAModel() } }
    try expectEmpty()
  }

  @Test("an error inside the transaction takes the moved file back as well", arguments: [PublicationStep.moved, .recorded])
  func failedTransaction(_ step: PublicationStep) throws {
    #expect(throws: NotAModel()) {
      try store.publish(bytes: [1, 2], as: "m", alias: "live", observe: { if $0 == step { throw NotAModel() } })
    }
    try expectEmpty()
    #expect(try store.publish(bytes: [1, 2], as: "m").version.version == 1)
  }

  @Test("a failed publication of bytes that another model has leaves that model its file")
  func failedTransactionOnSharedBlob() throws {
    let kept = try store.publish(bytes: [1, 2], as: "a").version
    #expect(throws: NotAModel()) { try store.publish(bytes: [1, 2], as: "b", observe: { if $0 == .recorded { throw NotAModel() } }) }
    #expect(FileManager.default.contents(atPath: kept.path) == Data([1, 2]))
  }

  @Test("facts that are no JSON are refused by the schema, and nothing stays")
  func badFacts() throws {
    let staged = try store.stageUpload()
    try staged.write([1] as [UInt8])
    let facts = ModelFacts(format: 1, family: "vae", configuration: "{", signature: "{}", provenance: nil, parameterCount: 1)
    let error = try #require(throws: StoreError.self) { try store.publish(staged, as: "m", actor: "me") { _ in facts } }
    guard case .refused = error else {
      Issue.record("\(error)")
      return
    }
    try expectEmpty()
  }

  @Test(
    "names that are none are refused before anything is kept",
    arguments: [
      "", "A", "-a", ".a", "a b", "a/b", "../a", "a@b", "é", "a\0", String(repeating: "a", count: 65),
    ])
  func badNames(_ name: String) throws {
    #expect(throws: StoreError.invalidModelName(given: name)) { try store.publish(bytes: [1], as: name) }
    #expect(throws: StoreError.invalidAlias(given: name)) { try store.publish(bytes: [1], as: "m", alias: name) }
    try expectEmpty()
  }

  @Test("a file over the limit is refused when announced, and when it arrives unannounced")
  func tooLarge() throws {
    var options = ModelStore.Options()
    options.maximumModelBytes = 10
    let small = try ModelStore(directory: folder.unused(), options: options)
    #expect(throws: StoreError.tooLarge(limit: 10)) { try small.stageUpload(declaredByteCount: 11) }
    let staged = try small.stageUpload()
    try staged.write([UInt8](repeating: 0, count: 10))
    #expect(throws: StoreError.tooLarge(limit: 10)) { try staged.write([1] as [UInt8]) }
    #expect(try small.modelFiles().isEmpty)
    #expect(throws: StoreError.tooLarge(limit: 10)) { try small.publish(staged, as: "m", actor: "me") { _ in .small } }
    #expect(try small.publish(bytes: [UInt8](repeating: 0, count: 10), as: "m").isNew)
  }

  @Test("two openings of one store publish at once: no lock error, no gap and no repeat in the versions, one file for the same bytes")
  func concurrent() throws {
    let stores = [store, try ModelStore(directory: store.directory)]
    let threads = 8
    let rounds = 5 * threads
    let errors = atOnce(threads) { thread in
      // Every second upload has the same bytes as one of the other opening.
      for index in stride(from: thread, to: 2 * rounds, by: threads) {
        try stores[index % 2].publish(bytes: [UInt8(index / 2), index / 2 % 2 == 0 ? 0 : UInt8(index % 2)], as: "m", alias: "live")
      }
    }
    #expect(errors.isEmpty)
    let reopened = try ModelStore(directory: store.directory)
    #expect(try reopened.model(named: "m").versions.map(\.version) == Array(1...rounds * 3 / 2))
    #expect(try reopened.modelFiles().count == rounds * 3 / 2)
    let history = try reopened.aliasHistory("live", of: "m")
    #expect(zip(history, history.dropFirst()).allSatisfy { $0.from == $1.to })
    #expect(history.first?.to == (try reopened.resolve("m").version))
  }

  @Test("a process killed after any step leaves the whole version or none of it, and no temporary file", arguments: PublicationStep.allCases)
  func killed(after step: PublicationStep) throws {
    try store.publish(bytes: [1], as: "m", alias: "live")
    let copy = Protected<String?>(nil)
    try store.publish(bytes: [2, 2], as: "m", alias: "live") { reached in
      if reached == step { try copy.withLock { $0 = try folder.crashCopy(of: store.directory) } }
    }
    let left = try #require(copy.withLock { $0 })
    // The law can only fail where the crash left something to clear away.
    #expect(try FileManager.default.contentsOfDirectory(atPath: left + "/uploads").isEmpty == [.moved, .recorded, .committed].contains(step))
    let reopened = try ModelStore(directory: left)
    #expect(try FileManager.default.contentsOfDirectory(atPath: left + "/uploads").isEmpty)
    #expect(try reopened.fetch("PRAGMA integrity_check") == ["ok"])
    #expect(try reopened.fetch("SELECT * FROM pragma_foreign_key_check").isEmpty)
    let live = try reopened.resolve("m")
    #expect(live.version == (step == .committed ? 2 : 1))
    for version in try reopened.model(named: "m").versions { #expect(try SHA256.digest(ofFile: version.path) == version.digest) }
    #expect(try reopened.publish(bytes: [2, 2], as: "m").version.version == 2)
  }

  @Test("a file whose bytes have changed on disk, or that is gone, is found out")
  func damaged() throws {
    let version = try store.publish(bytes: [1, 2, 3], as: "m").version
    try store.check(version)
    try FileManager.default.removeItem(atPath: version.path)
    #expect(throws: StoreError.unusable(path: version.path, reason: "No such file or directory")) { try store.check(version) }
    try Data([1, 2, 4]).write(to: URL(fileURLWithPath: version.path))
    #expect(throws: StoreError.corruptBlob(path: version.path, digest: version.digest)) { try store.check(version) }
    // The same bytes sent again mend it.
    #expect(try !store.publish(bytes: [1, 2, 3], as: "m").isNew)
    try store.check(version)
  }

  @Test("opening a store leaves the uploads of living ones alone")
  func livingUploads() throws {
    let staged = try store.stageUpload()
    try staged.write([1, 2, 3] as [UInt8])
    _ = try ModelStore(directory: store.directory)
    #expect(try store.publish(staged, as: "m", actor: "me") { _ in .small }.version.version == 1)
  }

  private func expectEmpty() throws {
    #expect(try store.modelFiles().isEmpty)
    #expect(try store.models().items.isEmpty)
    #expect(try store.fetch("SELECT name FROM models").isEmpty)
    #expect(try store.fetch("SELECT digest FROM blobs").isEmpty)
  }
}
