internal import Data
internal import Formats
internal import Modelling
internal import Registry

/// Data that a model can be measured on, as a job names them.
struct ScoreData {
  let name: String
  /// Whether every build knows it by its name.
  let isKnown: Bool
  /// Which file holds the items, where there are several.
  var file: String?
  /// Where the classes stand; nil where none are known, and for known data sets, which know theirs.
  var labels: String?
  /// Where they stand in a column of the table, which a model that compares no classes refuses.
  var strangeColumn: String? { labels.flatMap { $0.hasPrefix("#") ? $0 : nil } }
  /// Whether the items have the known factors of sprites, or known modes.
  var hasFactors = false
  var hasModes = false

  var hasClasses: Bool { isKnown || labels != nil }

  /// Those of the store, and the known ones that are installed.
  ///
  /// - Parameter registered: none for whoever may not see them.
  static func all(for signature: Signature, registered: [Dataset]) throws -> [ScoreData] {
    try registered.compactMap { try ScoreData($0, JobPlan.facts($0), for: signature) }
      + NamedDataSet.all.compactMap { known in
        registered.contains { $0.name == known.name } ? nil : ScoreData(known, for: signature)
      }
  }

  /// nil where the model takes other items, or the files are not there.
  private init?(_ known: NamedDataSet, for signature: Signature) {
    guard known.isInstalled, signature.space.takesItems(of: known.space) else { return nil }
    (name, isKnown) = (known.name, true)
    (hasFactors, hasModes) = (known.name == NamedDataSet.sprites.name, known.modes != nil)
  }

  /// nil where the model takes other items, as far as the description of the data tells.
  private init?(_ dataset: Dataset, _ facts: DataFacts, for signature: Signature) {
    (name, isKnown) = (dataset.name, false)
    let paths = dataset.files.map(\.path)
    if paths.count > 1, Pictures(paths) == nil {
      // As they were told apart when they were described.
      let others = paths.filter { $0.contains("label") }
      file = paths.first { !others.contains($0) }
      // Of several columns nobody has said which.
      if others.count == 1, !["csv", "tsv"].contains(where: others[0].lowercased().hasSuffix) { labels = others[0] }
    }
    let space = signature.space
    switch facts.kind {
    case .table:
      guard let table = space.table, let columns = facts.columns?.map(\.name) else { return nil }
      guard table.columns.allSatisfy({ $0.role == .ignore || columns.contains($0.name) }) else { return nil }
      let strangers = columns.filter { name in !table.columns.contains { $0.name == name } && !(table.ignored ?? []).contains(name) }
      // A column that the model does not know is refused, unless it holds the classes.
      guard strangers.count <= 1 else { return nil }
      labels = strangers.first.map { "#\($0)" }
    case .images: guard space.picture != nil, space.shape == facts.shape else { return nil }
    case .vectors: guard case .vector = space, space.shape == facts.shape else { return nil }
    // Whether the letters are the model's is known when they are read.
    case .texts: guard space.tokens != nil else { return nil }
    case .sequences: return nil
    }
  }
}
