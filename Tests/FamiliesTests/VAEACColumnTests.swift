import Distributions
import Families
import Foundation
import Modelling
import Tensors
import Testing

/// The observation model of every type of column: probabilities, draws, units.
@Suite("VAEAC columns")
struct VAEACColumnTests {
  private let key = RandomKey(seed: 8)

  private func model(_ column: TableSpace.Column, offset: Float = 0, scale: Float = 1) throws -> VAEAC {
    try VAEAC(
      .init(latent: 1, hidden: 4, blocks: 0), signature: .table([column], scaling: .init(offset: [offset], scale: [scale])), key: key)
  }

  /// ln p in raw units of raw values of the only column, all given the same heads.
  private func logProbabilities(_ model: VAEAC, _ raw: [Float], _ heads: [Float]) -> [Double] {
    let x = model.signature.toModel(Tensor(shape: [raw.count, 1], scalars: raw))
    let rows = Tensor(shape: [raw.count, heads.count], scalars: Array(repeating: heads, count: raw.count).flatMap { $0 })
    return model.cellLogProbabilities(of: x, rows).scalars.map(Double.init)
  }

  /// Draws of the only column in raw units: one row, one latent draw each.
  private func draws(_ model: VAEAC, _ n: Int, _ heads: [Float]) -> [Float] {
    let rows = Tensor(shape: [n, heads.count], scalars: Array(repeating: heads, count: n).flatMap { $0 })
    let imputation = model.observation.imputation(rows, draws: 1, missing: .ones([n, 1]), keys: RowKeys(key, rows: 0..<n))
    return model.signature.toRaw(imputation.draws[0]).scalars
  }

  @Test("the probabilities of counts and categories sum to one")
  func sums() throws {
    let count = try model(.init(name: "n", type: .count), offset: 1.2, scale: 0.7)
    for heads in [[0, 0], [1.5, -2], [-3, 3]] as [[Float]] {
      #expect(abs(logProbabilities(count, (0..<20_000).map(Float.init), heads).reduce(0) { $0 + exp($1) } - 1) < 1e-4)
    }
    let cases: [(TableSpace.Column, [[Float]])] = [
      (.categorical("c", ["a", "b", "c"]), [[0, 0, 0], [30, -2, 1]]), (.init(name: "b", type: .binary), [[0], [-40], [2]]),
      (.init(name: "o", type: .ordinal, categories: ["1", "2", "3", "4"]), [[0, 0, 0], [-3, 4, -20], [30, 1, 1]]),
      (.init(name: "o", type: .ordinal, categories: ["1", "2"]), [[0], [-3]]),
    ]
    for (column, all) in cases {
      for heads in all {
        let p = logProbabilities(try model(column), (0..<(column.categories ?? []).count).map(Float.init), heads).map { exp($0) }
        #expect(abs(p.reduce(0, +) - 1) < 1e-5 && p.allSatisfy { $0 > 0.9e-4 }, "\(column.type) \(heads): \(p)")
      }
    }
  }

  @Test("ordinal probabilities are differences of the sigmoids of rising thresholds, a binary one is a sigmoid")
  func oracles() throws {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    func softplus(_ x: Double) -> Double { log1p(exp(x)) }
    let ordinal = try model(.init(name: "o", type: .ordinal, categories: ["1", "2", "3"]))
    let p = logProbabilities(ordinal, [0, 1, 2], [-0.5, 0.3]).map { exp($0) }
    let thresholds = [-0.5, -0.5 + softplus(0.3)]
    for (own, expected) in zip(p, [sigmoid(thresholds[0]), sigmoid(thresholds[1]) - sigmoid(thresholds[0]), 1 - sigmoid(thresholds[1])]) {
      #expect(abs(own - expected) < 1e-6)
    }
    let binary = logProbabilities(try model(.init(name: "b", type: .binary)), [0, 1], [0.7]).map { exp($0) }
    #expect(abs(binary[1] - sigmoid(0.7)) < 1e-6 && abs(binary[0] - sigmoid(-0.7)) < 1e-6)
  }

  @Test("densities in raw units integrate to one: of a real column over the line, of a positive one over its half")
  func integrals() throws {
    let step = 0.01
    let grid = (0..<40_000).map { Float((Double($0) + 0.5) * step) }
    let real = try model(.init(name: "x", type: .real), offset: 200, scale: 12)
    #expect(abs(logProbabilities(real, grid, [0.3, 0.2]).reduce(0) { $0 + exp($1) } * step - 1) < 1e-3)
    let positive = try model(.init(name: "x", type: .positive), offset: 1, scale: 0.6)
    let logDensity = logProbabilities(positive, grid, [0.4, 0.1])
    #expect(abs(logDensity.reduce(0) { $0 + exp($1) } * step - 1) < 1e-3)
    // ln p(x) = ln N(ln x; 1 + 0.6 · 0.4, (0.6 softplus(0.1))²) - ln x, at x = 3.005
    let (mean, deviation, x) = (1.24, 0.6 * log1p(exp(0.1)), 3.005)
    let expected = -0.5 * pow((log(x) - mean) / deviation, 2) - log(deviation) - 0.5 * log(2 * Double.pi) - log(x)
    #expect(abs(logDensity[300] - expected) < 1e-4)
  }

  @Test("draws follow the probabilities: no frequency is 4.5 standard errors off")
  func drawsOfCounts() throws {
    let n = 20_000
    let cases: [(VAEAC, [Float], Int)] = [
      (try model(.init(name: "n", type: .count), offset: 1.2, scale: 0.7), [0.4, 0.5], 400),
      (try model(.init(name: "o", type: .ordinal, categories: ["1", "2", "3", "4"])), [-1, 0.4, 1], 4),
      (try model(.init(name: "b", type: .binary)), [0.8], 2), (try model(.categorical("c", ["a", "b", "c"])), [0.2, 1, -1], 3),
    ]
    for (model, heads, size) in cases {
      var counts = [Int](repeating: 0, count: size)
      for value in draws(model, n, heads) { counts[Int(value)] += 1 }
      let p = logProbabilities(model, (0..<size).map(Float.init), heads).map { exp($0) }
      for (value, (count, p)) in zip(counts, p).enumerated() {
        #expect(abs(Double(count) - Double(n) * p) < 4.5 * (Double(n) * p * (1 - p)).squareRoot() + 1, "\(value) under \(heads)")
      }
    }
  }

  @Test("draws of a positive column are log-normal, and its summaries are those of the raw value")
  func logNormal() throws {
    let model = try model(.init(name: "x", type: .positive), offset: 1, scale: 0.6)
    let (n, heads) = (20_000, [Float(0.4), 0.1])
    let (mean, deviation) = (1.24, 0.6 * log1p(exp(0.1)))
    let sorted = draws(model, n, heads).sorted()
    let distance = sorted.enumerated().reduce(0.0) { worst, draw in
      let f = 0.5 * erfc(-(log(Double(draw.element)) - mean) / (deviation * 2.0.squareRoot()))
      return max(worst, abs(f - (Double(draw.offset) + 0.5) / Double(n)))
    }
    #expect(distance * Double(n).squareRoot() < 1.95, "Kolmogorov-Smirnov at 0.001")
    let imputation = model.observation.imputation(
      Tensor(rows: [heads]), draws: 1, missing: .ones([1, 1]), keys: RowKeys(key, rows: 0..<1))
    let values = imputation.marginals[0].values.scalars.map(Double.init)
    let centre = exp(mean + 0.5 * deviation * deviation)
    let sd = centre * (exp(deviation * deviation) - 1).squareRoot()
    let expected = [centre, sd, exp(mean - 1.644_853_6 * deviation), exp(mean + 1.644_853_6 * deviation)]
    for (own, expected) in zip(values, expected) { #expect(abs(own - expected) < 1e-4 * expected) }
    #expect(abs(Double(model.signature.toRaw(imputation.point).scalar) - centre) < 1e-4 * centre)
  }

  @Test("the point of ordered categories is their median, of others the likeliest")
  func points() throws {
    func point(_ model: VAEAC, _ heads: [Float]) -> Float {
      model.observation.imputation(Tensor(rows: [heads]), draws: 1, missing: .ones([1, 1]), keys: RowKeys(key, rows: 0..<1)).point.scalar
    }
    // 0.4, 0.2, 0.4: the middle one is the median and the least likely.
    let (low, step) = (Float(log(0.4 / 0.6)), log(exp(2 * log(0.6 / 0.4)) - 1))
    #expect(point(try model(.init(name: "o", type: .ordinal, categories: ["1", "2", "3"])), [low, Float(step)]) == 1)
    #expect(point(try model(.categorical("c", ["a", "b", "c"])), [0.4, -0.2, 0.5]) == 2)
  }

  @Test("mixtures of counts have the moments and quantiles of their parts together")
  func countMixture() {
    let one = VAEAC.CellObservation.CountMixture(parts: [.init(mean: 3, dispersion: 2)])
    #expect(one.mean == 3 && abs(one.deviation - 7.5.squareRoot()) < 1e-12)
    let two = VAEAC.CellObservation.CountMixture(parts: [.init(mean: 1, dispersion: 1e4), .init(mean: 100, dispersion: 1e4)])
    #expect(two.mean == 50.5 && two.quantile(0.25) <= 2 && two.quantile(0.75) > 90 && two.quantile(0.05) == 0)
  }

  @Test("sums over cells are those of the cells one by one, and missing ones count nothing")
  func cells() throws {
    let columns: [TableSpace.Column] = [
      .init(name: "r", type: .real), .init(name: "p", type: .positive), .init(name: "n", type: .count), .init(name: "b", type: .binary),
      .init(name: "o", type: .ordinal, categories: ["1", "2", "3"]), .categorical("c", ["a", "b"]),
    ]
    let model = try VAEAC(
      .init(latent: 1, hidden: 4, blocks: 0),
      signature: .table(columns, scaling: .init(offset: [1, 2, 1, 0, 0, 0], scale: [3, 0.5, 0.4, 1, 1, 1])), key: key)
    let raw = Tensor(rows: [[1, 2, 3, 1, 2, 0], [.nan, 5, .nan, 0, .nan, 1]])
    let x = model.signature.toModel(raw)
    let heads = key.normal([2, model.coding.outputs])
    let weights = Tensor.ones([2, 6]) - model.coding.missing(x)
    let cells = model.observation.cellLogProbabilities(of: x, heads)
    let sums = model.observation.logProbability(of: x, weights: weights, heads)
    for row in 0..<2 { #expect(abs(sums.scalars[row] - cells.scalars[6 * row..<6 * row + 6].reduce(0, +)) < 1e-4) }
    #expect(cells.scalars[6] == 0 && cells.scalars[8] == 0 && cells.scalars[10] == 0)
    // Raw units: ln 3 off the real cell, ln 0.5 + ln raw off the positive one, nothing off what is counted.
    let difference = (cells - model.cellLogProbabilities(of: x, heads)).scalars.map(Double.init)
    let volumes: [Double] = [log(3.0), log(0.5) + log(2.0), 0, 0, 0, 0, 0, log(0.5) + log(5.0), 0, 0, 0, 0]
    for (own, expected) in zip(difference, volumes) {
      #expect(abs(own - expected) < 1e-5)
    }
  }
}
