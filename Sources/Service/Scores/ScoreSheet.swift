internal import Formats
internal import ModelFiles
internal import Modelling
internal import Registry

/// What recorded runs say of a version of a model.
struct ScoreSheet {
  private let version: ModelVersion
  private let family: any ModelFamily.Type
  private let signature: Signature
  private let data: [ScoreData]
  private let store: ModelStore
  private let caller: Caller

  /// - Throws: `Problem` where this build does not know the family.
  init(of version: ModelVersion, families: [any ModelFamily.Type], in store: ModelStore, for caller: Caller) throws {
    guard let family = families.named(version.facts.family) else {
      throw Problem(
        .unsupportedOperation, "\(version.id) is of the family \(version.facts.family), which this build does not know.", field: "model",
        given: version.facts.family)
    }
    (self.version, self.family, self.store, self.caller) = (version, family, store, caller)
    signature = try StrictJSON.decode(Signature.self, from: Array(version.facts.signature.utf8))
    // The names of data sets are for administrators.
    data = try ScoreData.all(for: signature, registered: caller.may(.admin) ? try store.datasets() : [])
  }

  /// - Parameters:
  ///   - pageToken: of one entry.
  ///   - limit: runs of an entry.
  func json(_ entries: [ScoreEntry], pageToken: String?, limit: Int) throws -> JSONValue {
    .record([
      "name": .string(version.name), "version": .integer(version.version), "digest": .string(version.digest.description),
      "family": .string(version.facts.family), "entries": .array(try entries.map { try json($0, pageToken: pageToken, limit: limit) }),
    ])
  }

  private func json(_ entry: ScoreEntry, pageToken: String?, limit: Int) throws -> JSONValue {
    let lack = entry.lack(of: family, signature)
    let page = try store.runs(filter(entry), pageToken: pageToken, limit: limit)
    var finished = filter(entry)
    finished.status = .finished
    let latest = try store.runs(finished, limit: 1).items
    let values = try store.latestValues(of: (page.items + latest).map(\.id))
    func json(_ run: Run) throws -> JSONValue {
      try ScoredRun(run: run, entry: entry, values: values[run.id] ?? [:], request: request(of: run)).json
    }
    let query = page.nextPageToken.map { "?entry=\(entry.rawValue)&limit=\(limit)&page_token=\($0)" }
    let ways = ScoreWays(entry: entry, version: version, signature: signature, comparesClasses: comparesClasses, data: data)
    return .record([
      "name": .string(entry.rawValue), "summary": .string(entry.summary), "supported": .bool(lack == nil), "lack": .string(orNull: lack),
      "latest": try latest.first.map(json) ?? .null, "runs": .array(try page.items.map(json)),
      "next": .string(orNull: query.map { "/v1/models/\(version.id)/scores\($0)" }),
      "missing": lack == nil && latest.isEmpty ? ways.json : .null,
    ])
  }

  private func filter(_ entry: ScoreEntry) -> RunFilter {
    var filter = RunFilter(kind: entry.kind)
    filter.modelDigest = version.digest
    // The same file may have another name too, which is none of the caller's business.
    (filter.models, filter.includesFormerNames) = (caller.models, true)
    filter.ownPredicate = entry.predicate
    return filter
  }

  /// What a job was asked for, for those who may ask for another.
  private func request(of run: Run) throws -> JSONValue? {
    guard caller.may(.admin), let job = try store.job(of: run.id) else { return nil }
    let body = try JSONValue(parsing: Array(job.specification.utf8))
    return .record(["method": .string("POST"), "path": .string("/v1/admin/runs"), "body": body])
  }

  private var comparesClasses: Bool {
    [ScoreEntry.clusters, .classification].contains { $0.lack(of: family, signature) == nil }
  }
}
