internal import Formats
internal import HTTP
internal import Registry

extension Application {
  private static let pieceBytes = 1 << 20

  /// GET /v1/models/{model}/file: the bytes that were uploaded.
  func modelFile(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let version = try store.resolve(request.parameter("model"))
    let file = try await storeLanes.run { [store] in try store.open(version) }
    let response = Response(
      headers: [
        "Content-Type": "application/octet-stream",
        "Content-Disposition": "attachment; filename=\"\(version.name)-\(version.version).safetensors\"",
        "Posterior-Model": version.id,
      ],
      body: .stream(length: version.byteCount) { [storeLanes] writer in
        while true {
          let piece = try await storeLanes.run { try file.read(upTo: Self.pieceBytes) }
          guard !piece.isEmpty else { return }
          try await writer.write(piece)
        }
      })
    return response.tagged(EntityTag(version.digest.description), for: request)
  }

  /// DELETE /v1/admin/models/{name}: the model with all its versions and aliases.
  func deleteModel(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let name = request.parameter("name")
    let (model, unneeded) = try await storeLanes.run { [store] in try store.deleteModel(name, actor: caller.principal) }
    for digest in unneeded { models.forget(digest) }
    return .json(.record(["model": .string(name), "versions": .array(model.versions.map { .integer($0.version) })]))
  }

  /// POST /v1/admin/models/{name}/rename
  func renameModel(_ request: Request, _ caller: Caller) async throws -> Response {
    struct NewName: Decodable { let to: String }
    try request.checkQuery()
    let new = try StrictJSON.decode(NewName.self, from: try await request.body.collect(upTo: 1 << 16))
    let name = request.parameter("name")
    let model = try await storeLanes.run { [store] in try store.renameModel(name, to: new.to, actor: caller.principal) }
    return .json(json(model))
  }
}
