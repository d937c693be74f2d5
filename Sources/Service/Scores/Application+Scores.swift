internal import Formats
internal import HTTP
internal import ModelFiles
internal import Modelling
internal import Registry

extension Application {
  /// GET /v1/models/{model}/scores: what recorded runs say of a version, and what would say the rest.
  ///
  /// The model file decides which runs these are, so that a version has those that it had under another name, and none of other versions.
  func showScores(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery("entry", "limit", "page_token")
    let only = try request.choice("entry", ScoreEntry.self)
    let limit = try request.integer("limit") ?? 5
    let token = request.query["page_token"]
    if token != nil, only == nil {
      throw Problem(
        .malformed, "page_token goes on with the runs of one entry: say which.", field: "entry", given: "nothing",
        expected: "one of " + ScoreEntry.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let reference = request.parameter("model")
    let sheet = try await storeLanes.run { [self] in
      let version = try store.resolve(reference)
      let sheet = try ScoreSheet(of: version, families: options.families, in: store, for: caller)
      return try sheet.json(only.map { [$0] } ?? ScoreEntry.allCases, pageToken: token, limit: limit)
    }
    return .json(sheet)
  }
}
