import Formats
import Foundation
import GRDB
import ModelFiles

extension RunPredicate {
  /// On a row of `runs`.
  var onRuns: SQL {
    switch self {
    case .condition(let condition): condition.onRuns
    case .all(let parts): "(\(parts.map(\.onRuns).joined(separator: " AND ")))"
    case .any(let parts): "(\(parts.map(\.onRuns).joined(separator: " OR ")))"
    }
  }

  /// On a row of `inferences`; nil where none can meet it.
  var onInferences: SQL? {
    switch self {
    case .condition(let condition): return condition.onInferences
    case .all(let parts):
      let own = parts.compactMap(\.onInferences)
      return own.count == parts.count ? "(\(own.joined(separator: " AND ")))" : nil
    case .any(let parts):
      let own = parts.compactMap(\.onInferences)
      return own.isEmpty ? nil : "(\(own.joined(separator: " OR ")))"
    }
  }
}

extension RunCondition.Comparison {
  var sql: SQL { SQL(sql: rawValue) }
}

extension RunCondition.Value {
  var sql: SQL {
    switch self {
    case .number(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .text(let value): "\(value)"
    case .digest(let value): "\(value.description)"
    case .time(let range): "\(Timestamp(milliseconds: range.lowerBound).description)"
    }
  }

  fileprivate var isText: Bool {
    switch self {
    case .text, .digest, .time: true
    case .number, .integer: false
    }
  }
}

extension RunCondition.Test {
  /// On a column of texts or of numbers.
  func sql(on column: SQL) -> SQL { sql(text: column) { "\(column) \($0.sql) \($1.sql)" } }

  /// - Parameters:
  ///   - text: what a pattern is held against.
  ///   - compare: one comparison.
  func sql(text: SQL, _ compare: (RunCondition.Comparison, RunCondition.Value) -> SQL) -> SQL {
    switch self {
    case .compared(let comparison, let value): return compare(comparison, value)
    case .isIn(let values, let isNegated):
      let any = values.map { compare(.equal, $0) }.joined(separator: " OR ")
      // A text beside a number is another value, not an unknown one.
      return isNegated ? "NOT coalesce((\(any)), FALSE) AND \(text) IS NOT NULL" : "(\(any))"
    case .isLike(let pattern, let isNegated): return "\(text) \(SQL(sql: isNegated ? "NOT LIKE" : "LIKE")) \(pattern) ESCAPE '\\'"
    case .isNull(let isNull): return isNull ? "\(text) IS NULL" : "\(text) IS NOT NULL"
    }
  }

  /// Whether a text passes that all rows of a kind have.
  func passes(_ own: String) -> Bool {
    switch self {
    case .compared(let comparison, let value): (value == .text(own)) == (comparison == .equal)
    case .isIn(let values, let isNegated): values.contains(.text(own)) != isNegated
    case .isLike(_, let isNegated): isNegated
    case .isNull(let isNull): !isNull
    }
  }

  var asksForNull: Bool { self == .isNull(true) }
}

extension RunCondition {
  /// Of a parameter of a run: a text that may be a number.
  private static func isNumber(_ text: SQL) -> SQL { "CASE WHEN json_valid(\(text)) THEN json_type(\(text)) IN ('integer', 'real') ELSE FALSE END" }

  /// The condition on a row of `runs`.
  var onRuns: SQL {
    switch field {
    case .parameter(let name):
      exists("SELECT 1 FROM run_parameters AS own WHERE own.run = runs.id AND own.name = \(name)") {
        $1.isText ? "own.value \($0.sql) \($1.sql)" : "CASE WHEN \(Self.isNumber("own.value")) THEN own.value ->> '$' \($0.sql) \($1.sql) END"
      }
    case .tag(let name): exists("SELECT 1 FROM run_tags AS own WHERE own.run = runs.id AND own.name = \(name)") { "own.value \($0.sql) \($1.sql)" }
    case .metric(let name):
      exists("SELECT 1 FROM run_latest_metrics AS own WHERE own.run = runs.id AND own.name = \(name) AND own.value IS NOT NULL") {
        "own.value \($0.sql) \($1.sql)"
      }
    case .attribute(.started): test.sql(text: "runs.started_at") { Self.started("runs.id", $0, $1) }
    case .attribute(let attribute): if let column = attribute.onRuns { test.sql(on: column) } else { test.asksForNull ? "TRUE" : "FALSE" }
    }
  }

  /// Rows of names and values, of which a run has one or none.
  private func exists(_ rows: SQL, _ compare: (Comparison, Value) -> SQL) -> SQL {
    switch test {
    case .isNull(true): "NOT EXISTS (\(rows))"
    case .isNull(false): "EXISTS (\(rows))"
    default: "EXISTS (\(rows) AND \(test.sql(text: "own.value", compare)))"
    }
  }

  /// The condition on a row of `inferences`; nil where none can meet it.
  var onInferences: SQL? {
    switch field {
    case .metric, .tag: return test.asksForNull ? "TRUE" : nil
    case .parameter(let name):
      let rows: SQL = "SELECT 1 FROM json_each(inferences.parameters) AS member WHERE member.key = \(name) AND member.type <> 'null'"
      let text: SQL = "CASE member.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'text' THEN member.value END"
      if case .isNull(let isNull) = test { return isNull ? "NOT EXISTS (\(rows))" : "EXISTS (\(rows))" }
      let own = test.sql(text: "coalesce(\(text), member.value)") {
        $1.isText
          ? "\(text) \($0.sql) \($1.sql)" : "CASE WHEN member.type IN ('integer', 'real') THEN member.value \($0.sql) \($1.sql) END"
      }
      return "EXISTS (\(rows) AND \(own))"
    case .attribute(.kind): return test.passes(RunKind.inference.rawValue) ? "TRUE" : nil
    case .attribute(.started): return test.sql(text: "inferences.id") { Self.started("inferences.id", $0, $1) }
    case .attribute(let attribute):
      guard let column = attribute.onInferences else { return test.asksForNull ? "TRUE" : nil }
      guard attribute == .inputDigest || attribute == .outputDigest else { return test.sql(on: column) }
      return test.sql(text: column) {
        guard case .digest(let digest) = $1 else { return "FALSE" }
        return "\(column) \($0.sql) \(Data(digest.bytes))"
      }
    }
  }

  /// A request is recorded when it has been answered, so it has finished or failed.
  static func inferences(are status: RunStatus) -> SQL? {
    switch status {
    case .finished: "inferences.http_status < 400"
    case .failed: "inferences.http_status >= 400"
    case .running, .cancelled: nil
    }
  }

  /// Times are compared through the identifier, which begins with the millisecond.
  private static func started(_ column: SQL, _ comparison: Comparison, _ value: Value) -> SQL {
    guard case .time(let time) = value else { return "FALSE" }
    func first(_ milliseconds: Int64) -> String { RunID(earliestAt: UInt64(max(0, milliseconds))).description }
    let (low, high) = (first(time.lowerBound), first(time.upperBound))
    return switch comparison {
    case .equal: "(\(column) >= \(low) AND \(column) < \(high))"
    case .notEqual: "(\(column) < \(low) OR \(column) >= \(high))"
    case .less: "\(column) < \(low)"
    case .lessOrEqual: "\(column) < \(high)"
    case .greater: "\(column) >= \(high)"
    case .greaterOrEqual: "\(column) >= \(low)"
    }
  }
}

// MARK: - Columns

extension RunCondition.Attribute {
  /// Of `runs`; nil where only recorded requests have it.
  var onRuns: SQL? {
    switch self {
    case .dataDigest: "runs.data_digest"
    case .duration: "(julianday(runs.finished_at) - julianday(runs.started_at)) * 86400.0"
    case .family: "runs.family"
    case .kind: "runs.kind"
    case .model: "runs.model"
    case .modelDigest: "runs.digest"
    case .outputDigest: "runs.output_digest"
    case .seed: "runs.seed"
    case .started: "runs.started_at"
    case .status: "runs.status"
    case .version: "runs.version"
    case .httpStatus, .inputDigest, .items, .operation: nil
    }
  }

  /// Of `inferences` and `inference_engines`; nil where no recorded request has it.
  var onInferences: SQL? {
    switch self {
    case .dataDigest: nil
    case .duration: "inferences.latency_us / 1e6"
    case .family: "inference_engines.family"
    case .httpStatus: "inferences.http_status"
    case .inputDigest: "inferences.input_digest"
    case .items: "inferences.items"
    case .kind: "'inference'"
    case .model: "inferences.model"
    case .modelDigest: "inference_engines.digest"
    case .operation: "inferences.operation"
    case .outputDigest: "inferences.output_digest"
    case .seed: "inferences.seed"
    case .started: "inferences.id"
    case .status: "CASE WHEN inferences.http_status < 400 THEN 'finished' ELSE 'failed' END"
    case .version: "inferences.version"
    }
  }
}

extension RunCondition.Field {
  /// What runs are sorted by; nil where none has it.
  var sortedRuns: SQL? {
    switch self {
    case .attribute(let attribute): attribute.onRuns
    case .metric(let name): "(SELECT own.value FROM run_latest_metrics AS own WHERE own.run = runs.id AND own.name = \(name))"
    case .tag(let name): "(SELECT own.value FROM run_tags AS own WHERE own.run = runs.id AND own.name = \(name))"
    case .parameter(let name):
      """
      (SELECT CASE WHEN CASE WHEN json_valid(own.value) THEN json_type(own.value) IN ('integer', 'real') ELSE FALSE END
        THEN own.value ->> '$' ELSE own.value END FROM run_parameters AS own WHERE own.run = runs.id AND own.name = \(name))
      """
    }
  }

  var sortedInferences: SQL? {
    switch self {
    case .attribute(.inputDigest): "lower(hex(inferences.input_digest))"
    case .attribute(.outputDigest): "lower(hex(inferences.output_digest))"
    case .attribute(let attribute): attribute.onInferences
    case .metric, .tag: nil
    case .parameter(let name):
      """
      (SELECT CASE member.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE member.value END
        FROM json_each(inferences.parameters) AS member WHERE member.key = \(name) AND member.type <> 'null')
      """
    }
  }
}
