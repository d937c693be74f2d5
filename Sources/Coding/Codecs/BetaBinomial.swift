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
  func weigh(_ index: Int, _ weights: UnsafeMutableBufferPointer<Double>) {
    let (n, alpha, beta) = (Double(trials), Double(alphas[index]), Double(betas[index]))
    weights[0] = 1
    for next in 0..<trials {
      let k = Double(next)
      weights[next &+ 1] = ((n - k) * (k + alpha)) / ((k + 1) * (n - k - 1 + beta))
    }
    // A quotient is less than 2^310: the next product is no infinity.
    let huge = 0x1p400
    var weight = 1.0
    for next in 1..<alphabet {
      weight *= weights[next]
      while weight > huge {
        weight /= huge
        for earlier in 0..<next { weights[earlier] /= huge }
      }
      weights[next] = weight
    }
  }
}
