internal import HTTP
internal import Registry

/// What a path under `/v2/models` names: a model, one of its versions, and an operation of it: `NAME`, `NAME:cluster`, `NAME@alias:cluster`.
struct InferTarget: Sendable {
  /// As the client wrote it; answers repeat it.
  let name: String
  /// `name`, `name@3` or `name@alias`.
  let reference: String
  /// What stands behind the colon.
  let operation: String?

  init(_ request: Request) throws(Problem) {
    name = request.parameter("model")
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    operation = parts.count == 2 ? parts[1] : nil
    guard let version = request.parameters["version"] else {
      reference = parts[0]
      return
    }
    guard !parts[0].contains("@") else {
      throw Problem(
        .malformed, "\(name.prefix(80)) names a version, and the path another: expected one of them.", field: "version", given: version,
        expected: "a name without @")
    }
    reference = "\(parts[0])@\(version)"
  }

  /// The operation that is meant: the one behind the colon, or the one that a parameter names, or the first of these that the model can.
  func kind(of model: LoadedModel, parameter: String? = nil) throws -> RequestKind {
    if let operation, let parameter, operation != parameter {
      throw Problem(
        .malformed, "The path asks for \(operation.prefix(40)), the parameter operation for \(parameter.prefix(40)).", field: "parameters.operation",
        given: parameter, expected: operation)
    }
    guard let wanted = operation ?? parameter else {
      guard let first = Self.mainOperations.first(where: { model.offers[$0] != nil }), let kind = RequestKind.named(first) else {
        throw Problem(.unsupportedOperation, "This model can't be asked for anything here.")
      }
      return kind
    }
    guard let kind = RequestKind.named(wanted) else {
      let able = model.requestKinds.map(\.name).joined(separator: ", ")
      throw Problem(
        .unsupportedOperation, "There is no operation \"\(wanted.prefix(40))\"; this model can \(able).", field: "operation", given: wanted,
        expected: able)
    }
    try kind.checkOffer(by: model)
    return kind
  }

  /// What a bare name means, in this order.
  private static let mainOperations = ["impute", "cluster", "classify", "reconstruct", "sample", "encode", "score", "decode"]
}
