import Distributions
import Foundation
import Tensors
import Testing

@Suite("DiscretisedLogistic")
struct DiscretisedLogisticTests {
  private static let parameters: [(mean: Float, logScale: Float)] = [(0.4, -3), (0, -1), (0.97, -5), (-0.2, -2), (1.4, -2), (0.5, 3), (0.501, -7.5)]

  private func one(_ mean: Float, _ logScale: Float) -> DiscretisedLogistic {
    DiscretisedLogistic(mean: column([mean]), logScale: column([logScale]))
  }

  private func logProbabilities(_ mean: Float, _ logScale: Float) -> [Float] {
    let centres = column((0..<256).map { Float($0) / 255 })
    return DiscretisedLogistic(mean: .full([256, 1], mean), logScale: Tensor(logScale)).logProbability(of: centres).scalars
  }

  /// The probability of every bin as a difference of distribution functions, each taken on the side where it is small, in double.
  private func reference(_ mean: Float, _ logScale: Float) -> [Double] {
    let (m, s) = (Double(mean), exp(Double(logScale)))
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    return (0..<256).map { k in
      let alpha = k == 255 ? Double.infinity : ((Double(k) + 0.5) / 255 - m) / s
      let beta = k == 0 ? -Double.infinity : ((Double(k) - 0.5) / 255 - m) / s
      return beta > 0 ? sigmoid(-beta) - sigmoid(-alpha) : sigmoid(alpha) - sigmoid(beta)
    }
  }

  @Test("every bin's probability is the difference of sigmoids, and all sum to 1, to 1e-4", arguments: parameters)
  func sums(_ mean: Float, _ logScale: Float) {
    let own = logProbabilities(mean, logScale)
    for (value, expected) in zip(own, reference(mean, logScale)) where expected > 1e-290 {
      // Float32 places an edge up to 1e-7 wide of its mark, which a small scale magnifies.
      #expect(abs(Double(value) - log(expected)) < 1e-4 + 2e-7 / exp(Double(logScale)) + 1e-6 * abs(log(expected)))
    }
    #expect(abs(own.reduce(0) { $0 + exp(Double($1)) } - 1) < 1e-4)
  }

  @Test("the outermost bins take the tails")
  func edges() {
    // ln σ((1/510 - m) / s) and ln σ((m - 1 + 1/510) / s)
    let logistic = one(-2, -1)
    let scale = exp(-1.0)
    #expect(abs(Double(logistic.logProbability(of: column([0])).scalar) + log1p(exp(-(1 / 510.0 + 2) / scale))) < 1e-6)
    #expect(abs(Double(logistic.logProbability(of: column([1])).scalar) + log1p(exp((3 - 1 / 510.0) / scale))) < 1e-5)
  }

  @Test("other ranges and levels only change units")
  func units() {
    let grey = DiscretisedLogistic(mean: column([100]), logScale: column([2]), range: 0...255)
    let unit = one(100 / 255, 2 - log(255))
    for k in [0, 1, 90, 100, 254, 255] as [Float] {
      #expect(abs((grey.logProbability(of: column([k])) - unit.logProbability(of: column([k / 255]))).scalar) < 1e-4)
    }
    let coin = DiscretisedLogistic(mean: column([0]), logScale: column([0]), levels: 2, range: -1...1)
    #expect(abs(coin.logProbability(of: column([1])).scalar + 0.693_147_2) < 1e-6)
  }

  @Test("samples are bin centres with the bins' probabilities (chi-square at 0.0005)", arguments: parameters)
  func samples(_ mean: Float, _ logScale: Float) {
    let n = 20_000
    let drawn = DiscretisedLogistic(mean: .full([n, 1], mean), logScale: Tensor(logScale)).sample(keys(n)).scalars
    var counts = [Int](repeating: 0, count: 256)
    for x in drawn {
      let bin = (x * 255).rounded()
      #expect(abs(x - bin / 255) < 1e-6)
      counts[Int(bin)] += 1
    }
    #expect(chiSquareQuantile(counts: counts, probabilities: reference(mean, logScale)) < 3.3)
  }

  @Test("the mean is the rounded variable's up to half a bin", arguments: parameters)
  func mean(_ mean: Float, _ logScale: Float) {
    let exact = reference(mean, logScale).enumerated().reduce(0) { $0 + Double($1.offset) / 255 * $1.element }
    #expect(abs(Double(one(mean, logScale).mean.scalar) - exact) < 0.5 / 255)
  }

  @Test("gradients of log-probability and mean match differences, at the edges too")
  func gradients() {
    let mean = Tensor(rows: [[0.1, -0.4, 0.8], [0.3, 0.9, -1.2]])
    let logScale = Tensor(rows: [[-1, -0.5, -0.2], [0.3, -0.8, 0]])
    let x = Tensor(rows: [[-1, 0.2, 1], [1, -1, -0.6]])
    // Sixteen levels over -1...1, centres two fifteenths apart.
    func distribution(_ p: [Tensor]) -> DiscretisedLogistic { DiscretisedLogistic(mean: p[0], logScale: p[1], levels: 16, range: -1...1) }
    expectGradients(of: { distribution($0).logProbability(of: x) }, at: [mean, logScale])
    expectGradients(of: { distribution($0).mean }, at: [mean, logScale])
    // One scale a dimension, and one for all.
    expectGradients(of: { distribution($0).logProbability(of: x) }, at: [mean, logScale.slice(0, 0..<1)])
    expectGradients(of: { distribution($0).logProbability(of: x) }, at: [mean, Tensor(-0.7)])
  }

  @Test(
    "log scales of ±200 and means far outside give finite log-probabilities, gradients, means and samples",
    arguments: [-200, -60, 0, 60, 200] as [Float])
  func extremes(_ logScale: Float) {
    for mean in [-1e4, 0, 0.5, 1, 1e4] as [Float] {
      let parameters = (mean: column([mean, mean, mean]).watched(), logScale: column([logScale, logScale, logScale]).watched())
      let logistic = DiscretisedLogistic(mean: parameters.mean, logScale: parameters.logScale)
      let value = logistic.logProbability(of: column([0, 128 / 255, 1]))
      #expect(value.isFinite && value.scalars.allSatisfy { $0 < 1e-5 })
      let gradients = value.sum().backward()
      #expect(gradients[parameters.mean]?.isFinite == true && gradients[parameters.logScale]?.isFinite == true)
      #expect(logistic.mean.scalars.allSatisfy { (0...1).contains($0) })
      #expect(logistic.sample(keys(3)).scalars.allSatisfy { (0...1).contains($0) })
    }
  }

  @Test(
    "the inner bin's log-mass has the slope of ln(1 - exp(-t)) at every scale, to 1e-4",
    arguments: [-58, -40, -20, -8, -5, 0, 5, 20, 40, 85] as [Float])
  func slopes(_ logScale: Float) {
    // With x = m the mass is tanh(t/4), t = width / s, and d ln tanh(t/4) / d ln s = -(t/2) / sinh(t/2)
    let parameter = column([logScale]).watched()
    let value = DiscretisedLogistic(mean: column([0.2]), logScale: parameter).logProbability(of: column([0.2]))
    let t = exp(-Double(logScale)) / 255
    #expect(abs(Double(value.scalar) - log(tanh(t / 4))) < 1e-4)
    #expect(abs(Double(value.backward()[parameter]?.scalar ?? .nan) + (t < 1e-8 ? 1 : t / 2 / sinh(t / 2))) < 1e-4)
  }

  @Test("a point inside a bin gives that bin everything; a flat logistic gives inner bins their width and the edges a half")
  func limits() {
    #expect(abs(one(0, -200).logProbability(of: column([0])).scalar) < 1e-5)
    #expect(abs(one(0.2, -200).logProbability(of: column([0.2])).scalar) < 1e-5)
    let flat = one(0.2, 200)
    #expect(abs(flat.logProbability(of: column([0])).scalar + 0.693_147_2) < 1e-5)
    // width / 4s
    #expect(abs(flat.logProbability(of: column([0.4])).scalar + 200 + log(4 * 255)) < 1e-4)
    #expect(abs(flat.mean.scalar - 0.5) < 1e-3)
  }
}
