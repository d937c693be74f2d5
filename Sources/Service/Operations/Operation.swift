internal import Formats
package import Modelling

/// One thing that a model can be asked for; router, command line and the contract's tests all read `Operation.all`.
package struct Operation: Sendable {
  package let name: String
  package let summary: String
  package let fields: [RequestField]
  package let takesItems: Bool
  package let mayTakeItems: Bool
  package let needsClasses: Bool
  /// Whether items are given back with what they lacked.
  package let completesItems: Bool
  /// Whether items of this family's models may lack numbers.
  package let acceptsMissing: @Sendable (any ModelFamily.Type) -> Bool
  package let isSupported: @Sendable (any ModelFamily.Type) -> Bool
  private let decode: @Sendable (OperationInput, LoadedModel, ServiceLimits) throws -> DecodedOperation
  private let decodeOptions: @Sendable (OperationInput) throws -> DecodedOperation

  package init<Request: OperationRequest>(_ request: Request.Type) {
    name = request.name
    summary = request.summary
    fields = request.fields
    takesItems = request.takesItems
    mayTakeItems = request.mayTakeItems
    needsClasses = request.needsClasses
    completesItems = request.completesItems
    acceptsMissing = { request.acceptsMissing($0) }
    isSupported = { request.isSupported(by: $0) }
    decode = { input, model, limits in try input.decode(request, model: model, limits: limits) }
    decodeOptions = { input in try input.decodeOptions(request) }
  }

  /// Sorted by name; a new operation is one file beside this one and one line here.
  package static let all: [Operation] = [
    Operation(ClassifyRequest.self),
    Operation(ClusterRequest.self),
    Operation(EncodeRequest.self),
    Operation(ImputeRequest.self),
    Operation(ReconstructRequest.self),
    Operation(SampleRequest.self),
    Operation(ScoreRequest.self),
  ]

  package static func named(_ name: String) -> Operation? { all.first { $0.name == name } }

  /// Operations that a family has the capabilities for.
  package static func supported(by family: any ModelFamily.Type) -> [Operation] { all.filter { $0.isSupported(family) } }

  /// Operations of one model, which may know no class though its family could.
  package static func supported(by family: any ModelFamily.Type, knowsClasses: Bool) -> [Operation] {
    supported(by: family).filter { knowsClasses || !$0.needsClasses }
  }

  /// Reads a request for one model and refuses what can't be carried out.
  package func prepare(_ input: OperationInput, on model: LoadedModel, limits: ServiceLimits) throws -> PreparedOperation {
    try checkSupport(by: model)
    var decoded = try decode(input, model, limits)
    let (request, items) = (decoded.request, decoded.items)
    try Self.checkSeed(of: request)
    try items?.checkValues(model.signature)
    if !acceptsMissing(type(of: model.family)) { try items?.checkComplete(model.signature) }
    try request.check(model, items: items, limits: limits)
    if !takesItems { decoded = try decoded.binding(to: model.signature) }
    if completesItems { try request.check(hasMissing: items?.hasMissing ?? false, of: model.signature) }
    return try PreparedOperation(decoded, model: model, limits: limits)
  }

  /// Reads what stands beside the items: options of the query or the command line.
  func decodeOptions(of input: OperationInput) throws -> DecodedOperation {
    let decoded = try decodeOptions(input)
    try Self.checkSeed(of: decoded.request)
    return decoded
  }

  private static func checkSeed(of request: any OperationRequest) throws {
    guard let seed = request.seed, seed < 0 else { return }
    throw Problem(.impossible, "seed is \(seed), expected 0 to 2^63 - 1.", field: "seed", given: "\(seed)", expected: "0 to 2^63 - 1")
  }

  /// What a family's models can be asked for, audits among it.
  static func names(_ operations: [Operation], of family: any ModelFamily.Type) -> [String] {
    (operations.map(\.name) + (AuditRequest.isSupported(by: family) ? [AuditRequest.name] : [])).sorted()
  }

  package func checkSupport(by model: LoadedModel) throws {
    let family = type(of: model.family)
    let possible = Self.names(model.operations, of: family)
    guard !possible.contains(name) else { return }
    let able = possible.joined(separator: ", ")
    let detail =
      isSupported(family)
      ? "This model knows no class, since it learnt from no label: it can't \(name); it can \(able)."
      : "The family \(family.name) can't \(name); it can \(able)."
    throw Problem(
      .unsupportedOperation, detail, given: name, expected: able, members: [.init(name: "operations", value: .strings(possible))])
  }
}
