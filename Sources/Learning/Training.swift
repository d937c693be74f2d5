package import Data
package import Formats
internal import Foundation
package import ModelFiles
package import Modelling
internal import Optimisation
internal import Tensors

/// One training run from a recipe to a model file.
///
/// Everything random is keyed by the recipe's seed, the epoch and the step, so a run that was stopped and resumed ends in the same bytes as one that was not.
package struct Training: Sendable {
  package struct Options: Sendable {
    /// Where the model file goes.
    package var output: String
    /// Where the state between epochs goes.
    package var checkpoint: String
    /// Goes on from the checkpoint instead of refusing to overwrite it.
    package var resumes: Bool
    /// Leaves the checkpoint where the run ends well, so that it can go on to more epochs.
    package var keepsCheckpoint: Bool

    package init(output: String, checkpoint: String, resumes: Bool = false, keepsCheckpoint: Bool = false) {
      self.output = output
      self.checkpoint = checkpoint
      self.resumes = resumes
      self.keepsCheckpoint = keepsCheckpoint
    }
  }

  package struct Result: Sendable {
    package let digest: Digest
    package let path: String
    package let bestEpoch: Int
    /// What the chosen epoch was better by than the others; nil without validation items.
    package let bestValue: Double?
    package let run: RunID?
  }

  package let recipe: Recipe
  package let options: Options
  package let recorder: (any RunRecorder)?
  package let build: BuildInformation
  /// Families that a recipe can name.
  private let families: [any ModelFamily.Type]
  /// The recipe's data where they have been read already.
  private let data: DataSet?

  package init(
    _ recipe: Recipe, families: [any ModelFamily.Type], options: Options, data: DataSet? = nil, recorder: (any RunRecorder)? = nil,
    build: BuildInformation
  ) {
    self.recipe = recipe
    self.families = families
    self.data = data
    self.options = options
    self.recorder = recorder
    self.build = build
  }

  /// Trains until the last epoch or until `shouldStop` says so, which saves a checkpoint and throws `TrainingError.stopped`.
  package func run(observe: @escaping (TrainingEvent) -> Void, shouldStop: @escaping () -> Bool = { false }) throws -> Result {
    guard let family = families.named(recipe.family) else {
      throw TrainingError.invalid("family is \"\(recipe.family)\", expected one of: \(families.map { $0.name }.joined(separator: ", "))")
    }
    guard let trainable = family.trainable else { throw TrainingError.invalid("the family \(recipe.family) can't be trained") }
    if !options.resumes, FileManager.default.fileExists(atPath: options.checkpoint) {
      throw TrainingError.invalid("there is a checkpoint at \(options.checkpoint): go on from it with --resume, or remove it")
    }
    try recipe.validate()
    guard options.output != options.checkpoint else { throw TrainingError.invalid("\(options.output) can't be both the model and the checkpoint") }
    // Before hours of work, not after them.
    for path in [options.output, options.checkpoint] { try Self.checkFolder(of: path) }
    return try train(trainable, observe, shouldStop)
  }

  private static func checkFolder(of path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    let parent = folder.isEmpty ? "." : folder
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: parent, isDirectory: &isFolder), isFolder.boolValue else {
      throw TrainingError.invalid("\(path) can't be written: there is no folder \(parent)")
    }
    guard FileManager.default.isWritableFile(atPath: parent) else {
      throw TrainingError.invalid("\(path) can't be written: the folder \(parent) is not writable")
    }
    guard !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) || !isFolder.boolValue else {
      throw TrainingError.invalid("\(path) can't be written: it is a folder")
    }
  }

  private func train<Family: Trainable>(_ type: Family.Type, _ observe: (TrainingEvent) -> Void, _ shouldStop: () -> Bool) throws -> Result {
    var loop = try TrainingLoop<Family>(recipe, data: data ?? recipe.loadData(families: families))
    if options.resumes { try loop.restore(from: options.checkpoint) }
    let resumedAt = loop.state.epoch
    let run = try recorder?.start(
      RunDescription(
        kind: .train, family: recipe.family, model: recipe.name, configuration: recipe.canonicalText(), parameters: parameters(),
        tags: resumedAt > 0 ? ["resumed_at_epoch": String(resumedAt)] : [:], seed: recipe.seed, dataDigest: loop.data.digest, build: build))
    do {
      if let run, let kept = loop.keptLabels { try recorder?.attach("labels.json", mediaType: "application/json", bytes: kept.json.text, to: run) }
      observe(.started(loop.summary))
      try loop.run(
        observe: { event in
          observe(event)
          if case .epochFinished(let epoch) = event, let run, let recorder { try recorder.record(epoch.metrics, in: run) }
        },
        save: { try $0.save(to: options.checkpoint) }, shouldStop: shouldStop)
      let result = try finish(loop, run)
      if let run { try recorder?.finish(run, .finished(output: result.digest)) }
      observe(.finished(result))
      return result
    } catch {
      // The first error is the one to report; a recorder that fails as well would only hide it.
      if let run { try? recorder?.finish(run, error as? TrainingError == .stopped ? .cancelled : .failed("\(error)")) }
      throw error
    }
  }

  /// Those of the recipe, and the folder from which its paths lead, so that the run can be repeated from any other.
  private func parameters() throws -> [String: String] {
    var parameters = try recipe.parameters()
    if recipe.data.hasRelativePaths { parameters[Self.folderParameter] = ".".absolutePath }
    return parameters
  }

  package static let folderParameter = "folder"

  private func finish<Family: Trainable>(_ loop: TrainingLoop<Family>, _ run: RunID?) throws -> Result {
    // No time and no run id: the file's bytes follow from the recipe and the data alone.
    var notes = ["name": recipe.name, "data": loop.data.name, "recipe": SHA256.digest(Array(try recipe.canonicalText().utf8)).description]
    if let kept = loop.keptLabels { notes["labels"] = "\(loop.data.labels?.digest.description ?? "none"), \(kept.items.count) kept" }
    let provenance = Provenance(data: loop.data.digest, seed: Int(recipe.seed), trainedWith: "posterior", notes: notes)
    let bytes = try ModelFile.encode(loop.finishedModel, provenance: provenance)
    try ModelFile.write(bytes, to: options.output)
    if !options.keepsCheckpoint, FileManager.default.fileExists(atPath: options.checkpoint) {
      try FileManager.default.removeItem(atPath: options.checkpoint)
    }
    let best = loop.state.best
    return Result(
      digest: SHA256.digest(bytes), path: options.output, bestEpoch: best?.epoch ?? loop.state.epoch, bestValue: best?.value, run: run)
  }
}
