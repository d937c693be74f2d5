import ArgumentParser
import Data
import Evaluation
import Families
import Formats
import Foundation
import HTTP
import Learning
import ModelFiles
import Registry
import Service
import Tensors

extension RunsCommand {
  struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Does a run again and says whether it made the same bytes.",
      discussion: """
        Recorded requests and audits are computed again on the same model file, training runs are trained again from their recipe and evaluations are \
        measured again, on data with the same digest; tables that a server filled in are filled in again. Exit code 1 when the bytes differ; then builds and processors that differ are named.
        """)

    @Argument(help: "The run's identifier.") var id: String
    @Option(help: "The request's body, where the store did not keep it; or the model file of an evaluation or an audit.", completion: .file())
    var input: String?
    @Option(name: .shortAndLong, help: "Of a training or a table: where to keep the new file. (default: nowhere)", completion: .file()) var output:
      String?
    @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var registry: RegistryArguments

    func validate() throws {
      guard registry.namesServer else { return }
      if output != nil || threads != nil { throw ValidationError("--output and --threads are for a replay on this machine, not for a server") }
    }

    func run() async throws {
      try await reporting {
        if registry.namesServer { try await replayThere() } else { try await replay() }
      }
    }

    /// A server replays recorded requests alone.
    private func replayThere() async throws {
      let target = ServerConnection.target(["runs", id, "replay"], [])
      let answer = try await registry.connect().send(.post, target, body: try input.map(Self.content) ?? []).json
      let isEqual = answer["equal"] == .bool(true)
      if json {
        answer.print()
      } else {
        let differences = answer["differences"]?["build"]
        print(isEqual ? "The same bytes: \(answer.cell("actual"))." : "Other bytes: \(answer.cell("actual")), expected \(answer.cell("expected")).")
        if case .object(let parts)? = differences {
          for part in parts { print("\(part.name) was \"\(part.value.cell("expected"))\" and is \"\(part.value.cell("actual"))\"") }
        }
        print("Recorded as run \(answer.cell("run")).")
      }
      if !isEqual { throw ExitCode.failure }
    }

    private static func content(of path: String) throws -> [UInt8] {
      guard let data = FileManager.default.contents(atPath: path) else { throw CommandError("\(path) can't be read.") }
      return [UInt8](data)
    }

    private func replay() async throws {
      Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
      let store = try registry.store.openExisting()
      let run = try store.run(id)
      let replay: Service.Replay
      switch run.description.kind {
      case .inference: replay = try inference(run, store)
      case .train: replay = try training(run, store)
      case .evaluate: replay = try evaluation(run, store)
      case .robustness: replay = try audit(run, store)
      case .impute: replay = try await imputation(run, store)
      case .replay:
        throw CommandError("Runs of kind \(run.description.kind.rawValue) can't be replayed; replay the run that it is of.")
      }
      let recorded = try replay.record(in: store)
      if json {
        print(String(decoding: replay.json(run: recorded).text, as: UTF8.self))
      } else {
        print("\(replay.sentence)\nRecorded as run \(recorded).")
      }
      if !replay.isEqual { throw ExitCode.failure }
    }

    private func inference(_ run: Run, _ store: ModelStore) throws -> Service.Replay {
      let sent = try input.map(Self.content)
      let task = try InferenceReplay(of: run, sent: sent, in: store)
      let model = try store.reading(task.version) { path in
        try LoadedModel.load(path: path, families: Catalogue.families, expecting: task.version.digest)
      }
      return try task.perform(on: model, limits: ServiceLimits())
    }

    /// The model file of an audit of a file that no store holds is given by `--input`.
    private func audit(_ run: Run, _ store: ModelStore) throws -> Service.Replay {
      let model: LoadedModel
      if let input {
        guard let digest = run.description.modelDigest else { throw CommandError("Run \(run.id) names no model file.") }
        model = try LoadedModel.load(path: input, families: Catalogue.families, expecting: digest)
      } else {
        let version = try AuditRequest.version(of: run, in: store)
        model = try store.reading(version) { path in try LoadedModel.load(path: path, families: Catalogue.families, expecting: version.digest) }
      }
      return try AuditRequest.replay(of: run, on: model, in: store)
    }

    private func training(_ run: Run, _ store: ModelStore) throws -> Service.Replay {
      try Service.Replay.expectation(of: run)
      let recipe = try Recipe(recorded: Array(run.description.configuration.utf8))
      // Where the recipe's paths lead from; the new model file goes where this command was told.
      let output = output.map(EvaluationTask.absolute)
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posterior-replay-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // A temporary file that can't be removed is left to the system; the result is not affected.
      defer { try? FileManager.default.removeItem(atPath: folder) }
      if let name = run.description.parameters["dataset"] {
        try store.lay(out: store.dataset(named: name), in: folder + "/data")
        _ = FileManager.default.changeCurrentDirectoryPath(folder + "/data")
      } else if let start = run.description.parameters[Training.folderParameter] {
        _ = FileManager.default.changeCurrentDirectoryPath(start)
      }
      try checkData(try recipe.loadData(families: Catalogue.families), of: run)
      let options = Training.Options(output: output ?? folder + "/model.safetensors", checkpoint: folder + "/checkpoint")
      TrainingMemory.keepFreedBlocks()
      let display = TrainingDisplay()
      let result = try Training(recipe, families: Catalogue.families, options: options, build: .current).run(observe: { display.show($0) })
      return try Service.Replay(of: run, actual: result.digest)
    }

    /// A table that a server filled in is filled in again from the data set.
    private func imputation(_ run: Run, _ store: ModelStore) async throws -> Service.Replay {
      try Service.Replay.expectation(of: run)
      let asked = try StrictJSON.decode(JobRequest.self, from: Array(run.description.configuration.utf8))
      let folder = store.workFolder(of: run.id)
      let completed = output.map(EvaluationTask.absolute) ?? folder + "/completed.csv"
      defer { store.removeWorkFolder(of: run.id) }
      try store.layOutData(of: run)
      guard FileManager.default.changeCurrentDirectoryPath("\(folder)/data/\(JobFolders.main)") else {
        throw CommandError("\(folder) can't be entered.")
      }
      try await ImputeCommand.parse(asked.imputation(to: completed)).run()
      return try Service.Replay(of: run, actual: SHA256.digest(ofFile: completed))
    }

    private func evaluation(_ run: Run, _ store: ModelStore) throws -> Service.Replay {
      try Service.Replay.expectation(of: run)
      func evaluate(_ path: String) throws -> Service.Replay {
        guard try SHA256.digest(ofFile: path) == run.description.modelDigest else {
          throw CommandError("\(path) is not the model file of run \(run.id), which has \(run.description.modelDigest?.description ?? "no digest").")
        }
        return try Service.Replay(of: run, actual: try findings(of: run, modelFile: path).digest)
      }
      if let input { return try evaluate(input) }
      guard try store.job(of: run.id) == nil else {
        defer { store.removeWorkFolder(of: run.id) }
        try store.layOutData(of: run)
        return try EvaluationTask.readingModelFile(of: run, in: store, evaluate)
      }
      return try EvaluationTask.readingModelFile(of: run, in: store, evaluate)
    }

    /// What the run measured, measured again.
    private func findings(of run: Run, modelFile: String) throws -> any Findings {
      if let task = try DisentanglementTask(of: run) {
        let subject = try task.load(modelFile: modelFile)
        try checkData(subject.items, of: run)
        if let digest = run.description.parameters["factors_digest"], digest != subject.factorsDigest?.description {
          throw CommandError("The factors of run \(run.id) were \(digest): put the table of then in its place.")
        }
        return task.evaluate(subject)
      }
      let task = try EvaluationTask(of: run)
      let subject = try task.load(modelFile: modelFile)
      try task.check(subject, of: run)
      return try task.evaluate(subject).findings
    }

    private func checkData(_ data: DataSet, of run: Run) throws {
      guard let expected = run.description.dataDigest, data.digest != expected else { return }
      throw CommandError("\(data.name) is \(data.digest) now, but run \(run.id) was on \(expected): put the data of then in its place.")
    }
  }
}
