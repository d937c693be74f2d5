import Formats
import Foundation
import GRDB
import ModelFiles

extension RunFilter {
  /// Refuses a parameter, metric or tag that no run has: nothing would be found, for want of a letter.
  ///
  /// - Throws: `RunQueryError` with the nearest names there are.
  func checkNames(_ order: RunOrder, _ database: Database) throws {
    for condition in predicate?.conditions ?? [] where !condition.test.asksForNull {
      try check(condition.field, "filter", condition.column, database)
    }
    if case .field(let field) = order.key { try check(field, "order_by", 1, database) }
  }

  private func check(_ field: RunCondition.Field, _ parameter: String, _ column: Int, _ database: Database) throws {
    let (name, table): (String, SQL)
    switch field {
    case .attribute: return
    case .parameter(let own):
      guard !optionNames.contains(own) else { return }
      (name, table) = (own, "run_parameters")
    case .metric(let own): (name, table) = (own, "run_latest_metrics")
    case .tag(let own): (name, table) = (own, "run_tags")
    }
    // Of a caller who may see some models' runs alone, names of others' are none.
    var seen: SQL = ""
    if let models { seen = "AND EXISTS (SELECT 1 FROM runs WHERE runs.id = own.run AND runs.model IN \(models.sorted()))" }
    let isThere: SQLRequest<Row> = "SELECT 1 FROM \(table) AS own WHERE own.name = \(name) \(seen) LIMIT 1"
    guard try isThere.fetchOne(database) == nil else { return }
    let all: SQLRequest<String> = "SELECT DISTINCT own.name FROM \(table) AS own WHERE TRUE \(seen)"
    var known = Set(try all.fetchAll(database))
    if case .parameter = field { known.formUnion(optionNames) }
    let prefix = field.shown.dropLast(name.count)
    let near = EditDistance.nearest(to: name, among: known, count: 3).map { "\(prefix)\($0)" }
    throw RunQueryError(
      parameter: parameter, column: column, given: "\(field.shown), which no run has",
      expected: near.isEmpty
        ? (known.isEmpty ? "something else: no run has any \(prefix.dropLast())" : "a name that runs have") : near.joined(separator: " or "))
  }
}
