import Formats
import Foundation
import GRDB
import ModelFiles
import Registry
import Testing

@Suite("Documents of runs")
struct DocumentsTests {
  let folder: TemporaryFolder
  let store: ModelStore
  let run: RunID

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
    run = try store.start(.small)
  }

  @Test("a document comes back byte for byte, is listed by name, and outlives a restart, a backup and a copy of a killed process's files")
  func roundTrip() throws {
    let contents: [(name: String, type: String, bytes: [UInt8])] = [
      ("clusters-0.png", "image/png", (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }), ("empty", "application/octet-stream", []),
      ("table.csv", "text/csv; header=present", Array("a,b\r\n".utf8)),
    ]
    for content in contents.reversed() { try store.attach(content.name, mediaType: content.type, bytes: content.bytes, to: run) }
    let copy = try folder.crashCopy(of: store.directory)
    try store.finish(run, .finished(output: nil))
    _ = try StoreBackup.make(of: store.directory, in: folder.path + "/backup")
    _ = try StoreBackup.restore(folder.path + "/backup", to: folder.path + "/restored")
    let stores = [
      store, try ModelStore(directory: copy), try ModelStore(directory: folder.path + "/restored"),
      try ModelStore.reading(directory: store.directory),
    ]
    for store in stores {
      let listed = try store.documents(of: run)
      #expect(listed.map(\.name) == contents.map(\.name) && listed.map(\.mediaType) == contents.map(\.type))
      #expect(listed.map(\.byteCount) == contents.map(\.bytes.count) && listed.map(\.digest) == contents.map { SHA256.digest($0.bytes) })
      for (content, document) in zip(contents, listed) {
        let found = try store.document(content.name, of: run)
        #expect(found.bytes == content.bytes && found.document == document)
      }
    }
    #expect(try StoreCheck(directory: folder.path + "/restored").findings.isEmpty)
    #expect(try store.collectGarbage().byteCount == 0)
    #expect(try store.documents(of: run).count == 3)
  }

  @Test("a name is written once, by a run that is running, to a store that can be written")
  func refused() throws {
    try store.attach("a", mediaType: "text/plain", bytes: [1], to: run)
    #expect(throws: StoreError.documentWritten(run: run, name: "a")) { try store.attach("a", mediaType: "text/plain", bytes: [1], to: run) }
    #expect(throws: StoreError.servedReadOnly) {
      try ModelStore.reading(directory: store.directory).attach("b", mediaType: "text/plain", bytes: [1], to: run)
    }
    try store.finish(run, .cancelled)
    #expect(throws: StoreError.runNotRunning(id: run, status: .cancelled)) { try store.attach("b", mediaType: "text/plain", bytes: [1], to: run) }
    #expect(try store.documents(of: run).map(\.name) == ["a"])
  }

  @Test("what is not there is told with what is")
  func unknown() throws {
    let stranger = RunID.generate()
    #expect(throws: StoreError.unknownRun(id: stranger.description)) { try store.attach("a", mediaType: "text/plain", bytes: [], to: stranger) }
    #expect(throws: StoreError.unknownRun(id: stranger.description)) { try store.documents(of: stranger) }
    #expect(throws: StoreError.unknownRun(id: stranger.description)) { try store.document("a", of: stranger) }
    #expect(throws: StoreError.unknownDocument(run: run, name: "a", existing: [])) { try store.document("a", of: run) }
    try store.attach("b", mediaType: "text/plain", bytes: [], to: run)
    let error = try #require(throws: StoreError.self) { try store.document("a", of: run) }
    #expect(error == .unknownDocument(run: run, name: "a", existing: ["b"]) && error.description.contains("it has: b"))
  }

  @Test(
    "names and media types are plain",
    arguments: [
      ("", "text/plain", "name"), (".a", "text/plain", "name"), ("..", "text/plain", "name"), ("A", "text/plain", "name"),
      ("a/b", "text/plain", "name"), ("ä", "text/plain", "name"), (String(repeating: "a", count: 101), "text/plain", "name"), ("a", "", "media type"),
      ("a", "text", "media type"),
      ("a", "text/", "media type"), ("a", "text/plain\r\nSet-Cookie: a", "media type"),
    ])
  func badNames(_ name: String, _ type: String, _ field: String) throws {
    let error = try #require(throws: StoreError.self) { try store.attach(name, mediaType: type, bytes: [1], to: run) }
    guard case .invalidDocument(field, _, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(try store.documents(of: run).isEmpty)
  }

  @Test("64 MiB are kept, and not a byte more")
  func bounds() throws {
    var bytes = [UInt8](repeating: 7, count: RunDocument.maximumByteCount)
    try store.attach("most", mediaType: "text/plain", bytes: bytes, to: run)
    #expect(try store.document("most", of: run).bytes == bytes)
    bytes.append(7)
    let error = StoreError.invalidDocument(field: "byte count", given: "67108865", expected: "at most 67108864")
    #expect(throws: error) { try store.attach("more", mediaType: "text/plain", bytes: bytes, to: run) }
  }

  @Test("bytes that changed on disk are damage, to a check and to who reads them")
  func damage() throws {
    try store.attach("a", mediaType: "text/plain", bytes: Array("what was found".utf8), to: run)
    try store.execute(
      "DROP TRIGGER run_documents_never_change; UPDATE run_documents SET body = CAST('what was faked' AS BLOB)")
    #expect(throws: StoreError.self) { try store.document("a", of: run) }
    let findings = try StoreCheck(directory: store.directory).findings
    #expect(findings.map(\.severity) == [.damage])
    #expect(findings.map(\.detail) == ["the bytes of document a of run \(run) are no longer those that were attached"])
  }
}
