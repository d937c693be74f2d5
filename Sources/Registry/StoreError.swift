package import Formats
package import ModelFiles

/// What a store refuses or can't do; `description` is the sentence that a user reads.
package enum StoreError: Error, Equatable, Sendable {
  // What was asked can't be right.
  case invalidModelName(given: String)
  case invalidAlias(given: String)
  case invalidReference(given: String)
  case invalidPageToken(given: String)
  /// A token of a list with another filter or order.
  case foreignPageToken(given: String)
  case invalidLimit(given: Int, allowed: ClosedRange<Int>)
  case invalidSeed(given: UInt64)
  case invalidKey(reason: String)
  case invalidKeyRequest(field: String, given: String, expected: String)
  case invalidAnnotation(field: String, given: String, expected: String)
  case invalidDocument(field: String, given: String, expected: String)
  case invalidDataset(field: String, given: String, expected: String)
  case digestMismatch(given: Digest, expected: Digest)
  case tooLarge(limit: Int)

  // What was asked for is not there.
  case unknownModel(name: String, existing: [String])
  case unknownVersion(model: String, version: Int, existing: [Int])
  case unknownAlias(model: String, alias: String, existing: [String], versions: [Int])
  case unknownRun(id: String)
  case unknownDocument(run: RunID, name: String, existing: [String])
  case unknownKey(id: String)
  case unknownDataset(name: String, existing: [String])

  // What was asked goes against what is there.
  case versionInUse(model: String, version: Int, aliases: [String])
  case aliasElsewhere(model: String, alias: String, expected: Int, actual: Int?)
  case keyNameTaken(name: String, id: String)
  /// A model has or had this name.
  case nameTaken(name: String)
  /// A data set of this name has other files.
  case datasetTaken(name: String, digest: Digest)
  case runNotRunning(id: RunID, status: RunStatus)
  case parameterWritten(run: RunID, name: String, value: String, given: String)
  case documentWritten(run: RunID, name: String)
  /// The schema holds against what the code let through, with SQLite's words.
  case refused(reason: String)

  // The disk.
  case diskFull(path: String)
  case readOnly(path: String)
  case busy(path: String)
  /// Somebody reads what would be collected.
  case inUse(path: String)
  /// The store is open for reading alone.
  case servedReadOnly
  case olderStore(path: String, migrations: [String])
  case notEmpty(path: String)
  case notABackup(path: String, reason: String)
  case unfinishedRestore(path: String)
  /// A version is registered, but its file is gone.
  case missingBlob(path: String, version: String)
  case newerStore(path: String, migrations: [String])
  case corrupt(path: String, reason: String)
  case corruptBlob(path: String, digest: Digest)
  case unusable(path: String, reason: String)
}

extension StoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalidModelName(let given):
      "\(quoted(given)) can't name a model: a name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or a digit"
    case .invalidAlias(let given):
      "\(quoted(given)) can't be an alias: an alias is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter"
    case .invalidReference(let given):
      "\(quoted(given)) names no model: write name, name@3 for a version or name@alias"
    case .invalidPageToken(let given):
      "\(quoted(given)) is no page token: pass the next_page_token of the page before, or none for the first page"
    case .foreignPageToken(let given):
      "\(quoted(given)) is the page token of another list: keep filter and order as they were for the page before"
    case .invalidLimit(let given, let allowed):
      "a page of \(given) can't be had: ask for \(allowed.lowerBound) to \(allowed.upperBound)"
    case .invalidSeed(let given):
      "\(given) can't be a seed: a seed is 0 to \(Int64.max)"
    case .invalidKey(let reason):
      "the admin key can't be used: \(reason)"
    case .invalidKeyRequest(let field, let given, let expected), .invalidAnnotation(let field, let given, let expected):
      "\(field) is \(quoted(given)), expected \(expected)"
    case .invalidDocument(let field, let given, let expected):
      "the \(field) of a run's document is \(quoted(given)), expected \(expected)"
    case .invalidDataset(let field, let given, let expected):
      "the \(field) of a data set is \(quoted(given)), expected \(expected)"
    case .digestMismatch(let given, let expected):
      "the bytes received are \(given), but \(expected) was announced: the upload was damaged on its way; send it again"
    case .tooLarge(let limit):
      "the model file is larger than the \(limit) bytes that this store accepts"
    case .unknownModel(let name, let existing):
      "there is no model \(quoted(name)); \(existing.isEmpty ? "the store has no models yet" : "there are: \(list(existing))")"
        + (name.count < 3 ? "" : EditDistance.closest(to: name, among: existing).map { "; did you mean \(quoted($0))?" } ?? "")
    case .unknownVersion(let model, let version, let existing):
      "model \(quoted(model)) has no version \(version); \(existing.isEmpty ? "it has none" : "it has: \(list(existing.map(String.init)))")"
    case .unknownAlias(let model, let alias, let existing, let versions):
      "model \(quoted(model)) has no alias \(quoted(alias)); aliases: \(list(existing)); versions: \(list(versions.map(String.init)))"
    case .unknownRun(let id):
      "there is no run \(quoted(id))"
    case .unknownDocument(let run, let name, let existing):
      "run \(run) has no document \(quoted(name)); \(existing.isEmpty ? "it has none" : "it has: \(list(existing, atMost: 50))")"
    case .unknownKey(let id):
      "there is no key \(quoted(id))"
    case .unknownDataset(let name, let existing):
      "there is no data set \(quoted(name)); \(existing.isEmpty ? "the store has none yet" : "there are: \(list(existing))")"
    case .datasetTaken(let name, let digest):
      "the data set \(quoted(name)) has other files, \(digest): delete it first, or choose another name"
    case .aliasElsewhere(let model, let alias, let expected, let actual):
      "\(alias) of \(model) is at \(actual.map { "version \($0)" } ?? "no version"), not at \(expected): someone moved it meanwhile; look again"
    case .keyNameTaken(let name, let id):
      "the key \(id) is called \(quoted(name)) already: revoke it first, or choose another name"
    case .nameTaken(let name):
      "a model is called \(quoted(name)), or was, and version numbers of a name never repeat: choose another name"
    case .versionInUse(let model, let version, let aliases):
      "\(model)@\(version) is in use: move \(list(aliases)) to another version first"
    case .runNotRunning(let id, let status):
      "run \(id) is \(status.rawValue): only a running run takes metrics and documents or ends"
    case .parameterWritten(let run, let name, let value, let given):
      "parameter \(quoted(name)) of run \(run) is \(quoted(value)) and can't become \(quoted(given)): a parameter is written once"
    case .documentWritten(let run, let name):
      "run \(run) has a document \(quoted(name)) already: a document is written once"
    case .refused(let reason):
      "the store refused the change: \(reason)"
    case .diskFull(let path):
      "the disk of \(path) is full; nothing was changed"
    case .readOnly(let path):
      "\(path) can't be written: the disk is read-only or belongs to another user; nothing was changed"
    case .busy(let path):
      "\(path) is busy: another process has been writing to it for too long; nothing was changed, try again"
    case .inUse(let path):
      "\(path) is being read by a backup, a check or another collector; try again when that has ended"
    case .servedReadOnly:
      "this server only reads its models (--read-only): nothing can be uploaded, moved, deleted or recorded here"
    case .olderStore(let path, let migrations):
      "\(path) was written by an older build of posterior (\(list(migrations)) is still to come): open it once without --read-only"
    case .notEmpty(let path):
      "\(path) is not empty: name a folder that is new or empty"
    case .notABackup(let path, let reason):
      "\(path) is no backup that can be restored: \(reason)"
    case .unfinishedRestore(let path):
      "\(path) holds a restore that was cut short: delete the folder and restore again"
    case .missingBlob(let path, let version):
      "\(path), the file of \(version), is missing: restore it from a backup or upload the model again"
    case .newerStore(let path, let migrations):
      "\(path) was written by a newer build of posterior (it has \(list(migrations)), which this one does not know): use that build or a newer one"
    case .corrupt(let path, let reason):
      "\(path) is damaged: \(reason)"
    case .corruptBlob(let path, let digest):
      "\(path) is damaged: its bytes are no longer \(digest)"
    case .unusable(let path, let reason):
      "\(path) can't be used: \(reason)"
    }
  }

  /// What the user gave, short enough for a sentence.
  private func quoted(_ text: String) -> String {
    text.count > 80 ? "'\(text.prefix(80))...'" : "'\(text)'"
  }

  private func list(_ names: [String], atMost limit: Int = 10) -> String {
    guard !names.isEmpty else { return "none" }
    let shown = names.prefix(limit).joined(separator: ", ")
    return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
  }
}
