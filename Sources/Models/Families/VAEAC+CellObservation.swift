internal import Foundation
package import Tensors

extension VAEAC {
  /// p(x_b | z, x_1-b, b): independent normals for real cells and independent choices for categorical ones.
  package struct CellObservation: Sendable {
    let coding: Coding
    /// The smallest learned deviation; nil where it is fixed at 1.
    let deviationFloor: Float?

    init(_ configuration: Configuration, _ coding: Coding) {
      self.coding = coding
      deviationFloor = configuration.deviation == .learned ? configuration.deviationFloor : nil
    }

    private var realCount: Int { coding.reals.count }

    /// Means and deviations of the real columns: [n, real columns] each.
    private func normals(_ heads: Tensor) -> (mean: Tensor, deviation: Tensor) {
      let mean = heads.slice(1, 0..<realCount)
      guard let deviationFloor else { return (mean, .ones(mean.shape)) }
      return (mean, VAEAC.deviation(heads.slice(1, realCount..<2 * realCount), floor: deviationFloor))
    }

    /// ln p of every category of one column, none less likely than 1e-4 before they are normalised again: [n, categories].
    private func logProbabilities(_ heads: Tensor, _ categories: Int, at logits: Int) -> Tensor {
      // 1e-4 for each of thousands of categories would be most of the probability.
      let floor = min(1e-4, 0.01 / Float(categories))
      let p = heads.slice(1, logits..<logits + categories).softmax().clamped(low: floor, high: 1)
      return p.log() - p.rowSums().reshaped([p.shape[0], 1]).log()
    }

    /// Σ ln p of the cells whose weight is 1, in model units; x and weights: [n, columns], x finite where a weight is not 0 -> [n].
    package func logProbability(of x: Tensor, weights: Tensor, _ heads: Tensor) -> Tensor {
      let n = x.shape[0]
      var sum = Tensor.zeros([n])
      if realCount > 0 {
        let (mean, deviation) = normals(heads)
        let (target, weight) = (reals(x), reals(weights))
        // ln p = -½ ((x - μ) / σ)² - ln σ - ½ ln 2π
        let z = (target - mean) / deviation
        let logDensity = z.squared().affine(scale: -0.5, shift: -0.918_938_53) - deviation.log()
        sum = sum + logDensity.rowDots(weight)
      }
      for (column, kind) in coding.layout.enumerated() {
        guard case .categorical(let categories, let logits) = kind else { continue }
        sum = sum + logProbabilities(heads, categories, at: logits).rowDots(oneHot(x, weights, column, categories))
      }
      return sum
    }

    /// The real columns of [n, columns], a missing number being 0.
    private func reals(_ x: Tensor) -> Tensor {
      let (n, columns) = (x.shape[0], coding.columns)
      return Tensor(shape: [n, realCount]) { y in
        x.withScalars { x in
          for row in 0..<n {
            for (index, column) in coding.reals.enumerated() {
              let value = x[row * columns + column]
              y[row * realCount + index] = value.isNaN ? 0 : value
            }
          }
        }
      }
    }

    /// A row of zeros where the weight is 0.
    private func oneHot(_ x: Tensor, _ weights: Tensor, _ column: Int, _ categories: Int) -> Tensor {
      let (n, columns) = (x.shape[0], coding.columns)
      return Tensor(shape: [n, categories]) { y in
        y.update(repeating: 0, count: n * categories)
        for row in 0..<n where weights.scalars[row * columns + column] != 0 { y[row * categories + Int(x.scalars[row * columns + column])] = 1 }
      }
    }
  }
}

// MARK: What the missing cells are

extension VAEAC.CellObservation {
  /// Draws and marginals from the heads of every latent draw; `missing` is 1 where a cell is asked for: [n, columns].
  func imputation(_ heads: [Tensor], missing: Tensor, keys: RowKeys) -> Imputation {
    let (n, columns, count) = (missing.shape[0], coding.columns, heads.count)
    var draws = [[Float]](repeating: [Float](repeating: 0, count: n * columns), count: count)
    var point = [Float](repeating: 0, count: n * columns)
    var marginals: [Imputation.Marginal] = []
    let noise = (0..<count).map { keys.split("normal").split($0).normal(columns).scalars }
    let uniforms = (0..<count).map { keys.split("category").split($0).uniform(columns).scalars }
    let cells = heads.map { head in
      let (mean, deviation) = normals(head)
      return (mean: mean.scalars, deviation: deviation.scalars)
    }
    for (column, kind) in coding.layout.enumerated() {
      switch kind {
      case .real(let number):
        var values = [Float](repeating: 0, count: 4 * n)
        for row in 0..<n where missing.scalars[row * columns + column] != 0 {
          let (cell, entry) = (row * columns + column, row * realCount + number)
          let mixture = Mixture(
            means: cells.map { Double($0.mean[entry]) }, deviations: cells.map { Double($0.deviation[entry]) })
          for draw in 0..<count { draws[draw][cell] = cells[draw].mean[entry] + cells[draw].deviation[entry] * noise[draw][cell] }
          point[cell] = Float(mixture.mean)
          values.replaceSubrange(
            4 * row..<4 * row + 4,
            with: [mixture.mean, mixture.deviation, mixture.quantile(0.05), mixture.quantile(0.95)].map { Float($0) })
        }
        marginals.append(.real(Tensor(shape: [n, 4], scalars: values)))
      case .categorical(let categories, let logits):
        var values = [Float](repeating: 0, count: categories * n)
        let probabilities = heads.map { logProbabilities($0, categories, at: logits).exp().scalars }
        for row in 0..<n where missing.scalars[row * columns + column] != 0 {
          let cell = row * columns + column
          for draw in 0..<count {
            let p = probabilities[draw][row * categories..<(row + 1) * categories]
            draws[draw][cell] = Float(Self.category(p, uniforms[draw][cell]))
            for (index, value) in p.enumerated() { values[row * categories + index] += value / Float(count) }
          }
          var best = 0
          for index in 1..<max(categories, 1) where values[row * categories + index] > values[row * categories + best] { best = index }
          point[cell] = Float(best)
        }
        marginals.append(.categorical(Tensor(shape: [n, categories], scalars: values)))
      }
    }
    return Imputation(
      draws: draws.map { Tensor(shape: [n, columns], scalars: $0) }, point: Tensor(shape: [n, columns], scalars: point), marginals: marginals)
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

  /// Equally likely normals, one a latent draw.
  package struct Mixture {
    package let means: [Double]
    package let deviations: [Double]

    package init(means: [Double], deviations: [Double]) {
      self.means = means
      self.deviations = deviations
    }

    package var mean: Double { means.reduce(0, +) / Double(means.count) }

    /// √(E[σ²] + Var[μ])
    package var deviation: Double {
      let centre = mean
      return (zip(means, deviations).reduce(0) { $0 + $1.1 * $1.1 + ($1.0 - centre) * ($1.0 - centre) } / Double(means.count)).squareRoot()
    }

    private func cumulative(_ x: Double) -> Double {
      zip(means, deviations).reduce(0) { $0 + 0.5 * erfc(($1.0 - x) / ($1.1 * 2.0.squareRoot())) } / Double(means.count)
    }

    /// By bisection, to about a hundred millionth of the widest deviation.
    package func quantile(_ p: Double) -> Double {
      let reach = 8 * (deviations.max() ?? 1)
      var (low, high) = ((means.min() ?? 0) - reach, (means.max() ?? 0) + reach)
      for _ in 0..<48 {
        let middle = 0.5 * (low + high)
        if cumulative(middle) < p { low = middle } else { high = middle }
      }
      return 0.5 * (low + high)
    }
  }
}
