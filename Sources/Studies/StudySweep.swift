package import Formats
package import Modelling

/// A field of a recipe that takes one value after another, a row each.
package struct StudySweep: Settings {
  package var field = ""
  package var values: [Double] = []

  package init() {}

  package static let table = Table<Self> {
    Setting("field", \.field, required: true, "The field's path in the recipe, such as training.beta.")
    Setting(
      "values", \.values, in: 0..., lengths: 1...1000, of: "numbers", required: true,
      "What it is, row by row, in the order of the curve through them.")
  }

  package func check() throws(Fault) {
    guard !field.isEmpty, field.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty }) else {
      throw Fault(field: "field", given: "\"\(field.prefix(80))\"", expected: "a path in the recipe, such as training.beta")
    }
    guard field != "seed" else { throw Fault(field: "field", given: "seed", expected: "another field: the study's seeds take its place") }
    for (index, value) in values.enumerated() where values[..<index].contains(value) {
      throw Fault(field: "values", given: "\(Self.spelled(value)) twice", expected: "each once")
    }
  }

  /// A recipe whose field is `value`.
  package func applied(_ value: Double, to recipe: JSONValue) -> JSONValue {
    let number = Int(exactly: value).map(JSONValue.integer) ?? .number(value)
    return recipe.merging(field.split(separator: ".").reversed().reduce(number) { .record([String($1): $0]) })
  }

  /// As few digits as tell it from other numbers: 0.5, and 2 rather than 2.0.
  static func spelled(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
}
