internal import HTTP
internal import Modelling

extension Application {
  /// POST /v1/pool: Rubin's rules over the estimates that came with the request.
  func pool(_ request: Request) async throws -> Response {
    let type = request.headers["Content-Type"].flatMap(MediaType.init(contentType:))
    try request.checkQuery(["confidence", "dfcom"] + (type == .csv ? TableOptions.table.fields.map(\.name) : []), repeatable: [])
    let accepted = try Acceptance(request.headers["Accept"]).type(among: PoolRequest.mediaTypes)
    let memory = self.memory.open()
    defer { withExtendedLifetime(memory) {} }
    let body = try await memory.collect(request.body)
    // Read from a tree of JSON or rows of cells, and answered with thirteen numbers a term.
    try memory.take(16 * body.count)
    let options = SentRequest(request).options
    let bytes = try await batcher.run { try PoolRequest(body, type: type, options: options).answer(as: accepted) }
    var response = Response.bytes(bytes, type: accepted == .csv ? "text/csv; charset=utf-8; header=present" : accepted.name)
    response.headers["Vary"] = "Accept"
    response.kept = memory
    return response
  }
}
