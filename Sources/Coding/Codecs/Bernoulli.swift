/// Independent zeros and ones, each with a probability of its own.
package struct Bernoulli: Codec {
  package let precision: Int
  /// Of 2^precision slots, those of a zero; the ones have the rest. Neither has none.
  private let zeros: [UInt32]

  /// - Parameter logits: of a one; any finite numbers.
  package init(logits: [Float], precision: Int = 24) throws(CodingError) {
    let logits = try Parameters.checked(logits, "logits")
    try self.init(precision) { logits.map { Logistic.cdf(-Double($0)) } }
  }

  /// - Parameter probabilities: of a one, 0 and 1 included.
  package init(probabilities: [Float], precision: Int = 24) throws(CodingError) {
    let probabilities = try Parameters.checked(probabilities, "probabilities", expected: "0 to 1") { (0...1).contains($0) }
    try self.init(precision) { probabilities.map { 1 - Double($0) } }
  }

  private init(_ precision: Int, zeros: () -> [Double]) throws(CodingError) {
    self.precision = try Precision.checked(precision)
    let others = Double(UInt32(1) << UInt32(precision) - 2)
    self.zeros = zeros().map { 1 + UInt32($0 * others + 0.5) }
  }

  package func push(_ symbols: [Int], onto message: inout Message) throws(CodingError) {
    let symbols = try checked(symbols, count: zeros.count)
    try message.push(zeros.count, precision: { _ in precision }) { i throws(CodingError) in
      guard symbols[i] & 1 == symbols[i] else { throw outside(symbols[i], at: i, of: 2) }
      return interval(of: symbols[i], beside: zeros[i])
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var symbols = [Int](repeating: 0, count: zeros.count)
    try message.pop(zeros.count, precision: { _ in precision }) { i, slot in
      symbols[i] = slot < zeros[i] ? 0 : 1
      return interval(of: symbols[i], beside: zeros[i])
    }
    return symbols
  }

  @inline(__always)
  private func interval(of symbol: Int, beside zeros: UInt32) -> Interval {
    let isOne = symbol == 1
    return Interval(start: isOne ? zeros : 0, frequency: isOne ? 1 &<< UInt32(precision) &- zeros : zeros)
  }
}
