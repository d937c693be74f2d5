internal import Foundation
package import Distributions

// Equally likely parts, one a latent draw: what is believed of one missing number.
extension VAEAC.CellObservation {
  /// Normals in model units.
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

    /// Mean and deviation of exp(offset + scale · x): E x^k = E exp(k m + ½ k² s²) with m and s the moments of the logarithm.
    package func exponential(offset: Double, scale: Double) -> (mean: Double, deviation: Double) {
      func moment(_ k: Double) -> Double {
        zip(means, deviations).reduce(0) { sum, part in
          sum + exp(min(k * (offset + scale * part.0) + 0.5 * (k * scale * part.1) * (k * scale * part.1), 88 * k))
        } / Double(means.count)
      }
      let mean = moment(1)
      return (mean, max(moment(2) - mean * mean, 0).squareRoot())
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

  /// Negative binomials.
  package struct CountMixture {
    package let parts: [NegativeBinomial.Count]

    package init(parts: [NegativeBinomial.Count]) { self.parts = parts }

    package var mean: Double { parts.reduce(0) { $0 + $1.mean } / Double(parts.count) }

    /// √(E[variance] + Var[mean])
    package var deviation: Double {
      let centre = mean
      return (parts.reduce(0) { $0 + $1.variance + ($1.mean - centre) * ($1.mean - centre) } / Double(parts.count)).squareRoot()
    }

    /// The smallest count whose cumulative probability is above p.
    package func quantile(_ p: Double) -> Double {
      smallestCount(above: p, near: mean, deviation) { k in parts.reduce(0) { $0 + $1.cumulative(k) } / Double(parts.count) }
    }
  }
}
