internal import Formats
internal import HTTP
internal import Registry

extension Application {
  /// GET /v1/models/{model}/sample: what POST answers without a body, for caches.
  ///
  /// One seed, one answer: with a seed the version's digest, the options and the type wanted name the answer, so that its entity tag is known before it
  /// is computed. Without one the answer is kept nowhere.
  nonisolated(nonsending) func keptSamples(_ request: Request, _ kind: RequestKind) async throws -> Response {
    guard request.query["seed"] != nil else {
      var response = try await recorded(kind.name, request) { account in try await perform(kind, request, account) }
      response.headers["Cache-Control"] = "no-store"
      return response
    }
    let reference = request.parameter("model")
    let version = try await storeLanes.run { [store] in try store.resolve(reference) }
    let query = request.target.drop { $0 != "?" }
    let identity = "\(version.digest)\n\(query)\n\(request.headers.values(of: "Accept").joined(separator: ","))"
    let tag = EntityTag(String(SHA256.digest(Array(identity.utf8)).hex.prefix(32)))
    func tagged(_ response: Response) -> Response {
      var response = response
      response.headers.append("Vary", "Accept")
      return response.tagged(tag, for: request)
    }
    // A tag is only known to those who had the answer; `*` is anybody's.
    let known = request.headers.values(of: "If-None-Match").filter { $0.contains("\"") }
    if tag.isNamed(in: known) { return tagged(Response(.ok)) }
    return tagged(try await recorded(kind.name, request) { account in try await perform(kind, request, account) })
  }
}
