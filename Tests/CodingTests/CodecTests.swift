import Coding
import Testing

@Suite struct CodecTests {
  @Test("Uniform integers", arguments: [1, 2, 3, 256, 1000, 65_537, 1 << 28])
  func uniform(symbols: Int) throws {
    var random = SplitMix(state: UInt64(symbols))
    try checkCodec(
      Uniform(count: 100, symbols: symbols),
      [random.integers(100, below: symbols), [Int](repeating: 0, count: 100), [Int](repeating: symbols - 1, count: 100)])
  }

  @Test("Zeros and ones, likely and unlikely ones", arguments: [2, 12, 24, 28])
  func bernoulli(precision: Int) throws {
    var random = SplitMix(state: 1)
    let logits = random.floats(200, -20...20) + [-200, 200, -200, 200, 0, -0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    let symbols = random.integers(200, below: 2) + [0, 0, 1, 1, 0, 1, 0, 1]
    try checkCodec(Bernoulli(logits: logits, precision: precision), [symbols, symbols.map { 1 - $0 }])
    let probabilities: [Float] = [0, 1, 1e-12, 1 - 1e-7, .leastNonzeroMagnitude, 0.5]
    try checkCodec(Bernoulli(probabilities: probabilities, precision: precision), [[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]])
  }

  @Test("Symbols of a table", arguments: [1, 2, 10, 256, 5000])
  func categorical(symbols: Int) throws {
    var random = SplitMix(state: 2)
    let probabilities = random.magnitudes(symbols - 1, -30...10) + [1]
    let codec = try Categorical(count: 300, table: FrequencyTable(probabilities: probabilities))
    try checkCodec(codec, [random.integers(300, below: symbols), [Int](repeating: symbols - 1, count: 300)])
  }

  @Test("Symbols of rows of logits, however large", arguments: [1, 2, 10, 256])
  func categoricalRows(alphabet: Int) throws {
    var random = SplitMix(state: 3)
    let logits =
      random.floats(50 * alphabet, -200...200) + random.floats(50 * alphabet, -3...3) + [Float](repeating: -3e38, count: alphabet - 1) + [3e38]
    try checkCodec(CategoricalRows(logits: logits, alphabet: alphabet), [random.integers(101, below: alphabet)])
  }

  @Test("Bins of a normal distribution under another, from needles to plains", arguments: [1, 4, 10])
  func gaussian(bits: Int) throws {
    var random = SplitMix(state: 4)
    let count = 200
    let bins = try GaussianBins(bits: bits)
    let priors = try Gaussians(means: random.floats(count, -5...5), deviations: random.magnitudes(count, -6...6))
    let posteriors = try Gaussians(means: random.floats(count, -5...5), deviations: random.magnitudes(count, -6...6))
    let symbols = [random.integers(count, below: bins.count), [Int](repeating: 0, count: count), [Int](repeating: bins.count - 1, count: count)]
    try checkCodec(QuantisedGaussian(bins: bins, priors: priors, posteriors: posteriors, support: .everyBin), symbols)
    try checkCodec(QuantisedGaussian(bins: bins, priors: priors, posteriors: posteriors, support: .likelyBins), [])
    let extremes = try Gaussians(
      means: [3e38, -3e38, 0, 0, .leastNonzeroMagnitude],
      deviations: [.leastNonzeroMagnitude, .leastNonzeroMagnitude, 3e38, .leastNonzeroMagnitude, 3e38])
    for priors in [extremes, .standard(5)] {
      try checkCodec(
        QuantisedGaussian(bins: bins, priors: priors, posteriors: extremes, support: .everyBin),
        [[0, 0, 0, 0, 0], [Int](repeating: bins.count - 1, count: 5)])
    }
  }

  @Test("Bytes under logistic distributions, from needles to plains")
  func logistic() throws {
    var random = SplitMix(state: 5)
    let means = random.floats(200, -2...2) + [3e38, -3e38, 0, 0]
    let scales = random.magnitudes(200, -6...6) + [.leastNonzeroMagnitude, .leastNonzeroMagnitude, 3e38, .leastNonzeroMagnitude]
    let codec = try DiscretisedLogistic(bins: .bytes, means: means, scales: scales)
    try checkCodec(codec, [random.integers(204, below: 256), [Int](repeating: 0, count: 204), [Int](repeating: 255, count: 204)])
    let one = try DiscretisedLogistic(bins: .init(lower: 0, width: 1, count: 1), means: means, scales: scales)
    try checkCodec(one, [[Int](repeating: 0, count: 204)])
  }

  @Test("Bytes under logistic distributions that are cut off, from needles to plains", arguments: [1e-7, 1e-3, 0.05, 1, 1e3] as [Float])
  func closedLogistic(scale: Float) throws {
    var random = SplitMix(state: 15)
    let means = random.floats(200, -0.5...0.5) + [-0.5, 0.5, 0, -0, 0.498]
    let codec = try ClosedLogistic(means: means, scale: scale)
    try checkCodec(codec, [random.integers(205, below: 256), [Int](repeating: 0, count: 205), [Int](repeating: 255, count: 205)])
  }

  @Test("Counts under beta-binomial distributions", arguments: [0, 1, 2, 255, 1000])
  func betaBinomial(trials: Int) throws {
    var random = SplitMix(state: 6)
    let alphas = random.magnitudes(60, -6...6) + [.leastNonzeroMagnitude, 3e38, .leastNonzeroMagnitude, 3e38, 1]
    let betas = random.magnitudes(60, -6...6) + [.leastNonzeroMagnitude, 3e38, 3e38, .leastNonzeroMagnitude, 1]
    let codec = try BetaBinomial(trials: trials, alphas: alphas, betas: betas)
    try checkCodec(codec, [random.integers(65, below: trials + 1), [Int](repeating: 0, count: 65), [Int](repeating: trials, count: 65)])
  }

  @Test("Heads of a message")
  func benford() throws {
    var random = SplitMix(state: 8)
    let numbers = (0..<60).map { _ in
      let length = UInt64.random(in: 31..<63, using: &random)
      return 1 << length | random.next() & (1 << length - 1)
    }
    try checkCodec(Benford(count: 64), [numbers + [1 << 31, 1 << 32 - 1, 1 << 62, 1 << 63 - 1]])
    var message = try Message(.lanes(1))
    for number in [0, 1 << 31 - 1, 1 << 63, .max] as [UInt64] {
      #expect(failure { () throws(CodingError) in try Benford(count: 1).push([number], onto: &message) }?.reason == .symbol)
    }
  }

  @Test("Codecs on some lanes leave the others alone")
  func substack() throws {
    var random = SplitMix(state: 7)
    let codec = Substack(lanes: 2..<5, Serial(repeating: Substack(lanes: 1..<3, try Uniform(count: 50, bits: 13)), count: 4))
    let symbols = (0..<4).map { _ in random.integers(50, below: 1 << 13) }
    try checkCodec(codec, [symbols], on: [.lanes(5), .lanes(9)])
    let start = try Message(.lanes(7), startingWords: 5, key: 1)
    var message = start
    try codec.push(symbols, onto: &message)
    for lane in [0, 1, 2, 5, 6] {
      #expect(message.flattened[lane] == start.flattened[lane])
      #expect(message.flattened[7 + lane] == start.flattened[7 + lane])
    }
    #expect(message.flattened[3] != start.flattened[3] || message.flattened[10] != start.flattened[10])
    for lanes in [0..<8, 3..<3, -1..<2] {
      #expect(
        failure { () throws(CodingError) in try Substack(lanes: lanes, Uniform(count: 1, bits: 1)).push([0], onto: &message) }?.reason == .lanes)
    }
  }

  @Test("A symbol may say how the next one is coded")
  func dependent() throws {
    let codec = Dependent(try Uniform(count: 1, symbols: 100)) { count throws(CodingError) in try Uniform(count: count[0], bits: 3) }
    try checkCodec(codec, [([3], [1, 2, 7]), ([0], []), ([5], [0, 0, 0, 0, 0])]) { $0 == $1 }
  }

  @Test("A symbol's lane is its place, so more lanes give other bits and the same symbols")
  func samples() throws {
    let codec = try Bernoulli(logits: [Float](repeating: 0.3, count: 1000))
    for lanes in [1, 10, 1000, 5000] {
      var message = try Message(.lanes(lanes), startingWords: 1000, key: 8)
      let ones = try codec.pop(from: &message).reduce(0, +)
      // 574.4 +- 5 standard deviations of 15.6
      #expect((497...652).contains(ones))
    }
  }
}
