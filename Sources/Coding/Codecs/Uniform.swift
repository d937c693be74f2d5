/// Integers that are all equally likely: `count` of them, each below `symbols`.
package struct Uniform: Codec {
  package let count: Int
  package let symbols: Int
  private let precision: Int

  /// - Parameter symbols: at most 2^28. A power of two costs exactly its bits, another alphabet of up to 2^16 symbols at most 0.0004 bits more.
  package init(count: Int, symbols: Int) throws(CodingError) {
    guard symbols >= 1, symbols <= 1 << Precision.range.upperBound else {
      throw CodingError(.parameter, "symbols", given: "\(symbols)", expected: "1 to 2^\(Precision.range.upperBound)")
    }
    self.count = try Parameters.count(count)
    self.symbols = symbols
    let isPower = symbols & (symbols - 1) == 0
    let bits = Int.bitWidth - (symbols - 1).leadingZeroBitCount
    precision = isPower ? bits : min(bits + 12, Precision.range.upperBound)
  }

  package init(count: Int, bits: Int) throws(CodingError) {
    guard (0...Precision.range.upperBound).contains(bits) else {
      throw CodingError(.parameter, "bits", given: "\(bits)", expected: "0 to \(Precision.range.upperBound)")
    }
    try self.init(count: count, symbols: 1 << bits)
  }

  package func push(_ symbols: [Int], onto message: inout Message) throws(CodingError) {
    let values = try checked(symbols, count: count)
    try message.push(count, precision: { _ in precision }) { i throws(CodingError) in
      guard values[i] >= 0, values[i] < self.symbols else { throw outside(values[i], at: i, of: self.symbols) }
      return Interval(start(values[i]), upTo: start(values[i] + 1))
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var values = [Int](repeating: 0, count: count)
    try message.pop(count, precision: { _ in precision }) { i, slot in
      // The last k with k 2^precision / symbols < slot + 1.
      values[i] = ((Int(slot) + 1) * symbols - 1) >> precision
      return Interval(start(values[i]), upTo: start(values[i] + 1))
    }
    return values
  }

  @inline(__always)
  private func start(_ symbol: Int) -> UInt32 { UInt32((symbol << precision) / symbols) }
}
