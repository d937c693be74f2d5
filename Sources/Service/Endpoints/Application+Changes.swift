internal import Formats
internal import HTTP
internal import Registry

extension Application {
  /// GET /v1/admin/changes: who changed what, newest first.
  func listChanges(_ request: Request) async throws -> Response {
    try request.checkQuery("action", "target", "key", "since", "page_token", "limit")
    var filter = ChangeFilter()
    filter.action = request.query["action"].map(ChangeAction.init(rawValue:))
    filter.target = request.query["target"]
    filter.key = request.query["key"]
    filter.since = try request.time("since")
    let (token, limit) = (request.query["page_token"], try request.integer("limit") ?? limits.pageEntries)
    let page = try await storeLanes.run { [store, filter] in try store.changes(filter, pageToken: token, limit: limit) }
    let entries = try page.items.map { entry in
      JSONValue.record([
        "id": .string("\(entry.id)"), "time": .string(entry.time.description), "actor": .string(entry.actor.name),
        "key": .string(orNull: entry.actor.key), "address": .string(orNull: entry.actor.address), "action": .string(entry.action.rawValue),
        "target": .string(entry.target), "detail": try JSONValue(parsing: Array(entry.detail.utf8)),
      ])
    }
    return .json(.record(["entries": .array(entries), "next_page_token": .string(orNull: page.nextPageToken)]))
  }
}
