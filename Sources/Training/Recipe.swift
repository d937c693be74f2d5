internal import Foundation
package import Formats
package import Models

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

  /// Reads a recipe; unknown fields are errors.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    let value = try JSONValue(parsing: bytes)
    guard case .object(let members) = value else {
      throw JSONError(field: "", given: "a value that is no object", expected: "a recipe", detail: "a recipe is a JSON object", reason: .mismatch, position: nil)
    }
    // The family decodes its own two parts; everything else has a fixed form.
    let open: Set<String> = ["configuration", "training"]
    let fixed = try StrictJSON.decode(Fixed.self, from: .object(members.filter { !open.contains($0.name) }))
    family = fixed.family
    name = fixed.name ?? fixed.family
    data = fixed.data
    configuration = value["configuration"] ?? .object([])
    training = value["training"] ?? .object([])
    optimiser = fixed.optimiser ?? Optimiser()
    schedule = fixed.schedule ?? Schedule()
    clipping = fixed.clip ?? Clipping()
    epochs = fixed.epochs ?? 20
    batchSize = fixed.batch_size ?? 128
    validation = fixed.validation ?? 0
    seed = UInt64(fixed.seed ?? 0)
    try check(negativeSeed: (fixed.seed ?? 0) < 0)
  }

  private struct Fixed: Decodable {
    let family: String
    let name: String?
    let data: DataSource
    let optimiser: Optimiser?
    let schedule: Schedule?
    let clip: Clipping?
    let epochs: Int?
    let batch_size: Int?
    let validation: Int?
    let seed: Int64?
  }
}

extension Recipe {
  private func check(negativeSeed: Bool) throws(JSONError) {
    func refuse(_ field: String, _ given: String, _ expected: String) -> JSONError {
      JSONError(field: field, given: given, expected: expected, detail: "\(field) is \(given), expected \(expected)", reason: .mismatch, position: nil)
    }
    if negativeSeed { throw refuse("seed", "a negative number", "0 to 2^63-1") }
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

  /// The recipe in one canonical text: what a checkpoint and a run are known by.
  package func canonicalText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(Canonical(self)), as: UTF8.self)
  }

  private struct Canonical: Encodable {
    let family: String, name: String, data: DataSource, configuration: JSONValue, training: JSONValue
    let optimiser: Optimiser, schedule: Schedule, clip: Clipping, epochs: Int, batch_size: Int, validation: Int, seed: UInt64

    init(_ recipe: Recipe) {
      (family, name, data) = (recipe.family, recipe.name, recipe.data)
      (configuration, training) = (recipe.configuration, recipe.training)
      (optimiser, schedule, clip) = (recipe.optimiser, recipe.schedule, recipe.clipping)
      (epochs, batch_size, validation, seed) = (recipe.epochs, recipe.batchSize, recipe.validation, recipe.seed)
    }
  }
}
