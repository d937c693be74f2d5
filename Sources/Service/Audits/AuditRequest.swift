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
  /// Documented beside the operations'; `attack` has the fields of `AuditPlan.table`.
  package static let fields: [RequestField] = [
    RequestField("attack", .object, default: "{}", "The attack: kind, objective, norm, budgets, steps, restarts and more."),
    RequestField("targets", .object, "What each item should be taken for, as items; drawn among the items by the seed where absent."),
    RequestField("labels", .names, "The true class of each item, for the objective downstream; absent: the model's own decisions."),
    RequestField(
      "picture", .string, default: "\"grid\"", "What a PNG shows: grid (item, perturbed item, both reconstructions, target) or curves."),
    .seed,
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

  package enum Picture: String, Sendable, CaseIterable { case grid, curves }

  package static var capability: Capability<any Attackable> { .attackable }

  package init(_ input: SentRequest, on model: LoadedModel, limits: ServiceLimits) throws {
    let options: Options
    let (items, targets): (Items, Items?)
    if input.isJSON {
      if let option = input.options.first {
        throw Problem(
          .malformed, "The query has \"\(option.name)\", but with a JSON body the options are fields of the body.", field: option.name,
          given: "a query parameter", expected: "a field of the body")
      }
      let document = try JSONValue(parsing: input.body.isEmpty ? Array("{}".utf8) : input.body, numericFields: ["inputs", "targets"])
      options = try StrictJSON.decode(Options.self, from: document)
      items = try options.items(model.signature, limits)
      targets = try options.targetItems(model.signature, limits)
    } else {
      options = try StrictJSON.decode(Options.self, from: try input.optionObject(Self.fields.filter { $0.name != "targets" }, of: Self.name))
      items = try input.items(model.signature, limits, keepingText: false)
      targets = nil
    }
    for part in [items, targets].compactMap({ $0 }) {
      try part.checkValues(model.signature)
      try part.checkComplete(model.signature)
    }
    try self.init(
      plan: options.attack, items: items.raw, targets: targets?.raw, labels: options.labels, seed: options.seed, picture: options.picture,
      keepsInput: options.keepsInput,
      on: model)
  }

  /// - Parameters:
  ///   - items: [n, width] in raw units, complete; `targets` as well.
  ///   - seed: drawn where none was given.
  package init(
    plan: AuditPlan, items: Tensor, targets: Tensor? = nil, labels: [String]? = nil, seed: Int? = nil, picture: String? = nil,
    keepsInput: Bool = false,
    on model: LoadedModel
  ) throws {
    let family = try Self.attackable(model)
    if let seed, seed < 0 { throw Fault(field: "seed", given: "\(seed)", expected: "0 to 2^63 - 1") }
    let drawsCurves = model.signature.kind != .image || plan.objective == .latentSpace
    let picture = picture ?? (drawsCurves ? Picture.curves : .grid).rawValue
    guard let picture = Picture(rawValue: picture) else {
      throw Fault(field: "picture", given: "\"\(picture.prefix(60))\"", expected: Picture.allCases.map(\.rawValue).joined(separator: " or "))
    }
    guard picture == .curves || !drawsCurves else {
      throw Fault(field: "picture", given: "grid", expected: "curves: there are no perturbed images to show")
    }
    let signature = model.signature
    audit = try Audit(
      plan, on: family, items: signature.toModel(items), targets: targets.map(signature.toModel), labels: labels,
      seed: seed ?? Int.random(in: 0...Int.max))
    (self.model, self.picture, self.keepsInput) = (model, picture, keepsInput)
    (self.items, self.targets, self.labels) = (items, targets, labels)
  }

  /// - Throws: `Problem` where the model can't be audited, whatever the options.
  package static func checkOffer(by model: LoadedModel) throws { _ = try attackable(model) }

  private static func attackable(_ model: LoadedModel) throws -> any Attackable {
    if let able = capability.of(model.family) { return able }
    let possible = model.requestNames
    throw Problem(
      .unsupportedOperation, "The family \(type(of: model.family).name) can't be audited; it can \(possible.joined(separator: ", ")).", given: name,
      expected: possible.joined(separator: ", "), members: [.init(name: "operations", value: .strings(possible))])
  }

  /// Media types that the answer can be written in, the default first.
  package static let mediaTypes: [MediaType] = [.json, .csv, .png]

  package var receipt: Receipt { Receipt(model: model, seed: audit.seed) }

  /// Refuses an audit that would take too long.
  package func check(_ limits: ServiceLimits, isAsynchronous: Bool) throws {
    let plan = audit.plan
    guard audit.count <= limits.auditItems else {
      throw Problem(
        .impossible, "\(audit.count) items are given, an audit takes at most \(limits.auditItems).", field: "inputs", given: "\(audit.count)",
        expected: "at most \(limits.auditItems)")
    }
    guard audit.perturbedNumbers <= limits.auditNumbers else {
      let strengths = "\(audit.strengths.count) \(plan.kind == .lbfgs ? "weights" : "budgets")"
      throw Problem(
        .impossible,
        "\(audit.count) items of \(model.signature.width) numbers x \(strengths) are \(audit.perturbedNumbers) numbers, expected at most \(limits.auditNumbers).",
        field: "attack", given: "\(audit.perturbedNumbers) numbers", expected: "at most \(limits.auditNumbers)")
    }
    let most = isAsynchronous ? limits.auditEvaluations : limits.promptAuditEvaluations
    guard audit.evaluations <= most else {
      let strengths = plan.kind == .lbfgs ? "weights" : "budgets"
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

/// The fields of a JSON body, or the query.
private struct Options: Decodable {
  let attack: AuditPlan
  let seed: Int?
  let picture: String?
  let keepsInput: Bool
  let labels: [String]?
  private let inputs: JSONValue?
  private let rows: JSONValue?
  private let targets: JSONValue?

  private enum Key: String, CodingKey { case attack, inputs, labels, picture, record, rows, seed, targets }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    attack = try fields.decodeIfPresent(AuditPlan.self, forKey: .attack) ?? AuditPlan()
    seed = try fields.decodeIfPresent(Int.self, forKey: .seed)
    picture = try fields.decodeIfPresent(String.self, forKey: .picture)
    keepsInput = try fields.decodeIfPresent(Bool.self, forKey: .record) ?? false
    labels = try fields.decodeIfPresent([ClassName].self, forKey: .labels)?.map(\.text)
    inputs = try fields.decodeIfPresent(JSONValue.self, forKey: .inputs)
    rows = try fields.decodeIfPresent(JSONValue.self, forKey: .rows)
    targets = try fields.decodeIfPresent(JSONValue.self, forKey: .targets)
  }

  func items(_ signature: Signature, _ limits: ServiceLimits) throws -> Items {
    switch (inputs, rows) {
    case (nil, nil):
      throw Fault(field: "inputs", given: "nothing", expected: "items: inputs (nested numbers) or rows (objects by column name)")
    case (.some, .some): throw Fault(field: "rows", given: "both inputs and rows", expected: "one of them")
    case (nil, .some(let rows)): return try .objects(rows, signature: signature, limits: limits)
    case (.some(let inputs), nil): return try numbers(inputs, "inputs", signature, limits)
    }
  }

  /// Targets come as items do: objects where they are, nested numbers otherwise.
  func targetItems(_ signature: Signature, _ limits: ServiceLimits) throws -> Items? {
    guard let targets else { return nil }
    if case .array(let rows) = targets, case .object? = rows.first {
      return try .objects(targets, signature: signature, limits: limits, field: "targets")
    }
    return try numbers(targets, "targets", signature, limits)
  }

  private func numbers(_ value: JSONValue, _ field: String, _ signature: Signature, _ limits: ServiceLimits) throws -> Items {
    guard case .numbers(let array) = value else {
      throw Fault(
        field: field, given: String(decoding: value.text.prefix(60), as: UTF8.self), expected: "nested arrays of numbers")
    }
    return try .nested(array, field: field, signature: signature, limits: limits)
  }
}

/// A class's name; one that is called 3 may be written as a number.
private struct ClassName: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    text = try (try? value.decode(Int.self)).map(String.init) ?? value.decode(String.self)
  }
}
