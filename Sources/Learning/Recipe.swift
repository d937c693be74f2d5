package import Data
package import Formats
internal import Foundation
package import Modelling
package import Optimisation

/// Everything that decides a training run: the same recipe on the same data gives the same model file.
package struct Recipe: Settings {
  package var family = ""
  package var name: String {
    get { ownName ?? family }
    set { ownName = newValue }
  }
  private var ownName: String?
  package var data = DataSource(source: "")
  /// The family's configuration and training options, decoded by the family itself when the run starts.
  package var configuration = JSONValue.object([])
  package var training = JSONValue.object([])
  package var optimiser = Optimiser()
  package var schedule = Schedule()
  package var clipping = Clipping()
  /// Random maps of the images that are learnt from; nil: none.
  package var augmentation: Augmentation?
  package var epochs = 20
  package var batchSize = 128
  /// Items held out to choose the best checkpoint.
  package var validation = 0
  /// Epochs without a better validation bound after which training stops; nil: `epochs` are run whatever comes.
  package var patience: Int?
  package var seed: UInt64 {
    get { UInt64(bitPattern: Int64(wholeSeed)) }
    set { wholeSeed = Int(Int64(bitPattern: newValue)) }
  }
  private var wholeSeed = 0
  /// The labels that may be learnt from; nil: none.
  package var labels: LabelSelection?

  package init() {}

  package static let table = Table<Self> {
    Setting("family", \.family, required: true, "Of what family the model is.")
    Setting("name", \.name, default: .null, "Of the model and its file; absent: the family's.")
    Setting("data", \.data, required: true, "Where the items come from.")
    Setting("configuration", \.configuration, "The family's own configuration.")
    Setting("training", \.training, "The family's own training options.")
    Setting("optimiser", \.optimiser, "How parameters move along their gradients.")
    Setting("schedule", \.schedule, "How the learning rate changes.")
    Setting("clip", \.clipping, "Bounds on a gradient before it is followed.")
    Setting("augmentation", \.augmentation, "Random maps of the images that are learnt from, other ones in every step; absent: none.")
    Setting("epochs", \.epochs, in: 1...1_000_000, "Passes over the items.")
    Setting("batch_size", \.batchSize, in: 1...65_536, "Items of a step.")
    Setting("validation", \.validation, in: 0..., expected: "0 or more items", "Items held out to choose the best epoch by.")
    Setting(
      "patience", \.patience, in: 1..., expected: "1 or more epochs",
      "Epochs without a better validation bound after which training stops; absent: none are left out.")
    Setting("seed", \.wholeSeed, in: 0..., expected: "0 to 2^63-1", "Chooses the random numbers.")
    Setting("labels", \.labels, "The labels that may be learnt from; absent: none.")
  }

  package func check() throws(Fault) {
    // The registry's rule, and no path: the name becomes that of the file.
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    guard let first = name.utf8.first, letters.contains(first), name.utf8.count <= 64,
      name.utf8.allSatisfy({ letters.contains($0) || "._-".utf8.contains($0) })
    else {
      throw Fault(
        field: "name", given: "\"\(name.prefix(80))\"", expected: "1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit")
    }
    if let patience, validation == 0 {
      throw Fault(field: "patience", given: "\(patience)", expected: "no such field without validation, by which it stops")
    }
  }
}

extension Recipe {
  /// Reads a recipe; unknown fields are errors. Tables are read as this build reads them.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    try self.init(recorded: bytes)
    data = data.readAnew
  }

  /// Reads the recipe that a run recorded: a table is read as it was then.
  package init(recorded bytes: [UInt8]) throws(JSONError) {
    self = try StrictJSON.decode(Recipe.self, from: bytes)
    do throws(Fault) { try validate() } catch { throw JSONError(error) }
  }

  /// The items to learn from; categories and missing cells are read where the family learns from them.
  package func loadData(families: [any ModelFamily.Type]) throws -> DataSet {
    return try data.load(isMixed: families.named(family)?.trainable?.learnsFrom.contains(.mixedTables) ?? false, withLabels: labels != nil)
  }

  /// The recipe as one JSON text, names sorted at every depth: what a checkpoint and a run are known by.
  package func canonicalText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard case .object(let members) = try JSONValue(parsing: [UInt8](try encoder.encode(self))) else {
      preconditionFailure("settings are encoded as an object")
    }
    // The family's own parts stand as they were given, to the spelling of a number.
    let given = ["configuration": configuration, "training": training]
    let whole = members.map { JSONValue.Member(name: $0.name, value: given[$0.name] ?? $0.value) }
    return String(decoding: JSONValue.object(whole).sorted.text, as: UTF8.self)
  }
}
