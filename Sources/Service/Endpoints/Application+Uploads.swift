package import Formats
internal import Foundation
package import HTTP
package import Registry

extension Application {
  /// POST /v1/admin/models/{name}/versions: the file is hashed while it streams to disk, then checked, then published in one step.
  func upload(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery("alias", "reason")
    let (name, alias) = (request.parameter("name"), request.query["alias"])
    try ModelReference.validate(name: name)
    if let alias { try ModelReference.validate(alias: alias) }
    let type = request.headers["Content-Type"] ?? ""
    let isForm = MediaType(contentType: type)?.isForm == true
    let expected = try contentDigest(request, isForm: isForm)

    let staged = try await storeLanes.run { [store] in try store.stageUpload(declaredByteCount: isForm ? nil : request.body.length) }
    do {
      if isForm {
        let file = try MultipartForm(contentType: type).part(named: "file", in: request.body)
        for try await chunk in file { try await storeLanes.run { try staged.write(chunk) } }
      } else {
        for try await chunk in request.body { try await storeLanes.run { try staged.write(chunk) } }
      }
    } catch {
      staged.abort()
      throw error
    }

    return try await register(staged, as: name, alias: alias, reason: request.query["reason"] ?? "", by: caller, expecting: expected)
  }

  /// Checks a file that has arrived, publishes it and answers as the upload's route does.
  package func register(
    _ staged: StagedUpload, as name: String, alias: String?, reason: String, by caller: Caller, expecting expected: Digest? = nil
  ) async throws -> Response {
    // On a lane, because the file is loaded and answers once before it is published.
    let (publication, model) = try await loadLanes.run { [store, limits, models, families = options.families] in
      let digest = try staged.digest
      guard staged.byteCount <= limits.loadedBytes else {
        throw Problem(
          .tooLarge,
          "The model has \(staged.byteCount) bytes, and this server keeps models of at most \(limits.loadedBytes) bytes in memory together.",
          given: "\(staged.byteCount) bytes", expected: "at most \(limits.loadedBytes) bytes")
      }
      var verified: LoadedModel?
      let publication = try store.publish(
        staged, as: name, alias: alias, reason: reason, actor: caller.principal, expecting: expected
      ) { path in
        // Bytes that answer already under another name have proved that they can.
        let known = models.ready(digest)
        let model = try known ?? LoadedModel.load(path: path, families: families, digest: digest, isNew: true)
        if known == nil { try model.warmUp(limits: limits) }
        verified = model
        return try ModelFacts(ofModelFile: path, model: model.family)
      }
      return (publication, verified)
    }
    if let model { models.keep(model, of: publication.version) }
    return answer(publication, alias: alias)
  }

  /// The digest in `Content-Digest: sha-256=:BASE64:` (RFC 9530 §2); other algorithms are ignored, as the RFC allows.
  private func contentDigest(_ request: Request, isForm: Bool) throws -> Digest? {
    guard let header = request.headers["Content-Digest"] else { return nil }
    let name = "sha-256="
    guard let element = header.split(separator: ",").map(\.trimmed).first(where: { $0.lowercased().hasPrefix(name) }) else { return nil }
    guard !isForm else {
      throw Problem(
        .malformed, "Content-Digest is checked for a raw body (application/octet-stream); with a form, leave it out.", field: "Content-Digest")
    }
    let value = element.dropFirst(name.count)
    guard value.count > 2, value.hasPrefix(":"), value.hasSuffix(":"), let bytes = Data(base64Encoded: String(value.dropFirst().dropLast())),
      let digest = Digest(bytes: Array(bytes))
    else {
      let expected = "sha-256=:BASE64: with 32 bytes in base 64"
      throw Problem(
        .malformed, "Content-Digest is \"\(header.prefix(100))\", expected \(expected).", field: "Content-Digest", given: header, expected: expected)
    }
    return digest
  }

  private func answer(_ publication: Publication, alias: String?) -> Response {
    let version = publication.version
    var response = Response.json(
      .record([
        "model": .string(version.name), "version": .integer(version.version), "digest": .string(version.digest.description),
        "family": .string(version.facts.family), "bytes": .integer(version.byteCount),
        "parameter_count": .integer(version.facts.parameterCount), "operations": .strings(operations(of: version)),
        "alias": .string(orNull: alias), "new": .bool(publication.isNew),
      ]), status: publication.isNew ? .created : .ok)
    response.headers["Location"] = "/v1/models/\(version.name)@\(version.version)"
    return response
  }
}
