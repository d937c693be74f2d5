package import Formats
package import ModelFiles
package import Registry

/// Runs as answers and the command line show them.
package enum RunJSON {
  package static func run(_ run: Run) throws -> JSONValue {
    let description = run.description
    return .record([
      "id": .string(run.id.description), "kind": .string(description.kind.rawValue), "status": .string(run.status.rawValue),
      "family": .string(description.family), "model": .string(orNull: description.model), "version": .integer(orNull: description.version),
      "model_digest": .string(orNull: description.modelDigest?.description),
      "started_at": .string(run.startedAt.description), "finished_at": .string(orNull: run.finishedAt?.description),
      "duration_seconds": run.duration.map { .number($0 / .seconds(1)) } ?? .null, "failure": .string(orNull: run.failure),
      "output_digest": .string(orNull: run.outputDigest?.description),
      "seed": .integer(orNull: run.seed.map { Int($0) }), "data_digest": .string(orNull: description.dataDigest?.description),
      "configuration": try JSONValue(parsing: Array(description.configuration.utf8)),
      "parameters": strings(description.parameters), "tags": strings(description.tags), "build": build(description.build),
      "inference": run.inference.map(inference),
    ])
  }

  /// A run with the last value of each of its metrics, its documents and the files that it made.
  package static func run(_ run: Run, latest metrics: [RecordedMetric], documents: [RunDocument], files: [RunFile] = []) throws -> JSONValue {
    guard case .object(let members) = try self.run(run) else { preconditionFailure("a run is an object") }
    return .object(
      members + [
        .init(name: "latest_metrics", value: .array(metrics.map(metric))),
        .init(name: "documents", value: .array(documents.map(document) + files.map(file))),
      ])
  }

  private static func document(_ document: RunDocument) -> JSONValue {
    .record([
      "name": .string(document.name), "media_type": .string(document.mediaType), "byte_count": .integer(document.byteCount),
      "digest": .string(document.digest.description), "time": .string(document.time.description),
    ])
  }

  private static func file(_ file: RunFile) -> JSONValue {
    .record([
      "name": .string(file.name), "media_type": .string(file.mediaType), "byte_count": .integer(file.byteCount),
      "digest": .string(file.digest.description), "time": .string(file.time.description),
      "expires_at": file.expiresAt.map { .string($0.description) },
    ])
  }

  static func build(_ build: BuildInformation) -> JSONValue {
    .object(build.parts.map { .init(name: $0.name, value: .string($0.value)) })
  }

  private static func inference(_ facts: InferenceFacts) -> JSONValue {
    .record([
      "operation": .string(facts.operation), "items": .integer(orNull: facts.options?.items), "http_status": .integer(facts.httpStatus),
      "input_digest": .string(orNull: facts.inputDigest?.description), "input_type": .string(orNull: facts.inputType),
      "input_kept": .bool(facts.keepsInput), "output_type": .string(orNull: facts.outputType),
      "trace_id": facts.trace.map(JSONValue.string),
    ])
  }

  package static func metric(_ recorded: RecordedMetric) -> JSONValue {
    .record([
      "sequence": .integer(recorded.sequence), "name": .string(recorded.metric.name), "value": .number(recorded.metric.value),
      "step": .integer(recorded.metric.step), "epoch": .integer(orNull: recorded.metric.epoch), "time": .string(recorded.time.description),
    ])
  }

  private static func strings(_ values: [String: String]) -> JSONValue {
    .object(values.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) })
  }
}

extension BuildInformation {
  /// Its parts with the names that they have in answers.
  package var parts: [(name: String, value: String)] {
    [("git_revision", gitRevision), ("compiler", compiler), ("cpu", cpu), ("blas", blas)]
  }
}
