internal import Formats
internal import HTTP
internal import Registry

extension Application {
  /// GET /v1/models/{model}/sample: what POST answers without a body, for caches.
  ///
  /// One seed, one answer: with a seed the version's digest, the options and the type wanted name the answer, so that its entity tag is known
  /// before it is computed. Without one the answer is kept nowhere.
  nonisolated(nonsending) func keptSamples(_ request: Request, _ kind: RequestKind) async throws -> Response {
    let hasSeed = request.query["seed"] != nil
    if hasSeed {
      let reference = request.parameter("model")
      let version = try await storeLanes.run { [store] in try store.resolve(reference) }
      let tag = request.tag(ofSamplesFrom: version.digest.description)
      // A tag is only known to those who had the answer; `*` is anybody's.
      let known = request.headers.values(of: "If-None-Match").filter { $0.contains("\"") }
      if tag.isNamed(in: known) { return Response(.ok, headers: ["Vary": "Accept"]).tagged(tag, for: request) }
    }
    var response = try await recorded(kind.name, request) { account in try await perform(kind, request, account) }
    response.headers.append("Vary", "Accept")
    // Of the version that answered: the alias may have moved meanwhile.
    guard hasSeed, let digest = response.headers["Posterior-Digest"] else {
      response.headers["Cache-Control"] = "no-store"
      return response
    }
    return response.tagged(request.tag(ofSamplesFrom: digest), for: request)
  }
}

extension Request {
  fileprivate func tag(ofSamplesFrom digest: String) -> EntityTag {
    let identity = "\(digest)\n\(target.drop { $0 != "?" })\n\(headers.values(of: "Accept").joined(separator: ","))"
    return EntityTag(String(SHA256.digest(Array(identity.utf8)).hex.prefix(32)))
  }
}
