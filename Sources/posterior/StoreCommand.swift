import ArgumentParser
import Formats
import Foundation
import Registry

/// `posterior store`: care for the files of a store.
struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Checks, saves, restores and tidies a store.",
    subcommands: [Backup.self, Check.self, Collect.self, Restore.self])
}

extension StoreCommand {
  struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Saves one state of a store into a folder, also while a server uses it.",
      discussion: "The database and every model file that it names are copied, hashed on the way and synced. The admin key is not part of a backup.")

    @Argument(help: "A folder that is new or empty.", completion: .directory) var folder: String
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        try store.requireExisting()
        let backup = try StoreBackup.make(of: store.directory, in: folder)
        print(json ? backup.json : "saved \(backup.versions) versions, \(backup.blobs) model files of \(backup.byteCount) bytes, in \(folder)")
      }
    }
  }

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads a whole store, or a backup, and lists what is wrong with it.",
      discussion: """
        Runs SQLite's integrity and foreign key checks, hashes every model file, and looks at sizes, permissions and leftovers. Changes nothing and may \
        run beside a server. Exit code 1 where something is damaged; leftovers alone are no damage, posterior store gc takes them.
        """)

    @Flag(help: "As JSON.") var json = false
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        try store.requireExisting()
        let check = try StoreCheck(directory: store.directory)
        if json {
          print(check.json)
        } else {
          for finding in check.findings { print("\(finding.severity.rawValue)  \(finding.subject): \(finding.detail)") }
          let damage = check.findings.count { $0.severity == .damage }
          print(
            "\(check.versions) versions, \(check.blobs) model files of \(check.byteCount) bytes read: \(damage == 0 ? "sound" : "\(damage) damaged")")
        }
        if !check.isSound { throw ExitCode(1) }
      }
    }
  }

  struct Collect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gc", abstract: "Removes model files that no version needs, and what killed processes left.",
      discussion: "May run beside servers: files that are being read or published stay.")

    @Flag(help: "Tell what would go, and leave it.") var dryRun = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        try store.requireExisting()
        var options = ModelStore.Options()
        // Counted before anything is removed, because a dry run removes nothing.
        options.clearsAway = false
        let collection = try ModelStore(directory: store.directory, options: options).collectGarbage(dryRun: dryRun)
        if json { return print(collection.json(isDryRun: dryRun)) }
        for digest in collection.blobs { print("model file  \(digest)") }
        for path in collection.leftovers { print("leftover    \(path)") }
        for digest in collection.inUse { print("in use      \(digest)") }
        let count = "\(collection.blobs.count) model files of \(collection.byteCount) bytes, \(collection.leftovers.count) leftovers"
        print("\(count) \(dryRun ? "would be removed" : "removed")")
      }
    }
  }

  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a store of a backup.",
      discussion: "All of the backup is checked before anything is written. The store's folder has to be new or empty: nothing is ever overwritten.")

    @Argument(help: "The folder that posterior store backup wrote.", completion: .directory) var folder: String
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        let backup = try StoreBackup.restore(folder, to: store.directory)
        print(json ? backup.json : "restored \(backup.versions) versions of \(backup.createdAt) in \(store.directory)")
      }
    }
  }
}

extension StoreBackup {
  fileprivate var json: String {
    JSONValue.record([
      "created_at": .string(createdAt.description), "database_digest": .string(databaseDigest.description), "versions": .integer(versions),
      "blobs": .integer(blobs), "bytes": .integer(byteCount),
    ]).line
  }
}

extension StoreCheck {
  fileprivate var json: String {
    JSONValue.record([
      "sound": .bool(isSound), "versions": .integer(versions), "blobs": .integer(blobs), "bytes": .integer(byteCount),
      "findings": .array(
        findings.map {
          .record(["severity": .string($0.severity.rawValue), "subject": .string($0.subject), "detail": .string($0.detail)])
        }),
    ]).line
  }
}

extension GarbageCollection {
  fileprivate func json(isDryRun: Bool) -> String {
    JSONValue.record([
      "dry_run": .bool(isDryRun), "blobs": .array(blobs.map { .string($0.description) }), "bytes": .integer(byteCount),
      "leftovers": .array(leftovers.map { .string($0) }), "in_use": .array(inUse.map { .string($0.description) }),
    ]).line
  }
}

extension JSONValue {
  fileprivate static func record(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member(name: $0.key, value: $0.value) })
  }

  fileprivate var line: String { String(decoding: text, as: UTF8.self) }
}
