internal import Distributions
internal import Foundation
package import Tensors

extension VAEAC {
  /// p(x_b | z, x_1-b, b), every cell independent of the others given z.
  ///
  /// Real: a normal variable. Positive: its logarithm is one. Count: negative binomial. Categorical: softmax. Ordinal: cumulative logits,
  /// P(x <= k) = sigmoid(c_k) with c_k rising (McCullagh 1980). Binary: one logit.
  package struct CellObservation: Sendable {
    let coding: Coding
    /// The smallest learned deviation; nil where it is fixed at 1.
    let deviationFloor: Float?

    init(_ configuration: Configuration, _ coding: Coding) {
      self.coding = coding
      deviationFloor = configuration.deviation == .learned ? configuration.deviationFloor : nil
    }

    var normalCount: Int { coding.normals.count }
    var countCount: Int { coding.counts.count }

    /// Means and deviations in model units of the real and positive columns: [n, such columns] each.
    func normals(_ heads: Tensor) -> (mean: Tensor, deviation: Tensor) {
      let mean = heads.slice(1, 0..<normalCount)
      guard let deviationFloor else { return (mean, .ones(mean.shape)) }
      return (mean, ArbitraryConditioning.deviation(heads.slice(1, normalCount..<2 * normalCount), floor: deviationFloor))
    }

    /// Negative binomials of the counts, ln mean = offset + scale · head as the network is shown ln(1 + x); [n, such columns].
    func negativeBinomials(_ heads: Tensor) -> NegativeBinomial {
      let (start, count) = (2 * normalCount, countCount)
      let offset = Tensor(coding.countScaling.map(\.offset)).reshaped([1, count])
      let scale = Tensor(coding.countScaling.map(\.scale)).reshaped([1, count])
      return NegativeBinomial(
        mean: (heads.slice(1, start..<start + count) * scale + offset).clamped(low: -14, high: 16).exp(),
        dispersion: heads.slice(1, start + count..<start + 2 * count).clamped(low: -7, high: 12).exp())
    }

    /// ln p of every category of one column, none less likely than 1e-4 before they are normalised again: [n, categories].
    func logProbabilities(_ heads: Tensor, _ choice: Coding.Choice, _ categories: Int, at logits: Int) -> Tensor {
      let n = heads.shape[0]
      let p: Tensor
      switch choice {
      case .categorical: p = heads.slice(1, logits..<logits + categories).softmax()
      case .ordinal:
        // c_0 is the first logit, c_k = c_k-1 + softplus of the k-th; p_k = sigmoid(c_k) - sigmoid(c_k-1).
        let first = heads.slice(1, logits..<logits + 1)
        let steps = categories > 2 ? [heads.slice(1, logits + 1..<logits + categories - 1).softplus()] : []
        let below = Tensor.concatenated([first] + steps, axis: 1).cumulativeSum().sigmoid()
        p = Tensor.concatenated([below, .ones([n, 1])], axis: 1) - Tensor.concatenated([.zeros([n, 1]), below], axis: 1)
      case .binary:
        let second = heads.slice(1, logits..<logits + 1).sigmoid()
        p = Tensor.concatenated([1 - second, second], axis: 1)
      }
      // 1e-4 for each of thousands of categories would be most of the probability.
      let floored = p.clamped(low: min(1e-4, 0.01 / Float(categories)), high: 1)
      return floored.log() - floored.rowSums().reshaped([n, 1]).log()
    }

    /// ln p of the real and positive cells: [n, such columns].
    private func normalLogProbabilities(_ x: Tensor, _ heads: Tensor) -> Tensor {
      let (mean, deviation) = normals(heads)
      // ln p = -½ ((x - μ) / σ)² - ln σ - ½ ln 2π
      let z = (coding.selected(x, coding.normals) - mean) / deviation
      return z.squared().affine(scale: -0.5, shift: -0.918_938_53) - deviation.log()
    }

    private func countLogProbabilities(_ x: Tensor, _ heads: Tensor) -> Tensor {
      negativeBinomials(heads).logProbabilityPerDimension(of: coding.selected(x, coding.counts))
    }

    /// Σ ln p of the cells whose weight is 1, in model units; x and weights: [n, columns], x finite where a weight is not 0 -> [n].
    package func logProbability(of x: Tensor, weights: Tensor, _ heads: Tensor) -> Tensor {
      let n = x.shape[0]
      var sum = Tensor.zeros([n])
      if normalCount > 0 { sum = sum + normalLogProbabilities(x, heads).rowDots(coding.selected(weights, coding.normals)) }
      if countCount > 0 { sum = sum + countLogProbabilities(x, heads).rowDots(coding.selected(weights, coding.counts)) }
      for (column, kind) in coding.layout.enumerated() {
        guard case .choice(let choice, let categories, let logits) = kind else { continue }
        sum = sum + logProbabilities(heads, choice, categories, at: logits).rowDots(oneHot(x, weights, column, categories))
      }
      return sum
    }

    /// ln p of every cell in model units, 0 where it is missing; x: [n, columns] -> the same, without history.
    package func cellLogProbabilities(of x: Tensor, _ heads: Tensor) -> Tensor {
      let (n, columns) = (x.shape[0], coding.columns)
      var values = [Float](repeating: 0, count: x.count)
      func fill(_ column: Int, _ value: (Int) -> Float) {
        for cell in stride(from: column, to: n * columns, by: columns) where !x.scalars[cell].isNaN { values[cell] = value(cell / columns) }
      }
      let normal = normalCount > 0 ? normalLogProbabilities(x, heads).scalars : []
      let count = countCount > 0 ? countLogProbabilities(x, heads).scalars : []
      for (column, kind) in coding.layout.enumerated() {
        switch kind {
        case .normal(let number): fill(column) { normal[$0 * normalCount + number] }
        case .count(let number): fill(column) { count[$0 * countCount + number] }
        case .choice(let choice, let categories, let logits):
          let p = logProbabilities(heads, choice, categories, at: logits).scalars
          fill(column) { p[$0 * categories + Int(x.scalars[$0 * columns + column])] }
        }
      }
      return Tensor(shape: x.shape, scalars: values)
    }

    /// A row of zeros where the weight is 0.
    private func oneHot(_ x: Tensor, _ weights: Tensor, _ column: Int, _ categories: Int) -> Tensor {
      let (n, columns) = (x.shape[0], coding.columns)
      return Tensor(shape: [n, categories]) { y in
        y.update(repeating: 0, count: n * categories)
        x.withScalars { x in
          weights.withScalars { weights in
            for row in 0..<n where weights[row * columns + column] != 0 { y[row * categories + Int(x[row * columns + column])] = 1 }
          }
        }
      }
    }
  }
}
