internal import Formats
internal import Locking
internal import Models
package import Registry

/// The models in memory, each loaded once whatever the number of requests and of names that point to it.
package final class LoadedModels: Sendable {
  private let families: [any ModelFamily.Type]
  private let lanes: ComputeLanes
  private let limits: ServiceLimits
  private let state = Protected(State())

  private struct State {
    var entries: [Digest: Entry] = [:]
    /// Counts uses; the entry with the smallest count was used longest ago.
    var clock = 0
  }

  private struct Entry {
    let content: Content
    let bytes: Int
    var lastUse: Int
  }

  private enum Content {
    case loading(Task<LoadedModel, any Error>)
    case ready(LoadedModel)
  }

  init(families: [any ModelFamily.Type], lanes: ComputeLanes, limits: ServiceLimits) {
    self.families = families
    self.lanes = lanes
    self.limits = limits
  }

  /// Models that are loaded or being loaded.
  package var count: Int { state.withLock { $0.entries.count } }

  /// The model of a version; requests that come while it is loaded wait for the one load.
  package func model(of version: ModelVersion) async throws -> LoadedModel {
    let registered = LoadedModel.Registration(name: version.name, version: version.version)
    let content = state.withLock { state -> Content in
      state.clock += 1
      if let entry = state.entries[version.digest] {
        state.entries[version.digest]?.lastUse = state.clock
        return entry.content
      }
      let load = Task { [families, lanes] in
        try await lanes.run {
          try LoadedModel.load(path: version.path, families: families, expecting: version.digest)
        }
      }
      state.entries[version.digest] = Entry(content: .loading(load), bytes: version.byteCount, lastUse: state.clock)
      return .loading(load)
    }
    switch content {
    case .ready(let model): return model.named(registered)
    case .loading(let load):
      do {
        let model = try await load.value
        keep(model, bytes: version.byteCount)
        return model.named(registered)
      } catch {
        // The next request tries again.
        state.withLock { state in
          if case .loading(load) = state.entries[version.digest]?.content { state.entries[version.digest] = nil }
        }
        throw error
      }
    }
  }

  /// Keeps a model, and lets go of those used longest ago while there are too many or too large ones.
  func keep(_ model: LoadedModel, bytes: Int) {
    state.withLock { state in
      state.clock += 1
      state.entries[model.digest] = Entry(content: .ready(model), bytes: bytes, lastUse: state.clock)
      var total = state.entries.values.reduce(0) { $0 + $1.bytes }
      while state.entries.count > limits.loadedModels || total > limits.loadedBytes, state.entries.count > 1 {
        guard let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
        state.entries[oldest.key] = nil
        total -= oldest.value.bytes
      }
    }
  }
}
