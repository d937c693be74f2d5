import Coding
import Formats
import Testing

/// Streams are read on other machines than they were written on: any processor and any library of mathematics must give these bytes. Should this
/// library be changed so that they differ, old streams can't be read any more, and `BitsHeader.arithmetic` goes up.
@Suite struct SameBytesTests {
  private static let count = 2000

  private func check(_ codec: some Codec<[Int]>, _ known: UInt32, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var message = try Message(.lanes(8), startingWords: 20_000, key: 1)
    let symbols = try codec.pop(from: &message)
    #expect(checksum(message.flattened + symbols.map { UInt32($0) }) == known, sourceLocation: sourceLocation)
  }

  private func checksum(_ words: [UInt32]) -> UInt32 {
    CRC32C.of(words.flatMap { word in [0, 8, 16, 24].map { shift in UInt8(word >> shift & 0xff) } })
  }

  /// Parameters from integers alone, so that nothing but the library can differ.
  private func parameters(_ seed: UInt64, times scale: Float) -> [Float] {
    var random = SplitMix(state: seed)
    return (0..<Self.count).map { _ in Float(Int(random.next() >> 40) - 1 << 23) * 0x1p-23 * scale }
  }

  private func spread(_ seed: UInt64) -> [Float] {
    var random = SplitMix(state: seed)
    return (0..<Self.count).map { _ in
      Float(sign: .plus, exponent: Int(random.next() % 41) - 20, significand: 1 + Float(random.next() >> 41) * 0x1p-23)
    }
  }

  @Test("Random words") func words() throws { try check(Uniform(count: Self.count, bits: 16), 707_018_338) }
  @Test("Alphabets of any size") func uniform() throws { try check(Uniform(count: Self.count, symbols: 1000), 1_169_697_200) }
  @Test("Zeros and ones") func bernoulli() throws { try check(Bernoulli(logits: parameters(1, times: 10)), 3_995_982_765) }
  @Test("Tables") func table() throws {
    try check(Categorical(count: Self.count, table: FrequencyTable(probabilities: spread(2))), 3_118_352_916)
  }
  @Test("Rows of logits") func rows() throws { try check(CategoricalRows(logits: parameters(3, times: 8), alphabet: 20), 3_634_581_339) }
  @Test("Counts") func counts() throws { try check(BetaBinomial(trials: 255, alphas: spread(4), betas: spread(5)), 3_773_115_504) }
  @Test("Bytes") func bytes() throws {
    try check(DiscretisedLogistic(bins: .bytes, means: parameters(6, times: 0.7), scales: spread(7)), 1_370_036_077)
  }
  @Test(
    "Codes", arguments: [(QuantisedGaussian.Support.everyBin, 4_224_047_583), (.likelyBins, 3_746_185_471)] as [(QuantisedGaussian.Support, UInt32)])
  func codes(support: QuantisedGaussian.Support, known: UInt32) throws {
    let priors = try Gaussians(means: parameters(8, times: 3), deviations: spread(9))
    let posteriors = try Gaussians(means: parameters(10, times: 3), deviations: spread(11))
    try check(QuantisedGaussian(bins: GaussianBins(bits: 10), priors: priors, posteriors: posteriors, support: support, precision: 24), known)
  }
  @Test(
    "Numbers on grids",
    arguments: [(NumberUnits.Form.linear, 378_700_828), (.logarithm, 2_843_409_023), (.logarithmOfOneMore, 522_116_092)]
      as [(NumberUnits.Form, UInt32)])
  func gridNumbers(form: NumberUnits.Form, known: UInt32) throws {
    let (means, deviations, steps) = (parameters(14, times: 4), spread(15), spread(16))
    var message = try Message(.lanes(1), startingWords: 20_000, key: 1)
    var places: [UInt32] = []
    for i in 0..<Self.count {
      let grid = try DiscretisedNormal.Grid(
        first: 0.75, step: Double(steps[i]), count: 1 << (i % 50), units: NumberUnits(form, offset: 0.5, scale: 1.5))
      let place = try DiscretisedNormal(grid: grid, mean: Double(means[i]), deviation: Double(deviations[i])).pop(from: &message)
      places += [UInt32(truncatingIfNeeded: place), UInt32(place >> 32)]
    }
    #expect(checksum(message.flattened + places) == known)
  }
  @Test("Listed numbers") func listedNumbers() throws {
    let (means, deviations) = (parameters(19, times: 4), spread(20))
    let numbers = (0..<300).map { 0.5 + Double($0 * $0) / 64 }
    let list = try ListedNormal.List(numbers, counts: (0..<300).map { 1 + $0 * 7919 % 400 }, units: NumberUnits(.logarithm))
    var message = try Message(.lanes(1), startingWords: 20_000, key: 1)
    var places: [UInt32] = []
    for i in 0..<Self.count {
      places.append(UInt32(try ListedNormal(list: list, mean: Double(means[i]), deviation: Double(deviations[i])).pop(from: &message)))
    }
    #expect(checksum(message.flattened + places) == 1_454_645_361)
  }
  @Test("Counts without a bound") func negativeBinomials() throws {
    let grid = try NegativeBinomial.Grid(first: 2, step: 3, count: 100)
    try check(NegativeBinomial(grid: grid, means: spread(17), dispersions: spread(18)), 2_335_764_961)
  }
  @Test("Whole numbers") func wholeNumbers() throws {
    var message = try Message(.lanes(1), startingWords: 20_000, key: 1)
    let numbers = try WholeNumbers(count: 1000).pop(from: &message)
    #expect(checksum(message.flattened + numbers.flatMap { [UInt32(truncatingIfNeeded: $0), UInt32($0 >> 32)] }) == 926_941_254)
  }
  @Test("Texts") func texts() throws {
    var message = try Message(.lanes(1), startingWords: 20_000, key: 1)
    let texts = try AdaptiveText(count: 20, by: .above).pop(from: &message)
    #expect(checksum(message.flattened + texts.joined().map(UInt32.init)) == 3_245_561_414)
  }
  @Test("What bins stand for") func latents() throws {
    let priors = try Gaussians(means: parameters(12, times: 3), deviations: spread(13))
    let latents = try GaussianBins(bits: 16).latents((0..<Self.count).map { $0 * 7919 % 65536 }, of: priors)
    #expect(checksum(latents.map(\.bitPattern)) == 3_093_558_696)
  }
}
