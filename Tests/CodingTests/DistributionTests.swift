import Coding
import Foundation
import Testing

@Suite struct DistributionTests {
  @Test("Bins of equal mass have the known edges and medians")
  func bins() throws {
    let four = try GaussianBins(bits: 2)
    #expect(zip(four.values, [-1.1503493804, -0.3186393640, 0.3186393640, 1.1503493804]).allSatisfy { abs($0 - $1) < 5e-11 })
    let bytes = try GaussianBins(bits: 8)
    #expect(abs(bytes.values[0] + 2.8856349124) < 5e-11)
    // A posterior without width finds the edges, -2.6600674686 and so on, between the bins.
    for bits in [2, 8] {
      let bins = try GaussianBins(bits: bits)
      let edge: Float = bits == 2 ? -0.6744897502 : -2.6600674686
      for (shift, bin) in [(-1e-6, 0), (1e-6, 1)] as [(Float, Int)] {
        let posterior = try Gaussians(means: [edge + shift], deviations: [1e-9])
        let codec = try QuantisedGaussian(bins: bins, priors: .standard(1), posteriors: posterior, support: .likelyBins)
        var message = try Message(.single)
        #expect(try codec.pop(from: &message) == [bin])
      }
    }
    for bits in 1...16 {
      let bins = try GaussianBins(bits: bits)
      #expect(zip(bins.values, bins.values.dropFirst()).allSatisfy(<))
      #expect(bins.values.enumerated().allSatisfy { abs(Oracle.normalCDF($1) * Double(bins.count) - Double($0) - 0.5) < 1e-9 })
    }
  }

  @Test("A normal distribution has the known cdf over four bins")
  func knownGaussian() throws {
    let codec = try QuantisedGaussian(
      bins: GaussianBins(bits: 2), priors: .standard(1), posteriors: Gaussians(means: [0.1], deviations: [0.5]), support: .likelyBins, precision: 12)
    let slots = try slots(codec, precision: 12)
    #expect((0..<4).map { symbol in slots.firstIndex(of: symbol) } == [0, 249, 1723, 3583])
  }

  @Test("Every slot of a normal distribution belongs to the bin that has it, and bins ascend")
  func gaussianSlots() throws {
    var random = SplitMix(state: 11)
    let (precision, bins) = (12, try GaussianBins(bits: 5))
    for _ in 0..<60 {
      let prior = try Gaussians(means: random.floats(1, -3...3), deviations: random.magnitudes(1, -6...6))
      let posterior = try Gaussians(means: random.floats(1, -3...3), deviations: random.magnitudes(1, -6...6))
      for support in [QuantisedGaussian.Support.everyBin, .likelyBins] {
        let codec = try QuantisedGaussian(bins: bins, priors: prior, posteriors: posterior, support: support, precision: precision)
        let slots = try slots(codec, precision: precision)
        #expect(zip(slots, slots.dropFirst()).allSatisfy(<=))
        if support == .everyBin { #expect(Set(slots).count == bins.count) }
        let scale = Double(1 << precision)
        for bin in 0..<bins.count {
          func mass(_ p: Double) -> Double {
            let edge = p == 0 ? -Double.infinity : (p == 1 ? .infinity : quantile(p))
            return Oracle.normalCDF(
              (Double(prior.means[0]) + Double(prior.deviations[0]) * edge - Double(posterior.means[0])) / Double(posterior.deviations[0]))
          }
          let wanted = mass(Double(bin + 1) / 32) - mass(Double(bin) / 32)
          let others = support == .everyBin ? scale - 32 : scale
          let slack = support == .everyBin ? 1.0 : 0
          #expect(abs(Double(slots.count { $0 == bin }) - slack - wanted * others) <= 1.01)
        }
      }
    }
  }

  /// By bisection of the oracle.
  private func quantile(_ p: Double) -> Double {
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      (low, high) = Oracle.normalCDF(middle) < p ? (middle, high) : (low, middle)
    }
    return (low + high) / 2
  }

  @Test("Logistic bins have the mass of the C library, closed at both ends")
  func logisticSlots() throws {
    var random = SplitMix(state: 12)
    let precision = 14
    for _ in 0..<60 {
      let (mean, scale) = (random.floats(1, -0.7...0.7)[0], random.magnitudes(1, -6...6)[0])
      let codec = try DiscretisedLogistic(bins: .bytes, means: [mean], scales: [scale], precision: precision)
      let slots = try slots(codec, precision: precision)
      #expect(Set(slots).count == 256)
      #expect(zip(slots, slots.dropFirst()).allSatisfy(<=))
      func below(_ edge: Int) -> Double {
        edge == 0 ? 0 : edge == 256 ? 1 : Oracle.logistic((Double(edge) / 256 - 0.5 - Double(mean)) / Double(scale))
      }
      for bin in 0..<256 {
        let wanted = 1 + (below(bin + 1) - below(bin)) * Double(1 << precision - 256)
        #expect(abs(Double(slots.count { $0 == bin }) - wanted) <= 1.01)
      }
    }
  }

  /// ln scale -3, mean 0, byte 128: ln p = -3.9319795.
  @Test("A byte under a logistic distribution costs the known bits")
  func knownLogistic() throws {
    let count = 1000
    let codec = try DiscretisedLogistic(
      bins: .bytes, means: [Float](repeating: 0, count: count), scales: [Float](repeating: Float(exp(-3.0)), count: count))
    let start = try Message(.lanes(1))
    var message = start
    try codec.push([Int](repeating: 128, count: count), onto: &message)
    #expect(abs((message.bits - start.bits) / Double(count) * log(2) - 3.9319795) < 2e-4)
  }

  @Test("A byte under a logistic distribution that is cut off costs the known bits, and a little more than none for what lies beyond")
  func knownClosedLogistic() throws {
    // (1 - ε) (e^-3.9319795 - 1e-7) / 0.99991306 + ε / 256, and the same of byte 0.
    for (byte, open) in [(128, -3.9319795), (0, -12.5207712)] {
      let count = 1000
      let codec = try ClosedLogistic(means: [Float](repeating: 0, count: count), scale: Float(exp(-3.0)))
      let start = try Message(.lanes(1))
      var message = start
      try codec.push([Int](repeating: byte, count: count), onto: &message)
      let expected = -log((1 - 0x1p-14) * (exp(open) - 1e-7) / (1 - 2 / (1 + exp(0.5 * exp(3.0)))) + 0x1p-14 / 256)
      #expect(abs((message.bits - start.bits) / Double(count) * log(2) - expected) < 2e-2)
      #expect(byte == 0 || abs(expected - 3.9319795) < 2e-4)
    }
  }

  @Test("Counts have the beta-binomial masses of the C library")
  func betaBinomialSlots() throws {
    var random = SplitMix(state: 13)
    let precision = 14
    for _ in 0..<60 {
      let (alpha, beta) = (random.magnitudes(1, -4...4)[0], random.magnitudes(1, -4...4)[0])
      let slots = try slots(BetaBinomial(trials: 255, alphas: [alpha], betas: [beta], precision: precision), precision: precision)
      #expect(Set(slots).count == 256)
      for count in 0...255 {
        let wanted = 1 + Oracle.betaBinomial(count, trials: 255, Double(alpha), Double(beta)) * Double(1 << precision - 256)
        #expect(abs(Double(slots.count { $0 == count }) - wanted) <= 1.01, "\(count) \(alpha) \(beta)")
      }
    }
  }

  /// ln p(100; 255, 2, 3) = -4.9979121968; alpha = beta = 1 is uniform, ln p = -5.545177.
  @Test("Counts cost the known bits", arguments: [(2, 3, 4.9979121968), (1, 1, 5.545177)] as [(Float, Float, Double)])
  func knownBetaBinomial(alpha: Float, beta: Float, nats: Double) throws {
    let count = 1000
    let codec = try BetaBinomial(
      trials: 255, alphas: [Float](repeating: alpha, count: count), betas: [Float](repeating: beta, count: count))
    let start = try Message(.lanes(1))
    var message = start
    try codec.push([Int](repeating: 100, count: count), onto: &message)
    #expect(abs((message.bits - start.bits) / Double(count) * log(2) - nats) < 2e-4)
  }

  @Test("Rows of logits have the softmax of the C library")
  func softmaxSlots() throws {
    var random = SplitMix(state: 14)
    let precision = 14
    for spread in [0.1, 3, 200] as [Float] {
      for _ in 0..<20 {
        let logits = random.floats(37, -spread...spread)
        let slots = try slots(CategoricalRows(logits: logits, alphabet: 37, precision: precision), precision: precision)
        for (symbol, p) in Oracle.softmax(logits).enumerated() {
          #expect(abs(Double(slots.count { $0 == symbol }) - 1 - p * Double(1 << precision - 37)) <= 1.01)
        }
      }
    }
  }

  @Test("Zeros and ones have their share of slots, and at least one")
  func bernoulliSlots() throws {
    let precision = 12
    for logit in [-200, -9, -1, 0, 0.3, 5, 9, 200] as [Float] {
      let ones = try slots(Bernoulli(logits: [logit], precision: precision), precision: precision).reduce(0, +)
      #expect(abs(Double(ones) - 1 - Oracle.logistic(Double(logit)) * 4094) <= 0.51)
    }
    for p in [0, 1e-12, 0.25, 1] as [Float] {
      let ones = try slots(Bernoulli(probabilities: [p], precision: precision), precision: precision).reduce(0, +)
      #expect(abs(Double(ones) - 1 - Double(p) * 4094) <= 0.51)
    }
  }
}
