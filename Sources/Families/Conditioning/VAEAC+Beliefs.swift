internal import Distributions
internal import Modelling
internal import Tensors

extension VAEAC.CellObservation {
  /// What the heads of latent draws, one after the other, say of the missing cells, equally likely parts, and draws of the cells: the first `draws`
  /// heads give one each.
  func beliefs(_ heads: Tensor, parts: Int, missing: Tensor, keys: RowKeys, _ space: MixtureCoordinates, draws: Int) -> CellBeliefs {
    let (n, width) = (missing.shape[0], coding.columns)
    let heads = (0..<parts).map { heads.slice(0, $0 * n..<($0 + 1) * n) }
    let isMissing = missing.scalars
    let normalNoise = (0..<draws).map { keys.split("normal").split($0).normal(width).scalars }
    let uniforms = (0..<draws).map { keys.split("category").split($0).uniform(width).scalars }
    var drawn = [[Float]](repeating: [Float](repeating: 0, count: n * width), count: draws)
    let normals = heads.map { head in
      let (mean, deviation) = self.normals(head)
      return (mean: mean.scalars, deviation: deviation.scalars)
    }
    let counts = countCount == 0 ? [] : heads.map { negativeBinomials($0) }.map { (mean: $0.mean.scalars, dispersion: $0.dispersion.scalars) }
    func forEachMissing(_ column: Int, _ body: (_ row: Int, _ cell: Int) -> Void) {
      for row in 0..<n where isMissing[row * width + column] != 0 { body(row, row * width + column) }
    }
    let columns = coding.layout.enumerated().map { column, kind -> CellBeliefs.Column in
      switch kind {
      case .normal(let number):
        guard case .number(_, _, let unit) = space.columns[column] else { preconditionFailure("a number has a unit") }
        var (means, deviations) = ([Double](repeating: 0, count: n * parts), [Double](repeating: 1, count: n * parts))
        forEachMissing(column) { row, cell in
          let entry = row * normalCount + number
          for part in 0..<parts {
            (means[row * parts + part], deviations[row * parts + part]) = (Double(normals[part].mean[entry]), Double(normals[part].deviation[entry]))
          }
          for draw in 0..<draws { drawn[draw][cell] = normals[draw].mean[entry] + normals[draw].deviation[entry] * normalNoise[draw][cell] }
        }
        let weights = [Double](repeating: 1 / Double(parts), count: n * parts)
        return .normals(parts: parts, weights: weights, means: means, deviations: deviations, NumberReading(unit: unit, map: nil))
      case .count(let number):
        var all = [NegativeBinomial.Count](repeating: .init(mean: 1, dispersion: 1), count: n * parts)
        forEachMissing(column) { row, cell in
          let entry = row * countCount + number
          for part in 0..<parts {
            all[row * parts + part] = .init(mean: Double(counts[part].mean[entry]), dispersion: Double(counts[part].dispersion[entry]))
          }
          for draw in 0..<draws { drawn[draw][cell] = Float(all[row * parts + draw].quantile(Double(uniforms[draw][cell]))) }
        }
        return .counts(parts: parts, all)
      case .choice(let choice, let categories, let logits):
        let probabilities = heads.map { logProbabilities($0, choice, categories, at: logits).exp().scalars }
        var mean = [Double](repeating: 0, count: n * categories)
        forEachMissing(column) { row, cell in
          for part in 0..<parts {
            for place in (row * categories)..<((row + 1) * categories) { mean[place] += Double(probabilities[part][place]) / Double(parts) }
          }
          for draw in 0..<draws {
            let p = Array(probabilities[draw][(row * categories)..<((row + 1) * categories)])
            drawn[draw][cell] = Float(CellBeliefs.category(p, at: uniforms[draw][cell]))
          }
        }
        return .categories(mean, isOrdered: choice == .ordinal)
      }
    }
    return CellBeliefs(columns: columns, draws: drawn.map { Tensor(shape: missing.shape, scalars: $0) })
  }
}
