internal import Distributions
internal import Foundation
package import Modelling
package import Tensors

// What the missing cells are: draws, points of least error and marginals from the heads of every latent draw.
extension VAEAC.CellObservation {
  /// `missing` is 1 where a cell is asked for: [n, columns].
  package func imputation(_ heads: [Tensor], missing: Tensor, keys: RowKeys) -> Imputation {
    let (n, columns, count) = (missing.shape[0], coding.columns, heads.count)
    var cells = Cells(
      missing: missing.scalars, columns: columns,
      normals: (0..<count).map { keys.split("normal").split($0).normal(columns).scalars },
      uniforms: (0..<count).map { keys.split("category").split($0).uniform(columns).scalars })
    let normals = heads.map { head in
      let (mean, deviation) = self.normals(head)
      return (mean: mean.scalars, deviation: deviation.scalars)
    }
    let counts = countCount == 0 ? [] : heads.map { negativeBinomials($0) }.map { (mean: $0.mean.scalars, dispersion: $0.dispersion.scalars) }
    var marginals: [Imputation.Marginal] = []
    for (column, kind) in coding.layout.enumerated() {
      switch kind {
      case .normal(let number):
        let values = cells.fillNormal(column, entry: { $0 * normalCount + number }, normals, scaling: coding.logScaling[number])
        marginals.append(coding.logScaling[number] == nil ? .real(values) : .raw(values))
      case .count(let number): marginals.append(.raw(cells.fillCount(column, entry: { $0 * countCount + number }, counts)))
      case .choice(let choice, let categories, let logits):
        let probabilities = heads.map { logProbabilities($0, choice, categories, at: logits).exp().scalars }
        marginals.append(.categorical(cells.fillChoice(column, categories, probabilities, isOrdered: choice == .ordinal)))
      }
    }
    return Imputation(
      draws: cells.draws.map { Tensor(shape: [n, columns], scalars: $0) }, point: Tensor(shape: [n, columns], scalars: cells.point),
      marginals: marginals)
  }

  /// The cells of a batch while they are filled in, column by column.
  private struct Cells {
    let missing: [Float]
    let columns: Int
    /// One N(0, 1) and one uniform number a cell and draw.
    let normals: [[Float]]
    let uniforms: [[Float]]
    var draws: [[Float]]
    var point: [Float]

    init(missing: [Float], columns: Int, normals: [[Float]], uniforms: [[Float]]) {
      (self.missing, self.columns, self.normals, self.uniforms) = (missing, columns, normals, uniforms)
      draws = [[Float]](repeating: [Float](repeating: 0, count: missing.count), count: normals.count)
      point = [Float](repeating: 0, count: missing.count)
    }

    private var rows: Int { missing.count / columns }

    /// Mean, deviation and quantiles of one column: [n, 4], from the function of a row and its cell.
    private static func summaries(_ missing: [Float], _ columns: Int, _ column: Int, _ summary: (Int, Int) -> [Double]) -> Tensor {
      let rows = missing.count / columns
      var values = [Float](repeating: 0, count: 4 * rows)
      for row in 0..<rows where missing[row * columns + column] != 0 {
        for (index, value) in summary(row, row * columns + column).enumerated() {
          values[4 * row + index] = Float(min(value, Double(Float.greatestFiniteMagnitude)))
        }
      }
      return Tensor(shape: [rows, 4], scalars: values)
    }

    /// A normal column, whose `scaling` says how its raw values are e to the power of it; nil where they are real.
    mutating func fillNormal(
      _ column: Int, entry: (Int) -> Int, _ heads: [(mean: [Float], deviation: [Float])], scaling: (offset: Float, scale: Float)?
    ) -> Tensor {
      Self.summaries(missing, columns, column) { row, cell in
        let entry = entry(row)
        let mixture = VAEAC.CellObservation.Mixture(
          means: heads.map { Double($0.mean[entry]) }, deviations: heads.map { Double($0.deviation[entry]) })
        for draw in heads.indices { draws[draw][cell] = heads[draw].mean[entry] + heads[draw].deviation[entry] * normals[draw][cell] }
        guard let scaling else {
          point[cell] = Float(mixture.mean)
          return [mixture.mean, mixture.deviation, mixture.quantile(0.05), mixture.quantile(0.95)]
        }
        let (offset, scale) = (Double(scaling.offset), Double(scaling.scale))
        let raw = mixture.exponential(offset: offset, scale: scale)
        point[cell] = Float((Foundation.log(raw.mean) - offset) / scale)
        return [raw.mean, raw.deviation] + [0.05, 0.95].map { exp(min(offset + scale * mixture.quantile($0), 88)) }
      }
    }

    /// A column of counts; the point is the mean, which is no whole number.
    mutating func fillCount(_ column: Int, entry: (Int) -> Int, _ heads: [(mean: [Float], dispersion: [Float])]) -> Tensor {
      Self.summaries(missing, columns, column) { row, cell in
        let entry = entry(row)
        let mixture = VAEAC.CellObservation.CountMixture(
          parts: heads.map { NegativeBinomial.Count(mean: Double($0.mean[entry]), dispersion: Double($0.dispersion[entry])) })
        for draw in heads.indices {
          draws[draw][cell] = min(Float(mixture.parts[draw].quantile(Double(uniforms[draw][cell]))), TableSpace.Column.largestCount)
        }
        point[cell] = Float(mixture.mean)
        return [mixture.mean, mixture.deviation, mixture.quantile(0.05), mixture.quantile(0.95)]
      }
    }

    /// A column of categories; the point is the likeliest one, of ordered ones the median.
    mutating func fillChoice(_ column: Int, _ categories: Int, _ probabilities: [[Float]], isOrdered: Bool) -> Tensor {
      var values = [Float](repeating: 0, count: categories * rows)
      for row in 0..<rows where missing[row * columns + column] != 0 {
        let (cell, start) = (row * columns + column, row * categories)
        for draw in probabilities.indices {
          let p = probabilities[draw][start..<start + categories]
          draws[draw][cell] = Float(Self.category(p, uniforms[draw][cell]))
          for (index, value) in p.enumerated() { values[start + index] += value / Float(probabilities.count) }
        }
        let mean = values[start..<start + categories]
        if isOrdered {
          point[cell] = Float(Self.category(mean, 0.5))
        } else {
          point[cell] = Float(mean.indices.reduce(start) { mean[$1] > mean[$0] ? $1 : $0 } - start)
        }
      }
      return Tensor(shape: [rows, categories], scalars: values)
    }

    /// The first category at which the sum of probabilities passes u.
    private static func category(_ p: ArraySlice<Float>, _ u: Float) -> Int {
      var sum: Float = 0
      for (index, value) in p.enumerated() {
        sum += value
        if u < sum { return index }
      }
      return p.count - 1
    }
  }
}
