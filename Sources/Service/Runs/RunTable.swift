package import Formats
internal import ModelFiles
package import Registry

/// All runs that pass a filter as one table, written a page at a time.
///
/// The columns are settled before the first row: what every run has, then parameters, last values of metrics and tags by name. Runs that start
/// later, and names that running runs add later, are not in it.
package struct RunTable: Sendable {
  private let store: ModelStore
  private let filter: RunFilter
  private let order: RunOrder
  private let parameters: [String]
  private let metrics: [String]
  private let tags: [String]

  private static let pageRuns = 500
  private static let columns: [(name: String, value: @Sendable (Run) -> String?)] = [
    ("id", { $0.id.description }),
    ("kind", { $0.description.kind.rawValue }),
    ("status", { $0.status.rawValue }),
    ("family", { $0.description.family }),
    ("model", { $0.description.model }),
    ("version", { $0.description.version.map(String.init) }),
    ("model_digest", { $0.description.modelDigest?.description }),
    ("seed", { $0.seed.map { String($0) } }),
    ("started_at", { $0.startedAt.description }),
    ("finished_at", { $0.finishedAt?.description }),
    ("duration_seconds", { $0.duration.map { String($0 / .seconds(1)) } }),
    ("failure", { $0.failure }),
    ("data_digest", { $0.description.dataDigest?.description }),
    ("output_digest", { $0.outputDigest?.description }),
    ("operation", { $0.inference?.operation }),
    ("items", { $0.inference?.options.map { String($0.items) } }),
    ("http_status", { $0.inference.map { String($0.httpStatus) } }),
    ("input_digest", { $0.inference?.inputDigest?.description }),
    ("git_revision", { $0.description.build.gitRevision }),
    ("compiler", { $0.description.build.compiler }),
    ("cpu", { $0.description.build.cpu }),
    ("blas", { $0.description.build.blas }),
  ]

  /// Reads all runs once, for their names.
  package init(_ store: ModelStore, _ filter: RunFilter, _ order: RunOrder) throws {
    var filter = filter
    let now = Timestamp(milliseconds: Timestamp.now.milliseconds + 1)
    filter.until = filter.until.map { min($0, now) } ?? now
    var (parameters, metrics, tags): (Set<String>, Set<String>, Set<String>) = ([], [], [])
    var token: String?
    repeat {
      let page = try store.runs(filter, order: order, pageToken: token, limit: Self.pageRuns)
      for run in page.items {
        parameters.formUnion(run.description.parameters.keys)
        tags.formUnion(run.description.tags.keys)
      }
      for values in try store.latestValues(of: page.items.map(\.id)).values { metrics.formUnion(values.keys) }
      token = page.nextPageToken
    } while token != nil
    self.store = store
    self.filter = filter
    self.order = order
    (self.parameters, self.metrics, self.tags) = (parameters.sorted(), metrics.sorted(), tags.sorted())
  }

  package var header: [UInt8] {
    var writer = CSVWriter()
    writer.append(
      Self.columns.map(\.name) + parameters.map { "params.\($0)" } + metrics.map { "metrics.\($0)" } + tags.map { "tags.\($0)" })
    return writer.bytes
  }

  /// The rows of one page, and the token of the next.
  package func rows(pageToken: String?) throws -> (bytes: [UInt8], nextPageToken: String?) {
    let (runs, values, next) = try page(pageToken)
    var writer = CSVWriter()
    for run in runs {
      let latest = values[run.id] ?? [:]
      let fixed = Self.columns.map { $0.value(run) ?? "" }
      writer.append(
        fixed + parameters.map { run.description.parameters[$0] ?? "" } + metrics.map { latest[$0].map { "\($0)" } ?? "" }
          + tags.map { run.description.tags[$0] ?? "" })
    }
    return (writer.bytes, next)
  }

  /// The same runs as JSON, one a line, with the last values of their metrics.
  package func documents(pageToken: String?) throws -> (values: [JSONValue], nextPageToken: String?) {
    let (runs, values, next) = try page(pageToken)
    let documents = try runs.map { run -> JSONValue in
      guard case .object(let members) = try RunJSON.run(run) else { preconditionFailure("a run is an object") }
      let latest = (values[run.id] ?? [:]).sorted { $0.key < $1.key }.map { JSONValue.Member(name: $0.key, value: .number($0.value)) }
      return .object(members + [.init(name: "metrics", value: .object(latest))])
    }
    return (documents, next)
  }

  private func page(_ token: String?) throws -> (runs: [Run], values: [RunID: [String: Double]], nextPageToken: String?) {
    let page = try store.runs(filter, order: order, pageToken: token, limit: Self.pageRuns)
    return (page.items, try store.latestValues(of: page.items.map(\.id)), page.nextPageToken)
  }
}
