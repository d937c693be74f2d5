import Formats
import Foundation
import GRDB
import ModelFiles

/// A filter and an order as SQL, once for the table of runs and once for that of recorded inference.
///
/// Values are arguments of the statements, never part of their text.
struct RunQuery {
  let filter: RunFilter
  let order: RunOrder
  let after: RunPageToken?
  let limit: Int

  /// What a page token has to fit.
  static func signature(_ filter: RunFilter, _ order: RunOrder) -> String {
    var unordered = filter
    (unordered.models, unordered.optionNames) = (nil, [])
    return "\(unordered) \((filter.models ?? []).sorted()) \(order)"
  }

  /// Bounds on the identifier, which begins with the time: they serve times, pages and the order through one index.
  private func bounds(_ column: SQL) -> [SQL] {
    var (low, high) = ("0", "8")  // below and above every ULID
    if let since = filter.since { low = max(low, Self.first(at: since)) }
    if let until = filter.until { high = min(high, Self.first(at: until)) }
    var bounds: [SQL] = []
    if order.key == .started, let after {
      if order.isDescending {
        high = min(high, after.id.description)
      } else {
        bounds.append("\(column) > \(after.id.description)")
      }
    }
    return bounds + ["\(column) >= \(low)", "\(column) < \(high)"]
  }

  private static func first(at time: Timestamp) -> String { RunID(earliestAt: UInt64(max(0, time.milliseconds))).description }

  private var direction: SQL { order.isDescending ? "DESC" : "ASC" }

  // MARK: - Runs

  var runs: SQLRequest<Row> {
    var conditions = bounds("runs.id")
    // One file has few of all runs: its index serves, and a plus keeps SQLite from taking another.
    let prefix = SQL(sql: filter.modelDigest == nil ? "" : "+")
    if let digest = filter.modelDigest { conditions.append("runs.digest = \(digest.description)") }
    if let kind = filter.kind { conditions.append("\(prefix)runs.kind = \(kind.rawValue)") }
    if let model = filter.model { conditions.append("\(prefix)runs.model = \(model)") }
    if let models = filter.models {
      let isFormer: SQL = filter.includesFormerNames ? " OR NOT EXISTS (SELECT 1 FROM versions WHERE versions.model = runs.model)" : ""
      conditions.append("(\(prefix)runs.model IN \(models.sorted())\(isFormer))")
    }
    if let status = filter.status { conditions.append("\(prefix)runs.status = \(status.rawValue)") }
    for predicate in [filter.predicate, filter.ownPredicate].compactMap({ $0 }) { conditions.append(predicate.onRuns) }
    let condition = conditions.joined(separator: " AND ")
    switch order.key {
    case .started: return "SELECT runs.*, NULL AS sort_value FROM runs WHERE \(condition) ORDER BY runs.id \(direction) LIMIT \(limit)"
    case .field(.metric(let name)):
      // The order of the tables is fixed by CROSS JOIN, so that the index of values also does the sorting.
      return """
        SELECT runs.*, sort.value AS sort_value FROM run_latest_metrics AS sort CROSS JOIN runs ON runs.id = sort.run
        WHERE \(condition) AND sort.name = \(name) AND sort.value IS NOT NULL\(behind("sort.value", "sort.run"))
        ORDER BY sort.value \(direction), sort.run \(direction) LIMIT \(limit)
        """
    case .field(let field):
      // Of two values of SQL `??` is IFNULL.
      guard let value = field.sortedRuns else { return "SELECT runs.*, NULL AS sort_value FROM runs WHERE FALSE" }
      return sorted("SELECT runs.*, \(value) AS sort_value FROM runs WHERE \(condition)")
    }
  }

  /// What comes after the page before.
  private func behind(_ value: SQL, _ id: SQL) -> SQL {
    guard let after, let last = after.value else { return "" }
    return " AND (\(value), \(id)) \(SQL(sql: order.isDescending ? "<" : ">")) (\(last.sql), \(after.id.description))"
  }

  /// Rows with a `sort_value`, in its order.
  private func sorted(_ rows: SQL) -> SQLRequest<Row> {
    """
    SELECT * FROM (\(rows)) WHERE sort_value IS NOT NULL\(behind("sort_value", "id"))
    ORDER BY sort_value \(direction), id \(direction) LIMIT \(limit)
    """
  }

  // MARK: - Recorded inference

  /// nil where no record of a request can pass.
  var inferences: SQLRequest<Row>? {
    guard filter.kind == nil || filter.kind == .inference else { return nil }
    var conditions = bounds("inferences.id")
    if let model = filter.model { conditions.append("inferences.model = \(model)") }
    if let models = filter.models { conditions.append("inferences.model IN \(models.sorted())") }
    if let status = filter.status {
      guard let condition = RunCondition.inferences(are: status) else { return nil }
      conditions.append(condition)
    }
    if let digest = filter.modelDigest { conditions.append("inference_engines.digest = \(digest.description)") }
    for predicate in [filter.predicate, filter.ownPredicate].compactMap({ $0 }) {
      guard let own = predicate.onInferences else { return nil }
      conditions.append(own)
    }
    let condition = conditions.joined(separator: " AND ")
    switch order.key {
    case .started: return "\(Self.inferences(sortedBy: "NULL")) WHERE \(condition) ORDER BY inferences.id \(direction) LIMIT \(limit)"
    case .field(let field):
      guard let value = field.sortedInferences else { return nil }
      return sorted("\(Self.inferences(sortedBy: value)) WHERE \(condition)")
    }
  }

  static func inference(_ id: String) -> SQLRequest<Row> { "\(inferences(sortedBy: "NULL")) WHERE inferences.id = \(id)" }

  // The order of the tables is fixed here as well: from a record to its engine.
  private static func inferences(sortedBy value: SQL) -> SQL {
    """
    SELECT inferences.*, inference_engines.digest, inference_engines.family, inference_engines.build, \(value) AS sort_value,
      EXISTS (SELECT 1 FROM inference_inputs WHERE inference = inferences.id) AS keeps_input
    FROM inferences CROSS JOIN inference_engines ON inference_engines.id = inferences.engine
    """
  }
}
