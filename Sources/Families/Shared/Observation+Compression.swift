package import Coding
internal import Distributions
package import Modelling
internal import Tensors

extension Observation {
  /// How many levels a number has.
  package func levels() throws(Fault) -> Int {
    switch likelihood {
    case .bernoulli: 2
    case .betaBinomial, .discretisedLogistic: Self.levelCount
    case .gaussian, .gaussianLearned, .laplace:
      throw Fault(
        field: "likelihood", given: likelihood.rawValue,
        expected: "bernoulli, beta_binomial or discretised_logistic: a number under a density has no finite code")
    }
  }

  /// p(x|z) as a codec, an item a row.
  package func codecs(_ heads: Heads) throws(CodingError) -> [SymbolCodec] {
    let precision = ItemChain.symbolPrecision
    switch distribution(heads) {
    case let p as Distributions.Bernoulli:
      return try Self.rows(p.logits) { row, logits throws(CodingError) in
        .bernoulli(try Coding.Bernoulli(logits: logits, precision: precision))
      }
    case let p as Distributions.BetaBinomial:
      let betas = p.b
      return try Self.rows(p.a) { row, alphas throws(CodingError) in
        .betaBinomial(
          try Coding.BetaBinomial(trials: p.trials, alphas: alphas, betas: Self.row(row, of: betas), precision: precision))
      }
    case let p as Distributions.DiscretisedLogistic:
      let width = Double(p.range.upperBound - p.range.lowerBound) / Double(p.levels - 1)
      let bins = try Coding.DiscretisedLogistic.Bins(lower: Double(p.range.lowerBound) - 0.5 * width, width: width, count: p.levels)
      let scales = p.logScale.exp()
      return try Self.rows(p.location) { row, means throws(CodingError) in
        .discretisedLogistic(
          try Coding.DiscretisedLogistic(bins: bins, means: means, scales: Self.row(row, of: scales), precision: precision))
      }
    default: preconditionFailure("levels() refuses \(likelihood.rawValue)")
    }
  }

  private static func row(_ row: Int, of values: Tensor) -> [Float] {
    let width = values.shape[1]
    return Array(values.scalars[row * width..<(row + 1) * width])
  }

  private static func rows(
    _ values: Tensor, _ codec: (Int, [Float]) throws(CodingError) -> SymbolCodec
  ) throws(CodingError) -> [SymbolCodec] {
    var codecs: [SymbolCodec] = []
    for place in 0..<values.shape[0] { codecs.append(try codec(place, row(place, of: values))) }
    return codecs
  }

  /// - Throws: where numbers on a grid have no codec under this likelihood.
  func checkCells() throws(Fault) {
    switch likelihood {
    case .gaussian, .gaussianLearned: break
    case .bernoulli, .laplace, .betaBinomial, .discretisedLogistic:
      throw Fault(field: "likelihood", given: likelihood.rawValue, expected: "gaussian or gaussian_learned for the cells of a table")
    }
  }

  /// p(x|z) of the cells of a table, a row a row.
  func cells(_ heads: Heads) -> [[CellDistribution]] {
    guard let p = distribution(heads) as? Distributions.Normal else { preconditionFailure("checkCells() refuses \(likelihood.rawValue)") }
    let (width, means, deviations) = (p.mean.shape[1], p.mean.scalars, p.deviation.scalars)
    return (0..<p.mean.shape[0]).map { row in
      (row * width..<(row + 1) * width).map { .normal(mean: means[$0], deviation: deviations[$0]) }
    }
  }
}
