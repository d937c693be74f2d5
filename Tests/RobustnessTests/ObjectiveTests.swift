import Families
import FamilyExamples
import Modelling
import Robustness
import Tensors
import Testing

@Suite("Objectives", .serialized)
struct ObjectiveTests {
  static let examples = FamilyExample.all.filter { (try? $0.model()).flatMap(Capability.attackable.of) != nil }

  private let key = RandomKey(seed: 21)

  /// Every objective that a model can be attacked by, with a point to begin at.
  private func objectives(_ model: any Attackable, _ x: Tensor, _ targets: Tensor, samples: Int) -> [(
    name: String, objective: any AttackObjective, at: Tensor
  )] {
    let items = AttackedItems(model: model, x: x, targets: targets, noise: RowKeys(key, rows: 0..<x.shape[0]), samples: samples)
    var all: [(String, any AttackObjective, Tensor)] = PosteriorDistance.allCases.map { ("latent \($0)", LatentObjective(items, distance: $0), x) }
    for layer in model.latentWidths.indices { all.append(("latent of layer \(layer)", LatentObjective(items, layers: [layer]), x)) }
    let codes = LatentSpaceObjective(items)
    all += [
      ("output", OutputObjective(items), x), ("damage of the reconstruction", DamageObjective(items, .reconstruction), targets),
      ("damage of the posterior", DamageObjective(items, .posterior), targets), ("likelihood", LikelihoodObjective(items), x),
      ("latent space", codes, codes.codes + 0.3),
    ]
    if let model = model as? any Classifying {
      all += DownstreamObjective.Quantity.allCases.map { ("downstream \($0)", DownstreamObjective(model, x: x, $0), x) }
      all.append(("downstream towards a class", DownstreamObjective(model, x: x).with(.logitRatio, towards: 0), x))
    }
    return all
  }

  @Test("every gradient matches differences, as trained and as served", arguments: examples, [0, 2])
  func gradients(_ example: FamilyExample, samples: Int) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let (x, targets) = (example.items(3), example.items(3, seed: 9))
    for model in [model, model.packed()] as [any Attackable] {
      for (name, objective, start) in objectives(model, x, targets, samples: samples) {
        let gradients = objective.valuesAndGradients(start, items: [0, 1, 2]).gradients
        for row in 0..<3 { check(objective, start, gradients, row, "\(name), \(samples) draws") }
      }
    }
  }

  @Test("gradients have the same bits with weights packed for them", arguments: examples)
  func layouts(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let (x, targets) = (example.items(3), example.items(3, seed: 9))
    let ways = [model, model.packed(), model.packedBothWays()] as [any Attackable]
    let gradients = ways.map { model in
      objectives(model, x, targets, samples: 1).map { $0.objective.valuesAndGradients($0.at, items: [0, 1, 2]).gradients.scalars.map(\.bitPattern) }
    }
    #expect(gradients[1] == gradients[0] && gradients[2] == gradients[0])
  }

  /// Along a random direction and along the gradient itself, for one item at a time: a loss must depend on its own point alone.
  private func check(_ objective: any AttackObjective, _ points: Tensor, _ gradients: Tensor, _ row: Int, _ name: String) {
    let width = points.shape[1]
    let gradient = Array(gradients.scalars[row * width..<(row + 1) * width])
    let norm = Norm.l2(gradient.map(Double.init))
    let random = key.split("direction").normal([1, width]).scalars
    for direction in norm > 0 ? [random, gradient] : [random] {
      let length = Float(Norm.l2(direction.map(Double.init)))
      let unit = direction.map { $0 / length }
      let slope = zip(gradient, unit).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      func value(_ step: Float) -> Double {
        var moved = points
        moved.update { p in for i in 0..<width { p[row * width + i] += step * unit[i] } }
        return Double(objective.values(moved, items: [0, 1, 2])[row])
      }
      let tolerance = 0.01 * norm + 1e-3 + 2e-4 * abs(value(0))
      let differences = Differences(of: value, tolerance: tolerance)
      #expect(abs(differences.central - slope) < tolerance, "\(name), item \(row): \(differences) by differences, \(slope) by the gradient")
    }
  }

  @Test("the perturbation that makes an item its target leaves no latent loss, and none at all leaves no damage", arguments: examples, [0, 2])
  func knownLosses(_ example: FamilyExample, samples: Int) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let (x, targets) = (example.items(3), example.items(3, seed: 9))
    let items = AttackedItems(model: model, x: x, targets: targets, noise: RowKeys(key, rows: 0..<3), samples: samples)
    for distance in PosteriorDistance.allCases {
      #expect(LatentObjective(items, distance: distance).values(targets, items: [0, 1, 2]).allSatisfy { abs($0) < 1e-4 })
    }
    for quantity in DamageObjective.Quantity.allCases {
      let damage = DamageObjective(items, quantity)
      #expect(damage.values(x, items: [0, 1, 2]).allSatisfy { abs($0) < 1e-4 })
      #expect(damage.values(targets, items: [0, 1, 2]).allSatisfy { $0 <= 0 })
    }
  }

  @Test("a loss has the same bits alone, in a batch and for any order of the points", arguments: examples)
  func neighbours(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let (x, targets) = (example.items(4), example.items(4, seed: 9))
    for (name, objective, start) in objectives(model, x, targets, samples: 2) {
      let order = [2, 0, 3, 2, 1]
      let (values, gradients) = objective.valuesAndGradients(start.gather(order), items: order)
      for (place, item) in order.enumerated() {
        let own = objective.valuesAndGradients(start.gather([item]), items: [item])
        #expect(own.values[0].bitPattern == values[place].bitPattern, "\(name)")
        let width = start.shape[1]
        #expect(own.gradients.scalars.map(\.bitPattern) == gradients.scalars[place * width..<(place + 1) * width].map(\.bitPattern), "\(name)")
      }
    }
  }
}
