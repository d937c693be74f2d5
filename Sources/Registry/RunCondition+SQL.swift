import Formats
import Foundation
import GRDB
import ModelFiles

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
    case .time(let value): "\(value.description)"
    }
  }

  private var isText: Bool {
    switch self {
    case .text, .digest, .time: true
    case .number, .integer: false
    }
  }

  /// The comparison with a parameter, whose `value` is text and may be a number.
  func compared(_ comparison: RunCondition.Comparison, with column: SQL) -> SQL {
    if isText { return "\(column) \(comparison.sql) \(sql)" }
    return """
      CASE WHEN json_valid(\(column)) THEN CASE WHEN json_type(\(column)) IN ('integer', 'real') THEN
      \(column) ->> '$' \(comparison.sql) \(sql) END END
      """
  }

  /// The comparison with a member of a JSON object, a row of json_each.
  func comparedWithMember(_ comparison: RunCondition.Comparison) -> SQL {
    guard isText else { return "member.type IN ('integer', 'real') AND member.value \(comparison.sql) \(sql)" }
    return "CASE member.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'text' THEN member.value END \(comparison.sql) \(sql)"
  }
}

extension RunCondition {
  private static let never: SQL = "FALSE"

  /// The condition on a row of `runs`.
  var onRuns: SQL {
    switch field {
    case .parameter(let name):
      "EXISTS (SELECT 1 FROM run_parameters AS p WHERE p.run = runs.id AND p.name = \(name) AND \(value.compared(comparison, with: "p.value")))"
    case .tag(let name):
      "EXISTS (SELECT 1 FROM run_tags AS t WHERE t.run = runs.id AND t.name = \(name) AND t.value \(comparison.sql) \(value.sql))"
    case .metric(let name):
      "EXISTS (SELECT 1 FROM run_latest_metrics AS m WHERE m.run = runs.id AND m.name = \(name) AND m.value \(comparison.sql) \(value.sql))"
    case .attribute(let attribute):
      switch attribute {
      case .dataDigest: "runs.data_digest \(comparison.sql) \(value.sql)"
      case .duration: "(julianday(runs.finished_at) - julianday(runs.started_at)) * 86400.0 \(comparison.sql) \(value.sql)"
      case .family: "runs.family \(comparison.sql) \(value.sql)"
      case .kind: "runs.kind \(comparison.sql) \(value.sql)"
      case .model: "runs.model \(comparison.sql) \(value.sql)"
      case .modelDigest: "runs.digest \(comparison.sql) \(value.sql)"
      case .outputDigest: "runs.output_digest \(comparison.sql) \(value.sql)"
      case .seed: "runs.seed \(comparison.sql) \(value.sql)"
      case .started: started("runs.id")
      case .status: "runs.status \(comparison.sql) \(value.sql)"
      case .version: "runs.version \(comparison.sql) \(value.sql)"
      // Only recorded requests have these.
      case .httpStatus, .inputDigest, .items, .operation: Self.never
      }
    }
  }

  /// The condition on a row of `inferences`; nil where none can meet it.
  var onInferences: SQL? {
    switch field {
    case .metric, .tag: nil
    case .parameter(let name):
      "EXISTS (SELECT 1 FROM json_each(inferences.parameters) AS member WHERE member.key = \(name) AND \(value.comparedWithMember(comparison)))"
    case .attribute(let attribute):
      switch attribute {
      case .dataDigest: nil
      case .duration: "inferences.latency_us / 1e6 \(comparison.sql) \(value.sql)"
      case .family: "inference_engines.family \(comparison.sql) \(value.sql)"
      case .httpStatus: "inferences.http_status \(comparison.sql) \(value.sql)"
      case .inputDigest: "inferences.input_digest \(comparison.sql) \(digestBytes)"
      case .items: "inferences.items \(comparison.sql) \(value.sql)"
      case .kind: (value == .text(RunKind.inference.rawValue)) == (comparison == .equal) ? "TRUE" : nil
      case .model: "inferences.model \(comparison.sql) \(value.sql)"
      case .modelDigest: "inference_engines.digest \(comparison.sql) \(value.sql)"
      case .operation: "inferences.operation \(comparison.sql) \(value.sql)"
      case .outputDigest: "inferences.output_digest \(comparison.sql) \(digestBytes)"
      case .seed: "inferences.seed \(comparison.sql) \(value.sql)"
      case .started: started("inferences.id")
      case .status: statusOfInferences
      case .version: "inferences.version \(comparison.sql) \(value.sql)"
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

  private var statusOfInferences: SQL? {
    guard case .text(let text) = value, let status = RunStatus(rawValue: text) else { return nil }
    if comparison == .equal { return Self.inferences(are: status) }
    switch status {
    case .finished: return Self.inferences(are: .failed)
    case .failed: return Self.inferences(are: .finished)
    case .running, .cancelled: return "TRUE"
    }
  }

  private var digestBytes: SQL {
    guard case .digest(let digest) = value else { return "NULL" }
    return "\(Data(digest.bytes))"
  }

  /// Times are compared through the identifier, which begins with the millisecond.
  private func started(_ column: SQL) -> SQL {
    guard case .time(let time) = value else { return Self.never }
    let milliseconds = UInt64(max(0, time.milliseconds))
    let (first, next) = (RunID(earliestAt: milliseconds).description, RunID(earliestAt: milliseconds + 1).description)
    return switch comparison {
    case .equal: "(\(column) >= \(first) AND \(column) < \(next))"
    case .notEqual: "(\(column) < \(first) OR \(column) >= \(next))"
    case .less: "\(column) < \(first)"
    case .lessOrEqual: "\(column) < \(next)"
    case .greater: "\(column) >= \(next)"
    case .greaterOrEqual: "\(column) >= \(first)"
    }
  }
}
