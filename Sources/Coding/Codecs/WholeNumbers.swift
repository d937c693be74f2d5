/// Whole numbers from 0 of which nothing is known but that small ones are likelier: each is its length in bits, then its bits.
package struct WholeNumbers: Codec {
  package let count: Int

  package init(count: Int) throws(CodingError) { self.count = try Parameters.count(count) }

  package func push(_ numbers: [Int], onto message: inout Message) throws(CodingError) {
    for (index, number) in try checked(numbers, count: count).enumerated() where number < 0 {
      throw CodingError(.symbol, "symbols[\(index)]", given: "\(number)", expected: "0 or more")
    }
    let numbers = numbers.map { UInt64($0) }
    let lengths = numbers.map { UInt64.bitWidth - $0.leadingZeroBitCount }
    for low in Self.parts {
      try message.push(count, precision: { Self.bits(lengths[$0], from: low) }) { i in
        let rest = lengths[i] > 0 ? numbers[i] & (1 << UInt64(lengths[i] - 1) - 1) : 0
        return Interval(start: UInt32(rest >> UInt64(low) & 0xffff), frequency: 1)
      }
    }
    try Categorical(count: count, table: Self.lengths()).push(lengths, onto: &message)
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    let lengths = try Categorical(count: count, table: Self.lengths()).pop(from: &message)
    var numbers = lengths.map { $0 > 0 ? 1 << UInt64($0 - 1) : 0 as UInt64 }
    for low in Self.parts.reversed() {
      try message.pop(count, precision: { Self.bits(lengths[$0], from: low) }) { i, slot in
        numbers[i] |= UInt64(slot) << UInt64(low)
        return Interval(start: slot, frequency: 1)
      }
    }
    return numbers.map { Int($0) }
  }

  private static let parts = [0, 16, 32, 48]

  /// Bits of such a part, without the leading one of all.
  private static func bits(_ length: Int, from low: Int) -> Int { min(max(length - 1 - low, 0), 16) }

  /// A length of n bits has a share of 1 / (n + 1).
  private static func lengths() throws(CodingError) -> FrequencyTable {
    try FrequencyTable(probabilities: (0...63).map { 1 / Float($0 + 1) }, precision: 12)
  }

  /// 0, -1, 1, -2, ... as 0, 1, 2, 3, ...; of at most 62 bits.
  package static func folded(_ number: Int) -> Int { number << 1 ^ number >> (Int.bitWidth - 1) }
  package static func unfolded(_ number: Int) -> Int { number >> 1 ^ -(number & 1) }
}
