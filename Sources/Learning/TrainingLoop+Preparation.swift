internal import Data
internal import Formats
internal import Modelling
internal import Optimisation
internal import Tensors

// What is done before the first step: the recipe's parts are decoded, the data looked through.
extension TrainingLoop {
  /// A model as fresh as the recipe says, and how it learns.
  static func model(_ recipe: Recipe, _ signature: Signature, key: RandomKey) throws -> (model: Family, learner: Family.OwnLearner) {
    let configuration = try decode(Family.Configuration.self, "configuration", recipe.configuration)
    let options = try decode(Family.TrainingOptions.self, "training", recipe.training)
    let model = try inField("configuration") { () throws(Fault) in try Family(configuration, signature: signature, key: key) }
    try inField("training") { () throws(Fault) in try model.check(options) }
    return (model, model.learner(options, Descent(recipe.optimiser, clipping: recipe.clipping)))
  }

  /// Which items are learnt from and which are held out: drawn, but of a stream the last ones.
  static func split(_ recipe: Recipe, _ data: DataSet, key: RandomKey) throws -> (training: [Int], validation: [Int]) {
    guard data.count > 0 else { throw TrainingError.invalid("\(data.name) has no items to learn from") }
    guard recipe.validation < data.count else {
      throw TrainingError.invalid("validation is \(recipe.validation) items, expected fewer than the \(data.count) of \(data.name)")
    }
    switch data.order {
    case .shuffled:
      let order = key.permutation(data.count)
      return (order.dropFirst(recipe.validation).sorted(), order.prefix(recipe.validation).sorted())
    case .stream:
      let end = data.count - recipe.validation
      return (Array(0..<end), Array(end..<data.count))
    }
  }

  /// The labels that the recipe lets the family learn from; nil where it names none.
  static func keptLabels(_ recipe: Recipe, _ data: DataSet, _ items: [Int]) throws -> LabelSelection.Kept? {
    guard let selection = recipe.labels else { return nil }
    guard Family.learnsFrom.contains(.labels) else {
      throw TrainingError.invalid("the family \(Family.name) learns from no labels: leave labels out of the recipe")
    }
    guard let labels = data.labels else { throw TrainingError.invalid("\(data.name) was read without its classes") }
    return try selection.kept(of: labels, among: items)
  }

  /// Refuses items without a class where a family learns from none such.
  static func checkEveryLabel(_ kept: LabelSelection.Kept?, learnt: [Int], heldOut: Int, knownHeldOut: Int) throws(Fault) {
    guard Family.learnsFrom.contains(.everyLabel) else { return }
    guard let kept else {
      throw Fault(
        field: "labels", given: "absent", expected: "{\"fraction\": 1}: the family \(Family.name) learns from items with a known class alone")
    }
    guard kept.items.count == learnt.count else {
      throw Fault(
        field: "labels", given: "the classes of \(kept.items.count) items",
        expected: "those of all \(learnt.count) that the family \(Family.name) learns from")
    }
    guard knownHeldOut == heldOut else {
      throw Fault(
        field: "validation", given: "\(heldOut - knownHeldOut) items of no class, or of one that no other item has",
        expected: "items of the classes that the family \(Family.name) learns")
    }
  }

  /// The places in `names` of the classes that some items are of; items of other classes or of none have no entry.
  static func classes(of items: [Int], in data: DataSet, as names: [String]) -> [Int: Int] {
    guard let labels = data.labels else { return [:] }
    let places = labels.names.map { names.firstIndex(of: $0) }
    return items.reduce(into: [:]) { classes, item in classes[item] = labels.codes[item] < 0 ? nil : places[labels.codes[item]] }
  }

  /// What of a table teaches nothing or little, and images in a sliver of their range, a sentence each.
  static func notes(_ data: DataSet, _ items: [Int], seen: ClosedRange<Float>?) throws -> [String] {
    if let seen, let range = data.signature.space.picture?.range, seen.upperBound - range.lowerBound <= (range.upperBound - range.lowerBound) / 100 {
      return [
        "all pixels lie between \(seen.lowerBound) and \(seen.upperBound), within a hundredth of the range \(range.lowerBound) to "
          + "\(range.upperBound): were they scaled? data.range says what is black and what is white"
      ]
    }
    let columns = data.columnSummaries(over: items) ?? []
    if let empty = columns.first(where: { $0.observed == 0 }) {
      throw TrainingError.invalid("the column \"\(empty.name)\" of \(data.name) has no value to learn from: leave it out of data.columns")
    }
    guard !columns.isEmpty else { return [] }
    let constant = columns.filter { $0.smallest == $0.largest }.map(\.name)
    // Of a table all is told where its columns are.
    var notes = data.report == nil ? data.notes : []
    if items.count == 1 { notes.append("there is one row to learn from: every column has one value, and no spread can be learnt") }
    if !constant.isEmpty, items.count > 1 {
      let names = constant.prefix(10).joined(separator: ", ") + (constant.count > 10 ? " and \(constant.count - 10) more" : "")
      notes.append("the same value in every row that has one: \(names)")
    }
    if let empty = data.emptyRows, empty > 0 { notes.append("rows without any value, which teach nothing: \(empty) of \(data.count)") }
    return notes
  }

  /// Every item, so that the first bad one is named before an epoch is spent. Bytes are within the range of their signature by themselves.
  static func check(_ data: DataSet, for model: Family) throws {
    guard data.rows.holdsFloats else { return }
    let block = 512
    for start in stride(from: 0, to: data.count, by: block) {
      let items = data.batch(start..<min(start + block, data.count))
      let isSound = Family.learnsFrom.contains(.mixedTables) ? !items.scalars.contains(where: \.isInfinite) : items.isFinite
      guard isSound else { throw TrainingError.invalid("\(data.name) holds values that are not finite") }
      try inField("configuration") { () throws(Fault) in try model.check(items: items) }
    }
  }

  /// A part of the recipe; errors name its fields as the recipe has them.
  private static func decode<Value: Decodable>(_ type: Value.Type, _ part: String, _ value: JSONValue) throws(JSONError) -> Value {
    do { return try StrictJSON.decode(type, from: value) } catch {
      // The sentence of a nameless error begins with "the document".
      let (field, detail) = error.field.isEmpty ? (part, "\(part): \(error.detail)") : ("\(part).\(error.field)", "\(part).\(error.detail)")
      throw JSONError(error.reason, field: field, given: error.given, expected: error.expected, detail: detail)
    }
  }

  private static func inField<Result>(_ part: String, _ body: () throws(Fault) -> Result) throws(Fault) -> Result {
    do { return try body() } catch {
      guard !error.field.hasPrefix("signature.") else { throw error }
      throw error.inside(part)
    }
  }
}
