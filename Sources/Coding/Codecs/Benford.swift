/// Integers in 2^31 ..< 2^63 whose logarithms are about equally likely: what the heads of a message are (Craystack's Benford64).
///
/// A number is its length, the four bits below its leading one, for which small ones are likelier, and the rest, which is uniform.
package struct Benford: Codec {
  package let count: Int

  package init(count: Int) throws(CodingError) { self.count = try Parameters.count(count) }

  package func push(_ numbers: [UInt64], onto message: inout Message) throws(CodingError) {
    let numbers = try checked(numbers, count: count)
    for (index, number) in numbers.enumerated() where number >> 31 == 0 || number >> 63 != 0 {
      throw CodingError(.symbol, "symbols[\(index)]", given: "\(number)", expected: "at least 2^31 and less than 2^63")
    }
    let lengths = numbers.map { 63 - $0.leadingZeroBitCount }
    let rests = lengths.map { $0 - 4 }
    try message.push(count, precision: { _ in 16 }) { i in Self.second[Int(numbers[i] >> UInt64(rests[i]) & 15)] }
    for low in [0, 16, 32, 48] {
      try message.push(count, precision: { min(max(rests[$0] - low, 0), 16) }) { i in
        let rest = numbers[i] & (1 << UInt64(rests[i]) - 1)
        return Interval(start: UInt32(rest >> UInt64(low) & 0xffff), frequency: 1)
      }
    }
    try message.push(count, precision: { _ in 5 }) { i in Interval(start: UInt32(lengths[i] - 31), frequency: 1) }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [UInt64] {
    var lengths = [Int](repeating: 0, count: count)
    try message.pop(count, precision: { _ in 5 }) { i, slot in
      lengths[i] = Int(slot) + 31
      return Interval(start: slot, frequency: 1)
    }
    let rests = lengths.map { $0 - 4 }
    var numbers = [UInt64](repeating: 0, count: count)
    for low in [48, 32, 16, 0] {
      try message.pop(count, precision: { min(max(rests[$0] - low, 0), 16) }) { i, slot in
        numbers[i] |= UInt64(slot) << UInt64(low)
        return Interval(start: slot, frequency: 1)
      }
    }
    try message.pop(count, precision: { _ in 16 }) { i, slot in
      let (second, interval) = bin(holding: slot, of: 16, precision: 16, near: 8) { Self.second[$0].start }
      numbers[i] |= UInt64(16 + second) << UInt64(rests[i])
      return interval
    }
    return numbers
  }

  /// round(2^16 log2(1 + k / 16)), k = 0 ... 16
  private static let second: [Interval] = {
    let starts: [UInt32] = [
      0, 5_732, 11_136, 16_248, 21_098, 25_711, 30_109, 34_312, 38_336, 42_196, 45_904, 49_472, 52_911, 56_229, 59_434, 62_534, 65_536,
    ]
    return zip(starts, starts.dropFirst()).map { Interval($0, upTo: $1) }
  }()
}
