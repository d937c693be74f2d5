package import Modelling

/// Recipes, data and seeds whose combinations are all trained and evaluated alike, from one file.
package struct Study: Settings {
  package var name = ""
  package var recipes: [StudyRecipe] = []
  /// What every recipe learns from in place of its own data; nil: each from its own.
  package var data: [StudyData]?
  package var seeds: [Int] = []
  /// How often each combination is trained: equal bytes are expected of all.
  package var repeats = 1
  package var sameLabels = false
  package var evaluations: [StudyEvaluation] = []
  /// The metrics of the tables and the picture; nil: all but standard errors and counts of components.
  package var metrics: [String]?
  /// The folder from which paths of data lead; nil: the one in which the command runs.
  package var directory: String?

  package init() {}

  package static let table = Table<Self> {
    Setting("name", \.name, required: true, "Of the study and its folder.")
    Setting("recipes", \.recipes, lengths: 1...1000, of: "recipes", required: true, "What is trained.")
    Setting("data", \.data, lengths: 1...1000, of: "data sets", "What every recipe learns from, in place of its own data; absent: each from its own.")
    Setting(
      "seeds", \.seeds, in: 0..., lengths: 1...100_000, of: "seeds", expected: "numbers from 0 to 2^63-1, one or more", required: true,
      "Each takes the place of the recipe's seed, and of the seed by which its labels are chosen.")
    Setting("repeats", \.repeats, in: 1...1000, "How often each recipe is trained with each seed; equal bytes are expected of all.")
    Setting("same_labels", \.sameLabels, "Whether all seeds learn from the labels that the recipe's own labels.seed chooses.")
    Setting("evaluations", \.evaluations, lengths: 1...100, of: "evaluations", required: true, "What is measured of every model.")
    Setting(
      "metrics", \.metrics, lengths: 1...100, of: "metrics",
      "Names of the metrics of the tables and the picture; absent: all but standard errors and counts of components.")
    Setting(
      "directory", \.directory,
      "The folder from which paths of data lead, itself seen from the study's file; absent: the one in which the command runs.")
  }

  package func check() throws(Fault) {
    try Self.check(name: name, "name")
    try Self.checkNames(recipes.map(\.name), "recipes")
    try Self.checkNames((data ?? []).map(\.name), "data")
    try Self.refuseSecond(seeds, "seeds")
    try Self.refuseSecond(metrics ?? [], "metrics")
    for (index, evaluation) in evaluations.enumerated() {
      try Self.check(evaluation.recipes, among: recipes.map(\.name), "evaluations[\(index)].recipes")
      try Self.check(evaluation.trainedOn, among: (data ?? []).map(\.name), "evaluations[\(index)].trained_on")
    }
    try Self.refuseSecond(
      rows.map { ([$0.name, $0.data] as [String?]).compactMap { $0 }.joined(separator: " on ") }, "recipes",
      "names that stay different where a swept value is added to them")
    for row in rows {
      let own = evaluations(of: row)
      guard !own.isEmpty else { throw Fault(field: "evaluations", given: "none of \(row.title)", expected: "one or more of every model") }
      try Self.refuseSecond(
        own.map { $0.name ?? "" }, "evaluations", "evaluations of one model by different names, since two of \(row.title) would have the same metrics"
      )
    }
  }

  /// Names become those of files, of Kubernetes objects (RFC 1123) and of arguments: nothing in them has to be quoted.
  private static func check(name: String, _ field: String) throws(Fault) {
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    guard let first = name.utf8.first, let last = name.utf8.last, letters.contains(first), letters.contains(last), name.utf8.count <= 40,
      name.utf8.allSatisfy({ letters.contains($0) || $0 == UInt8(ascii: "-") })
    else {
      throw Fault(
        field: field, given: "\"\(name.prefix(80))\"", expected: "1 to 40 of a-z, 0-9 and '-', beginning and ending with a letter or digit")
    }
  }

  private static func checkNames(_ names: [String], _ field: String) throws(Fault) {
    for (index, name) in names.enumerated() { try check(name: name, "\(field)[\(index)].name") }
    try refuseSecond(names, field)
  }

  private static func refuseSecond<Value: Hashable>(_ values: [Value], _ field: String, _ expected: String = "each once") throws(Fault) {
    var seen: Set<Value> = []
    for value in values where !seen.insert(value).inserted {
      throw Fault(field: field, given: "\(value)".isEmpty ? "two without a name" : "\(value) twice", expected: expected)
    }
  }

  private static func check(_ names: [String]?, among known: [String], _ field: String) throws(Fault) {
    for name in names ?? [] where !known.contains(name) {
      throw Fault(
        field: field, given: "\"\(name.prefix(80))\"",
        expected: known.isEmpty ? "nothing: the study names no data" : "some of \(known.joined(separator: ", "))")
    }
  }
}

/// What stands in one line of the table: a recipe, on data that the study names or its own.
package struct StudyRow: Hashable, Sendable {
  package let recipe: String
  /// Of the field that the recipe sweeps.
  package let value: Double?
  package let data: String?

  package init(recipe: String, value: Double? = nil, data: String? = nil) { (self.recipe, self.value, self.data) = (recipe, value, data) }

  /// The recipe's name and the value, in letters that names of jobs have: `vae-0-5`.
  package var name: String {
    value.map { recipe + "-" + StudySweep.spelled($0).lowercased().map { $0.isLetter || $0.isNumber ? "\($0)" : "-" }.joined() } ?? recipe
  }

  package var title: String {
    let own = value.map { "\(recipe) \(StudySweep.spelled($0))" } ?? recipe
    return data.map { "\(own) on \($0)" } ?? own
  }
}

extension Study {
  /// The lines of the table, in the order of the file.
  package var rows: [StudyRow] {
    recipes.flatMap { recipe in
      let values = recipe.sweep.map { $0.values.map(Optional.some) } ?? [nil]
      return values.flatMap { value in
        (data.map { $0.map { Optional.some($0.name) } } ?? [nil]).map { StudyRow(recipe: recipe.name, value: value, data: $0) }
      }
    }
  }

  /// What is measured of the models of a row.
  package func evaluations(of row: StudyRow) -> [StudyEvaluation] {
    evaluations.filter { evaluation in
      let isOfRecipe = evaluation.recipes?.contains(row.recipe) ?? true
      let isOfData = evaluation.trainedOn?.contains { $0 == row.data } ?? true
      return isOfRecipe && isOfData
    }
  }
}
