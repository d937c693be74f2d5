internal import Formats
internal import ModelFiles
internal import Registry

/// A run as an entry of a score sheet shows it: on what, by which protocol, and what it found.
struct ScoredRun {
  let run: Run
  let entry: ScoreEntry
  /// The last values of all its metrics.
  let values: [String: Double]
  /// What it was asked for as a job, for those who may ask for another; nil for other runs.
  let request: JSONValue?

  private var parameters: [String: String] { run.description.parameters }

  var json: JSONValue {
    .record([
      "id": .string(run.id.description), "kind": .string(run.description.kind.rawValue), "status": .string(run.status.rawValue),
      "started_at": .string(run.startedAt.description), "finished_at": .string(orNull: run.finishedAt?.description),
      "failure": .string(orNull: run.failure), "model": .string(orNull: run.description.model), "version": .integer(orNull: run.description.version),
      "data": data, "protocol": .object(protocolMembers), "metrics": .array(metrics),
      "how": .record(["request": request ?? .null, "command": .string("posterior runs replay \(run.id)")]),
    ])
  }

  private var data: JSONValue {
    .record([
      "name": .string(orNull: parameters["data"] ?? parameters["dataset"]), "digest": .string(orNull: run.description.dataDigest?.description),
      "dataset": .string(orNull: parameters["dataset"]), "split": .string(orNull: parameters["split"]),
    ])
  }

  /// Of an evaluation beside the seed; what else its run has is of the model's training.
  private static let evaluation = [
    "items", "limit", "k", "masks", "samples", "probe", "layer", "labels_digest", "fit_data", "fit_data_digest", "fit_labels_digest", "fit_limit",
    "fit_split", "factors_digest",
  ]

  private var protocolMembers: [JSONValue.Member] {
    let isAudit = run.description.kind == .robustness
    let names = isAudit ? parameters.keys.filter { !["data", "dataset", "dataset_digest"].contains($0) }.sorted() : Self.evaluation
    return [.init(name: "seed", value: .integer(orNull: run.seed.map { Int($0) }))]
      + names.compactMap { name in
        // A parameter is a text; one that is a number or a list is shown as that.
        parameters[name].map { .init(name: name, value: (try? JSONValue(parsing: Array($0.utf8))) ?? .string($0)) }
      }
  }

  private static let errorSuffix = ".standard_error"

  private var metrics: [JSONValue] {
    values.keys.filter { entry.holds($0) && !$0.hasSuffix(Self.errorSuffix) }.sorted().map { name in
      .record([
        "name": .string(name), "value": values[name].map(JSONValue.number),
        "standard_error": values[name + Self.errorSuffix].map(JSONValue.number) ?? .null,
      ])
    }
  }
}
