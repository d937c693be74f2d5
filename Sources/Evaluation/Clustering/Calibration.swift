/// Whether probabilities of classes mean what they say: 8 of 10 answers that are given 0.8 should be right.
package struct Calibration: Sendable, Equatable {
  package struct Bin: Sendable, Equatable {
    package var count = 0
    package var right = 0
    package var confidence = 0.0
  }

  /// Of equal width: bin m holds confidences in ((m - 1) / M, m / M].
  package let bins: [Bin]

  /// - Parameters:
  ///   - confidences: the greatest probability of each item.
  ///   - areRight: whether the class that has it is the true one.
  package init(confidences: [Float], areRight: [Bool], bins count: Int = 15) {
    precondition(confidences.count == areRight.count && count > 0, "\(confidences.count) confidences of \(areRight.count) answers in \(count) bins")
    var bins = [Bin](repeating: Bin(), count: count)
    for (confidence, isRight) in zip(confidences, areRight) {
      let place = min(max(Int((Double(confidence) * Double(count)).rounded(.up)) - 1, 0), count - 1)
      bins[place].count += 1
      bins[place].right += isRight ? 1 : 0
      bins[place].confidence += Double(confidence)
    }
    self.bins = bins
  }

  /// Expected calibration error: Σ_m |B_m| / n · |accuracy(B_m) - confidence(B_m)| (Guo et al. 2017, eq. 3); not a number without items.
  package var expectedError: Double {
    let n = bins.reduce(0) { $0 + $1.count }
    // |B| |right / |B| - confidence / |B|| = |right - confidence|
    return bins.reduce(0.0) { $0 + abs(Double($1.right) - $1.confidence) } / Double(n)
  }
}
