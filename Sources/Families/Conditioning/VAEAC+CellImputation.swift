internal import Distributions
internal import Foundation
package import Modelling
package import Tensors

// What the missing cells are: draws, points of least error and marginals from the heads of every latent draw.
extension VAEAC.CellObservation {
  /// - Parameters:
  ///   - heads: of one latent draw after the other: [draws n, outputs].
  ///   - missing: 1 where a cell is asked for: [n, columns].
  package func imputation(_ heads: Tensor, draws: Int, missing: Tensor, keys: RowKeys, wanted: Imputation.Parts = .all) -> Imputation {
    var cells = Cells(missing, draws: draws, wanted)
    let isDrawn = wanted.contains(.draws)
    func joined(_ purpose: StaticString) -> RowKeys { .joined((0..<draws).map { keys.split(purpose).split($0) }) }
    // One number a cell and draw: [draws n, columns].
    let noise = isDrawn && normalCount > 0 ? joined("normal").normal(coding.columns) : nil
    let uniforms = isDrawn && normalCount < coding.columns ? joined("category").uniform(coding.columns).scalars : []
    let normals = normalCount > 0 ? fillNormals(&cells, heads, noise) : []
    let counts = countCount > 0 ? negativeBinomials(heads) : nil
    var marginals: [Imputation.Marginal] = []
    for (column, kind) in coding.layout.enumerated() {
      switch kind {
      case .normal(let number): if !normals.isEmpty { marginals.append(normals[number]) }
      case .count(let number):
        guard let counts else { continue }
        marginals.append(.raw(cells.fillCount(column, number, of: countCount, counts.mean.scalars, counts.dispersion.scalars, uniforms)))
      case .choice(let choice, let categories, let logits):
        let probabilities = logProbabilities(heads, choice, categories, at: logits).exp()
        marginals.append(.categorical(cells.fillChoice(column, categories, probabilities, uniforms, isOrdered: choice == .ordinal)))
      }
    }
    return cells.imputation(marginals)
  }

  /// The real and positive columns together, a marginal each where they are wanted.
  private func fillNormals(_ cells: inout Cells, _ heads: Tensor, _ noise: Tensor?) -> [Imputation.Marginal] {
    let (mean, deviation) = normals(heads)
    let (rows, draws, width, size) = (cells.rows, cells.draws, normalCount, cells.rows * normalCount)
    let places = cells.missing(in: coding.normals)
    if let noise {
      mean.withScalars { mean in
        deviation.withScalars { deviation in
          noise.withScalars { noise in
            cells.drawn.withUnsafeMutableBufferPointer { drawn in
              for draw in 0..<draws {
                let (first, parameters) = (draw * rows * coding.columns, draw * size)
                for (cell, row, number) in places {
                  let entry = parameters + row * width + number
                  drawn[first + cell] = mean[entry] + deviation[entry] * noise[first + cell]
                }
              }
            }
          }
        }
      }
    }
    guard cells.wanted != .draws else { return [] }
    let mixtures = NormalMixtures(parts: draws, count: places.count) { draw, means, deviations, _ in
      mean.withScalars { mean in
        deviation.withScalars { deviation in
          for (index, place) in places.enumerated() {
            let entry = draw * size + place.row * width + place.number
            (means[index], deviations[index]) = (Double(mean[entry]), Double(deviation[entry]))
          }
        }
      }
    }
    let believes = cells.wanted.contains(.marginals)
    let quantiles = believes ? [0.05, 0.95].map(mixtures.quantiles) : []
    let (means, deviations) = mixtures.moments()
    var marginals = [[Float]](repeating: believes ? [Float](repeating: 0, count: 4 * rows) : [], count: width)
    for (index, (cell, row, number)) in places.enumerated() {
      guard let scaling = coding.logScaling[number] else {
        cells.point[cell] = Float(means[index])
        if believes { marginals[number].note(row, means[index], deviations[index], quantiles[0][index], quantiles[1][index]) }
        continue
      }
      let (offset, scale) = (Double(scaling.offset), Double(scaling.scale))
      // Of exp(offset + scale x): E x^k = E exp(k m + ½ k² s²) with m and s the moments of the logarithm.
      func moment(_ k: Double) -> Double {
        var sum = 0.0
        mixtures.forEachPart(of: index) { mean, deviation in
          sum += exp(min(k * (offset + scale * mean) + 0.5 * (k * scale * deviation) * (k * scale * deviation), 88 * k))
        }
        return sum / Double(draws)
      }
      let raw = moment(1)
      cells.point[cell] = Float((log(raw) - offset) / scale)
      guard believes else { continue }
      let bounds = quantiles.map { exp(min(offset + scale * $0[index], 88)) }
      marginals[number].note(row, raw, max(moment(2) - raw * raw, 0).squareRoot(), bounds[0], bounds[1])
    }
    guard believes else { return [] }
    return marginals.enumerated().map { number, values in
      let values = Tensor(shape: [rows, 4], scalars: values)
      return coding.logScaling[number] == nil ? .real(values) : .raw(values)
    }
  }

  /// The cells of a batch while they are filled in.
  private struct Cells {
    let columns: Int
    let draws: Int
    let rows: Int
    let wanted: Imputation.Parts
    private let missing: [Float]
    /// [draws, rows, columns]
    var drawn: [Float]
    var point: [Float]

    init(_ missing: Tensor, draws: Int, _ wanted: Imputation.Parts) {
      (rows, columns, self.draws, self.wanted) = (missing.shape[0], missing.shape[1], draws, wanted)
      self.missing = missing.scalars
      drawn = [Float](repeating: 0, count: wanted.contains(.draws) ? draws * missing.count : 0)
      point = [Float](repeating: 0, count: wanted == .draws ? 0 : missing.count)
    }

    private var believes: Bool { wanted.contains(.marginals) }

    /// The missing cells of some columns, row by row, with the place of their column among these.
    func missing(in selection: [Int]) -> [(cell: Int, row: Int, number: Int)] {
      var places: [(cell: Int, row: Int, number: Int)] = []
      for row in 0..<rows {
        for (number, column) in selection.enumerated() where missing[row * columns + column] != 0 {
          places.append((row * columns + column, row, number))
        }
      }
      return places
    }

    /// A column of counts, the parameters of which stand at `number` of `width` in a row of a draw; the point is the mean, which is no whole number.
    mutating func fillCount(_ column: Int, _ number: Int, of width: Int, _ means: [Float], _ dispersions: [Float], _ uniforms: [Float]) -> Tensor {
      var values = [Float](repeating: 0, count: believes ? 4 * rows : 0)
      for (cell, row, _) in missing(in: [column]) {
        let parts = (0..<draws).map { draw in
          let entry = (draw * rows + row) * width + number
          return NegativeBinomial.Count(mean: Double(means[entry]), dispersion: Double(dispersions[entry]))
        }
        if wanted.contains(.draws) {
          for (draw, part) in parts.enumerated() {
            let place = draw * rows * columns + cell
            drawn[place] = min(Float(part.quantile(Double(uniforms[place]))), TableSpace.Column.largestCount)
          }
        }
        guard wanted != .draws else { continue }
        let mixture = VAEAC.CellObservation.CountMixture(parts: parts)
        point[cell] = Float(mixture.mean)
        if believes { values.note(row, mixture.mean, mixture.deviation, mixture.quantile(0.05), mixture.quantile(0.95)) }
      }
      return Tensor(shape: [believes ? rows : 0, 4], scalars: values)
    }

    /// A column of categories; the point is the likeliest one, of ordered ones the median.
    mutating func fillChoice(_ column: Int, _ categories: Int, _ probabilities: Tensor, _ uniforms: [Float], isOrdered: Bool) -> Tensor {
      let (size, isDrawn) = (rows * categories, wanted.contains(.draws))
      var values = [Float](repeating: 0, count: size)
      let places = missing(in: [column])
      values.withUnsafeMutableBufferPointer { values in
        probabilities.withScalars { probabilities in
          for (cell, row, _) in places {
            let mean = UnsafeMutableBufferPointer(rebasing: values[row * categories..<(row + 1) * categories])
            for draw in 0..<draws {
              let p = UnsafeBufferPointer(start: probabilities + draw * size + row * categories, count: categories)
              let place = draw * rows * columns + cell
              if isDrawn { drawn[place] = Float(Self.category(p, uniforms[place])) }
              for (index, value) in p.enumerated() { mean[index] += value / Float(draws) }
            }
            guard wanted != .draws else { continue }
            let likeliest = isOrdered ? Self.category(UnsafeBufferPointer(mean), 0.5) : mean.indices.reduce(0) { mean[$1] > mean[$0] ? $1 : $0 }
            point[cell] = Float(likeliest)
          }
        }
      }
      return Tensor(shape: [rows, categories], scalars: values)
    }

    /// The first category at which the sum of probabilities passes u.
    private static func category(_ p: UnsafeBufferPointer<Float>, _ u: Float) -> Int {
      var sum: Float = 0
      for (index, value) in p.enumerated() {
        sum += value
        if u < sum { return index }
      }
      return p.count - 1
    }

    func imputation(_ marginals: [Imputation.Marginal]) -> Imputation {
      let (shape, size): (Shape, Int) = ([rows, columns], rows * columns)
      return Imputation(
        draws: wanted.contains(.draws) ? (0..<draws).map { Tensor(shape: shape, scalars: Array(drawn[$0 * size..<($0 + 1) * size])) } : [],
        point: wanted == .draws ? .unfilled(shape) : Tensor(shape: shape, scalars: point), marginals: believes ? marginals : [])
    }
  }
}

extension [Float] {
  /// Writes mean, deviation and two quantiles of one row.
  fileprivate mutating func note(_ row: Int, _ mean: Double, _ deviation: Double, _ low: Double, _ high: Double) {
    let largest = Double(Float.greatestFiniteMagnitude)
    (self[4 * row], self[4 * row + 1]) = (Float(Swift.min(mean, largest)), Float(Swift.min(deviation, largest)))
    (self[4 * row + 2], self[4 * row + 3]) = (Float(Swift.min(low, largest)), Float(Swift.min(high, largest)))
  }
}
