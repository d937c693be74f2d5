import Formats
import Foundation
import GRDB
import Locking
import Registry
import Testing

@Suite("Collecting garbage")
struct CollectingTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  @Test("takes what no version needs and nothing else; a dry run tells the same and takes nothing")
  func takes() throws {
    let kept = try store.publish(bytes: [1], as: "a", alias: "live").version
    let shared = try store.publish(bytes: [2, 2], as: "a").version
    try store.publish(bytes: [2, 2], as: "b", alias: "live")
    let unneeded = try store.publish(bytes: [3, 3, 3], as: "a").version
    for version in [shared, unneeded] { try store.deleteVersion(version.version, of: "a", actor: "test") }

    let told = try store.collectGarbage(dryRun: true)
    #expect(told.blobs == [unneeded.digest] && told.byteCount == 3 && told.inUse.isEmpty && told.leftovers.isEmpty)
    #expect(try store.modelFiles().count == 3)
    #expect(try store.collectGarbage() == told)
    #expect(try store.modelFiles().count == 2)
    #expect(try store.fetch("SELECT digest FROM blobs").sorted() == [kept.digest, shared.digest].map(\.description).sorted())
    #expect(try store.collectGarbage() == GarbageCollection())
    // What took nothing is not on record.
    let lines = try store.changes(ChangeFilter(action: .collect)).items
    #expect(lines.map(\.detail) == [#"{"model_files":["\#(unneeded.digest)"],"bytes":3,"leftovers":0}"#])
    for reference in ["a", "b"] { try store.check(try store.resolve(reference)) }

    // The same bytes come back as a version of a new number, with a file.
    let again = try store.publish(bytes: [3, 3, 3], as: "a").version
    #expect(again.version == 4)
    try store.check(again)
  }

  @Test("a file that another opening of the store reads stays until it has been read")
  func inUse() throws {
    let version = try store.publish(bytes: [1, 2, 3], as: "m").version
    let other = try ModelStore(directory: store.directory)
    try other.reading(version) { path in
      try store.deleteVersion(1, of: "m", actor: "test")
      let collection = try store.collectGarbage()
      #expect(collection.inUse == [version.digest] && collection.blobs.isEmpty)
      #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
    }
    #expect(try store.collectGarbage().blobs == [version.digest])
    #expect(throws: StoreError.unknownVersion(model: "m", version: 1, existing: [])) { try other.reading(version) { _ in } }
  }

  @Test("a file that goes missing while its version stays is said to be missing")
  func missing() throws {
    let version = try store.publish(bytes: [1], as: "m").version
    try FileManager.default.removeItem(atPath: version.path)
    #expect(throws: StoreError.missingBlob(path: version.path, version: "m@1")) { try store.reading(version) { _ in } }
  }

  @Test("a file that is in its place but not yet named is not taken, because the collector waits for its transaction")
  func publishing() throws {
    let other = try ModelStore(directory: store.directory)
    try store.publish(bytes: [9], as: "m", alias: "live")
    try store.publish(bytes: [8], as: "m", alias: "live")
    try store.deleteVersion(1, of: "m", actor: "test")
    // The bytes of the deleted version come again: the collector must not take the file between its move and its transaction.
    let collected = Protected<GarbageCollection?>(nil)
    let thread = DispatchGroup()
    try store.publish(bytes: [9], as: "m", alias: "live") { step in
      guard step == .moved else { return }
      thread.enter()
      Thread.detachNewThread {
        let collection = try? other.collectGarbage()
        collected.withLock { $0 = collection }
        thread.leave()
      }
    }
    thread.wait()
    #expect(collected.withLock { $0 } == GarbageCollection())
    try store.check(try store.resolve("m"))
  }

  @Test("uploads of the same bytes, deletions and collectors in three openings of a store never lose a file")
  func race() throws {
    let directory = store.directory
    let errors = atOnce(3) { index in
      let store = try ModelStore(directory: directory)
      for round in 0..<25 {
        if index == 2 {
          do { _ = try store.collectGarbage() } catch StoreError.inUse { continue }
        } else {
          let version = try store.publish(bytes: [UInt8(round % 3)], as: "m\(index)").version
          try store.check(version)
          try store.reading(version) { _ in }
          try store.deleteVersion(version.version, of: version.name, actor: "test")
        }
      }
    }
    #expect(errors == [])
    _ = try store.collectGarbage()
    #expect(try store.modelFiles().isEmpty)
    #expect(try StoreCheck(directory: directory).findings.isEmpty)
  }

  @Test("temporary files of killed processes go, those of living ones stay")
  func leftovers() throws {
    let staged = try store.stageUpload()
    try staged.write([1, 2] as [UInt8])
    let dead = store.directory + "/uploads/deadbeef-1.part"
    #expect(FileManager.default.createFile(atPath: dead, contents: Data([1])))
    #expect(try store.collectGarbage(dryRun: true).leftovers == [dead])
    #expect(try StoreCheck(directory: store.directory).findings.map(\.subject) == [dead])
    #expect(try store.collectGarbage().leftovers == [dead])
    #expect(try store.modelFiles().count == 1)
    #expect(try store.publish(staged, as: "m", actor: "test", verify: { _ in .small }).isNew)
  }
}
