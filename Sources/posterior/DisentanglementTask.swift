import Families
import Data
import Evaluation
import Formats
import ModelFiles
import Modelling
import Registry

/// What a measurement of disentanglement is of: enough to measure it again.
struct DisentanglementTask {
  static let measure = "disentanglement"

  let split: DataSource.Split
  let items: Int
  /// Of latent variables, 0 being nearest the data; nil for all side by side.
  let layer: Int?
  let seed: UInt64

  init(split: DataSource.Split, items: Int, layer: Int?, seed: UInt64) {
    self.split = split
    self.items = items
    self.layer = layer
    self.seed = seed
  }

  /// As a run recorded it, the mirror image of `parameters`; nil where the run is another evaluation.
  init?(of run: Run) {
    let parameters = run.description.parameters
    guard parameters["measure"] == Self.measure, let split = parameters["split"].flatMap(DataSource.Split.init(rawValue:)),
      let items = parameters["items"].flatMap({ Int($0) })
    else { return nil }
    self.init(split: split, items: items, layer: parameters["layer"].flatMap { Int($0) }, seed: run.description.seed)
  }

  func parameters(modelFile: String) -> [String: String] {
    var parameters = [
      "measure": Self.measure, "data": "sprites", "items": String(items), "model_file": EvaluationTask.absolute(modelFile), "split": split.rawValue,
    ]
    parameters["layer"] = layer.map(String.init)
    return parameters
  }

  /// The model, and the items that it is measured on.
  func load(modelFile: String) throws -> (model: any Encoding, items: DataSet) {
    let loaded = try ModelFile.load(path: modelFile, families: Catalogue.families).model
    guard let model = Capability.encoding.of(loaded) else { throw CommandError("the family \(type(of: loaded).name) can't encode") }
    guard model.codeForms.allSatisfy(\.isGaussian) else { throw CommandError("the codes of the family \(type(of: loaded).name) are not Gaussian") }
    guard items > 1 else { throw CommandError("--items is \(items), expected 2 or more") }
    let data = try DataSource(source: NamedDataSet.sprites.name, split: split, limit: items).load()
    guard data.count == items else { throw CommandError("--items is \(items), expected at most \(data.count), those of \(data.name)") }
    guard model.signature.space.takesItems(of: data.signature.space) else {
      throw CommandError("\(data.name) has items of shape \(data.signature.space.shape), the model takes \(model.signature.space.shape)")
    }
    if let layer, !model.codeForms.indices.contains(layer) {
      throw CommandError("--layer is \(layer), expected 0 to \(model.codeForms.count - 1), the layers of this model")
    }
    return (model, data.adopting(model.signature))
  }

  func evaluate(_ model: any Encoding, on data: DataSet, progress: (Int) -> Void = { _ in }) -> DisentanglementEvaluation {
    DisentanglementEvaluation(of: model, on: Sprites(split).prefix(items), as: data, layer: layer, seed: seed, progress: progress)
  }
}
