import Formats
import Foundation
import GRDB
import Locking
import ModelFiles
import Registry

/// A folder that goes away with the test that made it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("registry-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path in this folder at which nothing is yet.
  func unused() -> String { path + "/" + UUID().uuidString }

  /// What a process killed now would leave: the same bytes, with nobody holding a lock on them.
  func crashCopy(of store: String) throws -> String {
    let copy = unused()
    try FileManager.default.copyItem(atPath: store, toPath: copy)
    return copy
  }
}

/// Runs the body on as many threads at the same time, however few cores there are; returns what it threw.
func atOnce(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) -> [String] {
  let errors = Protected<[String]>([])
  let group = DispatchGroup()
  let start = DispatchSemaphore(value: 0)
  for index in 0..<count {
    group.enter()
    Thread.detachNewThread {
      start.wait()
      do {
        try body(index)
      } catch {
        errors.withLock { $0.append("\(error)") }
      }
      group.leave()
    }
  }
  for _ in 0..<count { start.signal() }
  group.wait()
  return errors.withLock { $0 }
}

extension ModelFacts {
  static let small = ModelFacts(
    format: 1, family: "vae", configuration: #"{"latent":2}"#, signature: #"{"kind":"image"}"#, provenance: #"{"seed":7}"#, parameterCount: 12)
}

extension RunDescription {
  static let small = RunDescription(
    kind: .train, family: "vae", configuration: "{}", seed: 1,
    build: BuildInformation(gitRevision: "abc", compiler: "Swift", cpu: "avx2", blas: "OpenBLAS"))
}

extension ModelStore {
  /// Uploads and publishes bytes that need no checking.
  @discardableResult
  func publish(
    bytes: [UInt8], as name: String, alias: String? = nil, expecting: Digest? = nil, observe: (PublicationStep) throws -> Void = { _ in }
  ) throws -> Publication {
    let staged = try stageUpload()
    try staged.write(bytes)
    return try publish(
      staged, as: name, alias: alias, reason: "a test", actor: "tester", expecting: expecting, verify: { _ in .small }, observe: observe)
  }

  /// The files below the store that hold a model or part of one, relative to the store.
  func modelFiles() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: directory).sorted().filter { path in
      (path.hasPrefix("blobs/") || path.hasPrefix("uploads/")) && !URL(fileURLWithPath: directory + "/" + path).hasDirectoryPath
    }
  }

  /// SQL as any other program might run it: a connection of its own, with foreign keys on.
  func execute(_ sql: String) throws {
    try DatabaseQueue(path: directory + "/posterior.sqlite").write { try $0.execute(sql: sql) }
  }

  func fetch(_ sql: String) throws -> [String] {
    try DatabaseQueue(path: directory + "/posterior.sqlite").read { try String.fetchAll($0, sql: sql) }
  }

  func fetchPlan(_ sql: String) throws -> String {
    try DatabaseQueue(path: directory + "/posterior.sqlite").read { database in
      try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }.joined(separator: "; ")
    }
  }
}
