import CKernels
import CKernels.Testing
import Testing

/// One instruction set's kernels, by name; tests over instruction sets are tables of these.
struct InstructionSet: CustomTestStringConvertible, Sendable {
  let name: String

  /// What this build and this CPU can run, best first.
  static let all = ["avx512", "avx2", "neon", "portable"].map(InstructionSet.init).filter { kernel_table_for($0.name) != nil }

  /// Those that promise the same bits as each other: all with fused multiply-add.
  static let fused = all.filter { $0.name != "portable" }

  var kernels: kernel_table { kernel_table_for(name)!.pointee }
  var testDescription: String { name }
}

/// A deterministic stream of test numbers that owes nothing to the kernels under test (SplitMix64).
struct TestNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -2...2) -> [Float] {
    (0..<count).map { _ in range.lowerBound + (range.upperBound - range.lowerBound) * (Float(next() >> 40) / 16_777_216) }
  }
}

/// The bits of floats, with every NaN made the same: its sign and payload are not promised.
func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern } }

/// The distance from the true value in units of the last place of the correctly rounded one.
func ulps(_ given: Float, from true: Double) -> Double {
  let rounded = Float(`true`)
  if rounded.isNaN || given.isNaN { return rounded.isNaN && given.isNaN ? 0 : .infinity }
  if rounded.isInfinite || given.isInfinite { return rounded == given ? 0 : .infinity }
  return abs(Double(given) - `true`) / Double(max(rounded.magnitude.ulp, Float.leastNonzeroMagnitude))
}
