import Formats
import Models
import Networks
import Robustness
import Tensors
import Testing

@Suite("Decisions under attack")
struct DownstreamTests {
  private let model: ToyClassifier
  private let items = RandomKey(seed: 5).uniform([6, 16])

  init() throws { model = try ToyClassifier(.init(), signature: .image(height: 4, width: 4), key: RandomKey(seed: 4)) }

  /// The distance of a linear classifier's decision from x is known: the least (z_c - z_j) / ‖w_c - w_j‖₂ over the other classes.
  private func distance(_ item: Int) -> Double {
    let logits = model.logits(items.gather([item])).scalars
    let own = logits.indices.max { logits[$0] < logits[$1] } ?? 0
    let weights = model.network.classifier.weight.scalars
    func row(_ c: Int) -> ArraySlice<Float> { weights[c * 16..<(c + 1) * 16] }
    return logits.indices.filter { $0 != own }.map { other in
      Double(logits[own] - logits[other]) / Norm.l2(zip(row(own), row(other)).map { Double($0 - $1) })
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
        if quantity == .margin || !changes { #expect((decision != objective.classes[item]) == changes, "\(quantity), item \(item), \(factor)") }
      }
    }
  }

  @Test("gradients of both objectives match differences")
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
