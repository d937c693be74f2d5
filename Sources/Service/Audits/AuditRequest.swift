internal import Formats
package import Modelling
package import Robustness
package import Tensors

/// A request to audit a model: what to attack, how, and what the answer should look like.
///
/// It is no operation, because its answer is about all items together: means, curves and checks.
package struct AuditRequest: Sendable {
  package static let name = "robustness"
  package static let summary =
    "Audits a model: how far a bounded change of an item moves its code, its reconstruction, its likelihood or the decision about it, beside noise of the same size."
  /// Documented beside those of requests; `attack` has the settings of `AuditPlan`.
  package static let fields: [SettingField] =
    AuditOptions.table.fields + [
      SettingField(
        name: "targets", schema: .any, isOfRows: false,
        summary: "What each item should be taken for, as items; drawn among the items by the seed where absent.")
    ]

  package let audit: Audit
  package let model: LoadedModel
  package let picture: Picture
  package let keepsInput: Bool
  /// Items and targets in raw units, as they are kept for a replay.
  package let items: Tensor
  package let targets: Tensor?
  /// The name of every item's true class.
  package let labels: [String]?

  package enum Picture: String, SettingValue, CaseIterable { case grid, curves }

  package static var capability: Capability<any Attackable> { .attackable }

  package init(_ input: SentRequest, on model: LoadedModel, limits: ServiceLimits) throws {
    let fields = try input.fields(AuditOptions.table.fields, of: Self.name, numeric: ["inputs", "targets"])
    let options = try StrictJSON.decode(AuditOptions.self, from: fields.options)
    try options.validate()
    let items = try input.items(fields, of: Self.name, as: .rows, model.signature, limits)
    let targets = try fields.targets.map { try Self.targets($0, model.signature, limits) }
    for part in [items, targets].compactMap({ $0 }) {
      try part.checkValues(model.signature)
      try part.checkComplete(model.signature)
    }
    try self.init(
      plan: options.attack, items: items.raw, targets: targets?.raw,
      shown: (items.inModelUnits(model.signature), targets?.inModelUnits(model.signature)), labels: options.labels?.map(\.text), seed: options.seed,
      firstItem: options.firstItem, picture: options.picture, keepsInput: fields.keepsInput, on: model)
  }

  /// - Parameters:
  ///   - items: [n, width] in raw units, complete; `targets` as well.
  ///   - shown: the same in model units, where they don't follow from float32.
  ///   - seed: drawn where none was given.
  ///   - firstItem: the number of the first item in the whole of which these are a part.
  package init(
    plan: AuditPlan, items: Tensor, targets: Tensor? = nil, shown: (items: Tensor, targets: Tensor?)? = nil, labels: [String]? = nil,
    seed: Int? = nil, firstItem: Int = 0, picture: Picture? = nil, keepsInput: Bool = false,
    on model: LoadedModel
  ) throws {
    let family = try Self.attackable(model)
    if let seed, seed < 0 { throw Fault(field: "seed", given: "\(seed)", expected: "0 to 2^63 - 1") }
    guard firstItems.contains(firstItem) else { throw Fault(field: firstItemName, given: "\(firstItem)", expected: firstItems.words) }
    let drawsCurves = model.signature.space.picture == nil || plan.objective == .latentSpace
    let picture = picture ?? (drawsCurves ? .curves : .grid)
    guard picture == .curves || !drawsCurves else {
      throw Fault(field: "picture", given: "grid", expected: "curves: there are no perturbed images to show")
    }
    let signature = model.signature
    audit = try Audit(
      plan, on: family, items: shown?.items ?? signature.toModel(items), targets: shown?.targets ?? targets.map(signature.toModel),
      labels: labels, seed: seed ?? Receipt.drawnSeed, firstItem: firstItem)
    (self.model, self.picture, self.keepsInput) = (model, picture, keepsInput)
    (self.items, self.targets, self.labels) = (items, targets, labels)
  }

  /// - Throws: `Problem` where the model can't be audited, whatever the options.
  package static func checkOffer(by model: LoadedModel) throws { _ = try attackable(model) }

  private static func attackable(_ model: LoadedModel) throws -> any Attackable {
    if let able = capability.of(model.family) { return able }
    let possible = model.requestNames
    let family = type(of: model.family)
    let lack =
      capability.isOffered(by: family)
      ? "This model has categorical codes, through whose draws no attack has a gradient: it can't be audited"
      : "The family \(family.name) can't be audited"
    throw Problem(
      .unsupportedOperation, "\(lack); it can \(possible.joined(separator: ", ")).", given: name,
      expected: possible.joined(separator: ", "), members: [.init(name: "operations", value: .strings(possible))])
  }

  /// Media types that the answer can be written in, the default first.
  package static let mediaTypes: [MediaType] = [.json, .csv, .png]

  package var receipt: Receipt { Receipt(model: model, seed: audit.seed, firstItem: audit.firstItem) }

  /// Refuses an audit that would take too long.
  package func check(_ limits: ServiceLimits, isAsynchronous: Bool) throws {
    let plan = audit.plan
    guard audit.count <= limits.auditItems else {
      throw Problem(
        .impossible, "\(audit.count) items are given, an audit takes at most \(limits.auditItems).", field: "inputs", given: "\(audit.count)",
        expected: "at most \(limits.auditItems)")
    }
    guard audit.perturbedNumbers <= limits.auditNumbers else {
      let strengths = "\(audit.strengths.count) \(plan.kind.strength + "s")"
      throw Problem(
        .impossible,
        "\(audit.count) items of \(model.signature.width) numbers x \(strengths) are \(audit.perturbedNumbers) numbers, expected at most \(limits.auditNumbers).",
        field: "attack", given: "\(audit.perturbedNumbers) numbers", expected: "at most \(limits.auditNumbers)")
    }
    let most = isAsynchronous ? limits.auditEvaluations : limits.promptAuditEvaluations
    guard audit.evaluations <= most else {
      let strengths = plan.kind.strength + "s"
      let numbers = "\(audit.count) items x \(audit.strengths.count) \(strengths) x \(plan.restarts) restarts x \(plan.steps) steps"
      let draws = plan.eotSamples > 1 ? " x \(plan.eotSamples) draws" : ""
      let way = isAsynchronous || audit.evaluations > limits.auditEvaluations ? "" : ", or \(limits.auditEvaluations) with Prefer: respond-async"
      throw Problem(
        .impossible,
        "\(numbers)\(draws), with controls, margins and checks, are \(audit.evaluations) evaluations of the model, expected at most \(most)\(way).",
        field: "attack", given: "\(audit.evaluations) evaluations", expected: "at most \(most)")
    }
  }
}

extension AuditRequest {
  /// Targets come as items do: objects where they are, nested numbers otherwise.
  private static func targets(_ value: JSONValue, _ signature: Signature, _ limits: ServiceLimits) throws -> Items {
    if case .array(let rows) = value, case .object? = rows.first {
      return try .objects(value, signature: signature, limits: limits, field: "targets")
    }
    return try .numbers(value, field: "targets", signature: signature, limits: limits)
  }
}

/// What can be set of an audit beside its items and targets.
struct AuditOptions: Settings {
  var attack = AuditPlan()
  var labels: [ClassName]?
  var picture: AuditRequest.Picture?
  var seed: Int?
  var firstItem = 0

  static let table = Table<Self> {
    Setting("attack", \.attack, "The attack: kind, objective, norm, budgets, steps, restarts and more.")
    Setting("labels", \.labels, "The true class of each item, for the objective downstream; absent: the model's own decisions.")
    Setting(
      "picture", \.picture,
      "What a PNG shows: grid (item, perturbed item, both reconstructions, target) or curves; where absent the grid for images, else the curves.")
    Setting(seedName, \.seed, in: 0..., expected: "0 to 2^63 - 1", "Chooses the random numbers, 0 ... 2^63 - 1; drawn by the server where absent.")
    Setting(firstItemName, \.firstItem, in: firstItems, "\(firstItemSummary) Attacks towards targets then need them.")
  }
}
