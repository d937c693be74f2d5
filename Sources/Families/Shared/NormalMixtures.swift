internal import CKernels
internal import Tensors

/// Mixtures of as many normals each, side by side: what is believed of many numbers.
package struct NormalMixtures {
  package let parts: Int
  package let count: Int
  /// From one part of a mixture to its next; the mixtures that fill up the last eight are N(0, 1).
  private let stride: Int
  /// [parts, stride] each; no weights where all parts are equally likely.
  private var weights: [Double]
  private var means: [Double]
  private var deviations: [Double]

  /// - Parameter fill: writes `count` means, deviations and, where they are weighted, weights of one part.
  package init(
    parts: Int, count: Int, areWeighted: Bool = false,
    fill: (_ part: Int, _ means: UnsafeMutablePointer<Double>, _ deviations: UnsafeMutablePointer<Double>, _ weights: UnsafeMutablePointer<Double>?)
      ->
      Void
  ) {
    let stride = (count + 7) / 8 * 8
    (self.parts, self.count, self.stride) = (parts, count, stride)
    weights = [Double](repeating: 1, count: areWeighted ? parts * stride : 0)
    means = [Double](repeating: 0, count: parts * stride)
    deviations = [Double](repeating: 1, count: parts * stride)
    guard count > 0 else { return }
    means.withUnsafeMutableBufferPointer { means in
      deviations.withUnsafeMutableBufferPointer { deviations in
        weights.withUnsafeMutableBufferPointer { weights in
          guard let means = means.baseAddress, let deviations = deviations.baseAddress else { return }
          for part in 0..<parts {
            fill(part, means + part * stride, deviations + part * stride, areWeighted ? weights.baseAddress.map { $0 + part * stride } : nil)
          }
        }
      }
    }
  }

  /// Of equally likely parts: E[x] and √(E[σ²] + Var[μ]).
  package func moments() -> (means: [Double], deviations: [Double]) {
    precondition(weights.isEmpty, "moments of parts that are equally likely")
    var (centres, squares) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    for part in 0..<parts { for i in 0..<count { centres[i] += means[part * stride + i] } }
    for i in 0..<count { centres[i] /= Double(parts) }
    for part in 0..<parts {
      for i in 0..<count {
        let (deviation, shift) = (deviations[part * stride + i], means[part * stride + i] - centres[i])
        squares[i] = squares[i] + deviation * deviation + shift * shift
      }
    }
    return (centres, squares.map { ($0 / Double(parts)).squareRoot() })
  }

  /// The parts of one mixture.
  package func forEachPart(of index: Int, _ body: (_ mean: Double, _ deviation: Double) -> Void) {
    for place in Swift.stride(from: index, to: parts * stride, by: stride) { body(means[place], deviations[place]) }
  }

  /// The values below which a share p of each lies.
  package func quantiles(_ p: Double) -> [Double] {
    var values = [Double](repeating: 0, count: stride)
    let score = kernel_mixture_quantile(p, [1], [0], [1], 1)
    values.withUnsafeMutableBufferPointer { values in
      guard let values = values.baseAddress else { return }
      means.withUnsafeBufferPointer { means in
        deviations.withUnsafeBufferPointer { deviations in
          weights.withUnsafeBufferPointer { weights in
            guard let means = means.baseAddress, let deviations = deviations.baseAddress else { return }
            let weights = weights.isEmpty ? nil : weights.baseAddress
            Parallelism.performParts(stride / 8, cost: 1000 * parts) { start, length in
              kernel_mixture_quantiles(
                p, score, weights.map { $0 + 8 * start }, means + 8 * start, deviations + 8 * start, parts, stride, 8 * length, values + 8 * start)
            }
          }
        }
      }
    }
    return Array(values.prefix(count))
  }
}
