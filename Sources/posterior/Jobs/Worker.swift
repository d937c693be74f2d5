import ArgumentParser
import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import Registry
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

  private func evaluate() throws {
    var arguments = [asked.model ?? "", "--store", recorder.store.directory, "--k", "\(asked.k)", "--seed", "\(asked.seed ?? 0)"]
    func path(_ name: String?, in folder: String, _ file: String?) throws -> String {
      guard let name, let dataset = try? recorder.store.dataset(named: name) else { return name ?? "" }
      return "\(recorder.folder)/data/\(folder)/\(try file ?? dataset.onlyFile)"
    }
    let data = try path(asked.dataset, in: JobFolders.main, asked.file)
    arguments += ["--data", data]
    if let limit = asked.limit { arguments += ["--limit", "\(limit)"] }
    if let labels = asked.labels {
      arguments += ["--labels", labels.hasPrefix("#") ? labels : "\(recorder.folder)/data/\(JobFolders.main)/\(labels)"]
    }
    if let fit = asked.fitDataset {
      arguments += ["--fit-data", try path(fit, in: JobFolders.fit, nil)]
      if let labels = asked.labels {
        arguments += ["--fit-labels", labels.hasPrefix("#") ? labels : "\(recorder.folder)/data/\(JobFolders.fit)/\(labels)"]
      }
    } else if asked.labels != nil {
      arguments.append("--no-fit-data")
    }
    try EvaluateCommand.parse(arguments).evaluate(recorder: recorder)
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

extension Dataset {
  fileprivate var onlyFile: String {
    get throws {
      guard files.count == 1 else { throw CommandError("\(name) has \(files.count) files: file says which is meant.") }
      return files[0].path
    }
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

extension TableOptions {
  /// As flags of the command line.
  fileprivate var flags: [String] {
    let standard = Self.table.fields
    guard let data = try? JSONEncoder().encode(self), let value = try? JSONValue(parsing: Array(data)) else { return [] }
    return standard.flatMap { field -> [String] in
      guard let given = value[field.name], given != .null, given != field.default else { return [] }
      switch given {
      case .bool(let truth): return [truth ? field.flag : "--no-" + field.flag.dropFirst(2)]
      case .array(let values): return values.flatMap { ["\(field.flag)=\($0.plainText)"] }
      default: return ["\(field.flag)=\(given.plainText)"]
      }
    }
  }
}

extension JSONValue {
  fileprivate var plainText: String { if case .string(let text) = self { text } else { String(decoding: text, as: UTF8.self) } }
}
