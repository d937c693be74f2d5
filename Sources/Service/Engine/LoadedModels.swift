internal import Formats
internal import HTTP
internal import Locking
internal import Logging
internal import Modelling
package import Registry

/// The models in memory, each loaded once whatever the number of requests and of names that point to it.
///
/// Together they take at most `ServiceLimits.loadedBytes`: before one more is loaded, those that were used longest ago are let go. A model that was let go
/// lives on for the requests that have it, and its memory goes back to the system with the last of them.
package final class LoadedModels: Sendable {
  private let store: ModelStore
  private let families: [any ModelFamily.Type]
  private let lanes: ComputeLanes
  private let limits: ServiceLimits
  private let logger: Logger
  private let state = Protected(State())

  private struct State {
    var entries: [Digest: Entry] = [:]
    /// Why a model could not be loaded, until it can.
    var failures: [Digest: String] = [:]
    /// Files that were found missing or changed, which are not read again for every request.
    var damages: [Digest: Damage] = [:]
    /// Counts uses; the entry with the smallest count was used longest ago.
    var clock = 0
    var loads = 0
    var unloads = 0
  }

  private struct Entry {
    /// The version for which it was loaded first.
    let id: String
    let content: Content
    let bytes: Int
    var lastUse: Int
  }

  private struct Damage {
    /// What is wrong with the file.
    let text: String
    let nextAttempt: ContinuousClock.Instant
  }

  private enum Content {
    case loading(Task<LoadedModel, any Error>)
    case ready(LoadedModel)
  }

  init(store: ModelStore, families: [any ModelFamily.Type], lanes: ComputeLanes, limits: ServiceLimits, logger: Logger) {
    self.store = store
    self.families = families
    self.lanes = lanes
    self.limits = limits
    self.logger = logger
  }

  /// Models that are loaded or being loaded.
  package var count: Int { state.withLock { $0.entries.count } }

  /// What `/metrics` tells.
  package struct Census: Sendable, Equatable {
    /// Bytes of each model that is loaded, by `name@version`.
    package let bytes: [String: Int]
    package let loads: Int
    package let unloads: Int

    package init(bytes: [String: Int], loads: Int, unloads: Int) {
      self.bytes = bytes
      self.loads = loads
      self.unloads = unloads
    }
  }

  package var census: Census {
    state.withLock { state in
      Census(
        bytes: Dictionary(state.entries.values.map { ($0.id, $0.bytes) }, uniquingKeysWith: +), loads: state.loads, unloads: state.unloads)
    }
  }

  /// Why the version could not be loaded when that was tried last; nil where it could, or nobody tried.
  package func failure(of version: ModelVersion) -> String? { state.withLock { $0.failures[version.digest] } }

  /// The model that `name`, `name@3` or `name@alias` means now.
  ///
  /// A version may be replaced, deleted and collected before its file was opened; then what was asked for means another version by now, or nothing.
  package nonisolated(nonsending) func model(named reference: String) async throws -> LoadedModel {
    for _ in 0..<3 {
      do {
        return try await model(of: store.resolve(reference))
      } catch StoreError.unknownVersion {}
    }
    return try await model(of: store.resolve(reference))
  }

  /// The model of a version; requests that come while it is loaded wait for the one load.
  ///
  /// - Throws: `Problem` for a model that is larger than all that may be loaded, or whose file is damaged; `StoreError.unknownVersion` for one that was deleted meanwhile.
  package nonisolated(nonsending) func model(of version: ModelVersion) async throws -> LoadedModel {
    let registered = LoadedModel.Registration(name: version.name, version: version.version)
    switch try entry(for: version) {
    case .ready(let model): return model.named(registered)
    case .loading(let load):
      do {
        let model = try await load.value
        finish(load, model, version)
        return model.named(registered)
      } catch {
        throw fail(load, error, version)
      }
    }
  }

  /// The model that is ready under a digest, if there is one.
  func ready(_ digest: Digest) -> LoadedModel? {
    state.withLock { state in
      if case .ready(let model) = state.entries[digest]?.content { model } else { nil }
    }
  }

  /// Keeps a model that was loaded elsewhere.
  func keep(_ model: LoadedModel, of version: ModelVersion) {
    guard version.memoryBytes <= limits.loadedBytes else { return }
    let unloaded = state.withLock { state -> [LoadedModel] in
      state.clock += 1
      (state.failures[model.digest], state.damages[model.digest]) = (nil, nil)
      if case .ready = state.entries[model.digest]?.content {
        state.entries[model.digest]?.lastUse = state.clock
        return []
      }
      let unloaded = Self.makeRoom(in: &state, for: version, limits)
      state.loads += 1
      state.entries[model.digest] = Entry(id: version.id, content: .ready(model), bytes: version.memoryBytes, lastUse: state.clock)
      return unloaded
    }
    // Outside of the lock: the last owner of weights gives their memory back.
    withExtendedLifetime(unloaded) {}
  }

  /// Lets go of a model that no version needs any more.
  func forget(_ digest: Digest) {
    let unloaded = state.withLock { state -> Content? in
      (state.failures[digest], state.damages[digest]) = (nil, nil)
      guard let entry = state.entries.removeValue(forKey: digest) else { return nil }
      state.unloads += 1
      return entry.content
    }
    withExtendedLifetime(unloaded) {}
  }

  /// Gives the memory of a model back; the next request brings it in again.
  func release(_ digest: Digest) {
    let unloaded = state.withLock { state -> LoadedModel? in
      guard case .ready(let model)? = state.entries[digest]?.content else { return nil }
      state.entries[digest] = nil
      state.unloads += 1
      return model
    }
    withExtendedLifetime(unloaded) {}
  }

  // MARK: - Loading

  private func entry(for version: ModelVersion) throws -> Content {
    guard version.memoryBytes <= limits.loadedBytes else {
      throw Problem(
        .unavailable,
        "\(version.id) takes \(version.memoryBytes) bytes of memory, and this server keeps models of at most \(limits.loadedBytes) bytes together; "
          + "start it with a larger --model-memory.", field: "model", given: version.id)
    }
    let (found, damage, unloaded) = state.withLock { state -> (Content?, Damage?, [LoadedModel]) in
      state.clock += 1
      if let entry = state.entries[version.digest] {
        state.entries[version.digest]?.lastUse = state.clock
        return (entry.content, nil, [])
      }
      if let damage = state.damages[version.digest], damage.nextAttempt > .now { return (nil, damage, []) }
      let unloaded = Self.makeRoom(in: &state, for: version, limits)
      let load = Task { [store, families, lanes] in
        try await lanes.run {
          try store.reading(version) { path in try LoadedModel.load(path: path, families: families, expecting: version.digest) }
        }
      }
      state.entries[version.digest] = Entry(id: version.id, content: .loading(load), bytes: version.memoryBytes, lastUse: state.clock)
      return (.loading(load), nil, unloaded)
    }
    withExtendedLifetime(unloaded) {}
    guard let found else { throw problem(damage?.text ?? "can't be read", version) }
    return found
  }

  /// Takes out what was used longest ago until one more fits. What is being loaded stays.
  private static func makeRoom(in state: inout State, for version: ModelVersion, _ limits: ServiceLimits) -> [LoadedModel] {
    var others = state.entries
    others[version.digest] = nil
    var total = others.values.reduce(version.memoryBytes) { $0 + $1.bytes }
    var unloaded: [LoadedModel] = []
    for (digest, entry) in others.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard others.count + 1 > limits.loadedModels || total > limits.loadedBytes else { break }
      guard case .ready(let model) = entry.content else { continue }
      unloaded.append(model)
      total -= entry.bytes
      others[digest] = nil
      state.entries[digest] = nil
      state.unloads += 1
    }
    return unloaded
  }

  private func finish(_ load: Task<LoadedModel, any Error>, _ model: LoadedModel, _ version: ModelVersion) {
    state.withLock { state in
      (state.failures[version.digest], state.damages[version.digest]) = (nil, nil)
      // The first of those who waited; one that was forgotten meanwhile is not kept.
      guard let entry = state.entries[version.digest], case .loading(load) = entry.content else { return }
      state.loads += 1
      state.entries[version.digest] = Entry(
        id: entry.id, content: .ready(model), bytes: entry.bytes, lastUse: entry.lastUse)
    }
  }

  /// - Returns: the error for everyone who waited for the load.
  private func fail(_ load: Task<LoadedModel, any Error>, _ error: any Error, _ version: ModelVersion) -> any Error {
    let damage: String? =
      switch error {
      case StoreError.corruptBlob: "is not the one that was published any more"
      case StoreError.missingBlob: "is missing"
      default: nil
      }
    let isFirst = state.withLock { state in
      var isFirst = false
      // The next request tries again, unless the file is at fault: reading all of it takes long and tells the same.
      if case .loading(load) = state.entries[version.digest]?.content {
        state.entries[version.digest] = nil
        state.damages[version.digest] = damage.map { Damage(text: $0, nextAttempt: .now + limits.damagedModelPause) }
        isFirst = true
      }
      switch error {
      // Neither says anything about the file.
      case is LaneOverload, is CancellationError, StoreError.unknownVersion: break
      default: state.failures[version.digest] = "\(error)"
      }
      return isFirst
    }
    guard let damage else { return error }
    if isFirst { logger.error("\(version.id) can't be served", metadata: ["reason": "\(error)"]) }
    return problem(damage, version)
  }

  private func problem(_ damage: String, _ version: ModelVersion) -> Problem {
    Problem(
      .damagedModel,
      "\(version.id) can't be served: its file \(damage). \"posterior store check\" lists such files; uploading the same model again mends it.",
      field: "model", given: version.id, headers: ["Retry-After": "\(Int((limits.damagedModelPause / .seconds(1)).rounded(.up)))"])
  }
}

extension ModelVersion {
  /// Bytes that its weights take: as many as the file, or more where the file has them in half precision.
  package var memoryBytes: Int { max(byteCount, facts.parameterCount.multipliedReportingOverflow(by: 4).partialValue) }
}
