internal import Formats
internal import HTTP
internal import ModelFiles
internal import Registry

extension Application {
  /// PATCH /v1/admin/models/{name}
  func annotateModel(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let name = request.parameter("name")
    let annotation = try await annotation(in: request)
    let model = try await storeLanes.run { [store] in try store.annotate(name, annotation, actor: caller.principal) }
    return .json(json(model))
  }

  /// PATCH /v1/admin/models/{name}/versions/{version}
  func annotateVersion(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let (name, number) = (request.parameter("name"), try request.version)
    let annotation = try await annotation(in: request)
    let version = try await storeLanes.run { [store] in try store.annotate(number, of: name, annotation, actor: caller.principal) }
    return .json(Self.json(version))
  }

  /// PATCH /v1/admin/runs/{id}
  func annotateRun(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let id = request.parameter("id")
    let annotation = try await annotation(in: request)
    if let description = annotation.description {
      throw Self.mismatch("description", .string(description), "only tags, which are all that can be changed of a run")
    }
    let run = try await storeLanes.run { [self] in
      let run = try recordedRun(id)
      guard run.inference == nil else {
        throw Problem(
          .impossible, "\(id) is a recorded request, which has no tags.", field: "id", given: run.description.kind.rawValue,
          expected: "a run of another kind")
      }
      return try store.annotate(run.id, tags: annotation.tags, actor: caller.principal)
    }
    return .json(try RunJSON.run(run))
  }

  /// A merge patch (RFC 7396) of `description` and `tags`: what is absent stays, null takes away.
  private func annotation(in request: Request) async throws -> Annotation {
    let document = try JSONValue(parsing: try await request.body.collect(upTo: 1 << 20))
    guard case .object(let members) = document else { throw Self.mismatch("", document, "an object with description, tags or both") }
    var annotation = Annotation()
    for member in members {
      switch (member.name, member.value) {
      case ("description", .string(let text)): annotation.description = text
      case ("description", .null): annotation.description = ""
      case ("description", let value): throw Self.mismatch("description", value, "a text or null")
      case ("tags", .object(let tags)):
        for tag in tags {
          switch tag.value {
          case .string(let value): annotation.tags[tag.name] = .some(value)
          case .null: annotation.tags[tag.name] = .some(nil)
          default: throw Self.mismatch("tags.\(tag.name)", tag.value, "a text, or null to remove the tag")
          }
        }
      case ("tags", let value): throw Self.mismatch("tags", value, "an object of texts")
      default: throw Self.mismatch(member.name, member.value, "description or tags, which are all that can be changed")
      }
    }
    return annotation
  }

  private static func mismatch(_ field: String, _ value: JSONValue, _ expected: String) -> Problem {
    let given = String(decoding: value.text.prefix(80), as: UTF8.self)
    return Problem(
      .impossible, "\(field.isEmpty ? "The body" : field) is \(given), expected \(expected).", field: field, given: given, expected: expected)
  }
}
