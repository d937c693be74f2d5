import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import Registry
import Service
import Tensors

/// A model of a table, learnt for filling in that table's own holes, and how good it is on cells that were hidden from it.
struct TableImputer {
  let data: DataSet
  let source: DataSource
  let family: String
  let seed: UInt64
  /// Where model files go.
  let folder: String
  /// Fits for proper multiple imputation, of the family stacking; nil: one for all imputations.
  var bootstraps: Int?
  /// Told of the training on all of the table.
  var observe: (TrainingEvent) -> Void = { _ in }

  /// Cells of at most so many rows are hidden, one in ten of those that are there.
  private static let checkedRows = 2000
  private static let hiddenShare: Float = 0.1

  /// The path of a model that learnt from all of the table.
  func learn() throws -> String { try learn(data, as: "model", bootstraps: bootstraps, observe: observe) }

  private func learn(_ data: DataSet, as name: String, bootstraps: Int?, observe: @escaping (TrainingEvent) -> Void = { _ in }) throws -> String {
    var recipe = Recipe(family: family, settings: Catalogue.settings(of: family, forRows: data.count), source: source, rows: data.count)
    if let bootstraps { recipe.configuration = .record(["bootstraps": .integer(bootstraps)]) }
    recipe.seed = seed
    try recipe.validate()
    let path = "\(folder)/\(name).safetensors"
    let options = Training.Options(output: path, checkpoint: path + ".checkpoint")
    _ = try Training(recipe, families: Catalogue.families, options: options, data: data, build: .current).run(observe: observe)
    return path
  }

  // MARK: - Hidden cells

  /// A sentence a column: the error on cells that a model did not see, in the column's own units, beside that of filling in the mean.
  func check() throws -> [String] {
    guard let rows = data.rows as? DoubleRows, let columns = data.signature.space.table?.columns, data.count >= 10 else { return [] }
    let (width, count) = (rows.width, min(data.count, Self.checkedRows))
    let uniform = RandomKey(seed: seed).split("hidden").uniform([count, width]).scalars
    var values = (0..<data.count).flatMap { rows.item($0) }
    let truth = values
    let hidden = (0..<count * width).filter { uniform[$0] < Self.hiddenShare && !truth[$0].isNaN }
    for cell in hidden { values[cell] = .nan }
    let holed = DataSet(name: data.name, rows: DoubleRows(values, width: width), signature: data.signature, digest: data.digest)
    // A column that lost all of its values can't be learnt from.
    guard (0..<width).allSatisfy({ column in stride(from: column, to: values.count, by: width).contains { !values[$0].isNaN } }) else { return [] }
    // Two of many bootstraps tell what all of them would, at worst a little less well.
    let model = try ModelFile.load(path: try learn(holed, as: "check", bootstraps: bootstraps.map { min($0, 2) }), families: Catalogue.families).model
    guard let imputing = Capability.imputing.of(model), let table = model.signature.space.table else { return [] }
    let x = holed.adopting(model.signature).batch(0..<count)
    let imputation = imputing.impute(x, draws: 20, keys: RowKeys(RandomKey(seed: seed), rows: 0..<count), wanted: [.point, .marginals])
    let point = imputation.point.scalars
    return columns.enumerated().compactMap { column, kind in
      let cells = hidden.filter { $0 % width == column }
      guard !cells.isEmpty else { return nil }
      let seen = stride(from: column, to: values.count, by: width).map { values[$0] }.filter { !$0.isNaN }
      let found = cells.map { table.raw(point[$0], at: column) }
      let right = cells.map { truth[$0] }
      if kind.type.isDiscrete {
        let counts = Dictionary(grouping: seen) { $0 }.mapValues(\.count)
        let commonest = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
        return "\(kind.name): \(Self.percent(zip(found, right).count { $0 != $1 }, cells.count)) of \(cells.count) hidden cells wrong, "
          + "\(Self.percent(right.count { $0 != commonest }, cells.count)) with the commonest value"
      }
      let mean = seen.reduce(0, +) / Double(seen.count)
      let interval = imputation.marginals[column].values.scalars
      let isRaw = if case .raw = imputation.marginals[column] { true } else { false }
      let inside = cells.count { cell in
        let (row, value) = (cell / width, isRaw ? Float(truth[cell]) : table.model(truth[cell], at: column))
        return interval[4 * row + 2] <= value && value <= interval[4 * row + 3]
      }
      let unit = kind.type == .date && kind.dates?.unit == .days ? " days" : ""
      return "\(kind.name): error \(Self.number(Self.root(found, right)))\(unit) on \(cells.count) hidden cells, "
        + "\(Self.number(Self.root(right.map { _ in mean }, right)))\(unit) with the mean; "
        + "\(Self.percent(inside, cells.count)) within their 90 % intervals"
    }
  }

  private static func root(_ found: [Double], _ right: [Double]) -> Double {
    let scale = zip(found, right).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
    guard scale > 0 else { return 0 }
    let sum = zip(found, right).reduce(0) { $0 + (($1.0 - $1.1) / scale) * (($1.0 - $1.1) / scale) }
    return scale * (sum / Double(found.count)).squareRoot()
  }

  private static func number(_ value: Double) -> String { NumberForm.plain.text(value, resolution: value / 100) }
  private static func percent(_ part: Int, _ whole: Int) -> String { "\(Int((100 * Double(part) / Double(whole)).rounded())) %" }
}
