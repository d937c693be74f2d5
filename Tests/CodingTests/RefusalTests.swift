import Coding
import Testing

@Suite struct RefusalTests {
  @Test("Parameters that aren't finite are refused", arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
  func notFinite(bad: Float) throws {
    let values: [Float] = [1, 1, bad]
    let good: [Float] = [1, 1, 1]
    let failures = [
      failure { () throws(CodingError) in try Bernoulli(logits: values) },
      failure { () throws(CodingError) in try Bernoulli(probabilities: values) },
      failure { () throws(CodingError) in try FrequencyTable(probabilities: values) },
      failure { () throws(CodingError) in try CategoricalRows(logits: values, alphabet: 3) },
      failure { () throws(CodingError) in try Gaussians(means: values, deviations: good) },
      failure { () throws(CodingError) in try Gaussians(means: good, deviations: values) },
      failure { () throws(CodingError) in try DiscretisedLogistic(bins: .bytes, means: values, scales: good) },
      failure { () throws(CodingError) in try DiscretisedLogistic(bins: .bytes, means: good, scales: values) },
      failure { () throws(CodingError) in try BetaBinomial(trials: 3, alphas: values, betas: good) },
      failure { () throws(CodingError) in try BetaBinomial(trials: 3, alphas: good, betas: values) },
    ]
    for error in failures {
      #expect(error?.reason == .parameter)
      #expect(error?.field.hasSuffix("[2]") == true, "\(String(describing: error))")
    }
  }

  @Test("Parameters that describe no distribution are refused", arguments: [0, -1] as [Float])
  func notPositive(bad: Float) {
    let failures = [
      failure { () throws(CodingError) in try Gaussians(means: [0], deviations: [bad]) },
      failure { () throws(CodingError) in try DiscretisedLogistic(bins: .bytes, means: [0], scales: [bad]) },
      failure { () throws(CodingError) in try BetaBinomial(trials: 3, alphas: [bad], betas: [1]) },
      failure { () throws(CodingError) in try BetaBinomial(trials: 3, alphas: [1], betas: [bad]) },
      failure { () throws(CodingError) in try FrequencyTable(probabilities: [bad, bad]) },
      failure { () throws(CodingError) in try FrequencyTable(frequencies: [4, Int(bad)]) },
      failure { () throws(CodingError) in try Bernoulli(probabilities: [bad - 1]) },
      failure { () throws(CodingError) in try Bernoulli(probabilities: [2 - bad]) },
    ]
    for error in failures { #expect(error?.reason == .parameter, "\(String(describing: error))") }
  }

  @Test("Counts, precisions and alphabets that don't fit are refused")
  func sizes() throws {
    let failures = [
      failure { () throws(CodingError) in try Gaussians(means: [0, 0], deviations: [1]) },
      failure { () throws(CodingError) in try BetaBinomial(trials: 3, alphas: [1, 1], betas: [1]) },
      failure { () throws(CodingError) in try BetaBinomial(trials: -1, alphas: [1], betas: [1]) },
      failure { () throws(CodingError) in try BetaBinomial(trials: 1 << 40, alphas: [1], betas: [1]) },
      failure { () throws(CodingError) in try BetaBinomial(trials: 255, alphas: [1], betas: [1], precision: 7) },
      failure { () throws(CodingError) in try CategoricalRows(logits: [1, 2, 3], alphabet: 2) },
      failure { () throws(CodingError) in try CategoricalRows(logits: [], alphabet: 0) },
      failure { () throws(CodingError) in try Bernoulli(logits: [0], precision: 0) },
      failure { () throws(CodingError) in try Bernoulli(logits: [0], precision: 29) },
      failure { () throws(CodingError) in try Uniform(count: 1, bits: 29) },
      failure { () throws(CodingError) in try Uniform(count: 1, symbols: 0) },
      failure { () throws(CodingError) in try Uniform(count: -1, symbols: 2) },
      failure { () throws(CodingError) in try Benford(count: -1) },
      failure { () throws(CodingError) in try Categorical(count: -1, table: FrequencyTable(frequencies: [1])) },
      failure { () throws(CodingError) in try GaussianBins(bits: 0) },
      failure { () throws(CodingError) in try GaussianBins(bits: 17) },
      failure { () throws(CodingError) in
        try QuantisedGaussian(bins: GaussianBins(bits: 10), priors: .standard(1), posteriors: .standard(1), support: .everyBin, precision: 9)
      },
      failure { () throws(CodingError) in
        try QuantisedGaussian(bins: GaussianBins(bits: 1), priors: .standard(1), posteriors: .standard(2), support: .everyBin)
      },
      failure { () throws(CodingError) in try ClosedLogistic(means: [0.6], scale: 1) },
      failure { () throws(CodingError) in try ClosedLogistic(means: [.nan], scale: 1) },
      failure { () throws(CodingError) in try ClosedLogistic(means: [0], scale: 0) },
      failure { () throws(CodingError) in try ClosedLogistic(means: [0], scale: .nan) },
      failure { () throws(CodingError) in try ClosedLogistic(means: [0], scale: 1, precision: 23) },
      failure { () throws(CodingError) in try DiscretisedLogistic.Bins(lower: 0, width: 0, count: 1) },
      failure { () throws(CodingError) in try DiscretisedLogistic.Bins(lower: .nan, width: 1, count: 1) },
      failure { () throws(CodingError) in try DiscretisedLogistic.Bins(lower: 0, width: 1, count: 0) },
      failure { () throws(CodingError) in try FrequencyTable(frequencies: []) },
      failure { () throws(CodingError) in try FrequencyTable(frequencies: [1, 2]) },
      failure { () throws(CodingError) in try FrequencyTable(frequencies: [1 << 16, 1 << 16]) },
      failure { () throws(CodingError) in try FrequencyTable(frequencies: [1, Int.max]) },
      failure { () throws(CodingError) in try FrequencyTable(probabilities: [1, 1], precision: 17) },
      failure { () throws(CodingError) in try FrequencyTable(probabilities: [], precision: 14) },
    ]
    for (number, error) in failures.enumerated() { #expect(error?.reason == .parameter, "\(number): \(String(describing: error))") }
  }

  @Test("Symbols outside the alphabet are refused", arguments: [-1, 4, Int.max, Int.min])
  func alphabet(symbol: Int) throws {
    try expectRefused(Uniform(count: 2, symbols: 4), symbol)
    try expectRefused(Bernoulli(logits: [0, 0]), symbol)
    try expectRefused(Categorical(count: 2, table: FrequencyTable(frequencies: [1, 1, 1, 1])), symbol)
    try expectRefused(CategoricalRows(logits: [0, 0, 0, 0, 0, 0, 0, 0], alphabet: 4), symbol)
    try expectRefused(BetaBinomial(trials: 3, alphas: [1, 1], betas: [1, 1]), symbol)
    try expectRefused(DiscretisedLogistic(bins: .init(lower: 0, width: 1, count: 4), means: [0, 0], scales: [1, 1]), symbol)
    try expectRefused(
      QuantisedGaussian(bins: GaussianBins(bits: 2), priors: .standard(2), posteriors: .standard(2), support: .everyBin), symbol)
  }

  private func expectRefused(_ codec: some Codec<[Int]>, _ symbol: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var message = try Message(.lanes(1))
    let error = failure { () throws(CodingError) in try codec.push([1, symbol], onto: &message) }
    #expect(error?.reason == .symbol && error?.field == "symbols[1]" && error?.given == "\(symbol)", sourceLocation: sourceLocation)
    #expect(
      failure { () throws(CodingError) in try codec.push([1], onto: &message) }?.description == "symbols: given 1, expected 2",
      sourceLocation: sourceLocation)
  }

  @Test("A bin that a posterior never makes can't be pushed under it, and is told")
  func unlikelyBin() throws {
    let codec = try QuantisedGaussian(
      bins: GaussianBins(bits: 8), priors: .standard(1), posteriors: Gaussians(means: [0], deviations: [0.001]), support: .likelyBins)
    var message = try Message(.lanes(1))
    let error = failure { () throws(CodingError) in try codec.push([3], onto: &message) }
    #expect(error?.description == "symbols[0]: given bin 3, expected a bin that N(0.0, 0.001^2) reaches at 18 bits")
  }
}
