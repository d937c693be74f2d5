import Families
import Foundation
import Formats
import ModelFiles
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("stacking", .serialized)
struct StackingTests {
  private static let signature = Signature.table([
    .init(name: "a", type: .real), .init(name: "b", type: .real), .init(name: "c", type: .real), .categorical("k", ["x", "y"]),
  ])

  /// Three numbers on a line with noise and a category that says on which side, a fifth of the cells missing; b and c only together.
  private func rows(_ n: Int, seed: UInt64 = 17) -> Tensor {
    let key = RandomKey(seed: seed)
    let (z, h) = (key.normal([n, 3]).scalars, key.split(1).uniform([n, 3]).scalars)
    return Tensor(
      rows: (0..<n).map { row in
        let a = z[3 * row]
        let block = h[3 * row] < 0.3
        return [
          h[3 * row + 1] < 0.2 ? .nan : a, block ? .nan : a + 0.5 * z[3 * row + 1], block ? .nan : 0.5 * z[3 * row + 1] + 0.2 * z[3 * row + 2],
          h[3 * row + 2] < 0.2 ? .nan : a > 0 ? 1 : 0,
        ]
      })
  }

  private func configuration(_ text: String) throws -> Stacking.Configuration {
    try StrictJSON.decode(Stacking.Configuration.self, from: Array(text.utf8))
  }

  private func fit(_ configuration: Stacking.Configuration, _ x: Tensor) throws -> (model: Stacking, terms: [Term]) {
    let model = try Stacking(configuration, signature: Self.signature, key: RandomKey(seed: 1))
    let learner = model.learner(.init(), Descent())
    let data = TrainingData(count: x.shape[0]) { x.gather($0) }
    var state = learner.start(data, key: RandomKey(seed: 2))
    try learner.begin(epoch: 0, &state, data, key: RandomKey(seed: 3))
    let terms = learner.step(&state, Batch(x), Pass(keys: RowKeys(RandomKey(seed: 3), rows: 0..<x.shape[0]), epoch: 0, items: x.shape[0]))
    return (learner.model(state), terms)
  }

  private let pair = #"""
    {"members": [{"family": "mixture", "configuration": {"components": 1}},
                 {"family": "mixture", "configuration": {"kind": "categorical", "components": 1}, "copies": 2}]}
    """#

  @Test("the member that knows how columns hang together gets the weight")
  func weights() throws {
    let (model, terms) = try fit(configuration(pair), rows(400))
    func value(_ name: String) throws -> Double { try #require(terms.first { $0.name == name }, "\(terms.map(\.name))").value }
    #expect(try value("gaussian-1.number_weight") > 0.9)
    #expect(try value("gaussian-1.number_weight") + value("categorical-1.number_weight") > 0.999)
    #expect(try value("nrmse") < 0.8 * value("mean_fill.nrmse") && value("nrmse") <= value("gaussian-1.nrmse") + 0.01)
    #expect(try abs(value("categorical-1.nrmse") - value("mean_fill.nrmse")) < 0.05 && value("pfc") < 0.6 * value("mean_fill.pfc"))
    let sums = [model.network.numberWeights, model.network.categoryWeights].map { $0.scalars.reduce(0, +) }
    #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 })
    // Beside c's holes nothing is known that says anything of it.
    #expect([0, 1, 3].allSatisfy { (model.hiddenErrors[$0]?.error ?? 1) < (model.hiddenErrors[$0]?.baseline ?? 0) })
    #expect(model.hiddenErrors.allSatisfy { ($0?.cells ?? 0) > 30 })
    // It answers for categories too, or it would not be here.
    #expect(model.configuration.members.count == (model.network.categoryWeights.count))
    let bytes = try ModelFile.encode(model)
    #expect(try ModelFile.encode(ModelFile.load(bytes: bytes, families: Catalogue.families).model) == bytes)
  }

  @Test("a draw is one member's for the whole row: columns that are missing together are drawn together")
  func block() throws {
    let x = rows(400)
    // Three rows' worth of uncorrelated columns among 400 are seen in what is left of a tight relation.
    let loose = pair.replacing(#"{"components": 1}},"#, with: #"{"components": 1}, "training": {"shrinkage": 0.1}},"#)
    let (model, _) = try fit(configuration(loose), x)
    let draws = model.impute(x, draws: 10, keys: RowKeys(RandomKey(seed: 4), rows: 0..<400)).draws
    let missing = (0..<400).filter { x.scalars[4 * $0 + 1].isNaN && !x.scalars[4 * $0].isNaN }
    // b - a and c share their noise.
    let pairs = draws.flatMap { draw in
      missing.map { (Double(draw.scalars[4 * $0 + 1] - x.scalars[4 * $0]), Double(draw.scalars[4 * $0 + 2])) }
    }
    let (sxy, sxx, syy) = pairs.reduce((0.0, 0.0, 0.0)) { ($0.0 + $1.0 * $1.1, $0.1 + $1.0 * $1.0, $0.2 + $1.1 * $1.1) }
    #expect(sxy / (sxx * syy).squareRoot() > 0.9, "\(sxy / (sxx * syy).squareRoot())")
  }

  @Test("members are judged by cells with what is known beside the table's own holes")
  func ownHoles() throws {
    // b and c are missing together only, a in a fifth of the rows: who knows c would be wrong about b by 0.48, who does not by 0.67.
    let (model, _) = try fit(configuration(pair), rows(400))
    let error = try #require(model.hiddenErrors[1]?.error)
    #expect(error > 0.57 && error < 0.78, "\(error)")
  }

  @Test("few hidden cells weigh members alike, and the same key gives the same bytes")
  func few() throws {
    let runs = try (0..<2).map { _ in try fit(configuration(pair), rows(30)).model }
    #expect(runs[0].network.numberWeights.scalars == [0.5, 0.5] && runs[0].network.categoryWeights.scalars == [0.5, 0.5])
    #expect(try ModelFile.encode(runs[0]) == ModelFile.encode(runs[1]))
  }

  private static let mixed =
    #"{"members": [{"family": "mixture", "configuration": {"components": 2}}, {"family": "mixture", "configuration": {"kind": "normal_scores", "components": 1}}]}"#

  @Test(
    "means, deviations, quantiles, scores and draws are of one distribution", arguments: [[1, 0], [0.7, 0], [1.4, 0], [0.8, 0.6]] as [[Float]])
  func combined(_ stretch: [Float]) throws {
    var model = try Stacking(configuration(Self.mixed), signature: .vector(2), key: RandomKey(seed: 5))
    model.network.stretches = Tensor(rows: [[0, 0], [log(stretch[0]), stretch[1]]])
    let x = Tensor(rows: [[0.4, .nan]])
    let answer = model.impute(x, draws: 4000, keys: RowKeys(RandomKey(seed: 4), rows: 0..<1))
    guard case .real(let values) = answer.marginals[1] else { return }
    // ∫ of the exact density of the second column given the first.
    let (count, step) = (20_000, 0.001)
    let grid = Tensor(rows: (0..<count).map { [0.4, Float(Double($0) * step - 10)] })
    let targets = Tensor(rows: [[Float]](repeating: [0, 1], count: count))
    let density = model.score(grid, targets: targets, draws: 1, estimator: .proposal, keys: RowKeys(RandomKey(seed: 4), rows: 0..<count)).values[0]
      .values
      .scalars.map { exp(Double($0)) }
    var (total, mean, square, low, high) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (place, p) in density.enumerated() {
      let y = Double(place) * step - 10
      if total < 0.05, total + p * step >= 0.05 { low = y }
      if total < 0.95, total + p * step >= 0.95 { high = y }
      (total, mean, square) = (total + p * step, mean + y * p * step, square + y * y * p * step)
    }
    #expect(abs(total - 1) < 1e-3)
    let deviation = (square - mean * mean).squareRoot()
    for (place, (value, expected)) in zip(values.scalars, [mean, deviation, low, high]).enumerated() {
      // The deviation of a bent distribution is told as if its parts were normal.
      #expect(
        abs(Double(value) - expected) < (place == 1 && stretch[1] > 0 ? 0.05 * deviation : 0.01), "\(values.scalars) for \(mean), \(low), \(high)")
    }
    #expect(abs(Double(answer.point.scalars[1]) - mean) < 0.01)
    let drawn = answer.draws.map { Double($0.scalars[1]) }
    #expect(abs(drawn.reduce(0, +) / 4000 - mean) < 4 * deviation / 4000.squareRoot())
    #expect(abs(Double(drawn.count { $0 < low }) / 4000 - 0.05) < 0.02 && abs(Double(drawn.count { $0 < high }) / 4000 - 0.95) < 0.02)
  }

  @Test("the density of a positive number is one in its own units, however far it spreads")
  func positive() throws {
    let scaled = Signature.table(
      [.init(name: "a", type: .real), .init(name: "b", type: .positive)], scaling: .init(offset: [0, 0.3], scale: [1, 0.5]))
    var model = try Stacking(configuration(Self.mixed), signature: scaled, key: RandomKey(seed: 5))
    model.network.stretches = Tensor(rows: [[0, 0], [log(0.7), 0.4]])
    let (count, step) = (8000, 0.0025)
    let grid = (0..<count).map { Double($0) * step - 10 }
    let scores = model.score(
      Tensor(rows: grid.map { [0.4, Float($0)] }), targets: Tensor(rows: [[Float]](repeating: [0, 1], count: count)), draws: 1, estimator: .proposal,
      keys: RowKeys(RandomKey(seed: 4), rows: 0..<count)
    ).values[0].values.scalars
    // d raw = scale · raw · d model
    let total = zip(grid, scores).reduce(0) { $0 + exp(Double($1.1)) * 0.5 * exp(0.3 + 0.5 * $1.0) * step }
    #expect(abs(total - 1) < 1e-3, "\(total)")
  }

  @Test("intervals hold as many cells that nobody saw as their names say")
  func coverage() throws {
    let members =
      #"{"members": [{"family": "mixture", "configuration": {"components": 1}}, {"family": "mixture", "copies": 3},"#
      + #" {"family": "mixture", "configuration": {"kind": "normal_scores", "components": 1}},"#
      + #" {"family": "mixture", "configuration": {"kind": "categorical", "components": 8}, "copies": 3}]}"#
    let (model, _) = try fit(configuration(members), rows(1500))
    // Other rows of the same law, a missing in each.
    let fresh = rows(3000, seed: 18)
    let x = Tensor(shape: fresh.shape, scalars: fresh.scalars.enumerated().map { $0 % 4 == 0 ? .nan : $1 })
    guard case .real(let values) = model.impute(x, draws: 1, keys: RowKeys(RandomKey(seed: 4), rows: 0..<3000)).marginals[0] else { return }
    let asked = (0..<3000).filter { !fresh.scalars[4 * $0].isNaN }
    let inside = asked.count { values.scalars[4 * $0 + 2] <= fresh.scalars[4 * $0] && fresh.scalars[4 * $0] <= values.scalars[4 * $0 + 3] }
    let share = Double(inside) / Double(asked.count)
    #expect(abs(share - 0.9) < 0.05, "\(share) of \(asked.count)")
  }

  @Test("members are chosen by the columns where none are given", arguments: [(1, 10), (70, 6)])
  func chosen(_ columns: Int, _ count: Int) throws {
    let model = try Stacking(.init(), signature: .vector(columns), key: RandomKey(seed: 0))
    #expect(model.configuration.members.count == count)
    let withNetwork = try Stacking(configuration(#"{"network": true}"#), signature: .vector(columns), key: RandomKey(seed: 0))
    #expect(withNetwork.configuration.members.last?.family == "vaeac" && withNetwork.configuration.members.count == count + 1)
  }

  @Test("with bootstraps no member shrinks, and latent classes are there for categories alone")
  func chosenWithBootstraps() throws {
    func members(_ signature: Signature) throws -> [Stacking.Configuration.Member] {
      try Stacking(configuration(#"{"bootstraps": 2, "network": true}"#), signature: signature, key: RandomKey(seed: 0)).configuration.members
    }
    let numbers = try members(.vector(3))
    #expect(numbers.count == 3 && numbers.allSatisfy { $0.training["shrinkage"].map { String(decoding: $0.text, as: UTF8.self) } == "0.1" })
    #expect(try members(Self.signature).count == 5)
  }

  @Test("a table without holes has its hidden cells asked for as they were hidden, and learns weights from them")
  func noHoles() throws {
    let x = rows(400)
    let whole = Tensor(shape: x.shape, scalars: x.scalars.map { $0.isNaN ? 0 : $0 })
    let members = #"{"members": [{"family": "mixture"}, {"family": "mixture", "configuration": {"components": 1}}]}"#
    let (model, terms) = try fit(configuration(members), whole)
    #expect(model.hiddenErrors.allSatisfy { ($0?.cells ?? 0) > 40 }, "\(model.hiddenErrors)")
    #expect(terms.contains { $0.name == "nrmse" && $0.value > 0 && $0.value < 1 }, "\(terms)")
  }

  @Test(
    "what is no member is refused by its place",
    arguments: [
      (#"{"members": [{"family": "vae"}]}"#, "members[0].family"),
      (#"{"members": [{"family": "mixture"}, {"family": "mixture", "configuration": {"components": 0}}]}"#, "members[1].configuration.components"),
      (#"{"members": [{"family": "mixture", "configuration": {"hidden": 3}}]}"#, "members[0].configuration.hidden"),
      (#"{"members": [{"family": "mixture", "training": {"restarts": 0}}]}"#, "members[0].training.restarts"),
      (#"{"members": [{"family": "mixture", "copies": 65}]}"#, "members[0].copies"),
    ])
  func refused(_ text: String, _ field: String) throws {
    let configuration = try configuration(text)
    let fault = #expect(throws: Fault.self) { try Stacking(configuration, signature: Self.signature, key: RandomKey(seed: 0)) }
    #expect(fault?.field == field, "\(String(describing: fault))")
  }
}
