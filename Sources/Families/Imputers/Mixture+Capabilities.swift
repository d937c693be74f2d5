internal import Foundation
package import Modelling
package import Tensors

extension Mixture: CellBelieving {
  package func impute(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> Imputation {
    beliefs(x, draws: max(draws, 1), keys: keys, wanted: wanted).imputation(of: x, plan.coordinates, wanted: wanted)
  }

  func beliefs(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> CellBeliefs {
    let (n, width, parts) = (x.shape[0], signature.width, density.components.count)
    let (draws, believes) = (wanted.contains(.draws) ? draws : 0, wanted != .draws)
    let states = x.scalars.map { $0.isNaN ? CellState.wanted : .given }
    let filler = CellFiller(self, keys: keys, draws: draws, columns: width)
    var drawn = [Float](repeating: 0, count: draws * n * width)
    // Of a number: weights, means, deviations, [n, parts] each; of categories their probabilities.
    let sizes = plan.coordinates.columns.map { column in
      guard believes else { return 0 }
      return switch column {
      case .number: 3 * parts * n
      case .categories(let range, _): range.count * n
      }
    }
    let starts = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    var beliefs = [Double](repeating: 0, count: starts[width])
    drawn.withUnsafeMutableBufferPointer { drawn in
      beliefs.withUnsafeMutableBufferPointer { beliefs in
        guard let beliefs = beliefs.baseAddress else { return }
        forEachRow(x, states, spread: believes ? .variances : .none) { row, pattern, given in
          if believes { note(row, pattern, given, rows: n) { beliefs + starts[$0] } }
          for draw in 0..<draws { filler.fill(row, draw, pattern, given, into: drawn.baseAddress.map { $0 + (draw * n + row) * width }) }
        }
      }
    }
    let columns = (believes ? plan.coordinates.columns : []).enumerated().map { index, column -> CellBeliefs.Column in
      let own = beliefs[starts[index]..<starts[index + 1]]
      switch column {
      case .number(_, let number, let unit):
        func part(_ number: Int) -> [Double] { Array(own[(own.startIndex + number * n * parts)..<(own.startIndex + (number + 1) * n * parts)]) }
        return .normals(
          parts: parts, weights: part(0), means: part(1), deviations: part(2),
          NumberReading(unit: unit, map: density.maps.isEmpty ? nil : density.maps[number]))
      case .categories(_, let isOrdered): return .categories(Array(own), isOrdered: isOrdered)
      }
    }
    let count = n * width
    return CellBeliefs(
      columns: columns, draws: (0..<draws).map { Tensor(shape: x.shape, scalars: Array(drawn[($0 * count)..<(($0 + 1) * count)])) })
  }

  /// Marginals of one row's wanted cells.
  private func note(
    _ row: Int, _ pattern: MixturePattern, _ given: MixtureDensity.Given, rows n: Int, at column: (Int) -> UnsafeMutablePointer<Double>
  ) {
    let parts = density.components.count
    func note(_ step: Int, _ part: Int, _ mean: Double, _ deviation: Double) {
      let (beliefs, place) = (column(step), row * parts + part)
      (beliefs[place], beliefs[n * parts + place], beliefs[2 * n * parts + place]) = (given.responsibilities[part], mean, deviation)
    }
    for step in pattern.steps {
      for part in 0..<parts {
        switch density.marginal(part, pattern, given, step) {
        case .number(let mean, let deviation): note(step.column, part, mean, deviation)
        case .categories(let p):
          let beliefs = column(step.column) + row * p.count
          for (category, value) in p.enumerated() { beliefs[category] += given.responsibilities[part] * value }
        }
      }
    }
    for constant in pattern.constants {
      switch plan.coordinates.columns[constant] {
      case .number(let place, _, _):
        for part in 0..<parts { note(constant, part, density.components[part].mean[place], CellFiller.constantDeviation) }
      case .categories(let range, _): column(constant)[row * range.count + density.constantCategory(range)] = 1
      }
    }
  }

  /// Every row with its pattern and what its known cells say, rows of one pattern one after the other.
  func forEachRow(
    _ x: Tensor, _ states: [CellState], spread: MixturePattern.Spread, _ body: (Int, MixturePattern, MixtureDensity.Given) -> Void
  ) {
    let (d, values, states) = (density.width, density.coordinates(of: x), RowStates(states, width: signature.width))
    Parallelism.performParts(x.shape[0], cost: density.components.count * d * d) { start, length in
      var shared: MixturePattern?
      values.withUnsafeBufferPointer { values in
        guard let values = values.baseAddress else { return }
        for (row, isNew) in states.inTurn[start..<start + length] {
          if isNew || shared == nil { shared = density.pattern(states[row], spread: spread) }
          if let shared { body(row, shared, density.given(shared, values + row * d)) }
        }
      }
    }
  }
}

extension MixtureDensity {
  /// The category of a column that always has the same.
  func constantCategory(_ range: Range<Int>) -> Int {
    range.reduce(range.lowerBound) { components[0].mean[$1] > components[0].mean[$0] ? $1 : $0 } - range.lowerBound
  }
}

/// Draws the wanted cells of rows.
struct CellFiller {
  /// Of a column that always has the same value, so that its quantiles are that value.
  static let constantDeviation = 1e-12

  private let density: MixtureDensity
  private let columns: Int
  private let components: [[Float]]
  private let uniforms: [[Float]]
  private let normals: [[Float]]

  init(_ mixture: Mixture, keys: RowKeys, draws: Int, columns: Int) {
    density = mixture.density
    self.columns = columns
    components = (0..<draws).map { keys.split("component").split($0).uniform(1).scalars }
    uniforms = (0..<draws).map { keys.split("category").split($0).uniform(columns).scalars }
    normals = (0..<draws).map { keys.split("normal").split($0).normal(columns).scalars }
  }

  /// - Parameters:
  ///   - component: nil draws one.
  ///   - temperature: of the deviations of numbers; 0 takes their means, and the likeliest categories.
  func fill(
    _ row: Int, _ draw: Int, _ pattern: MixturePattern, _ given: MixtureDensity.Given, component: Int? = nil, temperature: Double = 1,
    into cells: UnsafeMutablePointer<Float>?
  ) {
    guard let cells else { return }
    let chosen = component ?? CellBeliefs.category(given.responsibilities, at: Double(components[draw][row]))
    density.walk(chosen, pattern, given) { step, link in
      let place = row * columns + step.column
      switch link {
      case .categories(let p):
        let category = temperature == 0 ? CellBeliefs.likeliest(p.map { Float($0) }) : CellBeliefs.category(p, at: Double(uniforms[draw][place]))
        cells[step.column] = Float(category)
        return Double(category)
      case .number(let mean, let deviation):
        let value = mean + temperature * deviation * Double(normals[draw][place])
        cells[step.column] = reading(step.column).model(value)
        return value
      }
    }
    for column in pattern.constants {
      switch density.coordinates.columns[column] {
      case .number(let place, _, _): cells[column] = reading(column).model(density.components[chosen].mean[place])
      case .categories(let range, _): cells[column] = Float(density.constantCategory(range))
      }
    }
  }

  private func reading(_ column: Int) -> NumberReading {
    guard case .number(_, let number, let unit) = density.coordinates.columns[column] else { preconditionFailure("a number is read as one") }
    return NumberReading(unit: unit, map: density.maps.isEmpty ? nil : density.maps[number])
  }
}

// MARK: - Samples, scores and clusters

extension Mixture: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    var component: Int?
    switch options.given {
    case .nothing: break
    case .component(let index, _): component = index
    case .label, .layers, .classed, .text: throw Fault(field: "given", given: "something else", expected: "nothing, or a cluster")
    }
    let (n, width) = (keys.count, signature.width)
    let pattern = density.pattern([CellState](repeating: .wanted, count: width)[...], spread: .none)
    let constants = density.isConstant.indices.map { density.isConstant[$0] ? density.components[0].mean[$0] : 0 }
    let given = density.given(pattern, constants)
    let filler = CellFiller(self, keys: keys, draws: 1, columns: width)
    return Tensor(shape: [n, width]) { y in
      Parallelism.performParts(n, cost: density.width * density.width) { start, length in
        for row in start..<start + length {
          filler.fill(
            row, 0, pattern, given, component: component, temperature: options.mean ? 0 : Double(options.temperature), into: y + row * width)
        }
      }
    }
  }
}

extension Mixture: ConditionalScoring {
  package var scoreTerms: [Scores.Term] { [.exact] }

  package var observationModel: String {
    let types = Set((0..<signature.width).map(signature.space.type))
    let numbers =
      switch configuration.kind {
      case .gaussian, .factors: "mixture of normals with covariances"
      case .normalScores: "mixture of normals with covariances over normal scores"
      case .categorical: "mixture of independent normals"
      }
    let logarithms = types.contains(.positive) ? "; of the logarithm where positive" : ""
    let counts = types.contains(.count) ? "; of ln(1 + x), as a density, of counts" : ""
    let categories = types.contains(where: \.isDiscrete) ? "; probabilities of categories, in the order of the columns before the numbers" : ""
    return "\(numbers), densities in raw units\(logarithms)\(counts)\(categories)"
  }

  /// ln p(targets | given) with everything that is neither integrated out; estimator and draws have no part in it.
  package func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Scores {
    let (n, width) = (x.shape[0], signature.width)
    let states = zip(x.scalars, targets.scalars).map { $0.isNaN ? CellState.absent : $1 != 0 ? .wanted : .given }
    let (values, volumes) = (density.coordinates(of: x), signature.space.logVolumes(x).scalars)
    return Scores(
      exact: Tensor(shape: [n]) { y in
        x.withScalars { x in
          forEachRow(Tensor(shape: [n, width], scalars: Array(UnsafeBufferPointer(start: x, count: n * width))), states, spread: .none) {
            row, pattern, given in
            let logs = density.components.indices.map { part in
              var sum = log(given.responsibilities[part])
              density.walk(part, pattern, given) { step, link in
                let cell = x[row * width + step.column]
                switch link {
                case .categories(let p):
                  sum += log(p[Int(cell)])
                  return Double(cell)
                case .number(let mean, let deviation):
                  let value = values[row * density.width + Int(pattern.order[step.places.lowerBound])]
                  let z = (value - mean) / deviation
                  sum -= 0.5 * (z * z + log(2 * Double.pi)) + log(deviation)
                  return value
                }
              }
              return sum
            }
            let largest = logs.max() ?? 0
            var total = largest + log(logs.reduce(0) { $0 + exp($1 - largest) })
            for step in pattern.steps where step.isNumber { total += logSlope(step.column, x[row * width + step.column]) }
            for step in pattern.steps { total -= Double(volumes[row * width + step.column]) }
            y[row] = Float(total)
          }
        }
      })
  }

  /// ln |d normal / d model| of a cell.
  private func logSlope(_ column: Int, _ cell: Float) -> Double {
    guard case .number(_, let number, let unit) = plan.coordinates.columns[column] else { return 0 }
    let slope = unit.logSlope(at: cell)
    return density.maps.isEmpty ? slope : slope + log(density.maps[number].slope(at: unit.coordinate(of: cell)))
  }
}

extension Mixture: Clustering {
  package var componentCounts: [Int] { [density.components.count] }

  /// p(k | x_o), exact whatever cells are missing.
  package func responsibilities(_ x: Tensor, draws: Int, keys: RowKeys) -> [Tensor] {
    let (n, k) = (x.shape[0], density.components.count)
    let states = x.scalars.map { $0.isNaN ? CellState.absent : .given }
    return [
      Tensor(shape: [n, k]) { y in
        forEachRow(x, states, spread: .none) { row, _, given in
          for part in 0..<k { y[row * k + part] = Float(given.responsibilities[part]) }
        }
      }
    ]
  }
}
