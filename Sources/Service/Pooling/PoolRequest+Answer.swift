internal import Distributions
internal import Formats
internal import Modelling

extension PoolRequest {
  /// Media types that the answer can be had in, the default first.
  package static let mediaTypes: [MediaType] = [.json, .csv]

  /// The pooled terms: the same bytes over HTTP and on the command line.
  package func answer(as type: MediaType) throws -> [UInt8] {
    let rows = try terms.enumerated().map { index, term in
      let pooled = RubinsRules(estimates: term.estimates, variances: term.squares, dfcom: options.dfcom ?? .infinity)
      guard pooled.qbar.isFinite, pooled.t.isFinite else {
        throw Fault(field: "terms[\(index)]", given: "numbers whose pooled variance no double can hold", expected: "smaller ones")
      }
      return (name: term.term, figures: figures(pooled))
    }
    if type == .csv { return table(rows) }
    let members = rows.map { row in
      JSONValue.object([.init(name: "term", value: .string(row.name))] + row.figures.map { .init(name: $0.key, value: Self.json($0.value)) })
    }
    return JSONValue.record([
      "m": .integer(terms[0].estimates.count), "dfcom": options.dfcom.map(JSONValue.number) ?? .null, "confidence": .number(options.confidence),
      "terms": .array(members),
    ]).text
  }

  /// Names as in R's mice, and those of its summaries as the package broom spells them.
  private func figures(_ pooled: RubinsRules) -> KeyValuePairs<String, Double?> {
    let (interval, test) = (pooled.interval(confidence: options.confidence), pooled.test)
    return [
      "qbar": pooled.qbar, "ubar": pooled.ubar, "b": pooled.b, "t": pooled.t, "df": pooled.df, "riv": pooled.riv, "lambda": pooled.lambda,
      "fmi": pooled.fmi, "std_error": pooled.standardError, "conf_low": interval?.low, "conf_high": interval?.high, "statistic": test?.statistic,
      "p_value": test?.pValue,
    ]
  }

  /// null for what is not determined or infinite.
  private static func json(_ value: Double?) -> JSONValue { value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }

  private func table(_ rows: [(name: String, figures: KeyValuePairs<String, Double?>)]) -> [UInt8] {
    var writer = CSVWriter()
    writer.append(["term"] + (rows.first?.figures.map(\.key) ?? []))
    for row in rows {
      writer.append(
        [row.name]
          + row.figures.map { figure in Self.json(figure.value) == .null ? "" : String(decoding: Self.json(figure.value).text, as: UTF8.self) })
    }
    return writer.bytes
  }
}
