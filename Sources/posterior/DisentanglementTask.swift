import Data
import Evaluation
import Families
import Formats
import Foundation
import ModelFiles
import Modelling
import Registry

/// What a measurement of disentanglement is of: enough to measure it again.
struct DisentanglementTask {
  static let measure = "disentanglement"

  let data: EvaluationData
  /// A table of the items' factors, a row an item; nil for sprites, which know theirs.
  let factors: String?
  let items: Int
  /// Of latent variables, 0 being nearest the data; nil for all side by side.
  let layer: Int?
  let seed: UInt64

  /// A model, the items that it is measured on, and what these were made of.
  struct Subject {
    let model: any Encoding
    let items: DataSet
    let factors: [FactorTable.Factor]
    /// Of the file that the factors stand in.
    let factorsDigest: Digest?
  }

  init(_ data: EvaluationData, factors: String?, items: Int, layer: Int?, seed: UInt64) {
    (self.data, self.factors, self.items, self.layer, self.seed) = (data, factors, items, layer, seed)
  }

  /// As a run recorded it, the mirror image of `parameters`; nil where the run is another evaluation.
  init?(of run: Run) throws {
    let parameters = run.description.parameters
    guard parameters["measure"] == Self.measure, let split = parameters["split"].flatMap(DataSource.Split.init(rawValue:)),
      let items = parameters["items"].flatMap({ Int($0) })
    else { return nil }
    // Builds before 0.3 knew sprites alone, and did not write where they came from.
    let data = try EvaluationData(parameters, prefix: "") ?? EvaluationData(NamedDataSet.sprites.name, split: split, limit: nil, labels: nil)
    self.init(data, factors: parameters["factors"], items: items, layer: parameters["layer"].flatMap { Int($0) }, seed: run.description.seed)
  }

  func parameters(modelFile: String, subject: Subject) -> [String: String] {
    var parameters = [
      "measure": Self.measure, "data": subject.items.name, "items": String(items), "model_file": EvaluationTask.absolute(modelFile),
    ]
    parameters["layer"] = layer.map(String.init)
    parameters["factors"] = factors.map(EvaluationTask.absolute)
    parameters["factors_digest"] = subject.factorsDigest?.description
    return parameters.merging(data.parameters(prefix: "", items: subject.items)) { own, _ in own }
  }

  func load(modelFile: String) throws -> Subject {
    let loaded = try ModelFile.load(path: modelFile, families: Catalogue.families).model
    guard let model = Capability.encoding.of(loaded) else { throw CommandError("the family \(type(of: loaded).name) can't encode") }
    guard model.codeForms.allSatisfy(\.isGaussian) else { throw CommandError("the codes of the family \(type(of: loaded).name) are not Gaussian") }
    guard items > 1 else { throw CommandError("--items is \(items), expected 2 or more") }
    if let layer, !model.codeForms.indices.contains(layer) {
      throw CommandError("--layer is \(layer), expected 0 to \(model.codeForms.count - 1), the layers of this model")
    }
    let isOfSprites = data.source == NamedDataSet.sprites.name
    guard isOfSprites || factors != nil else {
      throw CommandError("--factors is missing: of \(data.source) no factors are known; name a table with a row an item and a column a factor")
    }
    guard !isOfSprites || factors == nil else {
      throw CommandError("--factors is \(factors ?? ""), expected nothing: the factors of sprites are known")
    }
    let source = DataSource(source: data.source, format: data.format, split: data.split, limit: items, reading: isOfSprites ? nil : data.reading)
    let found = try source.load()
    guard !isOfSprites || found.count == items else {
      throw CommandError("--items is \(items), expected at most \(found.count), those of \(found.name)")
    }
    guard model.signature.space.takesItems(of: found.signature.space) else {
      throw CommandError("\(found.name) has items of shape \(found.signature.space.shape), the model takes \(model.signature.space.shape)")
    }
    let adopted = found.adopting(model.signature)
    guard let factors else {
      return Subject(model: model, items: adopted, factors: FactorTable.Factor.all(of: Sprites(data.split).prefix(items)), factorsDigest: nil)
    }
    let table = try DataSource(source: factors, format: .csv, reading: TableOptions()).load(isMixed: true)
    guard table.count >= adopted.count else {
      throw CommandError("\(factors) has \(table.count) rows for \(adopted.count) items: expected one an item, in their order")
    }
    return Subject(
      model: model, items: adopted, factors: try FactorTable.Factor.columns(of: table.prefix(adopted.count)), factorsDigest: table.digest)
  }

  func evaluate(_ subject: Subject, progress: (Int) -> Void = { _ in }) -> DisentanglementEvaluation {
    DisentanglementEvaluation(of: subject.model, on: subject.items, factors: subject.factors, layer: layer, seed: seed, progress: progress)
  }
}
