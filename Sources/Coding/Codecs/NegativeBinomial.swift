/// Independent counts, each with a negative binomial distribution of its own, of those numbers alone that a grid has.
package struct NegativeBinomial: WeightedCodec {
  /// Counts first, first + step, and so on, `count` of them.
  package struct Grid: Sendable, Equatable {
    /// From the first count to the last: a weight is made for each between them.
    package static let longest = 1 << 14

    package let first: Int
    package let step: Int
    package let count: Int

    package init(first: Int, step: Int, count: Int) throws(CodingError) {
      guard first >= 0, first < 1 << 53, step >= 1, count >= 1, count - 1 <= (Self.longest - 1) / step else {
        throw CodingError(
          .parameter, "grid", given: "\(count) counts from \(first) in steps of \(step)", expected: "counts from 0 within \(Self.longest)")
      }
      (self.first, self.step, self.count) = (first, step, count)
    }
  }

  package let grid: Grid
  package let precision: Int
  private let means: [Float]
  private let dispersions: [Float]

  /// - Parameters:
  ///   - means: above 0, one a count, beside
  ///   - dispersions: r in variance = mean + mean^2 / r, likewise.
  package init(grid: Grid, means: [Float], dispersions: [Float], precision: Int = 26) throws(CodingError) {
    self.precision = try Precision.checked(precision, symbols: grid.count)
    try Parameters.checked(dispersions.count, of: "dispersions", beside: means.count)
    self.means = try Parameters.positive(means, "means")
    self.dispersions = try Parameters.positive(dispersions, "dispersions")
    self.grid = grid
  }

  package var count: Int { means.count }
  package var alphabet: Int { grid.count }

  // p(k + 1) / p(k) = (k + r) / (k + 1) * m / (r + m): products and quotients alone.
  func weigh(_ places: Range<Int>, _ weights: UnsafeMutableBufferPointer<SIMD8<Double>>) {
    var (mean, r) = (SIMD8<Double>(repeating: 1), SIMD8<Double>(repeating: 1))
    for (lane, place) in places.enumerated() { (mean[lane], r[lane]) = (Double(means[place]), Double(dispersions[place])) }
    let quotient = mean / (r + mean)
    let huge = 0x1p400
    var weight = SIMD8<Double>(repeating: 1)
    weights[0] = weight
    var k = Double(grid.first)
    for next in 1..<alphabet {
      for _ in 0..<grid.step {
        let over: SIMD8<Double> = (r + k) * quotient
        weight *= over / (k + 1)
        k += 1
        // A quotient is less than 2^130, the next product no infinity.
        while any(weight .> huge) {
          let shrunk = SIMD8<Double>(repeating: 1).replacing(with: 1 / huge, where: weight .> huge)
          weight *= shrunk
          for earlier in 0..<next { weights[earlier] *= shrunk }
        }
      }
      weights[next] = weight
    }
  }
}
