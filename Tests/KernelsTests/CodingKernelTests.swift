import CKernels
import Testing

@Suite("Bins of normal distributions") struct CodingKernelTests {
  private static let bins = 1024
  private static let precision: Int32 = 18
  /// Any numbers that ascend do for edges.
  private static let edges = (1..<bins).map { 8 * (Double($0) / Double(bins) - 0.5) }

  private struct Found: Equatable {
    var bins: [UInt32]
    var starts: [UInt32]
    var ends: [UInt32]
  }

  /// What kernels say of `count` numbers from `first` on.
  private func found(_ set: InstructionSet, _ parameters: [[Float]], _ slots: [UInt32], first: Int, least: UInt32) -> Found {
    let count = slots.count
    let none = [UInt32](repeating: 0, count: count)
    var found = Found(bins: none, starts: none, ends: none)
    set.kernels.gaussian_bins(
      parameters[0], parameters[1], parameters[2], parameters[3], first, count, Self.edges, UInt32(Self.bins), least, Self.precision, slots,
      &found.bins, &found.starts, &found.ends)
    return found
  }

  private func parameters(_ count: Int) -> [[Float]] {
    var numbers = TestNumbers(seed: 51)
    return [
      numbers.floats(count, in: -2...2), numbers.floats(count, in: 0.1...2), numbers.floats(count, in: -4...4), numbers.floats(count, in: 0.01...2),
    ]
  }

  @Test("all instruction sets, with fused arithmetic or without, give the same integers, wherever a number stands", arguments: [0, 1] as [UInt32])
  func sameEverywhere(least: UInt32) {
    let count = 4003
    let parameters = parameters(count)
    var numbers = TestNumbers(seed: 52)
    let slots = (0..<count).map { _ in UInt32(truncatingIfNeeded: numbers.next() >> 46) }
    let whole = found(InstructionSet.all[0], parameters, slots, first: 0, least: least)
    for set in InstructionSet.all {
      var bins = whole
      set.kernels.gaussian_intervals(
        parameters[0], parameters[1], parameters[2], parameters[3], 0, count, Self.edges, UInt32(Self.bins), least, Self.precision, whole.bins,
        &bins.starts, &bins.ends)
      #expect(bins == whole, "\(set.name)")
      for (first, length) in [(0, 1), (5, 7), (100, 8), (1001, 64)] {
        let places = first..<first + length
        let own = found(set, parameters, Array(slots[places]), first: first, least: least)
        var intervals = own
        InstructionSet.all[0].kernels.gaussian_intervals(
          parameters[0], parameters[1], parameters[2], parameters[3], first, length, Self.edges, UInt32(Self.bins), least, Self.precision, own.bins,
          &intervals.starts, &intervals.ends)
        #expect(intervals == own)
      }
    }
  }

  @Test("the integer cdf begins at 0, rises with every bin and ends at all slots")
  func cumulative() {
    let parameters = parameters(20)
    for number in 0..<20 {
      var before: UInt32 = 0
      for bin in 0..<Self.bins {
        var (start, end): ([UInt32], [UInt32]) = ([0], [0])
        kernel_gaussian_intervals(
          parameters[0], parameters[1], parameters[2], parameters[3], number, 1, Self.edges, UInt32(Self.bins), 1, Self.precision, [UInt32(bin)],
          &start, &end)
        #expect(start[0] == before && end[0] > start[0])
        before = end[0]
      }
      #expect(before == 1 << UInt32(Self.precision))
    }
  }
}
