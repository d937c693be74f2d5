import ArgumentParser
import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import Registry
import Studies
import Tensors

/// One job of a study, done in this process: its model is trained where it isn't there, and evaluated.
struct StudyTask {
  private let job: StudyJob
  private let study: Study
  private let folder: StudyFolder
  private let threads: Int
  /// nil: nothing is recorded.
  private let store: StoreArguments?
  /// Trains the model; nil: this process does.
  private let server: ServerConnection?

  init(_ job: StudyJob, _ study: Study, _ folder: StudyFolder, threads: Int, store: StoreArguments?, server: ServerConnection?) {
    (self.job, self.study, self.folder, self.threads, self.store, self.server) = (job, study, folder, threads, store, server)
  }

  private var model: String { folder.model(of: job.id) }

  func perform() async throws {
    let interruption = Interruption()
    try folder.make(folderOf: job.id)
    let lock = try lock(interruption)
    defer { withExtendedLifetime(lock) {} }
    switch folder.state(of: job) {
    case .done: return CommandError.note("\(job.id) is done already")
    case .open: break
    case .outdated(let reason):
      CommandError.note("\(job.id): \(reason); it is done anew")
      try folder.forget(job.id)
    }
    let start = ContinuousClock.now
    // Before the folder is changed, from which its path may lead.
    let store = try self.store.map { try ModelStore(directory: $0.directory.absolutePath) }
    try enter()
    try Self.check(job.evaluations)
    try checkFiles()
    Parallelism.width = threads
    TrainingMemory.keepFreedBlocks()
    let recorder = StudyRecorder(store: store, tags: ["study": study.name, "study_job": job.id], folder: folder.folder(of: job.id))
    let isThere = try holdsModel()
    if !isThere {
      if let server {
        try await RemoteTraining(server: server, publish: nil, output: model, cancels: true).train(job.recipe)
      } else {
        try train(recorder, interruption)
      }
    }
    interruption.endsAtOnce(with: 1)
    for evaluation in job.evaluations {
      recorder.part = evaluation.name
      try EvaluateCommand.parse(evaluation.arguments(model: model)).evaluate(recorder: recorder, in: store)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let result = JobResult(
      of: job, model: try SHA256.digest(ofFile: model), data: try ModelFile.load(path: model, families: Catalogue.families).provenance.data,
      isAdopted: isThere, runs: recorder.runs, metrics: recorder.metrics, seconds: seconds, processorSeconds: Self.processorSeconds, build: .current)
    try folder.write(Array(result.text.utf8), to: folder.result(of: job.id))
  }

  /// Waits for a process that does the same job, such as one whose scheduler was killed.
  private func lock(_ interruption: Interruption) throws -> FileLock {
    var hasSaidSo = false
    while !interruption.isRequested {
      if let lock = try FileLock(folder.folder(of: job.id) + "/.lock") { return lock }
      if !hasSaidSo { CommandError.note("another process does \(job.id): waiting for it") }
      hasSaidSo = true
      // Between two looks: the other process may be on another machine, which tells nothing when it ends.
      usleep(100_000)
    }
    throw CommandError("Stopped.")
  }

  private func enter() throws {
    let directory = study.directory ?? "."
    guard FileManager.default.changeCurrentDirectoryPath(directory) else {
      throw CommandError("The study's folder of data, \(directory), can't be entered.")
    }
  }

  /// Whether the model is there already; one that was trained otherwise is left aside.
  private func holdsModel() throws -> Bool {
    guard FileManager.default.fileExists(atPath: model) else { return false }
    let provenance = try ModelFile.load(path: model, families: Catalogue.families).provenance
    if provenance.notes?["recipe"] == job.recipeDigest.description { return true }
    CommandError.note("\(model) is there, but was not trained from the recipe of \(job.id) with its seed: it is trained anew")
    return false
  }

  private func train(_ recorder: StudyRecorder, _ interruption: Interruption) throws {
    let checkpoint = folder.checkpoint(of: job.id)
    do {
      try train(recorder, interruption, resumes: FileManager.default.fileExists(atPath: checkpoint))
    } catch TrainingError.unusableCheckpoint(_, let reason) {
      CommandError.note("\(checkpoint) can't be gone on from: \(reason); \(job.id) is trained anew")
      try FileManager.default.removeItem(atPath: checkpoint)
      try train(recorder, interruption, resumes: false)
    } catch TrainingError.stopped {
      throw CommandError("Stopped; the same command goes on.")
    }
  }

  private func train(_ recorder: StudyRecorder, _ interruption: Interruption, resumes: Bool) throws {
    let options = Training.Options(output: model, checkpoint: folder.checkpoint(of: job.id), resumes: resumes)
    let training = Training(job.recipe, families: Catalogue.families, options: options, recorder: recorder, build: .current)
    let display = TrainingDisplay()
    _ = try training.run(observe: { display.show($0) }, shouldStop: { interruption.isRequested })
  }

  /// Refuses what `posterior evaluate` would refuse to begin with.
  static func check(_ evaluations: [StudyEvaluation]) throws {
    for evaluation in evaluations {
      do { _ = try EvaluateCommand.parse(evaluation.arguments(model: "model.safetensors")) } catch {
        throw CommandError("The evaluation on \(evaluation.data): \(EvaluateCommand.message(for: error))")
      }
    }
  }

  /// Hours of training are for nothing where the evaluation then finds no data.
  private func checkFiles() throws {
    for evaluation in job.evaluations {
      let files = [
        ("data", evaluation.data), ("fit_data", evaluation.fitData), ("labels", evaluation.labels.flatMap { LabelSource(text: $0)?.source }),
        ("fit_labels", evaluation.fitLabels.flatMap { LabelSource(text: $0)?.source }),
      ]
      for case (let field, let path?) in files where NamedDataSet.named(path) == nil && !FileManager.default.fileExists(atPath: path) {
        throw Fault(
          field: "evaluations.\(field)", given: "\"\(path)\", where there is nothing", expected: "a path that leads from \(study.directory ?? ".")")
      }
    }
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}

extension StudyEvaluation {
  /// What `posterior evaluate` is told to measure the same.
  func arguments(model: String) -> [String] {
    let options: [(String, String?)] = [
      ("--data", data), ("--data-format", format?.rawValue), ("--split", split?.rawValue), ("--limit", limit.map(String.init)), ("--k", "\(k)"),
      ("--samples", samples.map(String.init)), ("--labels", labels), ("--fit-data", fitData), ("--fit-labels", fitLabels),
      ("--fit-limit", fitLimit.map(String.init)), ("--masks", masks?.description), ("--seed", "\(seed)"),
    ]
    return [model] + options.compactMap { flag, value in value.map { "\(flag)=\($0)" } } + (fit ? [] : ["--no-fit-data"])
      + (probe == true ? ["--probe"] : []) + (reading?.flags ?? [])
  }
}
