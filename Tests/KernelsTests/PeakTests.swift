import CKernels
import CKernels.Peak
import Testing

@Suite("The yardstick of one core") struct PeakTests {
  @Test("Reading takes every byte once")
  func reading() {
    let block = Int(KERNEL_PEAK_BLOCK)
    var words = [UInt64](repeating: 0, count: 3 * block / 8)
    for index in words.indices { words[index] = UInt64(index) &* 0x9E37_79B9_7F4A_7C15 }
    #expect(kernel_peak_read(words, words.count * 8) == words.reduce(0, ^))
    #expect(kernel_peak_read(words, block) == words[..<(block / 8)].reduce(0, ^))
    #expect(kernel_peak_read(words, 0) == 0)
  }

  @Test("Multiply-adds are carried out: every lane follows x <- x a + b")
  func multiplyAdds() {
    let chains = 12
    let lanes = kernel_peak_multiply_adds_a_round() / chains
    #expect([4, 8, 16].contains(lanes))
    for (rounds, factor, addend) in [(0, 2, 1), (1, 3, 0.5), (2, -0.5, 0.25), (7, 1.5, -1), (1000, 0.9, 0.1)] as [(Int, Float, Float)] {
      var expected = 0.0
      for chain in 0..<chains {
        var x = Double(1 + Float(chain) * 1e-3)
        for _ in 0..<rounds { x = x * Double(factor) + Double(addend) }
        expected += x * Double(lanes)
      }
      #expect(abs(Double(kernel_peak_multiply_adds(rounds, factor, addend)) / expected - 1) < 1e-5)
    }
  }
}
