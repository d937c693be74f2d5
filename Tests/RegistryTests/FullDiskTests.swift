import Formats
import Foundation
import Registry
import Testing

/// A small disk of its own. Mounting needs a privileged user; elsewhere these tests are skipped.
private final class SmallDisk {
  let path: String

  init?(bytes: Int) {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("disk-\(UUID().uuidString)").path
    guard (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil,
      Self.run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path)
    else { return nil }
  }

  deinit {
    _ = Self.run("umount", "-l", path)
    try? FileManager.default.removeItem(atPath: path)
  }

  func remount(_ options: String) -> Bool { Self.run("mount", "-o", "remount,\(options)", path) }

  static let isAvailable = SmallDisk(bytes: 1 << 16) != nil

  private static func run(_ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}

/// One after another: a child process that mounts for one test would hold the files that another has just deleted.
@Suite("A disk that is full or read-only", .serialized, .enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
struct FullDiskTests {
  @Test("an upload that does not fit says that the disk is full; the store is as before and works again when there is room")
  func upload() throws {
    let disk = try #require(SmallDisk(bytes: 4 << 20))
    let store = try ModelStore(directory: disk.path + "/store")
    let kept = try store.publish(bytes: [1, 2, 3], as: "m", alias: "live").version
    let large = [UInt8](repeating: 7, count: 8 << 20)
    #expect(throws: StoreError.diskFull(path: disk.path + "/store/uploads")) {
      do {
        try store.publish(bytes: large, as: "m", alias: "live")
      } catch StoreError.diskFull(let path) where path.hasPrefix(disk.path + "/store/uploads/") {
        throw StoreError.diskFull(path: disk.path + "/store/uploads")
      }
    }
    #expect(try store.resolve("m") == kept)
    #expect(try store.modelFiles().count == 1)
    #expect(try store.publish(bytes: [4], as: "m", alias: "live").version.version == 2)
  }

  @Test("a transaction that does not fit says so, names nothing, and the next one after room was made succeeds")
  func transaction() throws {
    let disk = try #require(SmallDisk(bytes: 16 << 20))
    let store = try ModelStore(directory: disk.path + "/store")
    try store.publish(bytes: [1], as: "m", alias: "live")
    let ballast = disk.path + "/ballast"
    var failures = 0
    fill(ballast)
    for byte in UInt8(2)...40 {
      do {
        // The upload itself needs room: take it, then fill the disk again before the transaction.
        try empty(ballast)
        try store.publish(bytes: [byte], as: "m", alias: "live", observe: { if $0 == .moved { fill(ballast) } })
      } catch StoreError.diskFull(store.directory + "/posterior.sqlite") {
        failures += 1
        #expect(try store.model(named: "m").versions.allSatisfy { $0.digest != SHA256.digest([byte]) })
      }
      fill(ballast)
    }
    #expect(failures > 0)
    try empty(ballast)
    #expect(try store.fetch("PRAGMA integrity_check") == ["ok"])
    let model = try store.model(named: "m")
    #expect(model.versions.map(\.version) == Array(1...model.versions.count))
    #expect(try store.modelFiles().count == model.versions.count)
    #expect(try store.publish(bytes: [99], as: "m", alias: "live").version.version == model.versions.count + 1)
  }

  @Test("a store that can't be created on a full disk says so")
  func creation() throws {
    let disk = try #require(SmallDisk(bytes: 1 << 15))
    fill(disk.path + "/ballast")
    let error = try #require(throws: StoreError.self) { try ModelStore(directory: disk.path + "/store") }
    guard case .diskFull = error else {
      Issue.record("\(error)")
      return
    }
  }

  @Test("a store on a read-only disk is refused as such, and is whole when the disk can be written again")
  func readOnly() async throws {
    let disk = try #require(SmallDisk(bytes: 4 << 20))
    do {
      let store = try ModelStore(directory: disk.path + "/store")
      try store.publish(bytes: [1], as: "m", alias: "live")
    }
    // The connections of the store that went are closed in the background.
    for _ in 0..<400 where !disk.remount("ro") { try await Task.sleep(for: .milliseconds(25)) }
    try #require(disk.remount("ro"))
    let error = try #require(throws: StoreError.self) { try ModelStore(directory: disk.path + "/store") }
    guard case .readOnly = error else {
      Issue.record("\(error)")
      return
    }
    try #require(disk.remount("rw"))
    #expect(try ModelStore(directory: disk.path + "/store").resolve("m").version == 1)
  }

  @Test("a copy of a store on a read-only disk is served, checked and saved from there, also without its write-ahead log's index")
  func copyOnReadOnlyDisk() async throws {
    let disk = try #require(SmallDisk(bytes: 8 << 20))
    let backup = disk.path + "/backup"
    do {
      let store = try ModelStore(directory: disk.path + "/store")
      try store.publish(bytes: [1], as: "m", alias: "live")
      _ = try StoreBackup.make(of: store.directory, in: backup)
      // The write-ahead log with changes in it, and nobody to write its index.
      try FileManager.default.copyItem(atPath: store.directory, toPath: disk.path + "/copy")
      try FileManager.default.removeItem(atPath: disk.path + "/copy/posterior.sqlite-shm")
    }
    for _ in 0..<400 where !disk.remount("ro") { try await Task.sleep(for: .milliseconds(25)) }
    try #require(disk.remount("ro"))
    let reader = try ModelStore.reading(directory: backup)
    try reader.reading(reader.resolve("m")) { #expect(FileManager.default.contents(atPath: $0) == Data([1])) }
    #expect(try StoreCheck(directory: backup).findings.isEmpty)
    let error = try #require(throws: StoreError.self) { try ModelStore.reading(directory: disk.path + "/copy") }
    #expect("\(error)".contains("write-ahead log"), "\(error)")
  }

  @Test("a backup that does not fit says so, and leaves the folder as empty as it was")
  func backupOnFullDisk() throws {
    let disk = try #require(SmallDisk(bytes: 1 << 20))
    let folder = try TemporaryFolder()
    let store = try ModelStore(directory: folder.unused())
    try store.publish(bytes: [UInt8](repeating: 3, count: 4 << 20), as: "m")
    let error = try #require(throws: StoreError.self) { try StoreBackup.make(of: store.directory, in: disk.path + "/backup") }
    guard case .diskFull = error else {
      Issue.record("\(error)")
      return
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/backup").isEmpty)
  }

  /// Makes room. A file that is removed keeps its room while it is open somewhere, such as in a child process that another test is about to start.
  private func empty(_ path: String) throws { try #require(truncate(path, 0) == 0) }

  /// Takes all the room that is left.
  private func fill(_ path: String) {
    guard let file = fopen(path, "we") else { return }
    defer { fclose(file) }
    setvbuf(file, nil, _IONBF, 0)
    let page = [UInt8](repeating: 0, count: 4096)
    while fwrite(page, 1, page.count, file) == page.count {}
  }
}
