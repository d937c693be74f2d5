internal import Formats
internal import HTTP
internal import Registry

extension Application {
  /// POST /v1/models/{model}/{operation}
  func perform(_ operation: Operation, _ request: Request) async throws -> Response {
    let acceptance = Acceptance(request.headers["Accept"])
    let model = try await models.model(named: request.parameter("model"))
    // Before the body is read: a model that can't do this needs none.
    try operation.checkSupport(by: type(of: model.family))
    let input = OperationInput(
      body: try await request.body.collect(), contentType: request.headers["Content-Type"].flatMap(MediaType.init(contentType:)),
      options: request.query.items.map { OperationInput.Option(name: $0.name, value: $0.value) })
    // One hop to arithmetic: decoding and encoding megabytes of numbers would hold up the I/O loop as well.
    return try await lanes.run { [limits] in
      let prepared = try operation.prepare(input, on: model, limits: limits)
      guard let type = acceptance.best(of: prepared.mediaTypes) else {
        let possible = prepared.mediaTypes.map(\.name)
        throw Problem(
          .notAcceptable, "This answer can be had as \(possible.joined(separator: ", ")).", field: "Accept", given: request.headers["Accept"],
          expected: possible.joined(separator: ", "))
      }
      let answer = try prepared.perform()
      return Self.response(try answer.bytes(as: type, receipt: prepared.receipt), type: type, receipt: prepared.receipt, shape: answer.shape)
    }
  }

  private static func response(_ bytes: [UInt8], type: MediaType, receipt: Receipt, shape: [Int]) -> Response {
    var response = Response.bytes(bytes, type: type == .csv ? "text/csv; charset=utf-8; header=present" : type.name)
    if let registered = receipt.registered { response.headers["Posterior-Model"] = "\(registered.name)@\(registered.version)" }
    response.headers["Posterior-Digest"] = receipt.digest.description
    response.headers["Posterior-Seed"] = "\(receipt.seed)"
    response.headers["Posterior-Shape"] = shape.map(String.init).joined(separator: ",")
    response.headers["Vary"] = "Accept"
    return response
  }
}
