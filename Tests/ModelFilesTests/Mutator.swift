/// Makes damaged copies of files, the same ones in every run.
struct Mutator {
  private var state: UInt64
  private let seeds: [[UInt8]]
  /// Pieces of headers that a parser may take wrongly.
  private static let fragments = [
    "\"", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", "[[", ",", ":", "null", "true", "NaN", "1e9", "-0", "-1", "0.5", "9223372036854775807",
    "18446744073709551616", "4611686018427387904", "\"F16\"", "\"F64\"", "\"I64\"", "\"BOOL\"", "\"shape\":[0,4294967296,4294967296]",
    "\"data_offsets\":[0,0]", "\"__metadata__\":{},", "\"t\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},", " ", "\0", "\u{FEFF}", "é",
  ].map { Array($0.utf8) }

  init(seeds: [[UInt8]], state: UInt64) {
    self.seeds = seeds
    self.state = state
  }

  /// One to four changes of one of the seeds; in half of them the header's length is put right, so that what lies behind that check is reached.
  mutating func next() -> [UInt8] {
    var bytes = seeds[below(seeds.count)]
    let length = bytes.count
    let header = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
    for _ in 0...below(4) { change(&bytes, header: min(header, bytes.count)) }
    if below(2) == 0, bytes.count >= 8 {
      let repaired = header - 8 + bytes.count - length
      if repaired >= 0 { for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: repaired >> (8 * place)) } }
    }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8], header: Int) {
    guard !bytes.isEmpty else { return bytes.append(UInt8(below(256))) }
    // Two of three changes fall into the header, where the decisions are.
    let place = below(3) > 0 ? below(max(min(header, bytes.count), 1)) : below(bytes.count)
    switch below(10) {
    case 0: bytes[place] ^= 1 << UInt8(below(8))
    case 1: bytes[place] = UInt8(below(256))
    case 2: bytes.removeSubrange(place...)
    case 3: bytes.insert(contentsOf: Self.fragments[below(Self.fragments.count)], at: place)
    case 4: bytes.removeSubrange(place..<min(place + 1 + below(16), bytes.count))
    case 5:
      let other = seeds[below(seeds.count)]
      let start = below(other.count)
      bytes.insert(contentsOf: other[start..<min(start + 1 + below(64), other.count)], at: place)
    case 6: editNumber(&bytes, near: place)
    case 7: retype(&bytes, near: place)
    case 8:
      // An infinity or a NaN where a number of the data may be.
      let start = header + below(max((bytes.count - header) / 4, 1)) * 4
      guard start + 4 <= bytes.count else { return }
      bytes.replaceSubrange(start..<start + 4, with: [UInt8(below(2)), 0, 0x80, below(2) == 0 ? 0x7F : 0xFF])
    default: bytes.append(contentsOf: [UInt8](repeating: UInt8(below(256)), count: 1 + below(9)))
    }
  }

  /// Replaces the next run of digits by another number.
  private mutating func editNumber(_ bytes: inout [UInt8], near place: Int) {
    let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    guard let first = bytes[place...].firstIndex(where: isDigit) else { return }
    let end = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.count
    let value = Int(String(decoding: bytes[first..<end], as: UTF8.self)) ?? 0
    let numbers = [0, 1, 2, 3, 4, 8, value &+ 1, value &- 1, value &+ 4, value &* 2, -value, .max, .max / 4 + 1, 1 << 32, below(200)]
    bytes.replaceSubrange(first..<end, with: "\(numbers[below(numbers.count)])".utf8)
  }

  /// Gives the next tensor of float32 another type.
  private mutating func retype(_ bytes: inout [UInt8], near place: Int) {
    let name = Array("F32".utf8)
    guard let start = bytes[place...].indices.first(where: { bytes[$0] == name[0] && bytes[$0...].starts(with: name) }) else { return }
    let types = ["I32", "U32", "F16", "BF16", "F64", "BOOL", "F3"]
    bytes.replaceSubrange(start..<start + name.count, with: types[below(types.count)].utf8)
  }

  /// SplitMix64 (Steele et al. 2014); the bias of the remainder does not matter here.
  private mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ z >> 31) % UInt64(bound))
  }
}
