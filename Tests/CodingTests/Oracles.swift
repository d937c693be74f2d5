import Foundation

extension Float {
  static func tenToThe(_ exponent: Float) -> Float { Float(pow(10, Double(exponent))) }
}

/// Distributions as the C library computes them, for comparison.
enum Oracle {
  static func normalCDF(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }
  static func logistic(_ z: Double) -> Double { z < 0 ? exp(z) / (1 + exp(z)) : 1 / (1 + exp(-z)) }

  static func betaBinomial(_ k: Int, trials n: Int, _ a: Double, _ b: Double) -> Double {
    func logBeta(_ a: Double, _ b: Double) -> Double { lgamma(a) + lgamma(b) - lgamma(a + b) }
    let (k, n) = (Double(k), Double(n))
    let choices: Double = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(choices + logBeta(k + a, n - k + b) - logBeta(a, b))
  }

  static func softmax(_ logits: some Collection<Float>) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let weights = logits.map { exp(Double($0) - largest) }
    return weights.map { $0 / weights.reduce(0, +) }
  }
}
