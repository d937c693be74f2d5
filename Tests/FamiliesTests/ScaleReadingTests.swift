import Distributions
import Families
import Foundation
import Modelling
import Tensors
import Testing

@Suite("Readings of scale heads")
struct ScaleReadingTests {
  private func read(_ reading: ScaleReading, _ h: Double) -> Double {
    switch reading {
    case .softplus: Foundation.log(1 + Foundation.exp(h)) + 0.001
    case .exp: Foundation.exp(h)
    case .expHalf: Foundation.exp(h / 2)
    case .sigmoid: 1 / (1 + Foundation.exp(-h)) + 0.001
    }
  }

  @Test("both heads of a beta-binomial are read as the configuration says, to 1e-5 nats", arguments: ScaleReading.allCases)
  func betaBinomial(_ reading: ScaleReading) {
    let (location, scale): ([Float], [Float]) = ([-2, 0.5, 3, 1, -0.3], [1, -1, 2.5, 0, 4])
    let levels: [Float] = [0, 17, 255, 128, 3]
    let observation = Observation(.betaBinomial, scale: reading)
    let heads = Heads(location: Tensor(shape: [1, 5], scalars: location), scale: Tensor(shape: [1, 5], scalars: scale))
    let found = observation.logProbability(of: Tensor(shape: [1, 5], scalars: levels.map { $0 / 255 }), heads).scalar
    var expected = 0.0
    for i in 0..<5 {
      let (a, b, x) = (read(reading, Double(location[i])), read(reading, Double(scale[i])), Double(levels[i]))
      expected += lgamma(256) - lgamma(x + 1) - lgamma(256 - x)
      expected += lgamma(x + a) + lgamma(255 - x + b) - lgamma(255 + a + b) - lgamma(a) - lgamma(b) + lgamma(a + b)
    }
    #expect(abs(Double(found) - expected) < 1e-5 * abs(expected))
    let mean = observation.mean(heads).scalars
    for i in 0..<5 {
      let (a, b) = (read(reading, Double(location[i])), read(reading, Double(scale[i])))
      #expect(abs(Double(mean[i]) - a / (a + b)) < 1e-5)
    }
  }

  @Test(
    "heads beyond what ln B can tell keep their ratio, and every probability is finite", arguments: [ScaleReading.exp, .expHalf, .softplus, .sigmoid])
  func extremes(_ reading: ScaleReading) {
    let heads = Heads(location: Tensor(rows: [[200, 90, -200, 45, -300]]), scale: Tensor(rows: [[-200, 88, -200, 43, 300]]))
    for floor in [nil, 0] as [Float?] {
      let observation = Observation(.betaBinomial, scale: reading, scaleFloor: reading.hasFloor ? floor : nil)
      #expect(observation.logProbability(of: .full([1, 5], 0.4), heads).isFinite)
      #expect(observation.mean(heads).isFinite)
      if reading == .exp { #expect(abs(observation.mean(heads).scalars[1] - 1 / (1 + Foundation.exp(-2))) < 1e-5) }
    }
  }

  @Test("a beta-binomial without a reading has softplus, as ever; another likelihood has exp")
  func usual() {
    #expect(Observation(.betaBinomial).scale == .softplus && Observation(.gaussianLearned).scale == .exp)
    var observation = Observation(.bernoulli)
    observation.likelihood = .betaBinomial
    #expect(observation == Observation(.betaBinomial))
  }
}
