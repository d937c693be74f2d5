/// Bytes as the 256 equal bins of [-1/2, 1/2] under logistic distributions of one scale that are cut off at both ends (Townsend et al. 2020).
///
/// cdf(k) = (1 - ε) [F(k/256 - 1/2) - F(-1/2)] / [F(1/2) - F(-1/2)] + ε k/256 with ε = 2^-14: nothing is left beyond the ends, and every byte has
/// at least three slots.
package struct ClosedLogistic: Codec {
  package static let symbols = 256
  private static let evenShare = 0x1p-14

  package let precision: Int
  private let means: [Float]
  private let scale: Double

  /// - Parameter means: within -1/2...1/2.
  package init(means: [Float], scale: Float, precision: Int = 24) throws(CodingError) {
    guard 24...Precision.range.upperBound ~= precision else {
      throw CodingError(.parameter, "precision", given: "\(precision)", expected: "24 to \(Precision.range.upperBound) bits")
    }
    // Beyond these, all mass in one bin or evenly over all, a double can't tell the ends apart.
    guard 1e-7...1e3 ~= scale else { throw CodingError(.parameter, "scale", given: "\(scale)", expected: "1e-7 to 1e3") }
    self.precision = precision
    self.means = try Parameters.checked(means, "means", expected: "a number from -1/2 to 1/2") { -0.5...0.5 ~= $0 }
    self.scale = Double(scale)
  }

  package var count: Int { means.count }

  package func push(_ symbols: [Int], onto message: inout Message) throws(CodingError) {
    let symbols = try checked(symbols, count: count)
    try message.push(count, precision: { _ in precision }) { i throws(CodingError) in
      guard symbols[i] >= 0, symbols[i] < Self.symbols else { throw outside(symbols[i], at: i, of: Self.symbols) }
      let ends = ends(at: i)
      return Interval(cdf(symbols[i], at: i, ends), upTo: cdf(symbols[i] + 1, at: i, ends))
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var symbols = [Int](repeating: 0, count: count)
    try message.pop(count, precision: { _ in precision }) { i, slot in
      let ends = ends(at: i)
      let interval: Interval
      (symbols[i], interval) = bin(
        holding: slot, of: Self.symbols, precision: precision, near: guess(slot, at: i, ends), cdf: { cdf($0, at: i, ends) })
      return interval
    }
    return symbols
  }

  /// F(-1/2), and the reciprocal of F(1/2) - F(-1/2).
  @inline(__always)
  private func ends(at index: Int) -> (lower: Double, factor: Double) {
    let lower = below(-0.5, at: index)
    return (lower, (1 - Self.evenShare) / (below(0.5, at: index) - lower))
  }

  @inline(__always)
  private func below(_ x: Double, at index: Int) -> Double { Logistic.cdf((x - Double(means[index])) / scale) }

  @inline(__always)
  private func cdf(_ edge: Int, at index: Int, _ ends: (lower: Double, factor: Double)) -> UInt32 {
    guard edge > 0 else { return 0 }
    guard edge < Self.symbols else { return 1 << UInt32(precision) }
    let share = Double(edge) / Double(Self.symbols)
    let mass = (below(share - 0.5, at: index) - ends.lower) * ends.factor + Self.evenShare * share
    return UInt32(mass * Double(1 << precision) + 0.5)
  }

  private func guess(_ slot: UInt32, at index: Int, _ ends: (lower: Double, factor: Double)) -> Int {
    let p = ends.lower + (Double(slot) + 0.5) / Double(1 << precision) / ends.factor
    let x = Double(means[index]) + scale * Logistic.quantile(min(max(p, 1e-300), 1 - 0x1p-53))
    return Int(min(max((x + 0.5) * Double(Self.symbols), 0), Double(Self.symbols - 1)))
  }
}
