import CKernels
import CKernels.Testing
import Foundation
import Testing

@Suite("Quantiles of mixtures of normals") struct MixtureQuantileTests {
  struct Mixture: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let weights: [Double]
    let means: [Double]
    let deviations: [Double]

    init(_ name: String, _ weights: [Double], _ means: [Double], _ deviations: [Double]) {
      (testDescription, self.weights, self.means, self.deviations) = (name, weights, means, deviations)
    }

    /// P(X <= x), by the C library.
    func below(_ x: Double) -> Double {
      let parts = zip(weights, zip(means, deviations)).filter { $0.0 > 0 }
      return parts.reduce(0) { $0 + $1.0 * 0.5 * erfc(($1.1.0 - x) / ($1.1.1 * 2.0.squareRoot())) } / parts.reduce(0) { $0 + $1.0 }
    }

    func bisected(_ p: Double) -> Double {
      var (low, high) = (-1e4, 1e4)
      for _ in 0..<200 {
        let middle = 0.5 * (low + high)
        if below(middle) < p { low = middle } else { high = middle }
      }
      return 0.5 * (low + high)
    }

    static let all: [Mixture] = {
      var numbers = TestNumbers(seed: 5)
      let (means, deviations) = (numbers.floats(12).map(Double.init), numbers.floats(12).map { Double(abs($0)) + 0.01 })
      return [
        Mixture("one part", [1], [3], [2]), Mixture("equal parts", [1, 1, 1], [-2, -2, -2], [0.5, 0.5, 0.5]),
        Mixture("a part of no weight", [0, 0.3, 0.7, 0], [1000, -1, 2, -1000], [1, 0.5, 2, 1]),
        Mixture("two that overlap", [0.4, 0.6], [-1, 1], [1, 1.5]), Mixture("narrow and wide", [0.5, 0.5], [0, 0], [1e-4, 10]),
        Mixture("far apart and narrow", [0.03, 0.9, 0.07], [-800, 0.1, 900], [1e-3, 1e-2, 1e-3]),
        Mixture("a shoulder at the wanted share", [0.05, 0.9, 0.05], [-50, 0, 50], [0.01, 0.01, 0.01]),
        Mixture("weights that do not sum to 1", [3, 5], [0, 4], [1, 2]), Mixture("random", [Double](repeating: 1, count: 12), means, deviations),
      ]
    }()
  }

  private static func normalQuantile(_ p: Double) -> Double { kernel_mixture_quantile(p, [1], [0], [1], 1) }

  /// The quantiles of mixtures that stand beside each other, those of fewer parts with some of no weight.
  private static func quantiles(_ kernels: kernel_table, _ p: Double, _ mixtures: [Mixture]) -> [Double] {
    let (parts, stride) = (mixtures.map(\.weights.count).max() ?? 0, (mixtures.count + 7) / 8 * 8)
    func laid(_ numbers: KeyPath<Mixture, [Double]>, _ other: Double) -> [Double] {
      var values = [Double](repeating: other, count: parts * stride)
      for (column, mixture) in mixtures.enumerated() {
        for (part, value) in mixture[keyPath: numbers].enumerated() { values[part * stride + column] = value }
      }
      return values
    }
    var found = [Double](repeating: 7, count: stride)
    kernels.mixture_quantiles(p, normalQuantile(p), laid(\.weights, 0), laid(\.means, 0), laid(\.deviations, 1), parts, stride, stride, &found)
    return Array(found.prefix(mixtures.count))
  }

  @Test("the share below a quantile is the wanted one", arguments: [1e-9, 0.001, 0.05, 0.3, 0.5, 0.95, 0.999], InstructionSet.all)
  func shares(p: Double, set: InstructionSet) {
    for (mixture, x) in zip(Mixture.all, Self.quantiles(set.kernels, p, Mixture.all)) {
      let share = mixture.below(x)
      #expect(
        abs(share - p) < 1e-9 + 1e-6 * p * (1 - p) || abs(x - mixture.bisected(p)) < 1e-12 * abs(x), "\(mixture): \(share) below \(x), for \(p)")
    }
  }

  @Test("quantiles are those of bisection where the density is not next to nothing", arguments: [0.05, 0.5, 0.95], InstructionSet.all)
  func bisection(p: Double, set: InstructionSet) {
    for (mixture, x) in zip(Mixture.all, Self.quantiles(set.kernels, p, Mixture.all))
    where mixture.testDescription != "a shoulder at the wanted share" {
      let expected = mixture.bisected(p)
      #expect(abs(x - expected) < 1e-7 * (mixture.deviations.min() ?? 1) + 1e-12 * abs(expected), "\(mixture): \(x), \(expected) by bisection")
    }
  }

  @Test("a quantile is the same whatever stands beside it", arguments: InstructionSet.all)
  func alone(set: InstructionSet) {
    let together = Self.quantiles(set.kernels, 0.05, Mixture.all)
    for (mixture, x) in zip(Mixture.all, together) { #expect(Self.quantiles(set.kernels, 0.05, [mixture])[0] == x, "\(mixture)") }
    #expect(Self.quantiles(set.kernels, 0.05, Mixture.all.reversed()) == together.reversed())
  }

  @Test("every processor with fused multiply-add gives the same bits")
  func sets() {
    let all = InstructionSet.fused.map { Self.quantiles($0.kernels, 0.95, Mixture.all).map(\.bitPattern) }
    for other in all.dropFirst() { #expect(other == all[0]) }
  }

  @Test("without weights all parts count alike, and without any weight there is no quantile", arguments: InstructionSet.all)
  func weights(set: InstructionSet) {
    var numbers = TestNumbers(seed: 9)
    let (means, deviations) = (numbers.floats(24).map(Double.init), [Double](repeating: 0.5, count: 24))
    func quantiles(_ weights: [Double]?) -> [Double] {
      var found = [Double](repeating: 7, count: 8)
      set.kernels.mixture_quantiles(0.05, Self.normalQuantile(0.05), weights, means, deviations, 3, 8, 8, &found)
      return found
    }
    #expect(quantiles(nil) == quantiles([Double](repeating: 1, count: 24)))
    let none = quantiles([Double](repeating: 0, count: 24))
    #expect(none.allSatisfy { $0.isNaN })
  }
}
