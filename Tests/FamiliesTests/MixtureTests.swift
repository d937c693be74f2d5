import Families
import Foundation
import ModelFiles
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("mixture")
struct MixtureTests {
  private func keys(_ n: Int) -> RowKeys { RowKeys(RandomKey(seed: 5), rows: 0..<n) }

  /// N(μ, Σ) with Σ = [[1, .6, .3], [.6, 1.5, -.2], [.3, -.2, .8]] and μ = (.5, -1, .25); the root and all expected values by numpy.
  private func triple() throws -> Mixture {
    var model = try Mixture(.init(.gaussian, components: 1), signature: .vector(3), key: RandomKey(seed: 0))
    model.network = model.network.mapping { leaf, tensor in
      switch leaf.path {
      case "means": Tensor(rows: [[0.5, -1, 0.25]])
      case "precision_roots": Tensor(rows: [[0, -0.561_951_49, -0.065_514_13, -0.654_653_67, 0.436_435_78, 0.269_498_25]])
      default: tensor
      }
    }
    return model
  }

  @Test("conditional moments of three normal columns are those of numpy")
  func conditionals() throws {
    let found = try triple().impute(Tensor(rows: [[1.2, .nan, -0.4], [.nan, 0.7, .nan]]), draws: 1, keys: keys(2))
    guard case .real(let second) = found.marginals[1], case .real(let first) = found.marginals[0], case .real(let third) = found.marginals[2] else {
      Issue.record("numbers have moments")
      return
    }
    let expected: [(Float, Float)] = [
      (second.scalars[0], -0.119_718_31), (second.scalars[1], Float(0.936_619_72).squareRoot()), (first.scalars[4], 1.18),
      (first.scalars[5], Float(0.76).squareRoot()), (third.scalars[4], 0.023_333_33), (third.scalars[5], Float(0.773_333_33).squareRoot()),
    ]
    for (value, wanted) in expected { #expect(abs(value - wanted) < 1e-5, "\(value) for \(wanted)") }
    // The quantiles of a normal.
    #expect(abs(second.scalars[3] - (second.scalars[0] + 1.644_853_6 * second.scalars[1])) < 1e-5)
  }

  @Test("ln |Σ_oo| = ln |Σ| + ln |P_mm|: densities of some columns, and of some given others, are those of numpy")
  func densities() throws {
    let model = try triple()
    let x = Tensor(rows: [[1.2, .nan, -0.4], [1.2, 0.7, -0.4]])
    let targets = Tensor(rows: [[1, 1, 1], [1, 0, 1]])
    let scores = model.score(x, targets: targets, draws: 1, estimator: .proposal, keys: keys(2))[.exact].scalars
    #expect(abs(scores[0] + 2.432_476_98) < 1e-5 && abs(scores[1] + 1.592_375_93) < 1e-5, "\(scores)")
  }

  @Test("probabilities of categories and densities of a number beside them sum to 1, given nothing and given a cell", arguments: kinds)
  func normalised(_ kind: Mixture.Configuration.Kind) throws {
    let signature = Signature.table(
      [.categorical("a", ["x", "y", "z"]), .init(name: "v", type: .real), .init(name: "b", type: .binary)],
      scaling: .init(offset: [0, 3, 0], scale: [1, 2, 1]))
    var model = try Mixture(.init(kind, components: 3, factors: 2, knots: 8), signature: signature, key: RandomKey(seed: 3))
    model.network = model.network.mapping { leaf, tensor in
      switch leaf.path {
      case "quantiles": tensor * 1.5
      case "constants": tensor
      default: tensor + RandomKey(seed: 4).normal(tensor.shape) * 0.3
      }
    }
    // Model units from -15 to 15, by the midpoint rule.
    let (count, step) = (3000, Float(0.01))
    for isGiven in [false, true] {
      var rows: [[Float]] = []
      for a in isGiven ? [1] : [0, 1, 2] {
        for b in 0..<2 { rows += (0..<count).map { [Float(a), (Float($0) + 0.5) * step - 15, Float(b)] } }
      }
      let x = Tensor(rows: rows)
      let targets = Tensor(rows: rows.map { _ in [isGiven ? 0 : 1, 1, 1] })
      let scores = model.score(x, targets: targets, draws: 1, estimator: .proposal, keys: keys(rows.count))[.exact].scalars
      let total = scores.reduce(0.0) { $0 + exp(Double($1)) } * Double(step) * 2
      #expect(abs(total - 1) < 2e-3, "\(kind): \(total)")
    }
  }

  @Test("draws follow the distribution that scores are of", arguments: kinds)
  func drawsFollowScores(_ kind: Mixture.Configuration.Kind) throws {
    let signature = Signature.table([.categorical("a", ["x", "y", "z"]), .categorical("b", ["p", "q"])])
    var model = try Mixture(.init(kind, components: 2, factors: 2, knots: 8), signature: signature, key: RandomKey(seed: 3))
    model.network = model.network.mapping { leaf, tensor in leaf.isTrainable ? tensor + RandomKey(seed: 8).normal(tensor.shape) * 0.5 : tensor }
    let n = 20_000
    let sample = try model.sample(keys(n), SampleOptions())
    for (a, b) in (0..<6).map({ (Float($0 / 2), Float($0 % 2)) }) {
      let share = Double((0..<n).count { sample.scalars[2 * $0] == a && sample.scalars[2 * $0 + 1] == b }) / Double(n)
      let p = exp(Double(model.score(Tensor(rows: [[a, b]]), draws: 1, keys: keys(1))[.exact].scalar))
      #expect(abs(share - p) < 4 * (p * (1 - p) / Double(n)).squareRoot() + 1e-3, "\(kind): \(share) for \(p)")
    }
  }

  private static let kinds = Mixture.Configuration.Kind.allCases
}

@Suite("mixture learning")
struct MixtureLearningTests {
  private static let kinds = Mixture.Configuration.Kind.allCases

  /// Two clusters of three numbers that hang together and a category that tells them apart, a quarter of the cells missing.
  private func rows(_ n: Int, holes: Float = 0.25) -> Tensor {
    let key = RandomKey(seed: 11)
    let (z, u, h) = (key.normal([n, 4]).scalars, key.split(1).uniform([n, 2]).scalars, key.split(2).uniform([n, 4]).scalars)
    var values: [Float] = []
    for row in 0..<n {
      let cluster: Float = u[2 * row] < 0.4 ? 1 : 0
      let a = 1.6 * cluster - 0.8 + 0.6 * z[4 * row]
      let cells = [a, 0.7 * a + 0.5 * z[4 * row + 1], cluster - 0.5 * a + 0.4 * z[4 * row + 2], u[2 * row + 1] < 0.85 ? cluster : 2]
      values += cells.enumerated().map { h[4 * row + $0] < holes ? .nan : $1 }
    }
    return Tensor(shape: [n, 4], scalars: values)
  }

  private static let signature = Signature.table([
    .init(name: "a", type: .real), .init(name: "b", type: .real), .init(name: "c", type: .real), .categorical("k", ["x", "y", "z"]),
  ])

  private func fit(
    _ configuration: Mixture.Configuration, _ x: Tensor, signature: Signature, epochs: Int = 30, batch: Int = 64, restarts: Int = 1,
    watch: (Mixture.OwnLearner, Mixture.OwnLearner.State) -> Void = { _, _ in }
  ) throws -> Mixture {
    let n = x.shape[0]
    let model = try Mixture(configuration, signature: signature, key: RandomKey(seed: 1))
    let learner = model.learner(.init(restarts: restarts), Descent())
    var state = try learner.start(TrainingData(count: n) { x.gather($0) }, key: RandomKey(seed: 2))
    for epoch in 0..<epochs {
      for start in stride(from: 0, to: n, by: batch) {
        let items = Array(start..<min(start + batch, n))
        let pass = Pass(keys: RowKeys(RandomKey(seed: 3), rows: 0..<items.count), epoch: Float(epoch), items: n, isFirst: start == 0)
        _ = try learner.step(&state, Batch(x.gather(items), items: items), pass)
      }
      watch(learner, state)
    }
    return learner.model(state)
  }

  @Test("the posterior of the parameters never falls", arguments: kinds)
  func posteriorRises(_ kind: Mixture.Configuration.Kind) throws {
    for components in [1, 3] {
      var posteriors: [[Double]] = []
      _ = try fit(.init(kind, components: components, factors: 2), rows(300), signature: Self.signature, restarts: 2) { learner, state in
        posteriors.append(learner.logPosteriors(state))
      }
      for (before, after) in zip(posteriors, posteriors.dropFirst()) {
        // A ridge is added to what would be the greatest posterior, and parameters are float32.
        for (a, b) in zip(before, after) { #expect(b > a - 1e-2 - 1e-6 * abs(a), "\(kind), \(components): \(a) to \(b)") }
      }
      #expect(posteriors[29].max() ?? 0 > (posteriors[0].max() ?? 0) + (components > 1 || kind == .factors ? 1 : -1))
    }
  }

  @Test("what a pass says of rows with holes is what they score", arguments: [Mixture.Configuration.Kind.gaussian, .categorical, .factors])
  func likelihood(_ kind: Mixture.Configuration.Kind) throws {
    let numbers = Signature.table((0..<3).map { .init(name: "x\($0)", type: .real) })
    let x = Tensor(shape: [200, 3], scalars: rows(200).scalars.enumerated().filter { $0.offset % 4 < 3 }.map(\.element))
    let keys = RowKeys(RandomKey(seed: 5), rows: 0..<200)
    for components in [1, 3] {
      let family = try Mixture(.init(kind, components: components, factors: 2), signature: numbers, key: RandomKey(seed: 1))
      let learner = family.learner(.init(restarts: 1), Descent())
      var state = try learner.start(TrainingData(count: 200) { x.gather($0) }, key: RandomKey(seed: 2))
      for epoch in 0..<3 {
        let scores = learner.model(state).score(x, draws: 1, keys: keys)[.exact].scalars
        let pass = Pass(keys: keys, epoch: Float(epoch), items: 200, isFirst: true)
        let told = try learner.step(&state, Batch(x, items: Array(0..<200)), pass)[0].value
        #expect(abs(told - scores.reduce(0) { $0 + Double($1) } / 200) < 1e-4, "\(kind), \(components), \(epoch)")
      }
    }
  }

  @Test("without a kind the columns choose: a full covariance up to 60 coordinates, factors beyond, latent classes where no column is a number")
  func kindByWidth() throws {
    func kind(_ signature: Signature) throws -> Mixture.Configuration.Kind {
      try Mixture(.init(nil), signature: signature, key: RandomKey(seed: 0)).configuration.kind
    }
    let levels = (0..<10).map { "\($0)" }
    func table(_ count: Int, numbers: Int = 0) -> Signature {
      .table((0..<count).map { .categorical("k\($0)", levels) } + (0..<numbers).map { .init(name: "x\($0)", type: .real) })
    }
    #expect(try kind(.vector(60)) == .gaussian)
    #expect(try kind(.vector(61)) == .factors)
    #expect(try kind(table(6)) == .gaussian)
    #expect(try kind(table(7)) == .categorical)
    #expect(try kind(table(6, numbers: 1)) == .factors)
  }

  @Test("batches are sums: their size moves no parameter by more than rounding")
  func batches() throws {
    let x = rows(200)
    let found = try [16, 200].map { batch in
      try fit(.init(.gaussian, components: 2), x, signature: Self.signature, epochs: 5, batch: batch).network.means.scalars
    }
    for (a, b) in zip(found[0], found[1]) { #expect(abs(a - b) < 1e-4) }
  }

  @Test("two columns that are missing together are drawn together")
  func block() throws {
    let n = 500
    let z = RandomKey(seed: 21).normal([n, 3]).scalars
    let truth = (0..<n).map { row -> [Float] in
      let a = 0.5 * z[3 * row] + 0.87 * z[3 * row + 1]
      return [z[3 * row], a, a + 0.3 * z[3 * row + 2]]
    }
    let holed = Tensor(rows: truth.enumerated().map { $0 % 5 < 2 ? [$1[0], .nan, .nan] : $1 })
    let model = try fit(.init(.gaussian, components: 1), holed, signature: .vector(3))
    let draws = model.impute(holed, draws: 20, keys: RowKeys(RandomKey(seed: 3), rows: 0..<n)).draws
    let pairs = draws.flatMap { draw in (0..<n).filter { $0 % 5 < 2 }.map { (Double(draw.scalars[3 * $0 + 1]), Double(draw.scalars[3 * $0 + 2])) } }
    let (mx, my) = (pairs.reduce(0) { $0 + $1.0 } / Double(pairs.count), pairs.reduce(0) { $0 + $1.1 } / Double(pairs.count))
    let sxx = pairs.reduce(0) { $0 + ($1.0 - mx) * ($1.0 - mx) }
    let (sxy, syy) = (pairs.reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }, pairs.reduce(0) { $0 + ($1.1 - my) * ($1.1 - my) })
    let (correlation, slope) = (sxy / (sxx * syy).squareRoot(), sxy / sxx)
    #expect(correlation > 0.94 && abs(slope - 1) < 0.05, "correlation \(correlation), slope \(slope)")
  }

  @Test("half of the intervals of 50 % and nine tenths of those of 90 % hold the hidden value", arguments: kinds)
  func calibrated(_ kind: Mixture.Configuration.Kind) throws {
    let whole = rows(800, holes: 0)
    let hidden = RandomKey(seed: 31).uniform([800, 4]).scalars
    let x = Tensor(shape: whole.shape, scalars: whole.scalars.enumerated().map { hidden[$0] < 0.3 ? .nan : $1 })
    let model = try fit(.init(kind, components: kind == .categorical ? 8 : 2, factors: 2), x, signature: Self.signature, epochs: 20, batch: 400)
    let found = model.impute(x, draws: 1, keys: RowKeys(RandomKey(seed: 3), rows: 0..<800))
    var (cells, held) = (0.0, 0.0)
    for column in 0..<3 {
      guard case .real(let values) = found.marginals[column] else { continue }
      for row in 0..<800 where x.scalars[4 * row + column].isNaN {
        let truth = whole.scalars[4 * row + column]
        cells += 1
        if values.scalars[4 * row + 2] <= truth && truth <= values.scalars[4 * row + 3] { held += 1 }
      }
    }
    #expect(abs(held / cells - 0.9) < 0.035, "\(kind): \(held / cells) of \(cells)")
  }

  @Test("a constant column stays constant, whatever its type", arguments: kinds)
  func constants(_ kind: Mixture.Configuration.Kind) throws {
    let signature = Signature.table(
      [.init(name: "a", type: .real), .init(name: "five", type: .real), .categorical("k", ["x", "y"])],
      scaling: .init(offset: [0, 5, 0], scale: [1, 1, 1]))
    let z = RandomKey(seed: 41).normal([60, 1]).scalars
    let x = Tensor(rows: z.enumerated().map { [$1, $0 % 3 == 0 ? .nan : 0, $0 % 4 == 0 ? .nan : 1] })
    let model = try fit(.init(kind, components: 2, factors: 1), x, signature: signature, epochs: 5)
    let found = model.impute(x, draws: 3, keys: RowKeys(RandomKey(seed: 3), rows: 0..<60))
    for row in 0..<60 where row % 3 == 0 {
      for table in found.draws + [found.point] { #expect(signature.toRaw(table).scalars[3 * row + 1] == 5) }
    }
    for row in 0..<60 where row % 4 == 0 { #expect(found.point.scalars[3 * row + 2] == 1) }
  }

  @Test("a stranger's weights, however large, give a number or none, and no crash", arguments: kinds)
  func strangeWeights(_ kind: Mixture.Configuration.Kind) throws {
    for size in [Float(1e38), -1e38, 0] {
      var model = try Mixture(.init(kind, components: 2, factors: 2, knots: 8), signature: Self.signature, key: RandomKey(seed: 1))
      model.network = model.network.mapping { _, tensor in .full(tensor.shape, size) }
      let found = model.impute(rows(5), draws: 2, keys: RowKeys(RandomKey(seed: 3), rows: 0..<5))
      #expect(found.draws.count == 2)
      _ = model.score(rows(5), draws: 1, keys: RowKeys(RandomKey(seed: 3), rows: 0..<5))
    }
  }

  @Test("more columns with covariances than can be computed with, and items that are no rows, are refused")
  func refused() {
    let names = (0..<2000).map { "n\($0)" }
    let wide = Signature.table([.categorical("a", names), .categorical("b", names)])
    let fault = Fault(
      field: "kind", given: "gaussian for 4000 numbers and categories", expected: "categorical, or at most 2048 numbers and categories")
    #expect(throws: fault) {
      try Mixture(.init(.gaussian), signature: wide, key: RandomKey(seed: 0))
    }
    #expect(throws: Never.self) { try Mixture(.init(.categorical), signature: wide, key: RandomKey(seed: 0)) }
    #expect(throws: Fault.self) { try Mixture(.init(.gaussian), signature: .image(height: 2, width: 2), key: RandomKey(seed: 0)) }
    #expect(throws: Fault.self) { try Mixture(.init(.gaussian, components: 0), signature: .vector(2), key: RandomKey(seed: 0)) }
  }
}
