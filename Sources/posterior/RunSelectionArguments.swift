import ArgumentParser
import ModelFiles
import Registry
import Service

/// Which runs, and in which order: the query parameters of `GET /v1/runs`.
struct RunSelectionArguments: ParsableArguments {
  @Option(help: "train, evaluate, robustness, replay or inference.") var kind: RunKind?
  @Option(help: "Runs of this model.") var model: String?
  @Option(help: "running, finished, failed or cancelled.") var status: RunStatus?
  @Option(help: "Started then or later, such as 2026-01-31 or 2026-01-31T12:00:00Z.") var since: Timestamp?
  @Option(help: "Started before then.") var until: Timestamp?
  @Option(help: "Such as \"metrics.elbo_nats > -240 and (params.beta in (1, 4) or tags.team = 'x')\".") var filter: String?
  @Option(help: "started_at, another field, params.NAME, metrics.NAME or tags.NAME, with asc or desc behind it.") var orderBy = "started_at desc"

  /// The same for a server.
  var query: [(String, String?)] {
    [
      ("kind", kind?.rawValue), ("model", model), ("status", status?.rawValue), ("since", since?.description), ("until", until?.description),
      ("filter", filter), ("order_by", orderBy),
    ]
  }

  /// - Throws: `RunQueryError`.
  var selection: (filter: RunFilter, order: RunOrder) {
    get throws {
      let predicate = try filter.map { text throws(RunQueryError) in try RunFilterParser.predicate(text) }
      var selected = RunFilter(kind: kind, model: model, status: status, since: since, until: until, predicate: predicate)
      selected.optionNames = RequestKind.optionNames
      return (selected, try RunFilterParser.order(orderBy))
    }
  }
}

extension RunKind: ExpressibleByArgument {}
extension RunStatus: ExpressibleByArgument {}
extension Timestamp: ExpressibleByArgument {
  public init?(argument: String) {
    guard let range = Timestamp.range(argument) else { return nil }
    self.init(milliseconds: range.lowerBound)
  }
}
