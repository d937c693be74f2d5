/// One distribution over few symbols: the integer frequency of each, all at least 1, with sum 2^precision.
package struct FrequencyTable: Sendable, Equatable {
  /// A slot has its symbol written down, so that finding it is one look.
  package static let mostPrecise = 16

  package let precision: Int
  let intervals: [Interval]
  /// The symbol of each slot.
  let symbols: [UInt16]

  package init(frequencies: [Int]) throws(CodingError) {
    var total = 0
    for (symbol, frequency) in frequencies.enumerated() {
      guard frequency >= 1, frequency <= 1 << Self.mostPrecise else {
        throw CodingError(.parameter, "frequencies[\(symbol)]", given: "\(frequency)", expected: "1 to 2^\(Self.mostPrecise)")
      }
      total += frequency
      guard total <= 1 << Self.mostPrecise else { break }
    }
    guard total >= 1, total <= 1 << Self.mostPrecise, total & (total - 1) == 0 else {
      throw CodingError(.parameter, "sum of frequencies", given: "\(total)", expected: "a power of two up to 2^\(Self.mostPrecise)")
    }
    precision = total.trailingZeroBitCount
    var start: UInt32 = 0
    intervals = frequencies.map { frequency in
      defer { start += UInt32(frequency) }
      return Interval(start: start, frequency: UInt32(frequency))
    }
    symbols = frequencies.enumerated().flatMap { symbol, frequency in repeatElement(UInt16(symbol), count: frequency) }
  }

  /// - Parameter probabilities: one a symbol, at least 0; they need not have the sum 1.
  package init(probabilities: [Float], precision: Int = 14) throws(CodingError) {
    guard precision <= Self.mostPrecise else {
      throw CodingError(.parameter, "precision", given: "\(precision)", expected: "at most \(Self.mostPrecise) bits for a table")
    }
    var cumulative = try Cumulative(symbols: probabilities.count, precision: precision)
    let weights = try Parameters.checked(probabilities, "probabilities", expected: "a finite number of at least 0") { $0 >= 0 }
    guard weights.contains(where: { $0 > 0 }) else {
      throw CodingError(.parameter, "probabilities", given: "zeros alone", expected: "one above 0")
    }
    cumulative.set { sums in for (symbol, weight) in weights.enumerated() { sums[symbol] = SIMD8(repeating: Double(weight)) } }
    try self.init(frequencies: weights.indices.map { Int(cumulative.interval(of: $0, lane: 0).frequency) })
  }
}
