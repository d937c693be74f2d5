internal import CKernels

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
    for (place, index) in indices.enumerated() where index < 0 || index >= bins.count { throw outside(index, at: place, of: bins.count) }
    var (starts, ends) = ([UInt32](repeating: 0, count: count), [UInt32](repeating: 0, count: count))
    kernel_gaussian_intervals(
      priors.means, priors.deviations, posteriors.means, posteriors.deviations, 0, count, bins.edges, UInt32(bins.count), least, Int32(precision),
      indices.map { UInt32($0) }, &starts, &ends)
    try message.push(count, precision: { _ in precision }) { i throws(CodingError) in
      guard ends[i] > starts[i] else { throw unlikely(indices[i], at: i) }
      return Interval(starts[i], upTo: ends[i])
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var indices = [Int](repeating: 0, count: count)
    let lanes = message.window.count
    var (found, starts, ends) = ([UInt32](repeating: 0, count: lanes), [UInt32](repeating: 0, count: lanes), [UInt32](repeating: 0, count: lanes))
    try message.popBlocks(count, precision: precision) { block, slots, intervals in
      kernel_gaussian_bins(
        priors.means, priors.deviations, posteriors.means, posteriors.deviations, block.lowerBound, block.count, bins.edges, UInt32(bins.count),
        least,
        Int32(precision), slots, &found, &starts, &ends)
      for place in 0..<block.count {
        let (index, slot) = (block.lowerBound + place, slots[place])
        if starts[place] <= slot, slot < ends[place] {
          (indices[index], intervals[place]) = (Int(found[place]), Interval(starts[place], upTo: ends[place]))
        } else {
          (indices[index], intervals[place]) = bin(
            holding: slot, of: bins.count, precision: precision, near: Int(found[place]), cdf: { cdf($0, at: index) })
        }
      }
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

  @inline(never)
  private func unlikely(_ bin: Int, at index: Int) -> CodingError {
    CodingError(
      .symbol, "symbols[\(index)]", given: "bin \(bin)",
      expected: "a bin that N(\(posteriors.means[index]), \(posteriors.deviations[index])^2) reaches at \(precision) bits")
  }
}
