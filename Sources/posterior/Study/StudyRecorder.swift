import Formats
import Locking
import ModelFiles
import Registry
import Studies

/// Keeps what evaluations of a job measure for its result, and has the store write everything down where records are wanted.
final class StudyRecorder: RunRecorder {
  private struct Kept {
    var part: String?
    var measuring: RunID?
    var runs: [RunID] = []
    var metrics: [JobResult.Metric] = []
  }

  private let store: ModelStore?
  private let tags: [String: String]
  /// For tables and pictures of evaluations.
  private let folder: String
  private let kept = Protected(Kept())

  init(store: ModelStore?, tags: [String: String], folder: String) { (self.store, self.tags, self.folder) = (store, tags, folder) }

  /// The name of the evaluation that is being done.
  var part: String? {
    get { kept.withLock { $0.part } }
    set { kept.withLock { $0.part = newValue } }
  }
  /// Those that the store has.
  var runs: [RunID] { kept.withLock { $0.runs } }
  var metrics: [JobResult.Metric] { kept.withLock { $0.metrics } }

  func start(_ run: RunDescription) throws -> RunID {
    let tagged = RunDescription(
      kind: run.kind, family: run.family, model: run.model, version: run.version, modelDigest: run.modelDigest, configuration: run.configuration,
      parameters: run.parameters, tags: run.tags.merging(tags) { own, _ in own }, seed: run.seed, dataDigest: run.dataDigest, build: run.build)
    let id = try store?.start(tagged)
    return kept.withLock { kept in
      let own = id ?? RunID.generate()
      if let id { kept.runs.append(id) }
      kept.measuring = run.kind == .evaluate ? own : nil
      return own
    }
  }

  func record(_ metrics: [RunMetric], in run: RunID) throws {
    try store?.record(metrics, in: run)
    kept.withLock { kept in
      guard kept.measuring == run else { return }
      let prefix = kept.part.map { $0 + "." } ?? ""
      kept.metrics += metrics.map { .init(name: prefix + $0.name, value: $0.value.isFinite ? $0.value : nil) }
    }
  }

  func attach(_ name: String, mediaType: String, bytes: [UInt8], to run: RunID) throws {
    try store?.attach(name, mediaType: mediaType, bytes: bytes, to: run)
    let file = try OutputFile("\(folder)/\(part.map { $0 + "-" } ?? "")\(name)")
    try file.write(bytes)
    try file.finish()
  }

  func finish(_ run: RunID, _ outcome: RunOutcome) throws { try store?.finish(run, outcome) }
}
