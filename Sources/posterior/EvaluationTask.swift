import Formats
import Foundation
import Models
import Registry
import Training

/// What an evaluation measures: enough to measure it again.
struct EvaluationTask {
  let data: String
  let split: DataSource.Split
  let limit: Int?
  let draws: Int
  let seed: UInt64
  /// What is hidden of images, whose likelihood given the rest is measured; nil for the bounds of whole items.
  let mask: PixelMask?

  init(data: String, split: DataSource.Split, limit: Int?, draws: Int, seed: UInt64, mask: PixelMask?) {
    self.data = data
    self.split = split
    self.limit = limit
    self.draws = draws
    self.seed = seed
    self.mask = mask
  }

  /// As a run recorded it; the mirror image of `parameters`.
  init(of run: Run) throws {
    let parameters = run.description.parameters
    guard let data = parameters["data_source"], let split = parameters["split"].flatMap(DataSource.Split.init(rawValue:)),
      let draws = parameters["k"].flatMap({ Int($0) })
    else { throw CommandError("Run \(run.id) was recorded by a build that did not write down where its data came from; it can't be replayed.") }
    self.init(
      data: data, split: split, limit: parameters["limit"].flatMap { Int($0) }, draws: draws, seed: run.description.seed,
      mask: try parameters["masks"].map { text throws(RequestError) in try PixelMask(text) })
  }

  func parameters(modelFile: String, items: DataSet) -> [String: String] {
    var parameters = [
      "data": items.name, "data_source": NamedDataSet(rawValue: data) == nil ? Self.absolute(data) : data, "items": String(items.count),
      "k": String(draws), "model_file": Self.absolute(modelFile), "split": split.rawValue,
    ]
    parameters["limit"] = limit.map(String.init)
    parameters["masks"] = mask?.description
    return parameters
  }

  /// The model, and the items in its own scaling, which the data set does not know.
  func load(modelFile: String) throws -> (model: any ModelFamily, items: DataSet) {
    let loaded = try ModelFile.load(path: modelFile)
    guard mask == nil ? loaded.model is any Scoring : loaded.model is any ConditionalScoring else {
      throw CommandError("the family \(type(of: loaded.model).name) can't score\(mask == nil ? "" : " hidden pixels")")
    }
    // Of the formats, only NPY does not know its own range.
    let range = data.lowercased().hasSuffix(".npy") ? loaded.model.signature.range : nil
    let items = try DataSource(source: data, split: split, range: range, limit: limit).load()
    guard items.signature.kind == loaded.model.signature.kind, items.signature.itemShape == loaded.model.signature.itemShape else {
      throw CommandError("\(items.name) has items of shape \(items.signature.itemShape), the model takes \(loaded.model.signature.itemShape)")
    }
    return (loaded.model, items.adopting(loaded.model.signature))
  }

  func evaluate(_ model: any ModelFamily, on items: DataSet, progress: (Int) -> Void = { _ in }) throws -> any Findings {
    if let mask, let model = model as? any ConditionalScoring {
      return try HiddenPixelEvaluation(of: model, under: mask, on: items, draws: draws, seed: seed, progress: progress)
    }
    guard let model = model as? any Scoring else { preconditionFailure("it was loaded as one that can score") }
    return Evaluation(of: model, on: items, draws: draws, seed: seed, progress: progress)
  }

  /// So that a run can be replayed from any folder.
  static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  /// Calls `body` with the path of the evaluated model file: in the store, which keeps it until then, else where it was.
  static func readingModelFile<Value>(of run: Run, in store: ModelStore, _ body: (_ path: String) throws -> Value) throws -> Value {
    guard let digest = run.description.modelDigest else { throw CommandError("Run \(run.id) names no model file.") }
    if let version = store.version(holding: digest, preferring: run.description.model, run.description.version) {
      return try store.reading(version, body)
    }
    guard let path = run.description.parameters["model_file"], FileManager.default.fileExists(atPath: path) else {
      throw CommandError("The model file \(digest) of run \(run.id) is not in the store; name it with --input.")
    }
    return try body(path)
  }
}
