import ArgumentParser
import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import Registry
import Robustness
import Service

/// Does what a job was asked, with the same code as the command line, so that it makes the same bytes.
struct Worker {
  let asked: JobRequest
  let recorder: JobRecorder
  let interruption: Interruption

  func work() async throws {
    switch asked.kind {
    case .train: try train()
    case .evaluate:
      interruption.endsAtOnce(with: JobExit.stopped)
      try evaluate()
    case .robustness:
      interruption.endsAtOnce(with: JobExit.stopped)
      try audit()
    case .impute:
      interruption.endsAtOnce(with: JobExit.stopped)
      try await impute()
    }
  }

  private func enter(_ folder: String) throws {
    let path = "\(recorder.folder)/data/\(folder)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard FileManager.default.changeCurrentDirectoryPath(path) else { throw CommandError("\(path) can't be entered.") }
  }

  private func train() throws {
    guard let text = asked.recipe?.text else { throw CommandError("The job has no recipe.") }
    let recipe = try Recipe(recorded: text)
    try enter(JobFolders.main)
    var recorder = recorder
    recorder.publish = asked.publish
    let checkpoint = recorder.folder + "/checkpoint"
    let options = Training.Options(
      output: recorder.modelFile, checkpoint: checkpoint, resumes: FileManager.default.fileExists(atPath: checkpoint), keepsCheckpoint: true)
    let (display, progress) = (TrainingDisplay(), JobProgress(recorder))
    let training = Training(recipe, families: Catalogue.families, options: options, recorder: recorder, build: .current)
    _ = try training.run(
      observe: { event in
        display.show(event)
        progress.show(event)
      }, shouldStop: { interruption.isRequested })
  }

  /// The file of a data set, or its folder of pictures, where it lies for this job, also after its name was given up; a data set that every build
  /// knows lies nowhere, and is called by its name.
  private func path(_ name: String?, in folder: String, _ file: String?) throws -> String {
    let main = "\(recorder.folder)/data/\(folder)"
    guard FileManager.default.fileExists(atPath: main) else { return name ?? "" }
    if let file { return "\(main)/\(file)" }
    let paths = try FileManager.default.subpathsOfDirectory(atPath: main).filter { !FileManager.default.isFolder("\(main)/\($0)") }
    if let pictures = Pictures(paths) { return pictures.folder.isEmpty ? main : "\(main)/\(pictures.folder)" }
    guard paths.count == 1 else { throw CommandError("\(name ?? "") has \(paths.count) files: file says which is meant.") }
    return "\(main)/\(paths[0])"
  }

  /// A file of classes where it lies for this job.
  private func classes(_ labels: String, in folder: String) -> String {
    labels.hasPrefix("#") ? labels : "\(recorder.folder)/data/\(folder)/\(labels)"
  }

  private func evaluate() throws {
    var arguments = [asked.model ?? "", "--store", recorder.store.directory, "--k", "\(asked.k)", "--seed", "\(asked.seed ?? 0)"]
    arguments += ["--data", try path(asked.dataset, in: JobFolders.main, asked.file)]
    let options = [
      ("--data-format", asked.format?.rawValue), ("--split", asked.split?.rawValue), ("--limit", asked.limit.map(String.init)),
      ("--masks", asked.masks?.description), ("--samples", asked.samples.map(String.init)),
      ("--labels", asked.labels.map { classes($0, in: JobFolders.main) }),
    ]
    for case (let flag, let value?) in options { arguments += [flag, value] }
    if let fit = asked.fitDataset {
      arguments += ["--fit-data", try path(fit, in: JobFolders.fit, nil)]
      if let own = asked.fitLabels ?? asked.labels { arguments += ["--fit-labels", classes(own, in: JobFolders.fit)] }
    } else if !asked.fit || asked.labels != nil {
      arguments.append("--no-fit-data")
    }
    if asked.probe { arguments.append("--probe") }
    if let limit = asked.fitLimit { arguments += ["--fit-limit", "\(limit)"] }
    try EvaluateCommand.parse(arguments + (asked.reading?.flags ?? [])).evaluate(recorder: recorder)
  }

  private func audit() throws {
    let store = recorder.store
    let version = try store.resolve(asked.model ?? "")
    let model = try store.reading(version) { path in
      try LoadedModel.load(
        path: path, families: Catalogue.families, expecting: version.digest, registered: .init(name: version.name, version: version.version))
    }
    let labels = try asked.labels.map { given in
      let text = classes(given, in: JobFolders.main)
      guard let source = LabelSource(text: text) else { throw CommandError("labels is \(given), expected #COLUMN or a file of the data set") }
      return source
    }
    let task = AuditTask(
      model: model, plan: asked.attack ?? AuditPlan(), source: try path(asked.dataset, in: JobFolders.main, asked.file), split: asked.split ?? .test,
      items: asked.items ?? JobRequest.standardItems, firstItem: 0, targets: nil, labels: labels, reading: asked.reading ?? TableOptions(),
      seed: asked.seed ?? 0)
    let (request, data) = try task.request()
    let run = try recorder.start(request.runDescription(data: data))
    for document in request.kept { try recorder.attach(document.name, mediaType: document.type.name, bytes: document.bytes, to: run) }
    let progress = AuditProgress(of: request.audit.evaluations, every: .seconds(1)) { [recorder] report in
      try recorder.record(
        [
          RunMetric(name: "progress", value: report.part, step: report.points),
          RunMetric(name: "seconds_left", value: report.secondsLeft, step: report.points),
        ], in: run)
    }
    let answer = try request.perform(batch: Audit.largestBatch) { try progress.add($0) }
    try answer.finish(run, in: recorder, seconds: progress.seconds)
  }

  private func impute() async throws {
    try enter(JobFolders.main)
    let output = recorder.folder + "/completed.csv"
    let progress = JobProgress(recorder)
    let isWanted = asked.publish != nil
    let keep: @Sendable (String) throws -> Void = { [recorder] file in
      // What was learnt, where somebody wants it: the recorder publishes what lies here.
      if isWanted { try FileManager.default.copyItem(atPath: file, toPath: recorder.modelFile) }
    }
    try? FileManager.default.removeItem(atPath: recorder.modelFile)
    let learning = TableLearning(observe: { progress.show($0) }, learnt: keep)
    try await TableLearning.$current.withValue(learning) { try await ImputeCommand.parse(asked.imputation(to: output)).run() }
    try recorder.keep(output, as: "completed.csv", mediaType: "text/csv", hours: asked.hours)
    var recorder = recorder
    recorder.publish = asked.publish
    try recorder.finish(recorder.run, .finished(output: try SHA256.digest(ofFile: output)))
  }
}

/// Who watches how a table is learnt, beside the user of a terminal.
struct TableLearning: Sendable {
  @TaskLocal static var current: TableLearning?

  let observe: @Sendable (TrainingEvent) -> Void
  /// Gets the path of the model file while it is there.
  let learnt: @Sendable (String) throws -> Void
}

extension FileManager {
  fileprivate func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}

extension JobRequest {
  /// What `posterior impute` is told to do the same.
  func imputation(to output: String) -> [String] {
    var arguments = [file ?? "", "-o", output, "--mode", mode.rawValue, "--seed", "\(seed ?? 0)"]
    if let draws { arguments += ["--draws", "\(draws)"] }
    if let family { arguments += ["--family", family] }
    return arguments + (reading?.flags ?? [])
  }
}
