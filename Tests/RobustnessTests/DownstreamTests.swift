import Formats
import Modelling
import Networks
import Robustness
import Tensors
import Testing

@Suite("Decisions under attack")
struct DownstreamTests {
  private let model: ToyClassifier
  private let items = RandomKey(seed: 5).uniform([6, 16])

  init() throws { model = try ToyClassifier(.init(), signature: .image(height: 4, width: 4), key: RandomKey(seed: 4)) }

  /// The distance of a linear classifier's decision from x is known: the least (z_c - z_j) / ‖w_c - w_j‖ over the other classes.
  private func distance(_ item: Int, dual: Norm = .l2) -> Double {
    let logits = model.logits(items.gather([item])).scalars
    let own = logits.indices.max { logits[$0] < logits[$1] } ?? 0
    let weights = model.network.classifier.weight.scalars
    func row(_ c: Int) -> ArraySlice<Float> { weights[c * 16..<(c + 1) * 16] }
    return logits.indices.filter { $0 != own }.map { other in
      Double(logits[own] - logits[other]) / dual(zip(row(own), row(other)).map { Double($0 - $1) })
    }.min() ?? .infinity
  }

  @Test("a decision changes beyond its known distance and nowhere short of it", arguments: DownstreamObjective.Quantity.allCases)
  func decisions(_ quantity: DownstreamObjective.Quantity) throws {
    let objective = DownstreamObjective(model, x: items, quantity)
    // No box: the distance is that of the open space.
    let task = AttackTask(
      objective: objective, origin: items, feasible: FeasibleSet(norm: .l2, box: nil), keys: RowKeys(RandomKey(seed: 6), rows: 0..<6))
    for item in 0..<6 {
      for (factor, changes) in [(0.98, false), (1.05, true)] {
        let outcome = try APGD(steps: 60).repeated(6)([AttackRun(item: item, strength: factor * distance(item))], on: task)[0]
        let decision = model.logits(Tensor(rows: [outcome.point])).argmaxRows()[0]
        // Starts anywhere find the nearest class, where the margin leads; the cross-entropy may lead towards another one.
        if quantity != .crossEntropy || !changes { #expect((decision != objective.classes[item]) == changes, "\(quantity), item \(item), \(factor)") }
      }
    }
  }

  @Test("fab finds the nearest point of another class, whose distance is known, in every norm", arguments: Norm.allCases)
  func nearestBoundary(_ norm: Norm) throws {
    let objective = DownstreamObjective(model, x: items)
    let task = AttackTask(
      objective: objective, origin: items, feasible: FeasibleSet(norm: norm, box: nil), keys: RowKeys(RandomKey(seed: 6), rows: 0..<6))
    let attack = Ensemble([.boundary], steps: 30, square: SquareAttack(steps: 1, height: 4, width: 4, channels: 1))
    for item in 0..<6 {
      // The dual norm of the difference of the weights, of the nearest class.
      let distance = distance(item, dual: norm == .l2 ? .l2 : norm == .l1 ? .linf : .l1)
      for (factor, changes) in [(0.99, false), (1.01, true)] {
        let fab = try attack([AttackRun(item: item, strength: factor * distance)], on: task)[0]
        #expect((fab.loss < 0) == changes, "\(norm), item \(item), \(factor) of \(distance)")
        #expect(norm(zip(fab.point, items.gather([item]).scalars).map { Double($0) - Double($1) }) <= factor * distance)
      }
    }
  }

  @Test("the difference of logits ratio does not change with the scale of the logits")
  func scaling() throws {
    let plain = DownstreamObjective(model, x: items, .logitRatio)
    var scaled = model
    scaled.network.classifier.weight = model.network.classifier.weight * 100
    scaled.network.classifier.bias = model.network.classifier.bias.map { $0 * 100 }
    let points = items + 0.2
    let (a, b) = (plain.values(points, items: Array(0..<6)), DownstreamObjective(scaled, x: items, .logitRatio).values(points, items: Array(0..<6)))
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 } && a.allSatisfy { abs($0) <= 1.001 })
    // Its sign is the margin's.
    let margins = DownstreamObjective(model, x: items).values(points, items: Array(0..<6))
    #expect(zip(a, margins).allSatisfy { ($0 < 0) == ($1 < 0) })
  }

  @Test("an ensemble changes whatever one of its members changes, and says which member it was")
  func ensemble() throws {
    let budgets = [0.5, 0.9, 1.1].map { $0 * distance(0) }
    func report(_ kind: AuditPlan.Kind) throws -> AuditReport {
      let plan = AuditPlan(kind: kind, objective: .downstream, budgets: budgets, steps: 20, restarts: 1, margins: false)
      return try Audit(plan, on: model, items: items, seed: 1)()
    }
    let ensemble = try report(.ensemble)
    for kind in [AuditPlan.Kind.apgd, .fab, .square] {
      for (whole, part) in zip(ensemble.decisions?.levels ?? [], try report(kind).decisions?.levels ?? []) {
        #expect(whole.accuracy.mean <= part.accuracy.mean, "\(kind) at \(whole.strength)")
      }
    }
    for level in ensemble.decisions?.levels ?? [] {
      let after = level.after.map(\.accuracy)
      #expect(after.count == Ensemble.Member.allCases.count && after == after.sorted(by: >) && after.last == level.accuracy.mean)
    }
    #expect(ensemble.examples.allSatisfy { ($0.foundBy != nil) == ($0[.decisionChanged] == 1) })
    #expect(ensemble.examples.contains { $0.foundBy != nil } && ensemble.isSane, "\(ensemble.sanity.filter { !$0.passed })")
  }

  @Test("of several starts the first member that changed a decision counts, whichever start went furthest")
  func firstMember() throws {
    /// Restart 0 is changed by the first member, restart 1 by the last one, and further.
    struct Told: Attack {
      var description: String { "told" }
      func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
        runs.map { run in
          AttackOutcome(
            point: task.origin.gather([run.item]).scalars, loss: run.restart == 0 ? -1 : -2, merit: run.restart == 0 ? -1 : -2, steps: 1,
            converged: false,
            foundBy: run.restart == 0 ? .crossEntropy : .square)
        }
      }
    }
    let task = AttackTask(
      objective: DownstreamObjective(model, x: items), origin: items, feasible: FeasibleSet(norm: .l2, box: nil),
      keys: RowKeys(RandomKey(seed: 6), rows: 0..<6))
    let best = try Told().repeated(2)([AttackRun(item: 3, strength: 1)], on: task)[0]
    #expect(best.foundBy == .crossEntropy && best.merit == -2)
  }

  @Test("labels make accuracies: what is wrong as it is stays wrong")
  func labels() throws {
    let own = model.logits(items).argmaxRows()
    // The first two items have another label than the model's decision.
    let labels = own.enumerated().map { ["a", "b", "c"][$0 < 2 ? ($1 + 1) % 3 : $1] }
    let plan = AuditPlan(objective: .downstream, budgets: [0, 1e-4, 50], steps: 20, restarts: 1, margins: false)
    let report = try Audit(plan, on: model, items: items, labels: labels, seed: 1)()
    let decisions = try #require(report.decisions)
    #expect(decisions.cleanAccuracy?.mean == 4.0 / 6)
    #expect(decisions.levels.map(\.accuracy.mean) == [4.0 / 6, 4.0 / 6, 0])
    #expect(report.metrics.contains { $0.name == "robust_accuracy.at_50.0" && $0.value == 0 })
  }

  @Test("labels that fit no item, no class or no question are refused by name")
  func refusals() {
    func field(_ labels: [String], _ objective: AuditPlan.Goal = .downstream) -> String? {
      do {
        _ = try Audit(AuditPlan(objective: objective), on: model, items: items, labels: labels, seed: 1)
        return nil
      } catch { return error.field }
    }
    #expect(field(["a", "b"]) == "labels" && field(.init(repeating: "a", count: 6), .damage) == "labels")
    #expect(field(["a", "b", "c", "d", "a", "a"]) == "labels[3]" && field(.init(repeating: "a", count: 6)) == nil)
    for (plan, expected) in [
      (AuditPlan(kind: .fab), "attack.objective"), (AuditPlan(kind: .ensemble, objective: .downstream, norm: .l1), "attack.norm"),
    ] {
      do {
        try plan.check(model)
        Issue.record("\(plan.kind) was taken")
      } catch { #expect(error.field == expected) }
    }
  }

  @Test("gradients of all objectives match differences")
  func gradients() {
    for quantity in DownstreamObjective.Quantity.allCases {
      let objective = DownstreamObjective(model, x: items, quantity)
      let points = items + 0.1
      let gradients = objective.valuesAndGradients(points, items: Array(0..<6)).gradients.scalars
      for (row, column) in [(0, 3), (2, 7), (5, 15)] {
        func value(_ step: Float) -> Double {
          var moved = points
          moved.update { $0[row * 16 + column] += step }
          return Double(objective.values(moved, items: Array(0..<6))[row])
        }
        let slope = (value(0.01) - value(-0.01)) / 0.02
        #expect(abs(slope - Double(gradients[row * 16 + column])) < 1e-3)
      }
    }
  }

  @Test("the report names the class of every item and whether it changed")
  func report() throws {
    let plan = AuditPlan(objective: .downstream, budgets: [0, 0.1, 4], steps: 20, restarts: 2, margins: false)
    let report = try Audit(plan, on: model, items: items, seed: 1)()
    #expect(report.summary(.decisionChanged, at: 0).mean == 0 && report.summary(.decisionChanged, at: 4).mean == 1)
    let text = String(decoding: report.members(digest: "none").first { $0.name == "items" }?.value.text ?? [], as: UTF8.self)
    #expect(text.contains(#""class":""#) && text.contains(#""decision_changed":true"#))
    #expect(report.sanity.first { $0.name == "unbounded_budget_succeeds" }?.passed == true)
  }
}
