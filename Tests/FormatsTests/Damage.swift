import Foundation

/// Ways in which bytes go wrong on their way, the same ones in every run.
enum Damage {
  /// Every proper prefix, the empty one included.
  static func truncations(of bytes: [UInt8]) -> [[UInt8]] { bytes.indices.map { Array(bytes[..<$0]) } }

  /// Copies with one to four bytes changed, removed, inserted or repeated.
  static func mutations(of bytes: [UInt8], count: Int, seed: UInt64) -> [[UInt8]] {
    var generator = SplitMix(state: seed)
    return (0..<count).map { _ in
      var copy = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0...max(0, copy.count - 1), using: &generator)
        guard !copy.isEmpty else {
          copy.append(.random(in: 0...255, using: &generator))
          continue
        }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: copy[place] = .random(in: 0...255, using: &generator)
        case 1: copy[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: copy.remove(at: place)
        case 3: copy.insert(.random(in: 0...255, using: &generator), at: place)
        case 4: copy[place] = [0x00, 0x7F, 0x80, 0xFF].randomElement(using: &generator)!
        default: copy.insert(contentsOf: copy[place..<min(place + 8, copy.count)], at: place)
        }
      }
      return copy
    }
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Bytes from a committed literal.
func base64(_ text: String) -> [UInt8] { [UInt8](Data(base64Encoded: text)!) }
