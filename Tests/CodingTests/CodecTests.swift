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

  @Test(
    "Places on a grid under normal distributions, from needles to plains, of two numbers and of 2^53",
    arguments: [1, 2, 5, 1 << 14, 1 << 14 + 1, 1_000_003, 1 << 53])
  func gridNumbers(count: Int) throws {
    var random = SplitMix(state: UInt64(count))
    let places = [0, count - 1, count / 2] + (0..<3).map { _ in Int.random(in: 0..<count, using: &random) }
    for form in [NumberUnits.Form.linear, .logarithm, .logarithmOfOneMore] {
      let first = form == .linear ? -3e7 : 0.25
      for (step, offset, scale) in [(0.25, 0, 1), (1e-9, 5, 1e-3), (1e6, -1e9, 1e12)] as [(Double, Double, Double)] {
        let grid = try DiscretisedNormal.Grid(
          first: first, step: step, count: count, units: NumberUnits(form, offset: offset, scale: scale))
        for (mean, deviation) in [(0, 1), (-2, 1e-12), (1e30, 1e30), (-1e300, 1e-300), (1e4, 2)] as [(Double, Double)] {
          try checkCodec(DiscretisedNormal(grid: grid, mean: mean, deviation: deviation), places, on: [.single, .lanes(1), .lanes(3)])
        }
      }
    }
  }

  @Test("Listed numbers under normal distributions, from needles to plains", arguments: [1, 2, 300])
  func listedNumbers(count: Int) throws {
    var random = SplitMix(state: UInt64(count))
    let numbers = (0..<count).map { 0.5 + Double($0) * 0.25 + Double.random(in: 0..<0.2, using: &random) }
    let counts = (0..<count).map { _ in Int.random(in: 1...1000, using: &random) }
    for form in [NumberUnits.Form.linear, .logarithm, .logarithmOfOneMore] {
      let list = try ListedNormal.List(numbers, counts: counts, units: NumberUnits(form, offset: 2, scale: 0.5))
      for (mean, deviation) in [(0, 1), (-2, 1e-12), (1e30, 1e30), (-1e300, 1e-300), (1e4, 2)] as [(Double, Double)] {
        try checkCodec(
          ListedNormal(list: list, mean: mean, deviation: deviation), [0, count - 1, count / 2], on: [.single, .lanes(1), .lanes(3)])
      }
    }
    #expect(failure { () throws(CodingError) in try ListedNormal.List([1, 1], counts: [1, 1], units: .plain) }?.field == "numbers")
    #expect(failure { () throws(CodingError) in try ListedNormal.List([1, 2], counts: [1, 0], units: .plain) }?.field == "counts")
  }

  @Test("What is no number of the grid is refused, as is what is no grid")
  func gridRefusals() throws {
    let codec = try DiscretisedNormal(grid: .init(first: 0, step: 1, count: 10), mean: 0, deviation: 1)
    var message = try Message(.lanes(1))
    for stranger in [-1, 10, .max] { #expect(failure { () throws(CodingError) in try codec.push(stranger, onto: &message) }?.reason == .symbol) }
    #expect(failure { () throws(CodingError) in try DiscretisedNormal.Grid(first: 0, step: 0, count: 2) }?.field == "grid")
    #expect(failure { () throws(CodingError) in try DiscretisedNormal.Grid(first: 0, step: 1, count: 1 << 53 + 1) }?.field == "grid")
    #expect(
      failure { () throws(CodingError) in try DiscretisedNormal.Grid(first: 0, step: 1, count: 2, units: NumberUnits(.logarithm)) }?.field == "grid")
    #expect(failure { () throws(CodingError) in try NumberUnits(.linear, scale: 0) }?.field == "units")
    for deviation in [0, .nan, .infinity, -1] {
      #expect(failure { () throws(CodingError) in try DiscretisedNormal(grid: codec.grid, mean: 0, deviation: deviation) }?.field == "deviation")
    }
  }

  @Test("Counts under negative binomial distributions", arguments: [(0, 1, 1), (0, 1, 2), (0, 1, 300), (1000, 5, 200), (1 << 52, 1, 1 << 14)])
  func negativeBinomial(first: Int, step: Int, count: Int) throws {
    var random = SplitMix(state: 9)
    let means = random.magnitudes(40, -6...7) + [.leastNonzeroMagnitude, 3e38, 1]
    let dispersions = random.magnitudes(40, -3...5) + [3e38, .leastNonzeroMagnitude, 3e38]
    let codec = try NegativeBinomial(grid: .init(first: first, step: step, count: count), means: means, dispersions: dispersions)
    try checkCodec(
      codec, [random.integers(43, below: count), [Int](repeating: 0, count: 43), [Int](repeating: count - 1, count: 43)], on: [.single, .lanes(7)])
  }

  @Test("Whole numbers of any size, and signs folded into them")
  func wholeNumbers() throws {
    var random = SplitMix(state: 10)
    let numbers = (1..<64).map { Int(random.next() >> UInt64($0)) } + [0, 1, 2, .max, 1 << 53]
    try checkCodec(WholeNumbers(count: numbers.count), [numbers])
    for number in [0, 1, -1, 1 << 53, -1 << 53, 400, -400] {
      #expect(WholeNumbers.unfolded(WholeNumbers.folded(number)) == number && WholeNumbers.folded(number) >= 0)
    }
    var message = try Message(.lanes(1))
    #expect(failure { () throws(CodingError) in try WholeNumbers(count: 1).push([-1], onto: &message) }?.reason == .symbol)
  }

  @Test("Texts of any bytes", arguments: AdaptiveText.Context.allCases)
  func texts(context: AdaptiveText.Context) throws {
    var random = SplitMix(state: 11)
    let texts = (0..<40).map { number in
      number % 3 == 0 ? Array("item \(number)".utf8) : (0..<number).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    // Random bits are texts until they run out, which a few texts of 257 equally likely symbols may well do.
    try checkCodec(AdaptiveText(count: 40, by: context), [texts, [[UInt8]](repeating: [], count: 40)], on: [.single, .lanes(1), .lanes(3)])
  }
}
