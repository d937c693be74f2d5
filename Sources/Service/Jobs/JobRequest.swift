package import Formats
internal import Foundation
package import Modelling
internal import Registry

/// Work that a server does without a client that waits: a training, an evaluation, or filling in a whole table.
package struct JobRequest: Settings {
  package enum Kind: String, CaseIterable, SettingValue { case train, evaluate, impute }

  /// Where the model that was learnt goes.
  package struct Publish: Settings {
    package var model = ""
    package var alias: String?
    package var reason = ""

    package init() {}

    package static let table = Table<Self> {
      Setting("model", \.model, required: true, "The name under which it is registered.")
      Setting("alias", \.alias, "The alias that is moved to it, such as live; absent: none.")
      Setting("reason", \.reason, "Why, for the change log.")
    }

    package func check() throws(Fault) {
      do { try ModelReference.validate(name: model) } catch {
        throw Fault(field: "model", given: "\"\(model.prefix(80))\"", expected: "a name of a-z, 0-9, '.', '_' and '-'")
      }
      guard let alias else { return }
      do { try ModelReference.validate(alias: alias) } catch {
        throw Fault(field: "alias", given: "\"\(alias.prefix(80))\"", expected: "a name that begins with a letter")
      }
    }
  }

  package var kind = Kind.train
  package var dataset: String?
  package var file: String?
  package var recipe: JSONValue?
  package var family: String?
  package var reading: TableOptions?
  package var publish: Publish?
  package var model: String?
  package var labels: String?
  package var fitDataset: String?
  package var limit: Int?
  package var k = 100
  package var mode = ImputeRequest.Mode.point
  package var draws: Int?
  package var hours = 168
  package var seed: Int?

  package init() {}

  package static let table = Table<Self> {
    Setting("kind", \.kind, required: true, "What is done: train, evaluate, or impute, which learns a model of a table and fills in its holes.")
    Setting("dataset", \.dataset, "The registered data set; a recipe that names a known one (fashion-mnist, sprites, ring) needs none.")
    Setting("file", \.file, "The file of the data set, where it has several and no recipe says which.")
    Setting("recipe", \.recipe, "Of train: the recipe, whose paths are those of the data set's files; absent: chosen by what the data are.")
    Setting("family", \.family, "Without a recipe: the family; absent: the one that fits the data best.")
    Setting("reading", \.reading, "Without a recipe: how the file of a table is read.")
    Setting("publish", \.publish, "Where the model goes that was learnt; absent: it is a file of the run.")
    Setting("model", \.model, "Of evaluate: name, name@3 or name@alias.")
    Setting(
      "labels", \.labels,
      "Of evaluate: the classes of the items, #COLUMN of the table, or a file of the data set, FILE.csv#COLUMN or one of whole numbers (IDX, NPY).")
    Setting("fit_dataset", \.fitDataset, "Of evaluate: what a map of clusters to classes is fitted on; absent: the evaluated items alone.")
    Setting("limit", \.limit, in: 1..., "Of evaluate: at most so many items, from the first.")
    Setting("k", \.k, in: 0...10_000, "Of evaluate: draws of the importance-weighted bound; 0 measures no bounds.")
    Setting("mode", \.mode, "Of impute: point, one table of means, likeliest categories and medians; or draws, tables of sampled values.")
    Setting("draws", \.draws, in: 1...1000, "Of impute: latent draws; with mode draws as many completed tables. Absent: 5.")
    Setting("hours", \.hours, in: 1...87_600, "Of impute: how long the completed table is kept.")
    Setting("seed", \.seed, in: 0..., expected: "0 to 2^63 - 1", "Chooses the random numbers; absent: the recipe's, or 0.")
  }

  package func check() throws(Fault) {
    let given: [(field: String, isGiven: Bool, kinds: Set<Kind>)] = [
      ("recipe", recipe != nil, [.train]), ("family", family != nil, [.train, .impute]), ("reading", reading != nil, [.train, .impute, .evaluate]),
      ("publish", publish != nil, [.train, .impute]), ("model", model != nil, [.evaluate]), ("labels", labels != nil, [.evaluate]),
      ("fit_dataset", fitDataset != nil, [.evaluate]), ("limit", limit != nil, [.evaluate]), ("k", k != 100, [.evaluate]),
      ("mode", mode != .point, [.impute]), ("draws", draws != nil, [.impute]), ("hours", hours != 168, [.impute]),
    ]
    if let stranger = given.first(where: { $0.isGiven && !$0.kinds.contains(kind) }) {
      throw Fault(field: stranger.field, given: "there", expected: "nothing: it has no effect on kind \(kind.rawValue)")
    }
    if recipe != nil, family != nil { throw Fault(field: "family", given: "there", expected: "nothing beside a recipe, which names its own") }
    if recipe != nil, reading != nil { throw Fault(field: "reading", given: "there", expected: "nothing beside a recipe: it stands in data.reading") }
    if kind == .evaluate, model == nil { throw Fault(field: "model", given: "nothing", expected: "the model that is measured") }
    if dataset == nil, recipe == nil, kind != .evaluate {
      throw Fault(field: "dataset", given: "nothing", expected: "the name of a registered data set")
    }
    if kind == .evaluate, dataset == nil {
      throw Fault(field: "dataset", given: "nothing", expected: "the name of a registered data set, or of a known one")
    }
  }

  /// As one JSON text, by which a job is kept.
  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
