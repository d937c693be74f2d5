import Coding
import Foundation
import Testing

/// Symbols that are drawn from a distribution cost their information under the exact one, but for a hundredth of a per cent and a bit in 2500.
@Suite struct CodeLengthTests {
  private func check(
    _ codec: some Codec<[Int]>, _ information: (Int, Int) -> Double, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let start = try Message(.lanes(16), startingWords: 200_000, key: 3)
    var message = start
    let symbols = try codec.pop(from: &message)
    let ideal = symbols.enumerated().reduce(0) { $0 + information($1.offset, $1.element) }
    #expect(abs(start.bits - message.bits - ideal) < 1e-4 * ideal + 4e-4 * Double(symbols.count), "\(ideal) bits", sourceLocation: sourceLocation)
  }

  @Test("Zeros and ones")
  func bernoulli() throws {
    var random = SplitMix(state: 21)
    let logits = random.floats(100_000, -12...12)
    try check(Bernoulli(logits: logits)) { i, symbol in -log2(Oracle.logistic(Double(symbol == 1 ? logits[i] : -logits[i]))) }
  }

  @Test("What is nearly certain costs nearly nothing, and its opposite 24 bits")
  func certainty() throws {
    let codec = try Bernoulli(probabilities: [Float](repeating: 1e-12, count: 100_000))
    let start = try Message(.lanes(16))
    var message = start
    try codec.push([Int](repeating: 0, count: 100_000), onto: &message)
    #expect(message.bits - start.bits < 0.1)
    try Bernoulli(probabilities: [1e-12]).push([1], onto: &message)
    #expect(abs(message.bits - start.bits - 24) < 0.2)
  }

  @Test("Rows of logits")
  func rows() throws {
    var random = SplitMix(state: 22)
    let logits = random.floats(20_000 * 10, -6...6)
    try check(CategoricalRows(logits: logits, alphabet: 10)) { i, symbol in -log2(Oracle.softmax(logits[10 * i..<10 * i + 10])[symbol]) }
  }

  @Test("Counts")
  func counts() throws {
    var random = SplitMix(state: 23)
    let (alphas, betas) = (random.magnitudes(10_000, -1...2), random.magnitudes(10_000, -1...2))
    try check(BetaBinomial(trials: 255, alphas: alphas, betas: betas)) { i, symbol in
      -log2(Oracle.betaBinomial(symbol, trials: 255, Double(alphas[i]), Double(betas[i])))
    }
  }

  @Test("Bytes")
  func bytes() throws {
    var random = SplitMix(state: 24)
    let (means, scales) = (random.floats(50_000, -0.5...0.5), random.magnitudes(50_000, -2.5...(-0.5)))
    try check(DiscretisedLogistic(bins: .bytes, means: means, scales: scales)) { i, symbol in
      func below(_ edge: Int) -> Double {
        edge == 0 ? 0 : edge == 256 ? 1 : Oracle.logistic((Double(edge) / 256 - 0.5 - Double(means[i])) / Double(scales[i]))
      }
      return -log2(below(symbol + 1) - below(symbol))
    }
  }

  @Test("Bytes of distributions that are cut off", arguments: [0.002, 0.02, 0.3, 100] as [Float])
  func closedBytes(scale: Float) throws {
    var random = SplitMix(state: 25)
    let means = random.floats(20_000, -0.5...0.5)
    let share = 0x1p-14
    try check(ClosedLogistic(means: means, scale: scale)) { i, symbol in
      // From the side on which both are small.
      func between(_ low: Double, _ high: Double) -> Double {
        let (a, b) = ((low - Double(means[i])) / Double(scale), (high - Double(means[i])) / Double(scale))
        return a > 0 ? Oracle.logistic(-a) - Oracle.logistic(-b) : Oracle.logistic(b) - Oracle.logistic(a)
      }
      let edge = Double(symbol) / 256 - 0.5
      return -log2((1 - share) * between(edge, edge + 1.0 / 256) / between(-0.5, 0.5) + share / 256)
    }
  }

  @Test("Integers of any alphabet", arguments: [2, 3, 100, 256, 65_535])
  func uniform(symbols: Int) throws {
    try check(Uniform(count: 100_000, symbols: symbols)) { _, _ in log2(Double(symbols)) }
  }

  @Test("Numbers on a grid, cut off where the grid ends, also where it lies in a tail and where it has too many numbers for a slot each")
  func gridNumbers() throws {
    for (first, step, count, mean, deviation) in [
      (-4, 0.01, 800, 0.3, 1), (5, 0.001, 3000, 0, 1), (-8, 0.001, 3000, 0, 1), (-4, 1e-6, 8_000_000, 0.3, 0.7), (-1, 0.5, 5, 0, 30),
    ] as [(Double, Double, Int, Double, Double)] {
      let codec = try DiscretisedNormal(grid: .init(first: first, step: step, count: count), mean: mean, deviation: deviation)
      func tail(_ z: Double) -> Double { Oracle.normalCDF(-abs(z)) }
      func mass(_ a: Double, _ b: Double) -> Double { a > 0 ? tail(a) - tail(b) : b < 0 ? tail(b) - tail(a) : 1 - tail(a) - tail(b) }
      func z(_ k: Int) -> Double { (first + (Double(k) - 0.5) * step - mean) / deviation }
      let whole = mass(z(0), z(count))
      let start = try Message(.lanes(1), startingWords: 20_000, key: 4)
      var (message, ideal) = (start, 0.0)
      for _ in 0..<4000 {
        let place = try codec.pop(from: &message)
        // Narrow bins by their density, which the C library's differences don't tell.
        let share = mass(z(place), z(place + 1)) / whole
        ideal -= log2(share)
      }
      let bits = start.bits - message.bits
      #expect(abs(bits - ideal) < 1e-3 * ideal + 4, "\(count) numbers: \(bits) bits, ideally \(ideal)")
    }
  }

  @Test("A number far from all that is likely costs a slot, and its last digits no more than their bits")
  func farNumbers() throws {
    let codec = try DiscretisedNormal(grid: .init(first: 0, step: 1, count: 1 << 40), mean: 5, deviation: 1)
    let start = try Message(.lanes(1))
    var message = start
    try codec.push(1 << 39 + 12345, onto: &message)
    #expect(abs(message.bits - start.bits - (26 + 26)) < 1)
    message = start
    try codec.push(5, onto: &message)
    #expect(message.bits - start.bits < 1.5)
  }

  @Test("Counts of negative binomial distributions")
  func negativeBinomials() throws {
    var random = SplitMix(state: 25)
    let (means, dispersions) = (random.magnitudes(5000, -1...1.5), random.magnitudes(5000, -1...2))
    try check(NegativeBinomial(grid: .init(first: 0, step: 1, count: 4000), means: means, dispersions: dispersions)) { i, symbol in
      let (k, m, r) = (Double(symbol), Double(means[i]), Double(dispersions[i]))
      return -(lgamma(k + r) - lgamma(r) - lgamma(k + 1) + r * log(r / (r + m)) + k * log(m / (r + m))) / log(2)
    }
  }

  @Test("Names of rows that rise take less than a byte each")
  func risingTexts() throws {
    let texts = (1000..<3000).map { Array("P\($0)".utf8) }
    let context = AdaptiveText.context(of: texts)
    var message = try Message(.lanes(1))
    try AdaptiveText(count: 2000, by: context).push(texts, onto: &message)
    #expect(context == .above && message.bits < 8 * 2000, "\(message.bits) bits")
  }
}
