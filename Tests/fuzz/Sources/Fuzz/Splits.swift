/// Cuts of some bytes into pieces, drawn from a generator that those bytes seed: every input tells all about its own run.
struct Splits {
  private let bytes: [UInt8]
  private var state: UInt64

  init(of bytes: [UInt8]) {
    self.bytes = bytes
    // FNV-1a.
    state = bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// Pieces of 0 to 2 * `grain` - 1 bytes; of one byte each when the grain is 1.
  mutating func next(grain: Int) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count {
      let length = grain == 1 ? 1 : Int(random() % UInt64(2 * grain))
      let end = min(start + length, bytes.count)
      pieces.append(bytes[start..<end])
      start = end
    }
    return pieces
  }

  /// SplitMix64.
  private mutating func random() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
