internal import Formats
internal import Modelling

/// Estimates from several completed tables, to be pooled by Rubin's rules; a function of the request alone, no model takes part.
package struct PoolRequest: Sendable, Equatable {
  /// One quantity: its estimate and that estimate's variance from every completed table.
  struct Term: Sendable, Equatable {
    let name: String
    let estimates: [Double]
    let variances: [Double]
  }

  let terms: [Term]
  /// Degrees of freedom that the complete data would have had, such as n - k of a regression; nil for infinitely many.
  let dfcom: Double?
  let confidence: Double

  private static let mostNumbers = 1_000_000

  /// - Parameters:
  ///   - body: JSON, or CSV with the columns `term`, `estimate` and one of `std_error` and `variance`.
  ///   - options: `dfcom` and `confidence` as text, beside CSV alone.
  package init(_ body: [UInt8], type: MediaType?, options: [SentRequest.Option]) throws {
    guard !body.isEmpty else {
      throw Problem(.malformed, "The body is empty, expected estimates: JSON with terms, or text/csv.", field: "body")
    }
    if type == .csv {
      var numbers: [String: Double] = [:]
      for option in options {
        guard let value = DecimalText.double(option.value) else {
          throw Problem(
            .malformed, "\(option.name) is \"\(option.value.prefix(40))\", expected a number.", field: option.name, given: option.value,
            expected: "a number")
        }
        numbers[option.name] = value
      }
      try self.init(terms: Self.terms(csv: body), dfcom: numbers["dfcom"], confidence: numbers["confidence"])
      return
    }
    // As with operations: a body without a type is JSON, and so is an object under the type that curl's -d announces.
    guard SentRequest(body: body, contentType: type).isJSON else {
      throw Problem(
        .unsupportedMedia, "The body is \(type?.name ?? "of no type"), expected application/json or text/csv.", field: "Content-Type",
        given: type?.name, expected: "application/json or text/csv")
    }
    guard options.isEmpty else {
      throw Problem(
        .malformed, "The query has \"\(options[0].name)\", but with a JSON body the options are fields of the body.", field: options[0].name,
        given: "a query parameter", expected: "a field of the body")
    }
    let given = try StrictJSON.decode(Given.self, from: body)
    try self.init(terms: given.terms.enumerated().map { try $1.term(at: $0) }, dfcom: given.dfcom, confidence: given.confidence)
  }

  private init(terms: [Term], dfcom: Double?, confidence: Double?) throws {
    guard let m = terms.first?.estimates.count else { throw Fault(field: "terms", given: "no term", expected: "at least one") }
    var names: Set<String> = []
    for (index, term) in terms.enumerated() {
      let place = "terms[\(index)]"
      guard names.insert(term.name).inserted else {
        throw Fault(field: "\(place).term", given: "\"\(term.name.prefix(80))\" again", expected: "names that differ")
      }
      guard !term.estimates.isEmpty else { throw Fault(field: "\(place).estimates", given: "no estimate", expected: "one a completed table") }
      guard term.estimates.count == m else {
        throw Fault(
          field: "\(place).estimates", given: "\(term.estimates.count) estimates of \"\(term.name.prefix(80))\"",
          expected: "\(m), as of \"\(terms[0].name.prefix(80))\"")
      }
    }
    if let dfcom, !(dfcom > 0 && dfcom.isFinite) { throw Fault(field: "dfcom", given: "\(dfcom)", expected: "a positive number") }
    let level = confidence ?? 0.95
    guard level > 0, level < 1 else { throw Fault(field: "confidence", given: "\(level)", expected: "a number between 0 and 1") }
    (self.terms, self.dfcom, self.confidence) = (terms, dfcom, level)
  }

  /// The body in JSON.
  private struct Given: Decodable {
    let terms: [GivenTerm]
    let dfcom: Double?
    let confidence: Double?
  }

  private struct GivenTerm: Decodable {
    let term: String
    let estimates: [Double]
    let variances: [Double]?
    let std_errors: [Double]?

    func term(at index: Int) throws -> Term {
      let place = "terms[\(index)]"
      let (field, spreads): (String, [Double])
      switch (variances, std_errors) {
      case (.some(let variances), nil): (field, spreads) = ("\(place).variances", variances)
      case (nil, .some(let errors)): (field, spreads) = ("\(place).std_errors", errors)
      case (nil, nil): throw Fault(field: "\(place).variances", given: "nothing", expected: "variances or std_errors")
      case (.some, .some): throw Fault(field: "\(place).std_errors", given: "beside variances", expected: "one of the two")
      }
      guard spreads.count == estimates.count else {
        throw Fault(field: field, given: "\(spreads.count) numbers", expected: "\(estimates.count), one an estimate")
      }
      guard estimates.count <= PoolRequest.mostNumbers else {
        throw Fault(field: "\(place).estimates", given: "\(estimates.count) numbers", expected: "at most \(PoolRequest.mostNumbers)")
      }
      for (row, spread) in spreads.enumerated() where spread < 0 {
        throw Fault(field: "\(field)[\(row)]", given: "\(spread)", expected: "no negative number")
      }
      return Term(name: term, estimates: estimates, variances: variances == nil ? spreads.map { $0 * $0 } : spreads)
    }
  }
}

// MARK: CSV

extension PoolRequest {
  /// The rows of one term in their order, the terms in the order in which they first come.
  private static func terms(csv bytes: [UInt8]) throws -> [Term] {
    var options = CSVOptions()
    options.missing = []
    var reader = try CSVReader(bytes, options: options)
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
      guard let value = try reader.number(estimate, in: record), let size = try reader.number(spread, in: record) else {
        preconditionFailure("no text stands for a missing number here")
      }
      let name = record.fields[term].value
      guard size >= 0 else {
        throw Fault(field: "line \(record.line), \(reader.header[spread])", given: "\(size)", expected: "no negative number")
      }
      if rows[name] == nil { order.append(name) }
      rows[name, default: ([], [])].estimates.append(value)
      rows[name, default: ([], [])].variances.append(error == nil ? size : size * size)
    }
    return order.map { name in Term(name: name, estimates: rows[name]?.estimates ?? [], variances: rows[name]?.variances ?? []) }
  }
}
