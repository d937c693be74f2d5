/// A normal distribution cut into 2^bits bins of equal mass: under it, every bin is equally likely.
///
/// Bin i of N lies between the quantiles i / N and (i + 1) / N, and stands for its median. Bins of N(m, t^2) are those of N(0, 1), times t, plus m.
package struct GaussianBins: Sendable {
  package static let bitsRange = 1...16

  package let bits: Int
  /// Edge i + 1 of bin i + 1; the outermost two, at infinity, are left out.
  let edges: [Double]
  /// The medians.
  package let values: [Double]

  package init(bits: Int) throws(CodingError) {
    guard Self.bitsRange.contains(bits) else {
      throw CodingError(.parameter, "bits", given: "\(bits)", expected: "\(Self.bitsRange.lowerBound) to \(Self.bitsRange.upperBound)")
    }
    self.bits = bits
    let count = 1 << bits
    edges = (1..<count).map { Normal.quantile(Double($0) / Double(count)) }
    values = (0..<count).map { Normal.quantile((Double($0) + 0.5) / Double(count)) }
  }

  package var count: Int { values.count }

  /// What the bins of given priors stand for.
  package func latents(_ indices: [Int], of priors: Gaussians) throws(CodingError) -> [Float] {
    guard indices.count == priors.count else { throw CodingError(.symbol, "bins", given: "\(indices.count)", expected: "\(priors.count)") }
    var latents: [Float] = []
    latents.reserveCapacity(indices.count)
    for (place, index) in indices.enumerated() {
      guard values.indices.contains(index) else {
        throw CodingError(.symbol, "bins[\(place)]", given: "\(index)", expected: "0 to \(count - 1)")
      }
      latents.append(Float(Double(priors.means[place]) + Double(priors.deviations[place]) * values[index]))
    }
    return latents
  }

  /// The codec of bins of their own prior.
  package func prior(_ count: Int) throws(CodingError) -> Uniform { try Uniform(count: count, bits: bits) }
}
