internal import Formats
internal import Foundation
internal import Modelling

// What every column is taken for, and why.
extension TableReading {
  /// The columns to learn from; what was found is added to the report.
  func choose(_ header: [String], _ head: CSVHead, _ scan: Scan, _ report: inout TableReport) throws -> [TableSpace.Column] {
    let index = try options.indexColumn.map { try place(of: $0, header) }
    if let columns {
      for column in columns where column.role != .ignore && !header.contains(column.name) {
        throw DataError("\(source) has no column \"\(column.name)\"; it has \(header.joined(separator: ", "))")
      }
      if refusesStrangers,
        let stranger = header.enumerated().first(where: { place, name in
          !head.nameless.contains(place) && place != index && name != classes && !columns.contains { $0.name == name }
            && !(ignored ?? []).contains(name)
        })
      {
        throw DataError(
          "\(source) has a column \"\(stranger.element)\" that this model doesn't know; it knows \(columns.map(\.name).joined(separator: ", "))")
      }
    }
    var chosen: [String: TableSpace.Column] = [:]
    for (place, name) in header.enumerated() {
      let cells = scan.columns[place]
      let listed = columns?.first { $0.name == name }
      let choice: Choice
      if place == index {
        choice = .leftOut("it names rows (--index-column)")
      } else if name == classes {
        choice = .leftOut("it holds the classes")
      } else if let listed {
        choice =
          listed.role == .ignore
          ? .leftOut("the schema says so") : refusesStrangers ? .column(listed, "listed") : try completed(listed, cells, scan)
      } else if columns != nil {
        choice = .leftOut("the schema does not list it")
      } else if head.nameless.contains(place) {
        choice = .leftOut(cells.observed == 0 ? "it has neither name nor values" : "it has no name, as columns that name rows")
      } else {
        choice = try inferred(name, cells, scan)
      }
      try add(choice, name, cells, place, scan, &report)
      if case .column(let column, _) = choice { chosen[name] = column }
    }
    return columns?.compactMap { chosen[$0.name] } ?? header.compactMap { chosen[$0] }
  }

  private enum Choice {
    case column(TableSpace.Column, String)
    case leftOut(String)
  }

  private func place(of index: String, _ header: [String]) throws -> Int {
    if let place = header.firstIndex(of: index) { return place }
    guard let number = Int(index), header.indices.contains(number - 1) else {
      throw DataError("\(source) has no column \"\(index)\" to name rows; it has \(header.joined(separator: ", "))")
    }
    return number - 1
  }

  private func add(_ choice: Choice, _ name: String, _ cells: ColumnScan, _ place: Int, _ scan: Scan, _ report: inout TableReport) throws {
    switch choice {
    case .leftOut(let reason):
      report.columns.append(.init(name: name, type: nil, reason: reason, observed: cells.observed, missing: cells.missing))
    case .column(let column, let reason):
      var entry = TableReport.Column(name: name, type: column.type.rawValue, reason: reason, observed: cells.observed, missing: cells.missing)
      if !column.type.isDiscrete {
        var reader = CellReader(column, options: refusesStrangers ? options : nil)
        entry.odd = cells.oddCells.filter { reader.number(of: $0.text, line: $0.line) == nil }
        let fitting = column.type == .date ? cells.dates.finding(dayFirst: options.dayFirst)?.cells : number(cells, scan)?.cells
        entry.oddCount = entry.odd.isEmpty ? 0 : max(entry.odd.count, cells.observed - (fitting ?? 0))
      }
      report.columns.append(entry)
    }
  }

  private func number(_ cells: ColumnScan, _ scan: Scan) -> (form: NumberForm, cells: Int, rival: NumberForm?)? {
    if scan.decimal != nil || options.thousands != nil, !cells.oddCells.isEmpty || options.decimal != nil || options.thousands != nil,
      let found = cells.number(decimal: scan.decimal, thousands: options.thousands)
    {
      // What another column tells is a hint, and no more.
      if options.decimal != nil || options.thousands != nil || found.cells == cells.observed { return found }
    }
    return cells.number(decimal: options.decimal, thousands: options.thousands)
  }

  // MARK: Inferred

  private func inferred(_ name: String, _ cells: ColumnScan, _ scan: Scan) throws -> Choice {
    guard cells.observed > 0 else {
      return cells.missing > 0 ? .leftOut("it holds no value") : .column(TableSpace.Column(name: name, type: .real), "nothing to go by")
    }
    if let dates = try dates(name, cells), dates.form.pattern != "yyyyMMdd" || (dates.cells == cells.observed && isRecent(cells)) {
      return .column(
        TableSpace.Column(name: name, type: .date, observed: nil, dates: dates.form, offset: dates.offset), "written as \(dates.form.pattern)")
    }
    if let found = number(cells, scan), 2 * found.cells > cells.observed {
      try refuseDoubt(found.rival, found.form, name, cells)
      return try number(name, cells, found.form, isAll: found.cells == cells.observed)
    }
    guard !cells.isNearUnique else {
      let count = cells.texts.count > ColumnScan.mostTexts ? "more than \(ColumnScan.mostTexts)" : "\(cells.texts.count)"
      return .leftOut("\(count) different texts in \(cells.observed) cells")
    }
    let categories = cells.categories
    let reason =
      cells.plain > 0
      ? "texts, \(cells.plain) of \(cells.observed) of them numbers" : "\(categories.count) different text\(categories.count == 1 ? "" : "s")"
    guard isMixed else {
      throw DataError(
        "\(source), column \"\(name)\" holds texts (line \(cells.oddCells.first?.line ?? 0): \"\(cells.oddCells.first?.text ?? "")\"), but this family "
          + "learns from numbers: leave it out, with \"role\": \"ignore\" in data.columns")
    }
    return .column(TableSpace.Column(name: name, type: categories.count == 2 ? .binary : .categorical, categories: categories), reason)
  }

  private func number(_ name: String, _ cells: ColumnScan, _ form: NumberForm, isAll: Bool) throws -> Choice {
    let kept = form.isPlain ? nil : form
    if isAll, cells.plain == cells.observed, kept == nil || kept?.isReadPlainly == true {
      let numbers = Set(cells.texts.prefix(ColumnScan.mostTexts).compactMap { DecimalText.double($0) })
      if isMixed, numbers == [0, 1] { return .column(TableSpace.Column(name: name, type: .binary, categories: cells.categories), "0 and 1") }
      if cells.isSequence, cells.observed > 2, Self.namesOfRows.contains(name.lowercased()) {
        return .leftOut("it numbers the rows")
      }
    }
    let plainColumn = TableSpace.Column(name: name, type: .real, form: kept)
    let values = cells.texts.count <= ColumnScan.mostTexts ? cells.texts.compactMap(plainColumn.number) : []
    let isWhole = values.isEmpty ? cells.isWhole && cells.plain == cells.observed : values.allSatisfy { $0 == $0.rounded() && $0.magnitude < 0x1p53 }
    let range = (values.min() ?? cells.plainRange?.lowerBound).flatMap { low in (values.max() ?? cells.plainRange?.upperBound).map { [low, $0] } }
    let isConstant = range.map { $0[0] == $0[1] } ?? false
    let written = kept.flatMap(describe).map { ", written as \($0)" } ?? ""
    let reason = (isConstant ? "one number" : isWhole ? "whole numbers" : "numbers") + written
    let type: TableSpace.Column.Kind = isWhole ? .whole : .real
    return .column(TableSpace.Column(name: name, type: type, observed: isWhole || isConstant ? range : nil, form: kept), reason)
  }

  /// What columns are called that number rows.
  private static let namesOfRows: Set<String> = [
    "id", "index", "idx", "row", "rowid", "row_id", "rownames", "rowname", "unnamed: 0", "no", "no.", "nr", "nr.", "#", "x.1",
  ]

  private func describe(_ form: NumberForm) -> String? { form.isReadPlainly ? nil : "\"" + form.text(1234.5) + "\"" }

  private func isRecent(_ cells: ColumnScan) -> Bool {
    cells.plainRange.map { $0.lowerBound >= 19_000_101 && $0.upperBound <= 21_001_231 } ?? false && cells.texts.count > 2
  }

  private func refuseDoubt(_ rival: NumberForm?, _ form: NumberForm, _ name: String, _ cells: ColumnScan) throws {
    guard let rival, let cell = cells.oddCells.first, let one = form.number(cell.text), let other = rival.number(cell.text), one != other else {
      return
    }
    throw DataError(
      "\(source), line \(cell.line), column \"\(name)\" is \"\(cell.text)\", which may be \(NumberForm.plainText(one)) or "
        + "\(NumberForm.plainText(other)): say which with --decimal=, or --thousands=,")
  }

  private func dates(_ name: String, _ cells: ColumnScan) throws -> DateFormTally.Finding? {
    guard let found = cells.dates.finding(dayFirst: options.dayFirst), 2 * found.cells > cells.observed else { return nil }
    if let rival = found.rival, let cell = cells.oddCells.first {
      throw DataError(
        "\(source), line \(cell.line), column \"\(name)\" is \"\(cell.text)\", which may be read as \(found.form.pattern) or \(rival.pattern): "
          + "say which with --day-first or --no-day-first")
    }
    return found
  }

  // MARK: Listed

  /// A column of a schema with what the schema leaves to the table: its categories, or how its numbers or dates are written.
  private func completed(_ column: TableSpace.Column, _ cells: ColumnScan, _ scan: Scan) throws -> Choice {
    var (categories, form, dates, offset) = (column.categories, column.form, column.dates, column.offset)
    switch column.type {
    case .ordinal, .categorical, .binary:
      if categories == nil || (column.type == .binary && categories == ["0", "1"] && cells.plain < cells.observed) {
        guard cells.texts.count <= ColumnScan.mostTexts else {
          throw DataError(
            "\(source), column \"\(column.name)\" has more than \(ColumnScan.mostTexts) different texts: leave it out, "
              + "or list its categories in data.columns"
          )
        }
        categories = cells.categories
      }
    case .date:
      if dates == nil, let found = try self.dates(column.name, cells) { (dates, offset) = (found.form, found.offset) }
      guard dates != nil else {
        throw DataError(
          "\(source), column \"\(column.name)\" has no days or times that are known here: give their pattern as \"dates\" in data.columns")
      }
    case .real, .positive, .count, .whole:
      if form == nil, let found = number(cells, scan), !found.form.isPlain {
        try refuseDoubt(found.rival, found.form, column.name, cells)
        form = found.form
      }
    }
    return .column(
      TableSpace.Column(
        name: column.name, type: column.type, categories: categories, unknownCategory: column.unknownCategory, minimum: column.minimum,
        maximum: column.maximum, observed: column.observed, form: form, dates: dates, offset: offset), "listed")
  }
}
