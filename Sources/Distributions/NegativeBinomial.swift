internal import Foundation
package import Tensors

/// Independent counts 0, 1, ... with more spread than a Poisson variable: variance mean + mean² / dispersion.
package struct NegativeBinomial: Distribution {
  /// [rows, dimensions], positive.
  package let mean: Tensor
  /// [rows, dimensions], positive; the larger, the nearer to Poisson.
  package let dispersion: Tensor

  package init(mean: Tensor, dispersion: Tensor) {
    precondition(
      mean.shape.rank == 2 && mean.shape == dispersion.shape,
      "parameters of shapes \(mean.shape) and \(dispersion.shape) are not one [rows, dimensions]")
    self.mean = mean
    self.dispersion = dispersion
  }

  /// x holds whole counts from 0; gradients do not flow to it.
  package func logProbability(of x: Tensor) -> Tensor { logProbabilityPerDimension(of: x).rowSums() }

  /// ln p(x) of every count: [rows, dimensions].
  package func logProbabilityPerDimension(of x: Tensor) -> Tensor {
    Tensor.negativeBinomialLogProbability(of: x, mean: mean, dispersion: dispersion)
  }

  /// Exact up to the 23 random bits of each draw, by inversion of the distribution function.
  ///
  /// A parameter that is not a positive number gives NaN.
  package func sample(_ keys: RowKeys) -> Tensor {
    precondition(keys.count == mean.shape[0], "\(keys.count) keys for \(mean.shape[0]) rows")
    let draws = zip(keys.uniform(mean.shape[1]).scalars, zip(mean.scalars, dispersion.scalars)).map { u, parameters in
      Float(Count(mean: Double(parameters.0), dispersion: Double(parameters.1)).quantile(Double(u)))
    }
    return Tensor(shape: mean.shape, scalars: draws)
  }
}

extension NegativeBinomial {
  /// The distribution of one count.
  package struct Count: Sendable {
    package let mean: Double
    package let dispersion: Double

    package init(mean: Double, dispersion: Double) {
      self.mean = mean
      self.dispersion = dispersion
    }

    // m + m² / r
    package var variance: Double { mean + mean * mean / dispersion }

    private var isSound: Bool { mean > 0 && dispersion > 0 && mean.isFinite && dispersion.isFinite }

    /// P(X <= k) = I_p(r, k + 1) with p = r / (r + m), the regularised incomplete beta function (Abramowitz and Stegun 26.5.26).
    package func cumulative(_ k: Double) -> Double {
      guard k >= 0 else { return 0 }
      let total = dispersion + mean
      let (r, above) = (dispersion, k.rounded(.down) + 1)
      return regularisedBeta(r / total, complement: mean / total, a: r, b: above, logBeta: lgamma(r) + lgamma(above) - lgamma(r + above))
    }

    /// The smallest count whose cumulative probability is above u; NaN for parameters that are no positive numbers.
    package func quantile(_ u: Double) -> Double { isSound ? smallestCount(above: u, near: mean, variance.squareRoot(), cumulative) : .nan }
  }
}

/// The smallest whole number from 0 at which a distribution function exceeds u; the search widens from `centre` + `spread`.
package func smallestCount(above u: Double, near centre: Double, _ spread: Double, _ cumulative: (Double) -> Double) -> Double {
  var (low, high, step) = (-1.0, (centre + spread).rounded(.up), max(spread, 1))
  while cumulative(high) <= u, high < 0x1p52 {
    low = high
    high = (high + step).rounded(.up)
    step *= 2
  }
  while high - low > 1 {
    let middle = (0.5 * (low + high)).rounded(.down)
    if cumulative(middle) > u { high = middle } else { low = middle }
  }
  return high
}
