package import Distributions

// Equally likely parts, one a latent draw: what is believed of one missing number.
extension VAEAC.CellObservation {
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
