import Families
import Formats
import Foundation
import Learning
import Locking
import ModelFiles
import Registry
import Service

/// Writes what a job does into the run that the server began for it.
struct JobRecorder: RunRecorder {
  let store: ModelStore
  let run: RunID
  /// Where the job works.
  let folder: String
  /// Where the model file goes that was learnt; nil: it becomes a file of the run.
  var publish: JobRequest.Publish?
  /// What the model file is written to.
  var modelFile: String { folder + "/model.safetensors" }

  func start(_ description: RunDescription) throws -> RunID {
    // The server has said what it knew, and a job that goes on has said the rest.
    let known = try store.run(run.description).description.parameters
    for (name, value) in description.parameters where known[name] == nil && name != Training.folderParameter {
      try store.setParameter(name, to: value, of: run)
    }
    for (name, value) in description.tags { try store.setTag(name, to: value, of: run) }
    return run
  }

  func record(_ metrics: [RunMetric], in run: RunID) throws { try store.record(metrics, in: run) }

  func attach(_ name: String, mediaType: String, bytes: [UInt8], to run: RunID) throws {
    // A job that goes on may have written it before.
    guard try !store.documents(of: run).contains(where: { $0.name == name }) else { return }
    try store.attach(name, mediaType: mediaType, bytes: bytes, to: run)
  }

  func finish(_ run: RunID, _ outcome: RunOutcome) throws {
    switch outcome {
    // The run is not over: it goes on from its checkpoint, or the server ends it.
    case .cancelled: return
    case .failed(let reason): try fail(reason)
    case .finished(let output):
      if FileManager.default.fileExists(atPath: modelFile) { try keepModel() }
      try end(.finished(output: output))
    }
  }

  func fail(_ reason: String) throws { try end(.failed(reason)) }

  private func end(_ outcome: RunOutcome) throws {
    if let log = FileManager.default.contents(atPath: folder + "/log.txt"), !log.isEmpty {
      try attach("log.txt", mediaType: "text/plain", bytes: Array(log.suffix(1 << 20)), to: run)
    }
    try store.finish(run, outcome)
  }

  private func keepModel() throws {
    let staged = try stage(modelFile)
    guard let publish else {
      return try store.attach(staged, as: "model.safetensors", mediaType: "application/octet-stream", to: run, expiresAt: nil)
    }
    let owner = try store.job(of: run)?.owner ?? "admin"
    let actor = Principal(key: owner == "admin" ? nil : owner, name: "run \(run)", address: "background")
    let version = try store.publish(staged, as: publish.model, alias: publish.alias, reason: publish.reason, actor: actor) { path in
      try ModelFacts(ofModelFile: path, model: LoadedModel.load(path: path, families: Catalogue.families).family)
    }.version
    try store.setTag("published", to: version.id, of: run)
  }

  /// Keeps a table as a file of the run, for so many hours.
  func keep(_ file: String, as name: String, mediaType: String, hours: Int) throws {
    let expiry = Timestamp(milliseconds: Timestamp.now.milliseconds + Int64(hours) * 3_600_000)
    try store.attach(stage(file), as: name, mediaType: mediaType, to: run, expiresAt: expiry)
  }

  private func stage(_ file: String) throws -> StagedUpload {
    let staged = try store.stageUpload()
    do {
      let handle = try FileHandle(forReadingFrom: file.fileURL)
      while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { try staged.write(piece) }
    } catch {
      staged.abort()
      throw error
    }
    return staged
  }
}

/// Says how far a training is, at most once a second.
final class JobProgress: Sendable {
  private let recorder: JobRecorder
  private let last = Protected(ContinuousClock.now - .seconds(10))

  init(_ recorder: JobRecorder) { self.recorder = recorder }

  func show(_ event: TrainingEvent) {
    guard case .step(let report) = event, isDue() else { return }
    let done = Double(report.epoch - 1) + Double(report.step) / Double(max(report.steps, 1))
    let step = (report.epoch - 1) * report.steps + report.step
    // What can't be written now is written a second later; the end of the run is what counts.
    try? recorder.record(
      [
        RunMetric(name: "progress", value: min(done / Double(max(report.epochs, 1)), 1), step: step, epoch: report.epoch),
        RunMetric(name: "seconds_left", value: report.secondsLeft, step: step, epoch: report.epoch),
      ], in: recorder.run)
  }

  private func isDue() -> Bool {
    last.withLock { last in
      guard ContinuousClock.now - last >= .seconds(1) else { return false }
      last = .now
      return true
    }
  }
}
