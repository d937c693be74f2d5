internal import Formats
package import Modelling

/// One thing that models can be asked for; router, command line and the contract's tests all read `RequestKind.all`.
package struct RequestKind: Sendable {
  package let name: String
  package let summary: String
  package let fields: [SettingField]
  package let items: ItemRole
  /// What a model has to know beside being of a family that can; nil where the family decides.
  package let condition: CapabilityCondition?
  private let isOfFamily: @Sendable (any ModelFamily.Type) -> Bool
  private let needsItemsOf: @Sendable (SentFields) throws -> Bool
  private let offering: @Sendable (any ModelFamily) -> Offer?

  /// Reads options for one model, which it holds as what it can do.
  typealias Offer = @Sendable (SentFields, LoadedModel, ServiceLimits) throws -> any CheckedRequest

  package init<Request: ModelRequest>(_ request: Request.Type) {
    name = request.name
    summary = request.summary
    fields = request.table.fields
    items = request.items
    condition = request.capability.condition
    isOfFamily = { request.capability.isOffered(by: $0) }
    needsItemsOf = { try StrictJSON.decode(request, from: $0.options).needsItems }
    offering = { family in
      guard let able = request.capability.of(family) else { return nil }
      return { fields, model, limits in try ReadRequest<Request>(fields, able, model, limits) }
    }
  }

  /// Sorted by name; a new kind is one file beside this one and one line here.
  package static let all: [RequestKind] = [
    RequestKind(ClassifyRequest.self),
    RequestKind(ClusterRequest.self),
    RequestKind(DecodeRequest.self),
    RequestKind(EncodeRequest.self),
    RequestKind(ImputeRequest.self),
    RequestKind(ReconstructRequest.self),
    RequestKind(SampleRequest.self),
    RequestKind(ScoreRequest.self),
  ]

  /// Names of everything that a recorded request may have as a parameter.
  package static let optionNames = Set(
    (all.flatMap(\.fields) + BitsOperation.allCases.flatMap(\.fields) + TableOptions.table.fields).map(\.name) + ["first_item"])

  package static func named(_ name: String) -> RequestKind? { all.first { $0.name == name } }

  /// What models of a family can be asked for.
  ///
  /// - Parameter isMet: of one model, which may lack what its family could.
  package static func offered(
    by family: any ModelFamily.Type, where isMet: (CapabilityCondition) -> Bool = { _ in true }
  ) -> [RequestKind] {
    all.filter { $0.isOffered(by: family) && $0.condition.map(isMet) ?? true }
  }

  /// The names of what models can be asked for, audits and streams among it.
  package static func names(offeredBy family: any ModelFamily.Type, where isMet: (CapabilityCondition) -> Bool = { _ in true }) -> [String] {
    let others =
      (AuditRequest.capability.isOffered(by: family) ? [AuditRequest.name] : []) + (BitsOperation.isOffered(by: family) ? BitsOperation.names : [])
    return (offered(by: family, where: isMet).map(\.name) + others).sorted()
  }

  package func isOffered(by family: any ModelFamily.Type) -> Bool { isOfFamily(family) }

  /// Whether what such options ask can't be answered without items.
  func needsItems(_ sent: SentRequest) throws -> Bool { try needsItemsOf(sent.fields(of: self)) }

  func offer(of family: any ModelFamily) -> Offer? { offering(family) }

  // MARK: - The order in which a request is read: whether the model can, the options, the items

  /// - Throws: `Problem` where the model can't do this, whatever the options.
  package func checkOffer(by model: LoadedModel) throws { _ = try model.offer(of: self) }

  /// What a request asks of a model, before its items.
  package func ask(_ fields: SentFields, of model: LoadedModel, _ limits: ServiceLimits) throws -> any CheckedRequest {
    try model.offer(of: self)(fields, model, limits)
  }

  /// A whole request.
  package func ask(_ sent: SentRequest, of model: LoadedModel, limits: ServiceLimits) throws -> any CheckedRequest {
    let offer = try model.offer(of: self)
    let fields = try sent.fields(of: self)
    return try offer(fields, model, limits).about(sent, fields, limits)
  }
}

extension LoadedModel {
  fileprivate func offer(of kind: RequestKind) throws -> RequestKind.Offer {
    if let offer = offers[kind.name] ?? kind.offer(of: family) { return offer }
    let family = type(of: family)
    let possible = requestNames
    let able = possible.joined(separator: ", ")
    let lack = kind.isOffered(by: family) ? kind.condition?.lack : nil
    let detail = lack.map { "\($0): it can't \(kind.name); it can \(able)." } ?? "The family \(family.name) can't \(kind.name); it can \(able)."
    throw Problem(
      .unsupportedOperation, detail, given: kind.name, expected: able, members: [.init(name: "operations", value: .strings(possible))])
  }
}
