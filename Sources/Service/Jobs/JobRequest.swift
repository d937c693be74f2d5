package import Data
package import Formats
internal import Foundation
package import Modelling
internal import Registry
package import Robustness

/// Work that a server does without a client that waits: a training, an evaluation, an audit, or filling in a whole table.
package struct JobRequest: Settings {
  package enum Kind: String, CaseIterable, SettingValue { case train, evaluate, impute, robustness }

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
  package var format: DataSource.Format?
  package var split: DataSource.Split?
  package var labels: String?
  package var fitDataset: String?
  package var fitLabels: String?
  package var fitLimit: Int?
  package var fit = true
  package var probe = false
  package var limit: Int?
  package var k = 100
  package var masks: PixelMask?
  package var samples: Int?
  package var items: Int?
  package var attack: AuditPlan?
  package var mode = ImputeRequest.Mode.point
  package var draws: Int?
  package var hours = 168
  package var seed: Int?

  /// Samples whose modes are counted: as many as VEEGAN's authors draw.
  package static let standardSamples = 2500
  /// Items that are audited.
  package static let standardItems = 100

  package init() {}

  package static let table = Table<Self> {
    Setting(
      "kind", \.kind, required: true,
      "What is done: train, evaluate, impute, which learns a model of a table and fills in its holes, or robustness, which audits a model.")
    Setting("dataset", \.dataset, "The registered data set; a recipe that names a known one (fashion-mnist, sprites, ring) needs none.")
    Setting("file", \.file, "The file of the data set, where it has several and no recipe says which.")
    Setting("recipe", \.recipe, "Of train: the recipe, whose paths are those of the data set's files; absent: chosen by what the data are.")
    Setting("family", \.family, "Without a recipe: the family; absent: the one that fits the data best.")
    Setting("reading", \.reading, "Without a recipe, and of a model that is measured: how the file of a table is read.")
    Setting("publish", \.publish, "Where the model goes that was learnt; absent: it is a file of the run.")
    Setting("model", \.model, "Of evaluate and robustness: name, name@3 or name@alias.")
    Setting("format", \.format, "Of evaluate: how the file is read, where its name doesn't tell.")
    Setting("split", \.split, "Of evaluate and robustness: of a known data set train or test; absent: test.")
    Setting(
      "labels", \.labels,
      "Of evaluate and robustness: the classes of the items, #COLUMN of the table, or a file of the data set, FILE.csv#COLUMN or one of whole numbers (IDX, NPY)."
    )
    Setting(
      "fit_dataset", \.fitDataset,
      "Of evaluate: what a map of clusters to classes, or a probe, is fitted on; absent: the training split of a known data set, else the evaluated items alone."
    )
    Setting("fit_labels", \.fitLabels, "Of evaluate: the classes of those, in their own files; absent: as labels.")
    Setting("fit_limit", \.fitLimit, in: 1..., "Of evaluate: at most so many of those, from the first.")
    Setting("fit", \.fit, "Of evaluate: false fits the map on the evaluated items alone, whatever the data set.")
    Setting("probe", \.probe, "Of evaluate: true reads classes off the codes, by logistic regression that is fitted on fit_dataset.")
    Setting("limit", \.limit, in: 1..., "Of evaluate: at most so many items, from the first.")
    Setting("k", \.k, in: 0...10_000, "Of evaluate: draws of the importance-weighted bound; 0 measures no bounds.")
    Setting(
      "masks", \.masks,
      "Of evaluate: what is hidden of every image, whose likelihood given the others is measured: \(PixelMask.grammar); absent: nothing.")
    Setting("samples", \.samples, in: 1...10_000_000, "Of evaluate: samples whose modes are counted, of data whose modes are known; absent: 2500.")
    Setting("items", \.items, in: 1..., "Of robustness: how many items, drawn by the seed; absent: 100.")
    Setting("attack", \.attack, "Of robustness: the attack, as in POST /v1/models/{model}/robustness; absent: its defaults.")
    Setting("mode", \.mode, "Of impute: point, one table of means, likeliest categories and medians; or draws, tables of sampled values.")
    Setting("draws", \.draws, in: 1...1000, "Of impute: latent draws; with mode draws as many completed tables. Absent: 5.")
    Setting("hours", \.hours, in: 1...87_600, "Of impute: how long the completed table is kept.")
    Setting("seed", \.seed, in: 0..., expected: "0 to 2^63 - 1", "Chooses the random numbers; absent: the recipe's, or 0.")
  }

  package func check() throws(Fault) {
    let measured: Set<Kind> = [.evaluate, .robustness]
    let given: [(field: String, isGiven: Bool, kinds: Set<Kind>)] = [
      ("recipe", recipe != nil, [.train]), ("family", family != nil, [.train, .impute]), ("publish", publish != nil, [.train, .impute]),
      ("model", model != nil, measured), ("format", format != nil, [.evaluate]), ("split", split != nil, measured),
      ("labels", labels != nil, measured), ("fit_dataset", fitDataset != nil, [.evaluate]), ("fit_labels", fitLabels != nil, [.evaluate]),
      ("fit_limit", fitLimit != nil, [.evaluate]), ("fit", !fit, [.evaluate]), ("probe", probe, [.evaluate]), ("limit", limit != nil, [.evaluate]),
      ("k", k != 100, [.evaluate]),
      ("masks", masks != nil, [.evaluate]), ("samples", samples != nil, [.evaluate]), ("items", items != nil, [.robustness]),
      ("attack", attack != nil, [.robustness]), ("mode", mode != .point, [.impute]), ("draws", draws != nil, [.impute]),
      ("hours", hours != 168, [.impute]),
    ]
    if let stranger = given.first(where: { $0.isGiven && !$0.kinds.contains(kind) }) {
      throw Fault(field: stranger.field, given: "there", expected: "nothing: it has no effect on kind \(kind.rawValue)")
    }
    if recipe != nil, family != nil { throw Fault(field: "family", given: "there", expected: "nothing beside a recipe, which names its own") }
    if recipe != nil, reading != nil { throw Fault(field: "reading", given: "there", expected: "nothing beside a recipe: it stands in data.reading") }
    guard measured.contains(kind) else {
      if dataset == nil, recipe == nil { throw Fault(field: "dataset", given: "nothing", expected: "the name of a registered data set") }
      return
    }
    if model == nil { throw Fault(field: "model", given: "nothing", expected: "the model that is measured") }
    if dataset == nil { throw Fault(field: "dataset", given: "nothing", expected: "the name of a registered data set, or of a known one") }
    if kind == .robustness, labels != nil, attack?.objective != .downstream {
      throw Fault(field: "labels", given: "there", expected: "nothing but with the objective downstream")
    }
    if masks != nil, k == 0 { throw Fault(field: "k", given: "0", expected: "1 or more beside masks") }
    if probe, !fit { throw Fault(field: "fit", given: "false", expected: "true beside probe") }
    if probe, labels != nil, fitDataset == nil {
      throw Fault(field: "fit_dataset", given: "nothing", expected: "the data set that the probe is fitted on, beside labels")
    }
    if !fit, fitDataset != nil { throw Fault(field: "fit", given: "false", expected: "true beside fit_dataset") }
    if fitDataset == nil, fitLabels != nil { throw Fault(field: "fit_labels", given: "there", expected: "nothing without fit_dataset") }
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
