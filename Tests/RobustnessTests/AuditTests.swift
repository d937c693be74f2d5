import Distributions
import Families
import FamilyExamples
import Formats
import Modelling
import Robustness
import Tensors
import Testing

@Suite("Audits", .serialized)
struct AuditTests {
  static let examples = ObjectiveTests.examples

  private func audit(_ example: FamilyExample, _ plan: AuditPlan, items: Int = 3, seed: Int = 7) throws -> Audit {
    guard let model = try example.model() as? any Attackable else { preconditionFailure("\(example) can be attacked") }
    return try Audit(plan, on: model, items: example.items(items), seed: seed)
  }

  private func text(_ report: AuditReport) -> [UInt8] { JSONValue.object(report.members(digest: "none")).text + report.csv }

  @Test("every objective of every attackable family gives a whole report, and the same bytes for any batch", arguments: examples)
  func reports(_ example: FamilyExample) throws {
    for objective in AuditPlan.Goal.allCases where objective != .downstream {
      let plan = AuditPlan(
        objective: objective, budgets: [0.1, 0.5], steps: 3, restarts: 2, eotSamples: objective == .output ? 2 : 0, margins: false)
      let report = try audit(example, plan, items: 2)(batch: 64)
      #expect(report.examples.count == 4 && report.sanity.count >= 11)
      for check in report.sanity where ["budgets_and_box_hold_in_float64", "evaluated_as_served", "numbers_are_finite"].contains(check.name) {
        #expect(check.passed, "\(objective): \(check)")
      }
      let bytes = text(report)
      #expect(try text(audit(example, plan, items: 2)(batch: 3)) == bytes, "\(objective)")
      #expect(try JSONValue(parsing: JSONValue.object(report.members(digest: "none")).text)["items"] != nil)
      #expect(try PNG.decode(report.curves(), as: .rgb).width == 720)
      if report.hasPictures { #expect(try PNG.decode(report.grid(), as: .rgb).height > 0) }
    }
  }

  @Test("a report has the same bytes for any number of threads", arguments: [AuditPlan.Kind.apgd, .pgd, .square])
  func threads(_ kind: AuditPlan.Kind) throws {
    defer { Parallelism.width = 1 }
    let example = Self.examples[0]
    let reports = try [1, 2, 3].map { width in
      Parallelism.width = width
      let plan = AuditPlan(kind: kind, objective: .damage, budgets: [0.1, 0.5], steps: 8, restarts: 2)
      return try text(audit(example, plan, items: 5)(batch: 16))
    }
    #expect(reports[1] == reports[0] && reports[2] == reports[0])
  }

  @Test("every kind of attack and norm runs on an image and on a table")
  func kinds() throws {
    for example in [Self.examples[0], Self.examples[3]] {
      // Those of decisions have tests of their own.
      for kind in AuditPlan.Kind.allCases where ![.ensemble, .fab].contains(kind) {
        for norm in Norm.allCases where kind != .square || norm != .l1 {
          let plan = AuditPlan(
            kind: kind, objective: .latent, norm: norm, budgets: kind == .lbfgs ? nil : [0.3], weights: kind == .lbfgs ? [0, 1] : nil, steps: 5,
            restarts: 1,
            margins: false)
          let report = try audit(example, plan)()
          #expect(
            report.examples.allSatisfy { $0[.attackLoss] <= $0[.cleanLoss] * (1 + 1e-6) || kind == .lbfgs || kind == .noise }, "\(kind) \(norm)")
        }
      }
    }
  }

  @Test("an item's outcome does not depend on the items beside it", arguments: examples)
  func neighbours(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let items = example.items(3)
    let plan = AuditPlan(budgets: [0.4], steps: 5, restarts: 2, margins: false)
    let whole = try Audit(plan, on: model, items: items, seed: 7)()
    let part = try Audit(plan, on: model, items: items.slice(0, 0..<2), seed: 7)()
    for (own, other) in zip(part.examples, whole.examples) { #expect(own.point == other.point && own.measures == other.measures) }
  }

  @Test("with a growing penalty nothing moves and the loss is that between item and target; with none it falls", arguments: examples)
  func penalties(_ example: FamilyExample) throws {
    let plan = AuditPlan(kind: .lbfgs, objective: .latent, weights: [0, 1e12], steps: 15, restarts: 1, margins: false)
    let report = try audit(example, plan, items: 2)()
    for item in report.examples where item.run.strength > 0 {
      #expect(item[.deltaL2] < 1e-6 && abs(item[.attackLoss] - item[.cleanLoss]) <= 1e-3 * max(1, abs(item[.cleanLoss])))
    }
    #expect(report.summary(.attackLoss, at: 0).mean < report.summary(.cleanLoss, at: 0).mean)
    let curves = try #require(report.distortionCurves)
    #expect(curves.allSatisfy { $0.map { (0...1).contains($0.area) && $0.points.first?.y == 1 && $0.points.last?.y == 0 } ?? false })
  }

  @Test("an item that is its own target has no distortion curve and no part in the mean, and the report says which", arguments: examples.prefix(2))
  func ownTarget(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let items = example.items(3)
    let targets = Tensor.concatenated([items.slice(0, 0..<1), items.slice(0, 2..<3), items.slice(0, 2..<3)])
    let plan = AuditPlan(objective: .latent, budgets: [0.4], steps: 3, restarts: 1, margins: false)
    let report = try Audit(plan, on: model, items: items, targets: targets, seed: 7)()
    let curves = try #require(report.distortionCurves)
    #expect(curves.map { $0 == nil } == [true, false, true])
    #expect(report.distortionAreas?.count == 1 && report.metrics.first { $0.name == "auddc" }?.value == curves[1]?.area)
    #expect(report.warnings.contains { $0.hasPrefix("2 of 3 items are equal to their target") && $0.contains("items 0, 2") }, "\(report.warnings)")
    let all = try Audit(plan, on: model, items: items, targets: items, seed: 7)()
    #expect(all.metrics.allSatisfy { $0.name != "auddc" })
    let members = JSONValue.object(all.members(digest: "none"))
    #expect(members["distortion_curve"]?["auddc"]?["mean"] == .null)
    #expect(try PNG.decode(all.curves(), as: .rgb).width == 720)
  }

  @Test("only an attack on codes has losses that can't be compared")
  func incomparable() throws {
    for objective in [AuditPlan.Goal.latent, .damage] {
      let report = try audit(Self.examples[0], AuditPlan(objective: objective, budgets: [0.4], steps: 3, restarts: 1, margins: false))()
      #expect(report.warnings.contains(AuditReport.comparability) == (objective == .latent))
    }
  }

  @Test("a sound attack on a model of real numbers passes its own checks")
  func sane() throws {
    let report = try audit(Self.examples[4], AuditPlan(budgets: [0.5, 1, 2], steps: 30, restarts: 2, margins: false), items: 2)()
    #expect(report.isSane, "\(report.sanity.filter { !$0.passed })")
    let last = try #require(report.damageCurve)
    #expect(last.area > report.noiseCurves.map(\.mean.area).max() ?? 0)
  }

  @Test("a model that rounds its input has no gradient, and the report says loudly that it proves nothing")
  func masked() throws {
    let model = try VAE(
      .init(latent: 2, hidden: [8], observation: Observation(.bernoulli, binarisation: .threshold)), signature: .image(height: 4, width: 4),
      key: RandomKey(seed: 3))
    let items = RandomKey(seed: 4).uniform([4, 16])
    let report = try Audit(AuditPlan(budgets: [0.5, 1], steps: 10, restarts: 1, margins: false), on: model, items: items, seed: 1)()
    #expect(!report.isSane)
    let failed = report.sanity.filter { !$0.passed }.map(\.name)
    #expect(failed.contains("gradients_reach_the_item"))
    #expect(report.warnings[0].contains("gradients_reach_the_item"))
    #expect(JSONValue.object(report.members(digest: "none"))["sane"] == .bool(false))
  }

  @Test(
    "the norm of the Jacobian is that of differences, and no margin is claimed where draws leave the ball more often than not", arguments: examples)
  func margins(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let items = example.items(2)
    var plan = AuditPlan(budgets: [0.5], steps: 3, restarts: 1)
    plan.radius = 1e-6
    for margin in try #require(try Audit(plan, on: model, items: items, seed: 2)().margins) {
      #expect(margin.probability <= 0.5 && margin.bound == 0 && margin.pointEstimate == 0 && margin.measured == 0)
    }
    plan.radius = 1e6
    let margins = try #require(try Audit(plan, on: model, items: items, seed: 2)().margins)
    let step: Float = 1e-2
    for (row, margin) in margins.enumerated() {
      #expect(margin.probability == 1 && margin.probabilityLowerLimit < 1 && margin.bound.isFinite && margin.bound > 0)
      #expect(margin.measured == nil)
      guard items.shape[1] <= 108, example.description.contains("relu") == false else { continue }
      var square = 0.0
      for column in 0..<items.shape[1] {
        func means(_ delta: Float) -> [Float] {
          var moved = items
          moved.update { $0[row * items.shape[1] + column] += delta }
          return model.inference(moved, noise: nil).posteriors.flatMap {
            Array($0.mean.scalars[row * $0.mean.shape[1]..<(row + 1) * $0.mean.shape[1]])
          }
        }
        for (a, b) in zip(means(step), means(-step)) { square += Double((a - b) / (2 * step)) * Double((a - b) / (2 * step)) }
      }
      #expect(abs(margin.jacobianNorm - square.squareRoot()) < 0.02 * square.squareRoot() + 1e-3, "\(margin.jacobianNorm), \(square.squareRoot())")
      #expect(margin.jacobianSpectralNorm <= margin.jacobianNorm * (1 + 1e-9) && margin.jacobianSpectralNorm > 0)
    }
  }

  private static let refusals: [(field: String, change: @Sendable (inout AuditPlan) -> Void)] = [
    ("attack.steps", { $0.steps = 0 }), ("attack.restarts", { $0.restarts = 0 }), ("attack.eot_samples", { $0.eotSamples = -1 }),
    ("attack.budgets", { $0.budgets = [] }), ("attack.budgets[1]", { $0.budgets = [1, -1] }), ("attack.budgets", { $0.budgets = [1, 1] }),
    ("attack.budgets[0]", { $0.budgets = [.infinity] }), ("attack.weights", { $0.weights = [1] }), ("attack.step_size", { $0.stepSize = 0.1 }),
    ("attack.radius", { $0.radius = 0 }), ("attack.layers", { $0.layers = [0] }), ("attack.objective", { $0.objective = .downstream }),
    (
      "attack.budgets",
      {
        $0.kind = .lbfgs
        $0.budgets = [1]
      }
    ),
    (
      "attack.norm",
      {
        $0.kind = .square
        $0.norm = .l1
      }
    ),
    (
      "attack.layers",
      {
        $0.objective = .latent
        $0.layers = [4]
      }
    ),
  ]

  @Test("a plan that can't be carried out is refused by its field")
  func refused() throws {
    let example = try #require(Self.examples.first { $0.family == "vae" })
    let model = try #require(try example.model() as? any Attackable)
    for (field, change) in Self.refusals {
      var plan = AuditPlan()
      change(&plan)
      let error = #expect(throws: Fault.self, "\(field)") { try Audit(plan, on: model, items: example.items(2), seed: 1) }
      #expect(error?.field == field)
    }
    let targeted = AuditPlan(objective: .latent)
    let items = example.items(3)
    #expect(throws: Fault.self) { try Audit(targeted, on: model, items: items.slice(0, 0..<1), seed: 1) }
    #expect(throws: Fault.self) { try Audit(targeted, on: model, items: items, targets: items.slice(0, 0..<2), seed: 1) }
    #expect(throws: Fault.self) { try Audit(AuditPlan(), on: model, items: items, targets: items, seed: 1) }
  }
}
