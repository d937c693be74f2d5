package import Data
package import Formats
package import Modelling

/// A recipe of a study, under the name that its rows have.
package struct StudyRecipe: Settings {
  package var name = ""
  /// A path, or the recipe itself.
  package var recipe = JSONValue.null
  package var overrides: JSONValue?
  package var sweep: StudySweep?

  package init() {}

  package static let table = Table<Self> {
    Setting("name", \.name, required: true, "Of its rows.")
    Setting("recipe", \.recipe, required: true, "The path of a recipe, seen from the study's file, or the recipe itself.")
    Setting(
      "overrides", \.overrides,
      "Fields that differ from the recipe's, such as {\"configuration\": {\"components\": 30}}, merged into it as RFC 7396 says; null removes one.")
    Setting(
      "sweep", \.sweep,
      "A field that takes one value after another, such as {\"field\": \"training.beta\", \"values\": [0.5, 1, 2]}: a row each, named NAME-VALUE.")
  }

  package func check() throws(Fault) {
    switch recipe {
    case .string, .object: break
    default: throw Fault(field: "recipe", given: recipe.line, expected: "a path or an object")
    }
    guard let overrides else { return }
    guard case .object = overrides else { throw Fault(field: "overrides", given: overrides.line, expected: "an object") }
    if overrides["seed"] != nil { throw Fault(field: "overrides.seed", given: "a seed", expected: "nothing: the study's seeds take its place") }
  }
}

/// Data that all recipes of a study learn from.
package struct StudyData: Settings {
  package var name = ""
  package var source = DataSource()

  package init() {}

  package static let table = Table<Self> {
    Setting("name", \.name, required: true, "Of its rows.")
    Part(\.source)
  }
}
