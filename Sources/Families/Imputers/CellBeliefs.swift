internal import CKernels
internal import Distributions
internal import Foundation
internal import Modelling
internal import Tensors

/// How a number is read from the normal variable that it is believed to be a function of.
struct NumberReading: Sendable {
  let unit: MixtureCoordinates.Unit
  let map: QuantileMap?

  func coordinate(_ normal: Double) -> Double { map?.value(normal) ?? normal }
  func normal(_ coordinate: Double) -> Double { map?.score(coordinate) ?? coordinate }
  func model(_ normal: Double) -> Float { unit.model(coordinate(normal)) }
  func told(_ normal: Double) -> Double { unit.told(coordinate(normal)) }
}

/// What is believed of every missing cell of some rows, and draws of them; no columns, or no draws, where these are not wanted.
struct CellBeliefs {
  /// Of one column, a row an item; only missing cells mean anything.
  enum Column {
    /// Weighted normals, [n, parts] each.
    case normals(parts: Int, weights: [Double], means: [Double], deviations: [Double], NumberReading)
    /// Negative binomials, equally likely: [n, parts].
    case counts(parts: Int, [NegativeBinomial.Count])
    /// Numbers of one unit, several beliefs moved to one mean.
    indirect case combined(PooledBeliefs)
    /// Probabilities: [n, categories].
    case categories([Double], isOrdered: Bool)
  }

  let columns: [Column]
  /// [n, columns] in model units.
  let draws: [Tensor]
}

/// Completes tables by distributions that others can be combined with.
protocol CellBelieving: Imputing {
  func beliefs(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> CellBeliefs
}

extension CellBeliefs.Column {
  /// Nodes and weights of 15-point Gauss-Hermite quadrature under N(0, 1), the half from 0 on.
  private static let nodes: [(z: Double, weight: Double)] = {
    let half = [
      (0.0, 0.318_259_518_259_518_15), (0.799_129_068_324_548, 0.232_462_293_609_732_25), (1.606_710_069_028_729_7, 0.089_417_795_399_844_37),
      (2.432_436_827_009_758, 0.017_365_774_492_137_616), (3.289_082_424_398_766_4, 0.001_567_357_503_549_956),
      (4.196_207_711_269_015_5, 5.642_146_405_189_029e-05), (5.190_093_591_304_781, 5.975_419_597_920_599e-07),
      (6.363_947_888_829_839, 8.589_649_899_633_252e-10),
    ]
    return half.dropFirst().reversed().map { (-$0.0, $0.1) } + half.map { ($0.0, $0.1) }
  }()

  /// Mean and deviation of a number as it is told.
  func moments(_ row: Int) -> (mean: Double, deviation: Double) {
    switch self {
    case .normals(let parts, let weights, let means, let deviations, let reading):
      var (mean, square) = (0.0, 0.0)
      let start = row * parts
      if reading.map == nil, reading.unit.isReal {
        for part in start..<start + parts { mean += weights[part] * means[part] }
        for part in start..<start + parts {
          square += weights[part] * (deviations[part] * deviations[part] + (means[part] - mean) * (means[part] - mean))
        }
        return (mean, square.squareRoot())
      }
      var values: [(weight: Double, value: Double)] = []
      for part in start..<start + parts where weights[part] > 1e-9 {
        for node in Self.nodes { values.append((weights[part] * node.weight, reading.told(means[part] + deviations[part] * node.z))) }
      }
      let total = values.reduce(0) { $0 + $1.weight }
      mean = values.reduce(0) { $0 + $1.weight * $1.value } / total
      square = values.reduce(0) { $0 + $1.weight * ($1.value - mean) * ($1.value - mean) } / total
      return (mean, square.squareRoot())
    case .counts(let parts, let counts):
      let mixture = VAEAC.CellObservation.CountMixture(parts: Array(counts[row * parts..<(row + 1) * parts]))
      return (mixture.mean, mixture.deviation)
    case .combined(let pool): return pool.moments(row)
    case .categories: preconditionFailure("categories have no moments")
    }
  }

  /// The value, as it is told, below which a share p of the belief lies.
  func quantile(_ row: Int, _ p: Double) -> Double {
    switch self {
    case .normals(_, _, _, _, let reading):
      let value = reading.unit.told(coordinate(row, p, reading.unit))
      return reading.unit.isWhole ? value.rounded() : value
    case .counts(let parts, let counts):
      return VAEAC.CellObservation.CountMixture(parts: Array(counts[row * parts..<(row + 1) * parts])).quantile(p)
    case .combined(let pool):
      let value = pool.unit.told(pool.coordinate(row, p))
      return pool.unit.isWhole ? value.rounded() : value
    case .categories: preconditionFailure("categories have no quantiles")
    }
  }

  /// The quantiles of all rows of a column, where x lacks it: [n].
  func quantiles(_ x: Tensor, _ index: Int, _ p: Double) -> [Double] {
    let (n, width) = (x.shape[0], x.shape[1])
    var values = [Double](repeating: 0, count: n)
    let missing = (0..<n).filter { x.scalars[$0 * width + index].isNaN }
    if case .normals(let parts, let weights, let means, let deviations, let reading) = self {
      let mixtures = NormalMixtures(parts: parts, count: missing.count, areWeighted: true) { part, ownMeans, ownDeviations, ownWeights in
        for (place, row) in missing.enumerated() {
          let entry = row * parts + part
          (ownMeans[place], ownDeviations[place]) = (means[entry], deviations[entry])
          ownWeights?[place] = weights[entry]
        }
      }
      for (row, normal) in zip(missing, mixtures.quantiles(p)) {
        let value = reading.told(normal)
        values[row] = reading.unit.isWhole ? value.rounded() : value
      }
      return values
    }
    values.withUnsafeMutableBufferPointer { values in
      guard let values = values.baseAddress else { return }
      Parallelism.performParts(missing.count, cost: 2000) { start, length in
        for row in missing[start..<start + length] { values[row] = quantile(row, p) }
      }
    }
    return values
  }

  /// The quantile as a coordinate.
  func coordinate(_ row: Int, _ p: Double, _ unit: MixtureCoordinates.Unit) -> Double {
    switch self {
    case .normals(let parts, let weights, let means, let deviations, let reading):
      return reading.coordinate(
        Self.lending(weights, means, deviations, from: row * parts) { kernel_mixture_quantile(p, $0, $1, $2, parts) })
    case .combined(let pool): return pool.coordinate(row, p)
    case .counts: return unit.coordinate(told: quantile(row, p))
    case .categories: preconditionFailure("categories have no coordinate")
    }
  }

  /// P(value <= coordinate).
  func below(_ row: Int, _ coordinate: Double, _ unit: MixtureCoordinates.Unit) -> Double {
    switch self {
    case .normals(let parts, let weights, let means, let deviations, let reading):
      return Self.lending(weights, means, deviations, from: row * parts) { kernel_mixture_below(reading.normal(coordinate), $0, $1, $2, parts) }
    case .counts(let parts, let counts):
      let value = unit.told(coordinate).rounded(.down)
      return counts[(row * parts)..<((row + 1) * parts)].reduce(0) { $0 + $1.cumulative(value) } / Double(parts)
    case .combined(let pool): return pool.below(row, coordinate)
    case .categories: preconditionFailure("categories have no order")
    }
  }

  /// What is believed of one row.
  func alone(_ row: Int) -> Self {
    switch self {
    case .normals(let parts, let weights, let means, let deviations, let reading):
      let own = row * parts..<(row + 1) * parts
      return .normals(parts: parts, weights: Array(weights[own]), means: Array(means[own]), deviations: Array(deviations[own]), reading)
    case .counts(let parts, let counts): return .counts(parts: parts, Array(counts[row * parts..<(row + 1) * parts]))
    case .combined, .categories: preconditionFailure("only of a model's own belief of a number")
    }
  }

  private static func lending(
    _ weights: [Double], _ means: [Double], _ deviations: [Double], from start: Int,
    _ body: (UnsafePointer<Double>?, UnsafePointer<Double>?, UnsafePointer<Double>?) -> Double
  ) -> Double {
    weights.withUnsafeBufferPointer { weights in
      means.withUnsafeBufferPointer { means in
        deviations.withUnsafeBufferPointer { deviations in
          body(weights.baseAddress.map { $0 + start }, means.baseAddress.map { $0 + start }, deviations.baseAddress.map { $0 + start })
        }
      }
    }
  }
}

extension CellBeliefs {
  /// Points of least error and marginals of the cells that x lacks, as far as they are wanted, beside the draws.
  func imputation(of x: Tensor, _ space: MixtureCoordinates, wanted: Imputation.Parts) -> Imputation {
    guard wanted != .draws else { return Imputation(draws: draws, point: .unfilled(x.shape), marginals: []) }
    let (n, width, believes) = (x.shape[0], columns.count, wanted.contains(.marginals))
    var point = [Float](repeating: 0, count: n * width)
    var marginals: [Imputation.Marginal] = []
    for (index, column) in columns.enumerated() {
      if case .categories(let probabilities, let isOrdered) = column {
        let count = probabilities.count / max(n, 1)
        for row in 0..<n where x.scalars[row * width + index].isNaN {
          let p = probabilities[row * count..<(row + 1) * count].map { Float($0) }
          point[row * width + index] = Float(isOrdered ? Self.category(p, at: 0.5) : Self.likeliest(p))
        }
        let size = n == 0 ? 0 : count
        marginals.append(.categorical(Tensor(shape: [n, size], scalars: probabilities.map { Float($0) })))
        continue
      }
      guard case .number(_, _, let unit) = space.columns[index] else { preconditionFailure("a number has a unit") }
      let quantiles = believes ? [0.05, 0.95].map { column.quantiles(x, index, $0) } : []
      var values = [Float](repeating: 0, count: 4 * n)
      point.withUnsafeMutableBufferPointer { point in
        values.withUnsafeMutableBufferPointer { values in
          guard let point = point.baseAddress, let values = values.baseAddress else { return }
          x.withScalars { x in
            Parallelism.performParts(n, cost: 2000) { start, length in
              for row in start..<start + length where x[row * width + index].isNaN {
                let (mean, deviation) = column.moments(row)
                point[row * width + index] = unit.model(told: mean)
                guard believes else { continue }
                func note(_ place: Int, _ number: Double) { values[4 * row + place] = Float(min(number, Double(Float.greatestFiniteMagnitude))) }
                note(0, mean)
                note(1, deviation)
                for (place, quantiles) in quantiles.enumerated() { note(2 + place, quantiles[row]) }
              }
            }
          }
        }
      }
      let tensor = Tensor(shape: [n, 4], scalars: values)
      marginals.append(unit.isReal ? .real(tensor) : .raw(tensor))
    }
    return Imputation(draws: draws, point: Tensor(shape: x.shape, scalars: point), marginals: believes ? marginals : [])
  }

  static func likeliest(_ p: [Float]) -> Int { p.indices.reduce(0) { p[$1] > p[$0] ? $1 : $0 } }

  /// The first category at which the sum of probabilities passes u.
  static func category<Number: BinaryFloatingPoint>(_ p: [Number], at u: Number) -> Int {
    var sum: Number = 0
    for (index, value) in p.enumerated() {
      sum += value
      if u < sum { return index }
    }
    return p.count - 1
  }
}
