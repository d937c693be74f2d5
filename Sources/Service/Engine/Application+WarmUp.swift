internal import Logging
package import Registry

extension Application {
  /// Loads the live versions and has each answer every operation once, so that the first request is as fast as the next.
  ///
  /// They load side by side on the loadLanes, by name, as many as `ServiceLimits.loadedModels` and `.loadedBytes` let stay. One that can't be loaded stops
  /// nobody else: it is logged, listed in `/readyz` and among the models, and tried again by the first request for it.
  ///
  /// - Returns: the versions that could not be loaded.
  @discardableResult
  package func warmUp() async throws -> [ModelVersion] {
    let versions = try liveVersions()
    let failed = await withTaskGroup(of: ModelVersion?.self) { group in
      // One more than there are lanes, so that no lane waits; all at once would meet the bound on waiting requests.
      var rest = versions[...]
      var failed: [ModelVersion] = []
      func start() { if let version = rest.popFirst() { group.addTask { await warmUp(version) ? nil : version } } }
      for _ in 0...loadLanes.width { start() }
      while let result = await group.next() {
        if let version = result { failed.append(version) }
        start()
      }
      return failed
    }
    return failed.sorted { $0.id < $1.id }
  }

  private func warmUp(_ version: ModelVersion) async -> Bool {
    do {
      let model = try await models.model(of: version)
      try await loadLanes.run { [limits] in try model.warmUp(limits: limits) }
      return true
    } catch let problem as Problem where problem.kind == .damagedModel {
      return false  // logged where it was found
    } catch {
      logger.error("\(version.id) can't be served", metadata: ["reason": "\(error)"])
      return false
    }
  }

  private func liveVersions() throws -> [ModelVersion] {
    var versions: [ModelVersion] = []
    var bytes = 0
    var token: String?
    repeat {
      let page = try store.models(pageToken: token, limit: 1000)
      for version in page.items.compactMap(\.live) where versions.count < limits.loadedModels {
        // The same file under two names is loaded once.
        let isKnown = versions.contains { $0.digest == version.digest }
        guard isKnown || bytes + version.memoryBytes <= limits.loadedBytes else { continue }
        if !isKnown { bytes += version.memoryBytes }
        versions.append(version)
      }
      token = page.nextPageToken
    } while token != nil
    return versions
  }
}
