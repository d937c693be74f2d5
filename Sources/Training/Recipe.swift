internal import Foundation
package import Formats
internal import Models

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
  package var seed: UInt64

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
    let seed: Int64?

    enum CodingKeys: String, CodingKey {
      case family, name, data, configuration, training, optimiser, schedule, clip, epochs, validation, seed
      case batchSize = "batch_size"
    }
  }
}

extension Recipe {
  package func check() throws(JSONError) {
    func refuse(_ field: String, _ given: String, _ expected: String) -> JSONError {
      JSONError(.mismatch, field: field, given: given, expected: expected)
    }
    guard seed <= UInt64(Int64.max) else { throw refuse("seed", "\(seed)", "0 to 2^63-1") }
    guard epochs >= 1 else { throw refuse("epochs", "\(epochs)", "1 or more") }
    guard (1...65_536).contains(batchSize) else { throw refuse("batch_size", "\(batchSize)", "1 to 65536") }
    guard validation >= 0 else { throw refuse("validation", "\(validation)", "0 or more items") }
    guard optimiser.rate.isFinite, optimiser.rate > 0 else { throw refuse("optimiser.rate", "\(optimiser.rate)", "a positive number") }
    guard optimiser.betas.count == 2, optimiser.betas.allSatisfy({ (0..<1).contains($0) }) else {
      throw refuse("optimiser.betas", "\(optimiser.betas)", "two numbers from 0 to below 1")
    }
    guard optimiser.epsilon > 0 else { throw refuse("optimiser.epsilon", "\(optimiser.epsilon)", "a positive number") }
    guard optimiser.weightDecay >= 0 else { throw refuse("optimiser.weight_decay", "\(optimiser.weightDecay)", "0 or more") }
    guard (0..<1).contains(optimiser.momentum) else { throw refuse("optimiser.momentum", "\(optimiser.momentum)", "0 to below 1") }
    guard (0..<1).contains(optimiser.alpha) else { throw refuse("optimiser.alpha", "\(optimiser.alpha)", "0 to below 1") }
    guard (0...1).contains(schedule.final), schedule.warmUpEpochs >= 0, schedule.every > 0, schedule.factor > 0 else {
      throw refuse("schedule", "a value out of range", "final 0 to 1, warm_up_epochs 0 or more, every and factor positive")
    }
    for (field, bound) in [("clip.norm", clipping.norm), ("clip.value", clipping.value)] {
      if let bound, !(bound > 0) { throw refuse(field, "\(bound)", "a positive number") }
    }
  }

  /// The recipe as one JSON text with sorted names: what a checkpoint and a run are known by.
  package func canonicalText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let fixed = try JSONValue(parsing: [UInt8](try encoder.encode(FixedPart(self))))
    guard case .object(let members) = fixed else { preconditionFailure("a structure is encoded as an object") }
    let own = [JSONValue.Member(name: "configuration", value: configuration), JSONValue.Member(name: "training", value: training)]
    return String(decoding: JSONValue.object((members + own).sorted { $0.name < $1.name }).text, as: UTF8.self)
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
    let seed: UInt64

    enum CodingKeys: String, CodingKey {
      case family, name, data, optimiser, schedule, clip, epochs, validation, seed
      case batchSize = "batch_size"
    }

    init(_ recipe: Recipe) {
      (family, name, data) = (recipe.family, recipe.name, recipe.data)
      (optimiser, schedule, clip) = (recipe.optimiser, recipe.schedule, recipe.clipping)
      (epochs, batchSize, validation, seed) = (recipe.epochs, recipe.batchSize, recipe.validation, recipe.seed)
    }
  }
}
