internal import Formats
package import Modelling
internal import Tensors

/// Items with holes filled in: several completed tables of sampled values, or one of least expected error.
package struct ImputeRequest: ModelRequest {
  package enum Mode: String, SettingValue, CaseIterable {
    /// As many completed tables as draws, every value sampled: multiple imputation.
    case draws
    /// One completed table: the mean over the draws, the likeliest category, or the median of ordered ones.
    case point

    package init(from decoder: any Decoder) throws {
      let text = try decoder.singleValueContainer().decode(String.self)
      guard let mode = Mode(rawValue: text) else {
        throw JSONError(.mismatch, field: "mode", given: "\"\(text.prefix(60))\"", expected: Mode.allCases.map(\.rawValue).joined(separator: " or "))
      }
      self = mode
    }
  }

  package var draws = 5
  package var mode = Mode.draws
  package var mask: String?
  package var levels: [Int]?
  package var meanPixels: Bool?
  package var cells: Bool?
  package var compare = true
  package var seed: Int?
  package var firstItem = 0

  package init() {}

  package static let name = "impute"
  package static let summary =
    "Fills in the missing numbers and categories of items, and says how sure it is of each; what was observed comes back as it was sent."
  package static let items = ItemRole.completed
  package static var capability: Capability<any Imputing> { .imputing }
  package static let table = Table<Self> {
    Setting("draws", \.draws, in: 1...1000, "Latent draws; with mode draws as many completed tables.")
    Setting(
      "mode", \.mode,
      "draws: tables of sampled values, for multiple imputation; point: one table of means, likeliest categories and medians of ordered ones, for the lowest error."
    )
    // It has hidden what it hides before rows are computed.
    Setting("mask", \.mask, ofRows: false, "What to hide of images, beside what is missing already: \(PixelMask.grammar).")
    Setting(
      "levels", \.levels, in: 0...63, lengths: 0...64,
      "Of a model with levels of latent variables: those that are drawn, 0 being nearest the data; the others are what is expected of them. Absent: all."
    )
    Setting(
      "mean_pixels", \.meanPixels,
      "Of such a model: a draw has the mean of its pixels given the latent variables, in place of a draw of every pixel. Absent: false.")
    Setting(
      "cells", \.cells, "Whether JSON lists what is believed of every missing number; where absent it does for tables and vectors, not for images.")
    Setting(
      "compare", \.compare, ofRows: false,
      "Whether a PNG begins each line with the image and its hole, and ends it with the image as sent where a mask hid some of it.")
    Setting.seed
    Setting.firstItem
  }

  package var rowWeight: Double { Double(draws) }
  package func answerWidth(_ model: any Imputing) -> Int { tables * model.signature.width + marginalWidths(model).reduce(0, +) }
  package func mediaTypes(_ model: any Imputing) -> [MediaType] { MediaType.ofItems(model.signature) }
  package var streamsNumbers: Bool { isPoint }

  /// Only JSON tells what is believed of cells.
  package func answered(in type: MediaType) -> Self {
    var request = self
    if type != .json { request.cells = false }
    return request
  }

  var isPoint: Bool { mode == .point }
  /// Completed tables of the answer.
  private var tables: Int { isPoint ? 1 : draws }

  package func check(_ model: any Imputing, rows: Int, limits: ServiceLimits) throws {
    try checkLevels(model)
    let (n, width, marginals) = (max(rows, 1), model.signature.width, max(marginalWidths(model).reduce(0, +), 1))
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
        .impossible, "draws is \(draws), expected 1 to \(most)\(rows == 0 ? "" : " draws for \(rows) row\(rows == 1 ? "" : "s")").", field: "draws",
        given: "\(draws)", expected: "1 to \(most)")
    }
  }

  /// Numbers a row of what is believed of every column, where that is asked for.
  private func marginalWidths(_ model: any Imputing) -> [Int] { cells ?? model.signature.space.isRow ? model.marginalWidths : [] }

  /// A row: its completed versions one after the other, then the marginals of every column.
  package func compute(_ model: any Imputing, _ rows: Rows) -> RowAnswers {
    let (signature, items) = (model.signature, rows.items)
    let believes = !marginalWidths(model).isEmpty
    let wanted: Imputation.Parts = isPoint ? .point : .draws
    let (x, parts) = (rows.inModelUnits(signature), believes ? wanted.union(.marginals) : wanted)
    let imputation =
      (model as? any HierarchicalImputing)?.impute(x, draws: draws, keys: rows.keys, wanted: parts, by: levelChoice)
      ?? model.impute(x, draws: draws, keys: rows.keys, wanted: parts)
    let isExact = signature.space.table?.isExact == true
    let completed = (isPoint ? [imputation.point] : imputation.draws).map { values in
      // In double precision only the answer has raw numbers.
      if isExact { return values }
      let raw = signature.toRaw(values)
      return Tensor(shape: raw.shape, scalars: zip(items.scalars, raw.scalars).map { $0.isNaN ? $1 : $0 })
    }
    let marginals = isExact ? imputation.marginals.map(\.values) : imputation.rawMarginals(signature)
    return RowAnswers(Tensor.concatenated(completed + marginals, axis: 1))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Imputing) -> Answer {
    let (signature, widths) = (model.signature, marginalWidths(model))
    let completed = CompletedTable(items: items, signature: signature, rows: found.numbers, tables: tables)
    let about: [JSONDocument.Member] = [
      .init(name: "mode", value: .string(mode.rawValue)), .init(name: "draws", value: .integer(draws)),
    ]
    if signature.space.picture != nil { return pictures(completed, believes: !widths.isEmpty, about: about) }
    return Answer(
      shape: (isPoint ? [] : [tables]) + [items.count, signature.width], numbers: completed.numbers, itemAxis: isPoint ? 0 : 1,
      table: { completed.table(isNumbered: !isPoint) },
      members: about + [
        .init(name: "completed", content: isPoint ? completed.json(0) : .array((0..<tables).map(completed.json))),
        .init(name: "cells", content: .list(cells(of: completed, widths))),
      ])
  }

  /// What is believed of every missing cell, where that was asked for.
  private func cells(of completed: CompletedTable, _ widths: [Int]) -> JSONList {
    let space = completed.signature.space
    let (missing, names, width) = (widths.isEmpty ? [] : completed.missing, space.names, completed.signature.width)
    let starts = widths.reduce(into: [tables * width]) { $0.append(($0.last ?? 0) + $1) }
    let categories = (0..<width).map(space.categories(at:))
    let weight = 4 + 2 * (widths.max() ?? 0)
    return JSONList(count: missing.count, weight: weight) { [firstItem] place in
      let (row, column) = (missing[place] / width, missing[place] % width)
      func believed(_ offset: Int) -> Float { completed.rows[row * completed.rowWidth + starts[column] + offset] }
      var members = [
        JSONValue.Member(name: "row", value: .integer(firstItem + row)),
        JSONValue.Member(name: "column", value: names.map { .string($0[column]) } ?? .integer(column)),
      ]
      if let categories = categories[column] {
        let probabilities = categories.enumerated().map { JSONValue.Member(name: $1, value: .float(believed($0))) }
        members.append(.init(name: "probabilities", value: .object(probabilities)))
      } else {
        for (offset, name) in ["mean", "sd", "q05", "q95"].enumerated() {
          members.append(.init(name: name, value: completed.belief(believed(offset), column, isDeviation: offset == 1)))
        }
      }
      return .object(members)
    }
  }
}
