package import Formats
package import HTTP

/// Why a request has no other answer: problem details for HTTP APIs (RFC 9457).
///
/// Beside the RFC's members the body has `error`, the same text as `detail`, for clients of the Open Inference Protocol, and where one field is at
/// fault `field`, `given` and `expected`.
package struct Problem: Error, Sendable, Equatable {
  /// What kind of problem it is; `type` in the body.
  package struct Kind: Sendable, Equatable {
    package let name: String
    package let status: Status
    package let title: String

    package init(_ name: String, _ status: Status, _ title: String) {
      self.name = name
      self.status = status
      self.title = title
    }
  }

  package var kind: Kind
  package var detail: String
  package var field: String?
  package var given: String?
  package var expected: String?
  /// Further members, such as the operations that a model supports.
  package var members: [JSONValue.Member]
  package var headers: HeaderFields

  package init(
    _ kind: Kind, _ detail: String, field: String? = nil, given: String? = nil, expected: String? = nil, members: [JSONValue.Member] = [],
    headers: HeaderFields = [:]
  ) {
    self.kind = kind
    self.detail = detail
    self.field = field.flatMap { $0.isEmpty ? nil : $0 }
    self.given = given
    self.expected = expected
    self.members = members
    self.headers = headers
  }

  package var response: Response {
    var body: [JSONValue.Member] = [
      .init(name: "type", value: .string("urn:posterior:problem:\(kind.name)")), .init(name: "title", value: .string(kind.title)),
      .init(name: "status", value: .integer(kind.status.code)), .init(name: "detail", value: .string(detail)),
      .init(name: "error", value: .string(detail)),
    ]
    for (name, value) in [("field", field), ("given", given), ("expected", expected)] {
      if let value { body.append(.init(name: name, value: .string(value))) }
    }
    var response = Response.bytes(JSONValue.object(body + members).text, type: "application/problem+json", status: kind.status)
    for (name, value) in headers { response.headers.append(name, value) }
    return response
  }
}

extension Problem.Kind {
  package static let malformed = Self("malformed-request", .badRequest, "The request is malformed")
  package static let digestMismatch = Self("digest-mismatch", .badRequest, "The body is not the announced one")
  package static let unauthenticated = Self("key-needed", .unauthorized, "A key is needed")
  package static let forbidden = Self("key-refused", .forbidden, "The key does not allow this")
  package static let tooManyFailedKeys = Self("too-many-failed-keys", .tooManyRequests, "Too many wrong keys")
  package static let readOnly = Self("read-only", .forbidden, "This server only reads")
  package static let notFound = Self("not-found", .notFound, "Not found")
  package static let notAcceptable = Self("not-acceptable", .notAcceptable, "No such representation")
  package static let conflict = Self("conflict", .conflict, "In conflict with the present state")
  package static let tooLarge = Self("too-large", .contentTooLarge, "Too large")
  package static let unsupportedMedia = Self("unsupported-media", .unsupportedMediaType, "The body can't be understood")
  package static let impossible = Self("impossible", .unprocessableContent, "Understood, but impossible")
  package static let unsupportedOperation = Self("unsupported-operation", .unprocessableContent, "This model can't do that")
  package static let unusableModel = Self("unusable-model", .unprocessableContent, "The file is no usable model")
  package static let damagedModel = Self("damaged-model", .serviceUnavailable, "The model's file is damaged")
  package static let internalError = Self("internal", .internalServerError, "Internal error")
  package static let late = Self("deadline-exceeded", .serviceUnavailable, "Too late")
  package static let overloaded = Self("overloaded", .serviceUnavailable, "Too much work is waiting")
  package static let unavailable = Self("unavailable", .serviceUnavailable, "Not possible now")
  package static let storageFull = Self("storage-full", Status(507), "The store is full")
}
