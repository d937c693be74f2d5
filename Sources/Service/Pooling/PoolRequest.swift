internal import Formats
package import Modelling

/// Estimates from several completed tables, to be pooled by Rubin's rules; a function of the request alone, no model takes part.
package struct PoolRequest: Settings {
  var terms: [Term] = []
  var options = PoolOptions()

  package init() {}

  fileprivate static let mostNumbers = 1_000_000

  package static let table = Table<Self> {
    Setting(
      "terms", \.terms, lengths: 1...mostNumbers, of: "terms", required: true,
      "Quantities by name, each with its estimates from every completed table.")
    Part(\.options)
  }

  package func check() throws(Fault) {
    let m = terms[0].estimates.count
    var names: Set<String> = []
    for (index, term) in terms.enumerated() {
      let place = "terms[\(index)]"
      guard names.insert(term.term).inserted else {
        throw Fault(field: "\(place).term", given: "\"\(term.term.prefix(80))\" again", expected: "names that differ")
      }
      guard term.estimates.count == m else {
        throw Fault(
          field: "\(place).estimates", given: "\(term.estimates.count) estimates of \"\(term.term.prefix(80))\"",
          expected: "\(m), as of \"\(terms[0].term.prefix(80))\"")
      }
    }
  }

  /// One quantity: its estimate and that estimate's variance, or its root, from every completed table.
  package struct Term: Settings {
    var term = ""
    var estimates: [Double] = []
    var variances: [Double]?
    var standardErrors: [Double]?

    package init() {}

    package static let table = Table<Self> {
      Setting("term", \.term, required: true, "The quantity's name, given once.")
      Setting(
        "estimates", \.estimates, lengths: 1...PoolRequest.mostNumbers, of: "estimates", required: true,
        "One a completed table; as many for every term.")
      Setting("variances", \.variances, in: 0..., lengths: 1...PoolRequest.mostNumbers, of: "numbers", "Their squared standard errors.")
      Setting("std_errors", \.standardErrors, in: 0..., lengths: 1...PoolRequest.mostNumbers, of: "numbers", "In place of variances.")
    }

    package func check() throws(Fault) {
      guard let spreads = variances ?? standardErrors else {
        throw Fault(field: "variances", given: "nothing", expected: "variances or std_errors")
      }
      guard variances == nil || standardErrors == nil else {
        throw Fault(field: "std_errors", given: "beside variances", expected: "one of the two")
      }
      guard spreads.count == estimates.count else {
        throw Fault(
          field: variances == nil ? "std_errors" : "variances", given: "\(spreads.count) numbers", expected: "\(estimates.count), one an estimate")
      }
    }

    /// The squares of the standard errors where those were given.
    var squares: [Double] { variances ?? (standardErrors ?? []).map { $0 * $0 } }
  }
}

// MARK: - As it was sent

extension PoolRequest {
  /// - Parameters:
  ///   - body: JSON, or CSV with the columns `term`, `estimate` and one of `std_error` and `variance`.
  ///   - options: those of `PoolOptions` as text, beside CSV alone.
  package init(_ body: [UInt8], type: MediaType?, options: [SentRequest.Option], table: TableOptions = TableOptions()) throws {
    guard !body.isEmpty else {
      throw Problem(.malformed, "The body is empty, expected estimates: JSON with terms, or text/csv.", field: "body")
    }
    // As with operations: a body without a type is JSON, and so is an object under the type that curl's -d announces.
    let sent = SentRequest(body: body, contentType: type, options: options)
    guard type == .csv || sent.isJSON else {
      throw Problem(
        .unsupportedMedia, "The body is \(type?.name ?? "of no type"), expected application/json or text/csv.", field: "Content-Type",
        given: type?.name, expected: "application/json or text/csv")
    }
    if type == .csv {
      let query = try sent.document(PoolOptions.table.fields + TableOptions.table.fields, of: "pool")
      let given = try SentFields(query, table: table, readsTable: true)
      self.options = try StrictJSON.decode(PoolOptions.self, from: given.options)
      terms = try Self.terms(csv: body, given.table ?? table)
    } else {
      self = try StrictJSON.decode(Self.self, from: sent.document(PoolOptions.table.fields, of: "pool"))
    }
    try validate()
  }

  /// The rows of one term in their order, the terms in the order in which they first come.
  private static func terms(csv bytes: [UInt8], _ table: TableOptions) throws -> [Term] {
    var options = table.csv()
    options.missing = []
    var reader = try CSVReader(table.encoding.utf8(bytes), options: options)
    var cells = [String: CellReader]()
    func number(_ place: Int, in record: CSVRecord) throws -> Double {
      let (name, text) = (reader.header[place], record.fields[place].value)
      var cell = cells[name] ?? CellReader(TableSpace.Column(name: name, type: .real), options: table)
      defer { cells[name] = cell }
      if let value = cell.number(of: text, line: record.line) { return value }
      throw CSVError(
        .mismatch, line: record.line, column: place + 1, field: name, given: "\"\(text.prefix(40))\"",
        expected: "a number like \(NumberForm.plain.text(-1500.5))" + (cell.hint(text).map { "; \($0)" } ?? ""))
    }
    func column(_ name: String) -> Int? { reader.header.firstIndex(of: name) }
    let known = ["term", "estimate", "std_error", "variance", "imputation"]
    if let stranger = reader.header.first(where: { !known.contains($0) }) {
      throw Fault(field: stranger, given: "a column \"\(stranger.prefix(80))\"", expected: "the columns \(known.joined(separator: ", "))")
    }
    guard let term = column("term"), let estimate = column("estimate") else {
      throw Fault(
        field: "body", given: "columns \(reader.header.joined(separator: ", "))", expected: "term, estimate and std_error or variance")
    }
    let (error, variance) = (column("std_error"), column("variance"))
    guard let spread = error ?? variance, error == nil || variance == nil else {
      throw Fault(
        field: error == nil ? "std_error" : "variance", given: error == nil ? "no such column" : "beside std_error",
        expected: "one of the columns std_error and variance")
    }
    var (order, rows): ([String], [String: (estimates: [Double], variances: [Double])]) = ([], [:])
    var count = 0
    while let record = try reader.next() {
      count += 1
      guard count <= mostNumbers else { throw Fault(field: "body", given: "more than \(mostNumbers) rows", expected: "at most that many") }
      let (value, size) = (try number(estimate, in: record), try number(spread, in: record))
      let name = record.fields[term].value
      guard size >= 0 else {
        throw Fault(field: "line \(record.line), \(reader.header[spread])", given: "\(size)", expected: "no negative number")
      }
      if rows[name] == nil { order.append(name) }
      rows[name, default: ([], [])].estimates.append(value)
      rows[name, default: ([], [])].variances.append(error == nil ? size : size * size)
    }
    return order.map { name in
      var term = Term()
      (term.term, term.estimates, term.variances) = (name, rows[name]?.estimates ?? [], rows[name]?.variances ?? [])
      return term
    }
  }
}
