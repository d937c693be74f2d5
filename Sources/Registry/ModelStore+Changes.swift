import Formats
import GRDB

extension ModelStore {
  /// The change log, the newest first, a page at a time; what is done meanwhile shifts no page.
  ///
  /// - Throws: `StoreError.invalidLimit`, `.invalidPageToken`.
  package func changes(_ filter: ChangeFilter = ChangeFilter(), pageToken: String? = nil, limit: Int = 100) throws -> Page<Change> {
    try Page<Change>.validate(limit: limit)
    var conditions: [SQL] = []
    if let action = filter.action { conditions.append("action = \(action.rawValue)") }
    if let target = filter.target { conditions.append("target = \(target)") }
    if let key = filter.key { conditions.append("key = \(key)") }
    if let since = filter.since { conditions.append("time >= \(since.description)") }
    if let pageToken {
      guard let last = Int64(pageToken), last > 0 else { throw StoreError.invalidPageToken(given: pageToken) }
      conditions.append("id < \(last)")
    }
    let condition: SQL = conditions.isEmpty ? "TRUE" : conditions.joined(separator: " AND ")
    let request: SQLRequest<Row> = "SELECT * FROM audit WHERE \(condition) ORDER BY id DESC LIMIT \(limit + 1)"
    let entries = try read { database in
      try request.fetchAll(database).map { row in
        Change(
          id: row["id"], time: try row.parse("time"), actor: Principal(key: row["key"], name: row["actor"], address: row["address"]),
          action: ChangeAction(rawValue: row["action"]), target: row["target"], detail: row["detail"])
      }
    }
    return Page(entries, limit: limit, token: { "\($0.id)" })
  }

  /// Adds a line to the record, in the transaction of the change that it tells of.
  static func note(
    _ database: Database, _ action: ChangeAction, _ target: String, by actor: Principal, _ detail: KeyValuePairs<String, JSONValue> = [:]
  ) throws {
    try note(database, action, target, by: actor, detail.map { JSONValue.Member(name: $0.key, value: $0.value) })
  }

  static func note(
    _ database: Database, _ action: ChangeAction, _ target: String, by actor: Principal, _ members: [JSONValue.Member]
  ) throws {
    try database.execute(
      sql: "INSERT INTO audit (time, key, actor, action, target, detail, address) VALUES (?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        Timestamp.now.description, actor.key, actor.name, action.rawValue, target, String(decoding: JSONValue.object(members).text, as: UTF8.self),
        actor.address,
      ])
  }
}
