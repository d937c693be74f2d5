package import Data
package import Formats
internal import Foundation
package import Modelling

/// Everything that decides a training run: the same recipe on the same data gives the same model file.
package struct Recipe: Sendable {
  package var family: String
  package var name: String
  package var data: DataSource
  /// The family's configuration and training options, decoded by the family itself.
  package var configuration: JSONValue
  package var training: JSONValue
  package var optimiser: Optimiser
  package var schedule: Schedule
  package var clipping: Clipping
  package var epochs: Int
  package var batchSize: Int
  /// Items held out to choose the best checkpoint.
  package var validation: Int
  /// Epochs without a better validation bound after which training stops; nil: all `epochs` are run.
  package var patience: Int?
  package var seed: UInt64
  /// The labels that may be learnt from; nil: none.
  package var labels: LabelSelection?
}

extension Recipe {
  /// Reads a recipe; unknown fields are errors. The family decodes its own two parts when the run starts.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    let form = try StrictJSON.decode(Form.self, from: bytes)
    family = form.family
    name = form.name ?? form.family
    data = form.data
    configuration = form.configuration ?? .object([])
    training = form.training ?? .object([])
    optimiser = form.optimiser ?? Optimiser()
    schedule = form.schedule ?? Schedule()
    clipping = form.clip ?? Clipping()
    epochs = form.epochs ?? 20
    batchSize = form.batchSize ?? 128
    validation = form.validation ?? 0
    patience = form.patience
    labels = form.labels
    let seed = form.seed ?? 0
    guard seed >= 0 else { throw JSONError(.mismatch, field: "seed", given: "\(seed)", expected: "0 to 2^63-1") }
    self.seed = UInt64(seed)
    try check()
  }

  private struct Form: Decodable {
    let family: String
    let name: String?
    let data: DataSource
    let configuration: JSONValue?
    let training: JSONValue?
    let optimiser: Optimiser?
    let schedule: Schedule?
    let clip: Clipping?
    let epochs: Int?
    let batchSize: Int?
    let validation: Int?
    let patience: Int?
    let seed: Int64?
    let labels: LabelSelection?

    enum CodingKeys: String, CodingKey {
      case family, name, data, configuration, training, optimiser, schedule, clip, epochs, validation, patience, seed, labels
      case batchSize = "batch_size"
    }
  }
}

extension Recipe {
  /// The items to learn from; categories and missing cells are read where the family learns from them.
  package func loadData(families: [any ModelFamily.Type]) throws -> DataSet {
    let family = families.named(family) as? any Trainable.Type
    return try data.load(isMixed: family?.learnsFromMixedTables ?? false, withLabels: labels != nil)
  }

  package func check() throws(JSONError) {
    func refuse(_ field: String, _ given: String, _ expected: String) -> JSONError {
      JSONError(.mismatch, field: field, given: given, expected: expected)
    }
    // The registry's rule, and no path: the name becomes that of the file.
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    guard let first = name.utf8.first, letters.contains(first), name.utf8.count <= 64,
      name.utf8.allSatisfy({ letters.contains($0) || "._-".utf8.contains($0) })
    else { throw refuse("name", "\"\(name.prefix(80))\"", "1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit") }
    guard seed <= UInt64(Int64.max) else { throw refuse("seed", "\(seed)", "0 to 2^63-1") }
    guard (1...1_000_000).contains(epochs) else { throw refuse("epochs", "\(epochs)", "1 to 1000000") }
    guard (1...65_536).contains(batchSize) else { throw refuse("batch_size", "\(batchSize)", "1 to 65536") }
    guard validation >= 0 else { throw refuse("validation", "\(validation)", "0 or more items") }
    if let patience {
      guard patience > 0 else { throw refuse("patience", "\(patience)", "1 or more epochs") }
      guard validation > 0 else { throw refuse("patience", "\(patience)", "no such field without validation, by which it stops") }
    }
    do throws(Fault) { try labels?.check() } catch { throw refuse(error.field, error.given, error.expected) }
    guard optimiser.rate.isFinite, optimiser.rate > 0 else { throw refuse("optimiser.rate", "\(optimiser.rate)", "a positive number") }
    guard optimiser.betas.count == 2, optimiser.betas.allSatisfy({ (0..<1).contains($0) }) else {
      throw refuse("optimiser.betas", "\(optimiser.betas)", "two numbers from 0 to below 1")
    }
    guard optimiser.epsilon > 0, optimiser.epsilon.isFinite else {
      throw refuse("optimiser.epsilon", "\(optimiser.epsilon)", "a positive number")
    }
    guard optimiser.weightDecay >= 0, optimiser.weightDecay.isFinite else {
      throw refuse("optimiser.weight_decay", "\(optimiser.weightDecay)", "0 or more")
    }
    guard (0..<1).contains(optimiser.momentum) else { throw refuse("optimiser.momentum", "\(optimiser.momentum)", "0 to below 1") }
    guard (0..<1).contains(optimiser.alpha) else { throw refuse("optimiser.alpha", "\(optimiser.alpha)", "0 to below 1") }
    // As in PyTorch: without momentum there is nothing to look ahead along.
    guard !optimiser.nesterov || optimiser.momentum > 0 else { throw refuse("optimiser.nesterov", "true", "false, because momentum is 0") }
    guard (0...1).contains(schedule.final) else { throw refuse("schedule.final", "\(schedule.final)", "0 to 1") }
    guard schedule.warmUpEpochs >= 0, schedule.warmUpEpochs.isFinite else {
      throw refuse("schedule.warm_up_epochs", "\(schedule.warmUpEpochs)", "0 or more")
    }
    for (field, value) in [("schedule.every", schedule.every), ("schedule.factor", schedule.factor)] {
      guard value > 0, value.isFinite else { throw refuse(field, "\(value)", "a positive number") }
    }
    for (field, bound) in [("clip.norm", clipping.norm), ("clip.value", clipping.value)] {
      if let bound, !(bound > 0 && bound.isFinite) { throw refuse(field, "\(bound)", "a positive number") }
    }
  }

  /// The recipe as one JSON text, names sorted at every depth: what a checkpoint and a run are known by.
  package func canonicalText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let fixed = try JSONValue(parsing: [UInt8](try encoder.encode(FixedPart(self))))
    guard case .object(let members) = fixed else { preconditionFailure("a structure is encoded as an object") }
    let own = [JSONValue.Member(name: "configuration", value: configuration), JSONValue.Member(name: "training", value: training)]
    return String(decoding: JSONValue.object(members + own).sorted.text, as: UTF8.self)
  }

  private struct FixedPart: Encodable {
    let family: String
    let name: String
    let data: DataSource
    let optimiser: Optimiser
    let schedule: Schedule
    let clip: Clipping
    let epochs: Int
    let batchSize: Int
    let validation: Int
    let patience: Int?
    let seed: UInt64
    let labels: LabelSelection?

    enum CodingKeys: String, CodingKey {
      case family, name, data, optimiser, schedule, clip, epochs, validation, patience, seed, labels
      case batchSize = "batch_size"
    }

    init(_ recipe: Recipe) {
      (family, name, data) = (recipe.family, recipe.name, recipe.data)
      (optimiser, schedule, clip) = (recipe.optimiser, recipe.schedule, recipe.clipping)
      (epochs, batchSize, validation, patience, seed) = (recipe.epochs, recipe.batchSize, recipe.validation, recipe.patience, recipe.seed)
      labels = recipe.labels
    }
  }
}
