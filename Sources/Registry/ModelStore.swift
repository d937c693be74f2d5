internal import Formats
import Foundation
import GRDB
import Logging

/// The registry: models, versions, aliases and runs in `STORE/posterior.sqlite`, model files in `STORE/blobs`.
///
/// Each verb is one transaction; what a call has returned from is on disk. Verbs that write block for that long and do not belong on the
/// cooperative pool. `resolve`, `model(named:)`, `models` and `check(key:)` read memory, and the database again only when it has changed: a change is
/// seen by whoever asks next, whichever process made it.
/// Any number of objects and processes on one machine may share a directory.
package final class ModelStore: Sendable {
  package struct Options: Sendable {
    /// The largest model file that an upload may bring.
    package var maximumModelBytes = 4 << 30
    /// How often to look for changes that other processes made.
    package var pollInterval = Duration.milliseconds(250)
    /// How many seconds a change waits for another process that is writing.
    package var busyTimeout = 10.0
    /// Whether opening removes what processes that were killed left behind.
    package var clearsAway = true

    package init() {}
  }

  let root: Folder
  let options: Options
  let database: any DatabaseWriter
  let blobs: BlobFolder
  let index: Live<ModelIndex>
  let keyring: Live<Keyring>
  let keyUse = KeyUse()
  let session: Session
  let logger = Logger(label: "posterior.registry")
  /// Whether this object never changes the store; every verb that would throws `StoreError.servedReadOnly`.
  package let isReadOnly: Bool
  let uploads: Folder
  let sessions: Folder
  private let poller: Task<Void, Never>

  /// Opens a store, creating or migrating it where needed, and clears away what processes that were killed left behind.
  package init(directory: String, options: Options = Options()) throws {
    let root = try Folder(creating: directory.absolutePath)
    // Openings come one after another: two that migrate the same file, or clear away the same leftovers, would trip over each other.
    let lock = try root.lock()
    defer { lock.unlock() }

    if access(root.path(of: StoreBackup.unfinishedRestore), F_OK) == 0 { throw StoreError.unfinishedRestore(path: root.path) }
    self.root = root
    self.options = options
    isReadOnly = false
    blobs = try BlobFolder(creatingIn: root)
    uploads = try Folder(creating: root.path(of: "uploads"))
    sessions = try Folder(creating: root.path(of: "sessions"))
    session = try Session(in: sessions)

    // Kept inputs are nobody else's. SQLite gives its log and its index the mode of the database.
    root.makePrivate()
    try root.makePrivate("posterior.sqlite")
    for name in ["posterior.sqlite-wal", "posterior.sqlite-shm"] { root.restrict(name) }
    let path = root.path(of: "posterior.sqlite")
    (database, index, keyring) = try StoreError.translating(path) { [blobs] in
      let database = try Self.open(path, busyTimeout: options.busyTimeout)
      try Migrations.apply(to: database, path: path)
      let probe = try ChangeProbe(path: path)
      return (database, try Live(database, probe) { try ModelIndex($0, blobs: blobs) }, try Live(database, probe) { try Keyring($0) })
    }
    poller = Task(priority: .utility) { [database, index, keyring, keyUse, logger] in
      await Self.poll(index, keyring, every: options.pollInterval, recording: keyUse, in: database, logger)
    }
    if options.clearsAway { try clearAwayLocked() }
  }

  /// A store that is only read; see `ModelStore+ReadOnly`.
  ///
  /// - Parameter probe: nil where nobody changes the database.
  init(reading database: any DatabaseWriter, _ probe: ChangeProbe? = nil, in root: Folder, blobs: BlobFolder, options: Options) throws {
    self.root = root
    self.options = options
    self.database = database
    self.blobs = blobs
    isReadOnly = true
    uploads = Folder(existing: root.path(of: "uploads"))
    sessions = Folder(existing: root.path(of: "sessions"))
    session = .ofReader
    index = try Live(database, probe) { try ModelIndex($0, blobs: blobs) }
    keyring = try Live(database, probe) { try Keyring($0) }
    poller = Task(priority: .utility) { [index, keyring, keyUse, logger] in
      await Self.poll(index, keyring, every: options.pollInterval, recording: keyUse, in: nil, logger)
    }
  }

  deinit { poller.cancel() }

  /// Looks every `interval` whether another process changed the database, until the task is cancelled.
  ///
  /// - Parameter database: where the use of keys is written down; nil for a store that is only read.
  private static func poll(
    _ index: Live<ModelIndex>, _ keyring: Live<Keyring>, every interval: Duration, recording keyUse: KeyUse, in database: (any DatabaseWriter)?,
    _ logger: Logger
  ) async {
    var isFailing = false
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: interval)
        try await index.refresh()
        try await keyring.refresh()
        if let database, case let uses = keyUse.take(at: .now, isForced: false), !uses.isEmpty {
          try await database.write { try Keyring.record(uses, in: $0) }
        }
        isFailing = false
      } catch is CancellationError {
        return
      } catch {
        // What was read last stays in use. Said once, not four times a second.
        if !isFailing { logger.error("the registry does not answer, models and keys stay as last seen", metadata: ["error": "\(error)"]) }
        isFailing = true
      }
    }
  }

  private static func open(_ path: String, busyTimeout: Double) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(busyTimeout)
    configuration.label = "registry"
    let database = try DatabasePool(path: path, configuration: configuration)
    // GRDB leaves write-ahead logs at NORMAL, where a power cut may undo the last transactions; what this store acknowledges stays.
    try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    return database
  }

  /// Absolute.
  package var directory: String { root.path }

  /// Removes the uploads and fails the runs of processes that have been killed; opening a store does it, a server that stays up may again.
  ///
  /// - Returns: the files that were removed.
  @discardableResult
  package func clearAway() throws -> [String] {
    guard !isReadOnly else { throw StoreError.servedReadOnly }
    let lock = try root.lock()
    defer { lock.unlock() }
    return try clearAwayLocked()
  }

  @discardableResult
  private func clearAwayLocked() throws -> [String] {
    let leftovers = try leftovers()
    for path in leftovers.files where unlink(path) != 0 && errno != ENOENT { throw StoreError(errno: errno, path: path) }
    try failAbandonedRuns(living: leftovers.living)
    return leftovers.files
  }

  /// The files of processes that were killed, and the sessions that live. Call with the store's lock held.
  func leftovers() throws(StoreError) -> (files: [String], living: Set<String>) {
    let (living, dead) = try Session.census(in: sessions)
    let abandoned = try uploads.names().filter { !living.contains(Session.owner(ofUpload: $0)) }
    return (abandoned.map(uploads.path) + dead.map(sessions.path), living)
  }

  var databasePath: String { directory + "/posterior.sqlite" }

  /// A temporary file for a model that is about to arrive.
  ///
  /// - Parameter declaredByteCount: what the client announced; more than the store accepts is refused before a byte is read.
  package func stageUpload(declaredByteCount: Int? = nil) throws -> StagedUpload {
    guard !isReadOnly else { throw StoreError.servedReadOnly }
    if let declaredByteCount, declaredByteCount > options.maximumModelBytes { throw StoreError.tooLarge(limit: options.maximumModelBytes) }
    return try StagedUpload(path: uploads.path(of: session.newUploadName()), limit: options.maximumModelBytes, session: session)
  }

  // MARK: - Transactions

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try StoreError.translating(databasePath) { try database.read(body) }
  }

  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    guard !isReadOnly else { throw StoreError.servedReadOnly }
    return try StoreError.translating(databasePath) { try database.write(body) }
  }

  /// A transaction that changes models, versions or aliases; when it returns, this process answers from the new state.
  ///
  /// - Returns: also the index as this transaction left it.
  func change<Value>(_ body: (Database) throws -> Value) throws -> (value: Value, index: ModelIndex) {
    let result = try write { database in
      (value: try body(database), index: try ModelIndex(database, blobs: blobs))
    }
    index.install(result.index)
    return result
  }
}
