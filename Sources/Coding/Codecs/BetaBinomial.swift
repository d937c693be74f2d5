/// Independent counts 0 ... trials, each with a beta-binomial distribution of its own.
package struct BetaBinomial: WeightedCodec {
  package let trials: Int
  package let precision: Int
  private let alphas: [Float]
  private let betas: [Float]

  /// - Parameters:
  ///   - alphas: above 0, one a count, beside
  ///   - betas: likewise.
  package init(trials: Int, alphas: [Float], betas: [Float], precision: Int = 24) throws(CodingError) {
    guard (0..<1 << 16).contains(trials) else { throw CodingError(.parameter, "trials", given: "\(trials)", expected: "0 to 65535") }
    self.precision = try Precision.checked(precision, symbols: trials + 1)
    try Parameters.checked(betas.count, of: "betas", beside: alphas.count)
    self.alphas = try Parameters.positive(alphas, "alphas")
    self.betas = try Parameters.positive(betas, "betas")
    self.trials = trials
  }

  package var count: Int { alphas.count }
  package var alphabet: Int { trials + 1 }

  // p(k + 1) / p(k) = (n - k) (k + alpha) / ((k + 1) (n - k - 1 + beta)): products and quotients alone.
  func weigh(_ places: Range<Int>, _ weights: UnsafeMutableBufferPointer<SIMD8<Double>>) {
    var (alpha, beta) = (SIMD8<Double>(repeating: 1), SIMD8<Double>(repeating: 1))
    for (lane, place) in places.enumerated() { (alpha[lane], beta[lane]) = (Double(alphas[place]), Double(betas[place])) }
    let n = Double(trials)
    let huge = 0x1p400
    var weight = SIMD8<Double>(repeating: 1)
    weights[0] = weight
    for next in 1..<alphabet {
      let k = Double(next - 1)
      let over: SIMD8<Double> = (alpha + k) * (n - k)
      let under: SIMD8<Double> = (beta + (n - k - 1)) * (k + 1)
      weight *= over / under
      // A quotient is less than 2^310: the next product is no infinity.
      while any(weight .> huge) {
        let shrunk = SIMD8<Double>(repeating: 1).replacing(with: 1 / huge, where: weight .> huge)
        weight *= shrunk
        for earlier in 0..<next { weights[earlier] *= shrunk }
      }
      weights[next] = weight
    }
  }
}
