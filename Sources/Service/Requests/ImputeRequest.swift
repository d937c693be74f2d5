internal import Formats
package import Modelling
internal import Tensors

/// Items with holes filled in: several completed tables of sampled values, or one of least expected error.
package struct ImputeRequest: ModelRequest {
  package enum Mode: String, Sendable, CaseIterable {
    /// As many completed tables as draws, every value sampled: multiple imputation.
    case draws
    /// One completed table: the mean over the draws, the likeliest category, or the median of ordered ones.
    case point
  }

  package let draws: Int
  package let mode: String
  package let mask: String?
  package let cells: Bool?
  package let compare: Bool
  package let seed: Int?

  private enum Key: String, CodingKey { case draws, mode, mask, cells, compare, seed }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    draws = try fields.decodeIfPresent(Int.self, forKey: .draws) ?? 5
    mode = try fields.decodeIfPresent(String.self, forKey: .mode) ?? Mode.draws.rawValue
    mask = try fields.decodeIfPresent(String.self, forKey: .mask)
    cells = try fields.decodeIfPresent(Bool.self, forKey: .cells)
    compare = try fields.decodeIfPresent(Bool.self, forKey: .compare) ?? true
    seed = try fields.decodeIfPresent(Int.self, forKey: .seed)
  }

  package static let name = "impute"
  package static let summary =
    "Fills in the missing numbers and categories of items, and says how sure it is of each; what was observed comes back as it was sent."
  package static let items = ItemRole.completed
  package static var capability: Capability<any Imputing> { .imputing }
  package static let fields: [RequestField] = [
    RequestField("draws", .integer, default: "5", "Latent draws; with mode draws as many completed tables."),
    RequestField(
      "mode", .string, default: "\"draws\"",
      "draws: tables of sampled values, for multiple imputation; point: one table of means, likeliest categories and medians of ordered ones, for the lowest error."
    ),
    RequestField("mask", .string, "What to hide of images, beside what is missing already: \(PixelMask.grammar)."),
    RequestField(
      "cells", .boolean, "Whether JSON lists what is believed of every missing number; where absent it does for tables and vectors, not for images."),
    RequestField(
      "compare", .boolean, default: "true",
      "Whether a PNG begins each line with the image and its hole, and ends it with the image as sent where a mask hid some of it."),
    .seed,
  ]

  package struct RowOptions: Hashable, Sendable {
    let draws: Int
    let mode: String
    let cells: Bool?
  }

  package var rowOptions: RowOptions { RowOptions(draws: draws, mode: mode, cells: cells) }
  package var rowWeight: Double { Double(draws) }
  package func answerWidth(_ model: any Imputing) -> Int { tables * model.signature.width }
  package func mediaTypes(_ model: any Imputing) -> [MediaType] { MediaType.ofItems(model.signature) }
  package var streamsNumbers: Bool { isPoint }

  var isPoint: Bool { mode == Mode.point.rawValue }
  /// Completed tables of the answer.
  private var tables: Int { isPoint ? 1 : draws }

  package func check(_ model: any Imputing, rows: Int, limits: ServiceLimits) throws {
    guard Mode(rawValue: mode) != nil else {
      throw Fault(field: "mode", given: "\"\(mode)\"", expected: Mode.allCases.map(\.rawValue).joined(separator: " or "))
    }
    let (n, width, marginals) = (max(rows, 1), model.signature.width, max(marginalWidths(model.signature).reduce(0, +), 1))
    guard n * marginals <= limits.answerNumbers else {
      let expected = "at most \(limits.answerNumbers / marginals) in one request"
      throw Problem(.impossible, "\(n) items are too many for this table, expected \(expected).", field: "items", given: "\(n)", expected: expected)
    }
    // The answer holds every draw of every item; while a block is computed, so do the parameters that the draws are of.
    let most = max(
      1,
      min(
        limits.imputationDraws, limits.scoreDrawsTotal / n, limits.answerNumbers / (n * width),
        limits.answerNumbers / (min(n, limits.blockRows) * marginals)))
    guard (1...most).contains(draws) else {
      throw Problem(
        .impossible, "draws is \(draws), expected 1 to \(most) for \(rows) items.", field: "draws", given: "\(draws)",
        expected: "1 to \(most)")
    }
  }

  /// Numbers of every column's distribution.
  private func marginalWidths(_ signature: Signature) -> [Int] {
    guard cells ?? (signature.kind != .image) else { return [] }
    if signature.kind == .image { return [2 * signature.width] }
    guard let columns = signature.columns else { return [Int](repeating: 4, count: signature.width) }
    return columns.map { $0.categories?.count ?? 4 }
  }

  /// A row: its completed versions one after the other, then the marginals of every column.
  package func compute(_ model: any Imputing, _ rows: Rows) -> RowAnswers {
    let (signature, items) = (model.signature, rows.items)
    let imputation = model.impute(signature.toModel(items), draws: draws, keys: rows.keys)
    let completed = (isPoint ? [imputation.point] : imputation.draws).map { values in
      let raw = signature.toRaw(values)
      return Tensor(shape: raw.shape, scalars: zip(items.scalars, raw.scalars).map { $0.isNaN ? $1 : $0 })
    }
    let asked = marginalWidths(signature).isEmpty ? [] : imputation.marginals
    let marginals = asked.enumerated().map { column, marginal in
      switch marginal {
      case .categorical(let values): return values
      case .raw(let values): return bounded(values, by: signature.columns?[column])
      case .real(let values):
        // The deviation alone is not shifted.
        let (offset, scale) = signature.scaling(at: column)
        return bounded(values * Tensor(scale) + Tensor([offset, 0, offset, offset]), by: signature.columns?[column])
      case .pixels(let mean, let deviation):
        let raw = signature.toRaw(deviation)
        return Tensor.concatenated([signature.toRaw(mean), raw - signature.scaling(at: 0).offset], axis: 1)
      }
    }
    return RowAnswers(Tensor.concatenated(completed + marginals, axis: 1))
  }

  /// Mean and quantiles moved into the bounds of their column, as draws are: a quantile of moved draws is the moved quantile.
  private func bounded(_ marginal: Tensor, by column: Signature.Column?) -> Tensor {
    guard let column, column.minimum != nil || column.maximum != nil else { return marginal }
    return Tensor(shape: marginal.shape, scalars: marginal.scalars.enumerated().map { $0 % 4 == 1 ? $1 : column.bounded($1) })
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Imputing) -> Answer {
    let values = found.numbers
    let (signature, width, rowWidth) = (model.signature, model.signature.width, values.shape[1])
    let versions = Tensor.concatenated((0..<tables).map { values.slice(1, $0 * width..<($0 + 1) * width) }).reshaped([tables, items.count, width])
    let widths = marginalWidths(signature)
    if signature.kind == .image {
      let marginals = widths.isEmpty ? nil : values.slice(1, tables * width..<rowWidth)
      return pictures(versions, marginals: marginals, items: items, signature: signature)
    }
    let completed = CompletedTable(items: items, signature: signature, values: versions)
    let starts = widths.reduce(into: [tables * width]) { $0.append(($0.last ?? 0) + $1) }
    let names = signature.columnNames
    let cells = (widths.isEmpty ? [] : completed.missing).map { row, column in
      let first = row * rowWidth + starts[column]
      var members = [
        JSONValue.Member(name: "row", value: .integer(row)),
        JSONValue.Member(name: "column", value: names.map { .string($0[column]) } ?? .integer(column)),
      ]
      if let categories = signature.columns?[column].categories {
        let probabilities = categories.enumerated().map { JSONValue.Member(name: $1, value: .float(values.scalars[first + $0])) }
        members.append(.init(name: "probabilities", value: .object(probabilities)))
      } else {
        for (offset, name) in ["mean", "sd", "q05", "q95"].enumerated() {
          members.append(.init(name: name, value: .float(values.scalars[first + offset])))
        }
      }
      return JSONValue.object(members)
    }
    return Answer(
      isPoint ? completed.values.reshaped([items.count, width]) : completed.values, itemAxis: isPoint ? 0 : 1,
      table: { completed.csv(isNumbered: !isPoint) },
      members: [
        .init(name: "mode", value: .string(mode)), .init(name: "draws", value: .integer(draws)),
        .init(name: "completed", value: isPoint ? completed.json(0) : .array((0..<tables).map(completed.json))),
        .init(name: "cells", value: .array(cells)),
      ])
  }
}
