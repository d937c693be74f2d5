/// Bins of some normal distributions under others: codes of a posterior in the bins of its prior, or numbers under a predicted normal distribution.
package struct QuantisedGaussian: Codec {
  package enum Support: Sendable {
    /// Every bin has a slot of its own, so every bin can be pushed. That is for data.
    case everyBin
    /// Bins without a slot's worth of mass have none: they are never popped, and pushing one is an error. That is for a posterior, which pushes only
    /// what it popped: slots for bins far away would give codes that the model never makes.
    case likelyBins
  }

  package let bins: GaussianBins
  package let priors: Gaussians
  package let posteriors: Gaussians
  package let support: Support
  package let precision: Int
  /// Slots of each bin before any mass, and those that mass shares.
  private let least: UInt32
  private let others: Double

  /// - Parameters:
  ///   - priors: whose bins the symbols number, as many as
  ///   - posteriors: that give them probabilities.
  ///   - precision: four bits or more above those of the bins, or bins are told apart poorly.
  package init(
    bins: GaussianBins, priors: Gaussians, posteriors: Gaussians, support: Support, precision: Int = 18
  ) throws(CodingError) {
    self.precision = try Precision.checked(precision, symbols: bins.count)
    try Parameters.checked(posteriors.count, of: "posteriors", beside: priors.count)
    self.bins = bins
    self.priors = priors
    self.posteriors = posteriors
    self.support = support
    least = support == .everyBin ? 1 : 0
    others = Double(1 << precision - Int(least) * bins.count)
  }

  package var count: Int { posteriors.count }

  package func push(_ indices: [Int], onto message: inout Message) throws(CodingError) {
    let indices = try checked(indices, count: count)
    try message.push(count, precision: { _ in precision }) { i throws(CodingError) in
      guard indices[i] >= 0, indices[i] < bins.count else { throw outside(indices[i], at: i, of: bins.count) }
      let interval = Interval(cdf(indices[i], at: i), upTo: cdf(indices[i] + 1, at: i))
      guard interval.frequency > 0 else { throw unlikely(indices[i], at: i) }
      return interval
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var indices = [Int](repeating: 0, count: count)
    try message.pop(count, precision: { _ in precision }) { i, slot in
      let interval: Interval
      (indices[i], interval) = bin(holding: slot, of: bins.count, precision: precision, near: guess(slot, at: i)) { cdf($0, at: i) }
      return interval
    }
    return indices
  }

  /// round(2^precision P(X <= edge)), where every bin has its slot: that many less, and one for each bin before.
  private func cdf(_ edge: Int, at index: Int) -> UInt32 {
    guard edge > 0 else { return 0 }
    guard edge < bins.count else { return 1 << UInt32(precision) }
    let x = Double(priors.means[index]) + Double(priors.deviations[index]) * bins.edges[edge - 1]
    let z = (x - Double(posteriors.means[index])) / Double(posteriors.deviations[index])
    return least * UInt32(edge) + UInt32(Normal.cdf(z) * others + 0.5)
  }

  /// The bin of the posterior's quantile.
  private func guess(_ slot: UInt32, at index: Int) -> Int {
    let z = Normal.quantile((Double(slot) + 0.5) / Double(1 << precision))
    let x = Double(posteriors.means[index]) + Double(posteriors.deviations[index]) * z
    return Int(Normal.cdf((x - Double(priors.means[index])) / Double(priors.deviations[index])) * Double(bins.count))
  }

  @inline(never)
  private func unlikely(_ bin: Int, at index: Int) -> CodingError {
    CodingError(
      .symbol, "symbols[\(index)]", given: "bin \(bin)",
      expected: "a bin that N(\(posteriors.means[index]), \(posteriors.deviations[index])^2) reaches at \(precision) bits")
  }
}
