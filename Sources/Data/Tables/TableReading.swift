internal import Formats
internal import Modelling

/// A stranger's table as typed columns: bytes of a file to raw rows in double precision, with what every column was taken for and why.
struct TableReading {
  /// The table's path, for errors.
  let source: String
  let options: TableOptions
  /// The columns to read, in this order, others being left out; nil: all of them, their types inferred.
  let columns: [TableSpace.Column]?
  /// Marks of a missing cell; nil for the usual ones.
  let marks: [String]?
  /// Whether missing cells and categories are allowed.
  let isMixed: Bool
  /// The column of the classes, which is no part of what is learnt from.
  var classes: String?
  /// Whether columns that are not listed are refused, as a model does that knows which there are.
  var refusesStrangers = false
  var ignored: [String]?

  struct Result {
    let values: [Double]
    let signature: Signature
    let report: TableReport
  }

  func read(_ file: [UInt8]) throws -> Result {
    let bytes: [UInt8]
    do { bytes = try TableText.utf8(file, encoding: options.encoding) } catch {
      throw DataError("\(source) is \(error.given), expected \(error.expected)")
    }
    let csv = options.csv(marks: marks)
    var reader = try open(bytes, csv)
    let (header, head) = (reader.header, reader.head)
    if options.header == nil, columns == nil { try refuseValues(header, head) }
    var scan = try Scan(&reader, units: options.unitsRow)
    let decimal = options.decimal ?? (scan.columns.contains(where: \.hasDecimalComma) ? "," : nil)
    var report = TableReport()
    report.marks = scan.marks.map { ($0.key, $0.value) }.sorted { $0.mark < $1.mark }
    report.surroundings = surroundings(head, scan.units)
    scan.decimal = decimal
    let chosen = try choose(header, head, scan, &report)
    let left = header.filter { name in !chosen.contains { $0.name == name } }
    let signature = Signature.table(chosen, missing: marks ?? options.keptMarks, ignored: left.isEmpty ? nil : left)
    guard !chosen.isEmpty else {
      throw DataError("\(source) has no column to learn from: \(report.leftOut.map { "\"\($0.name)\" \($0.reason)" }.joined(separator: ", "))")
    }
    try signature.check()
    var again = try open(bytes, csv)
    let values = try rows(&again, chosen, hasUnits: scan.units != nil, &report)
    return Result(values: values, signature: signature, report: report)
  }

  private func open(_ bytes: [UInt8], _ csv: CSVOptions) throws -> CSVReader {
    do throws(CSVError) { return try CSVReader(bytes, options: csv) } catch {
      throw DataError("\(source), \(error.detail)" + (error.given.contains("quote") ? "; --separator says what parts fields" : ""))
    }
  }

  /// Refuses names that look like values: numbers that are no years and don't count columns.
  private func refuseValues(_ header: [String], _ head: CSVHead) throws {
    let numbers = header.enumerated().filter { !head.nameless.contains($0.offset) }.compactMap { NumberForm.plain.number($0.element) }
    let comma = NumberForm(decimal: ",")
    let texts = header.filter { DecimalText.double($0) != nil || comma.number($0) != nil }
    guard let first = texts.first else { return }
    let steps = Set(zip(numbers, numbers.dropFirst()).map { $1 - $0 })
    let areNames =
      numbers.count == texts.count && numbers.allSatisfy { $0 == $0.rounded() }
      && (numbers.allSatisfy { (1800...2200).contains($0) } || (numbers.count > 1 && steps == [1]) || numbers == [0] || numbers == [1])
    guard !areNames else { return }
    throw DataError(
      "\(source), line 1 has \(first) where a column's name should be: --no-header reads it as the first row of values, "
        + "--header says that it holds names"
    )
  }

  private func surroundings(_ head: CSVHead, _ units: CSVRecord?) -> [String] {
    var found: [String] = []
    if !head.separatorLine.isEmpty { found.append("the first line says what parts the fields") }
    if head.surplus == .rowNames { found.append("rows have names before the first column") }
    if head.surplus == .delimiter { found.append("rows end in a delimiter") }
    if let units { found.append("line \(units.line) holds units: \(units.fields.map(\.value).joined(separator: ", "))") }
    return found
  }

  /// The cells of the chosen columns, row by row.
  private func rows(
    _ reader: inout CSVReader, _ columns: [TableSpace.Column], hasUnits: Bool, _ report: inout TableReport
  ) throws -> [Double] {
    let places = Dictionary(reader.header.enumerated().map { ($1, $0) }) { first, _ in first }
    let fields = columns.map { places[$0.name] ?? 0 }
    // What a model knows, options may say otherwise; what was learnt from this table is as it was learnt.
    var cells = columns.map { CellReader($0, options: refusesStrangers ? options : nil) }
    var values: [Double] = []
    if hasUnits { _ = try reader.next() }
    while let record = try next(&reader) {
      for (index, column) in columns.enumerated() { values.append(try value(record.fields[fields[index]], column, &cells[index], record.line)) }
    }
    report.doubts = cells.compactMap(\.note)
    return values
  }

  private func next(_ reader: inout CSVReader) throws -> CSVRecord? {
    do throws(CSVError) { return try reader.next() } catch { throw DataError("\(source), \(error.detail)") }
  }

  private func value(_ field: CSVField, _ column: TableSpace.Column, _ cells: inout CellReader, _ line: Int) throws -> Double {
    func place(_ text: String) -> DataError { DataError("\(source), line \(line), column \"\(column.name)\" \(text)") }
    switch cells.reading(field, marks: marks, line: line) {
    case .missing:
      guard isMixed else { throw place("is missing: this family learns from complete rows") }
      return .nan
    case .value(let value):
      guard column.accepts(value) else {
        throw place("is \(field.value.prefix(40)), expected \(column.expectation): its type is \(column.type.rawValue)")
      }
      return value
    case .unknown:
      if let hint = cells.hint(field.value) { throw place("is \"\(field.value.prefix(40))\", expected \(cells.expectation); \(hint)") }
      if !column.type.isDiscrete, options.lenient, isMixed { return .nan }
      guard column.type.isDiscrete else {
        let (cell, kind) = (field.value.prefix(40), column.type == .date ? "date like the others (\(column.dates?.pattern ?? ""))" : "number")
        throw place(
          "is \"\(cell)\", no \(kind): correct it, name it as a mark of a missing cell (--missing='\(cell)'), take such cells for missing (--lenient), "
            + "or give the column's type in a schema")
      }
      throw place("is \"\(field.value.prefix(40))\", none of its categories: \((column.categories ?? []).prefix(20).joined(separator: ", "))")
    }
  }
}

// MARK: - The first time through

extension TableReading {
  /// The cells of every column, counted.
  struct Scan {
    var columns: [ColumnScan]
    var marks: [String: Int] = [:]
    /// The row below the names, where it holds units.
    var units: CSVRecord?
    var decimal: String?

    init(_ reader: inout CSVReader, units hasUnits: Bool?) throws {
      columns = [ColumnScan](repeating: ColumnScan(), count: reader.header.count)
      let first = try reader.next()
      while let record = try reader.next() { add(record) }
      guard let first else { return }
      let numeric = columns.indices.filter {
        columns[$0].observed > 1 && columns[$0].number(decimal: nil, thousands: nil)?.cells == columns[$0].observed
      }
      if hasUnits ?? first.holdsUnits(at: numeric) { units = first } else { add(first, isFirst: true) }
    }

    private mutating func add(_ record: CSVRecord, isFirst: Bool = false) {
      for (index, field) in record.fields.enumerated() {
        if field.isMissing { marks[NumberForm.trimmed(field.value), default: 0] += 1 }
        columns[index].add(field, line: record.line, isFirst: isFirst)
      }
    }
  }
}
