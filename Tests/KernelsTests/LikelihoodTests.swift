import CKernels
import CKernels.Testing
import Foundation
import Testing

@Suite("Likelihoods") struct LikelihoodTests {
  static func bernoulli(_ x: Double, _ l: Double) -> Double { (l > 0 ? (x - 1) * l : x * l) - log1p(exp(-abs(l))) }

  static func betaBinomial(_ x: Double, _ a: Double, _ b: Double, _ n: Double) -> Double {
    func g(_ x: Double) -> Double { lgamma(x).0 }
    return g(n + 1) - g(x + 1) - g(n - x + 1) + g(x + a) + g(n - x + b) - g(n + a + b) - g(a) - g(b) + g(a + b)
  }

  @Test("Bernoulli rows are the sums of x l - softplus(l), also for sure models", arguments: InstructionSet.all)
  func bernoulli(set: InstructionSet) {
    for columns in [1, 7, 16, 33, 64, 100, 784] {
      var numbers = TestNumbers(seed: UInt64(columns))
      let (x, logits) = (numbers.floats(3 * columns, in: 0...1), numbers.floats(3 * columns, in: -20...20))
      var y: [Float] = [0, 0, 0]
      set.kernels.bernoulli_rows(x, logits, &y, 3, columns)
      for row in 0..<3 {
        let expected = (row * columns..<(row + 1) * columns).reduce(0.0) { $0 + Self.bernoulli(Double(x[$1]), Double(logits[$1])) }
        #expect(abs(Double(y[row]) - expected) <= 1e-6 * abs(expected))
      }
    }
    var sure: [Float] = [0]
    set.kernels.bernoulli_rows([1, 0], [40, -40], &sure, 1, 2)
    #expect(abs(Double(sure[0]) / (-2 * exp(-40.0)) - 1) < 1e-6, "nothing cancels")
  }

  @Test("the Bernoulli backward kernel matches central differences", arguments: InstructionSet.all)
  func bernoulliBackward(set: InstructionSet) {
    let (rows, columns, h) = (3, 37, 1e-5)
    var numbers = TestNumbers(seed: 12)
    let (x, logits, g) = (numbers.floats(rows * columns, in: 0...1), numbers.floats(rows * columns, in: -5...5), numbers.floats(rows))
    var d = x
    set.kernels.bernoulli_backward(x, logits, g, &d, rows, columns)
    for i in x.indices {
      let (x, l) = (Double(x[i]), Double(logits[i]))
      let slope = (Self.bernoulli(x, l + h) - Self.bernoulli(x, l - h)) / (2 * h)
      #expect(abs(Double(d[i]) - Double(g[i / columns]) * slope) < 1e-6)
    }
  }

  @Test("beta-binomial probabilities sum to 1 over 0...n", arguments: InstructionSet.all)
  func betaBinomialNormalises(set: InstructionSet) {
    for trials in [1, 2, 10, 255] {
      for (a, b) in [(1, 1), (0.5, 0.5), (0.01, 3), (20, 0.3), (300, 700), (1e4, 1e4), (1e-3, 1e-3)] as [(Float, Float)] {
        let x = (0...trials).map(Float.init)
        var y = x
        set.kernels.beta_binomial_rows(
          x, [Float](repeating: a, count: x.count), [Float](repeating: b, count: x.count), Float(trials), &y, x.count, 1)
        #expect(abs(y.reduce(0.0) { $0 + exp(Double($1)) } - 1) < 1e-6, "n \(trials), a \(a), b \(b)")
        if (a, b) == (1, 1) { #expect(y.allSatisfy { abs(Double($0) + log(Double(trials + 1))) < 1e-6 }, "a = b = 1 is uniform") }
      }
    }
  }

  @Test("beta-binomial rows are the sums of their columns' log-probabilities", arguments: InstructionSet.all)
  func betaBinomialRows(set: InstructionSet) {
    for columns in [1, 5, 8, 9, 16, 17, 40] {
      var numbers = TestNumbers(seed: 13)
      let (a, b) = (numbers.floats(4 * columns, in: 0.1...30), numbers.floats(4 * columns, in: 0.1...30))
      let x = numbers.floats(4 * columns, in: 0...255).map { $0.rounded() }
      var y = [Float](repeating: 0, count: 4)
      set.kernels.beta_binomial_rows(x, a, b, 255, &y, 4, columns)
      for row in 0..<4 {
        let range = row * columns..<(row + 1) * columns
        let expected = range.reduce(0.0) { $0 + Self.betaBinomial(Double(x[$1]), Double(a[$1]), Double(b[$1]), 255) }
        #expect(abs(Double(y[row]) - expected) <= 1e-7 * abs(expected) + 1e-10)
        var alone: [Float] = [0]
        set.kernels.beta_binomial_rows(Array(x[range]), Array(a[range]), Array(b[range]), 255, &alone, 1, columns)
        #expect(alone[0] == y[row], "a row does not depend on its neighbours")
      }
    }
  }

  @Test("the beta-binomial backward kernel matches central differences", arguments: InstructionSet.all)
  func betaBinomialBackward(set: InstructionSet) {
    let (rows, columns) = (3, 21)
    var numbers = TestNumbers(seed: 14)
    let (a, b) = (numbers.floats(rows * columns, in: 0.05...30), numbers.floats(rows * columns, in: 0.05...30))
    let x = numbers.floats(rows * columns, in: 0...255).map { $0.rounded() }
    let g = numbers.floats(rows)
    var (da, db) = (a, b)
    set.kernels.beta_binomial_backward(x, a, b, 255, g, &da, &db, rows, columns)
    for i in x.indices {
      let (x, a, b, scale) = (Double(x[i]), Double(a[i]), Double(b[i]), Double(g[i / columns]))
      let h = 1e-5 * min(a, b)
      let towardsA = (Self.betaBinomial(x, a + h, b, 255) - Self.betaBinomial(x, a - h, b, 255)) / (2 * h)
      let towardsB = (Self.betaBinomial(x, a, b + h, 255) - Self.betaBinomial(x, a, b - h, 255)) / (2 * h)
      let noise = 3e-12 / h  // of the difference quotient itself
      #expect(abs(Double(da[i]) - scale * towardsA) <= 1e-6 * abs(scale * towardsA) + noise)
      #expect(abs(Double(db[i]) - scale * towardsB) <= 1e-6 * abs(scale * towardsB) + noise)
    }
  }
}
