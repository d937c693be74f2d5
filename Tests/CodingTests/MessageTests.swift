import Coding
import Foundation
import Testing

@Suite struct MessageTests {
  /// Interval (0, 3), (3, 4) and (7, 1) of 8, by turns, from an empty message (BB-ANS).
  @Test("Heads of one lane are those of BB-ANS")
  func cycle() throws {
    let codec = try Categorical(count: 1, table: FrequencyTable(frequencies: [3, 4, 1]))
    var message = try Message(.single)
    #expect(message.flattened == [1, 0])
    let known: [UInt64] = [11_453_246_121, 22_906_492_244, 183_251_937_959, 488_671_834_554]
    for step in 0..<12 {
      try codec.push([step % 3], onto: &message)
      let words = message.flattened
      let head = UInt64(words[0]) << 32 | UInt64(words[1])
      #expect(words.count == 2)
      if step < known.count { #expect(head == known[step]) }
      if step == 11 { #expect(head == 14_233_598_821_953_455) }
    }
    #expect(abs(message.bits - 21.66015) < 5e-6)
    for step in (0..<12).reversed() { #expect(try codec.pop(from: &message) == [step % 3]) }
    #expect(try message == Message(.single))
  }

  @Test("Thirty rare symbols are the words of BB-ANS")
  func rare() throws {
    let codec = try Uniform(count: 1, bits: 8)
    var message = try Message(.single)
    for _ in 0..<30 { try codec.push([200], onto: &message) }
    #expect(message.flattened == [0x0001_0000, 0x00C8_C8C8] + [UInt32](repeating: 0xC8C8_C8C8, count: 6) + [0x00C8_C8C8])
    for _ in 0..<30 { #expect(try codec.pop(from: &message) == [200]) }
    #expect(try message == Message(.single))
  }

  /// Made by Craystack's `push` and `flatten` on three heads.
  @Test("Heads side by side are those of Craystack")
  func lanes() throws {
    let codec = try Categorical(count: 3, table: FrequencyTable(frequencies: [100, 155, 1]))
    var message = try Message(.lanes(3))
    for step in 0..<20 { try codec.push((0..<3).map { (step + $0 * $0) % 3 }, onto: &message) }
    #expect(
      message.flattened == [
        791_566_778, 18, 18, 3_862_616_247, 1_847_269_119, 1_847_269_119, 266_501_227, 266_501_227, 672_027_695, 4_029_711_864, 4_029_711_864,
      ])
    for step in (0..<20).reversed() { #expect(try codec.pop(from: &message) == (0..<3).map { (step + $0 * $0) % 3 }) }
    #expect(try message == Message(.lanes(3)))
  }

  /// Made by Craystack's `reshape_head`.
  @Test("Folded heads are those of Craystack, and unfold")
  func folding() throws {
    let heads: [UInt64] = [1 << 31, 1 << 31 + 12345, 1 << 40 + 987_654_321, 1 << 62 + 1 << 61 + 7, 1 << 63 - 1]
    let message = try Message(
      .lanes(5), flattened: heads.map { UInt32($0 >> 32) } + heads.map { UInt32(truncatingIfNeeded: $0) } + [1, 2, 3])
    let folded = try message.folded(to: 1)
    #expect(
      folded.flattened == [2_922_240, 16_765_859, 2_869_563_425, 0, 201_550_001, 2_540_765_191, 4_294_967_295, 4_291_493_887, 1, 2, 3])
    #expect(try folded.unfolded(to: 5) == message)
    #expect(try message.folded(to: 2).unfolded(to: 5) == message)
    #expect(try message.folded(to: 5) == message)
    #expect(failure { () throws(CodingError) in try Message(.lanes(2)).unfolded(to: 5) }?.reason == .exhausted)
    #expect(failure { () throws(CodingError) in try message.folded(to: 6) }?.reason == .lanes)
    #expect(failure { () throws(CodingError) in try message.folded(to: 0) }?.reason == .lanes)
  }

  @Test("Any number of lanes folds to any fewer and back", arguments: [1, 2, 3, 31, 64, 1000])
  func foldingBack(lanes: Int) throws {
    let message = try Message(.lanes(lanes), startingWords: 7, key: 2)
    for few in [1, 2, 5, lanes].filter({ $0 <= lanes }) {
      let folded = try message.folded(to: few)
      #expect(try folded.unfolded(to: lanes) == message)
      // A head that goes keeps its bits, and about six for its length.
      #expect(folded.bits - message.bits < 40.5 * Double(lanes - few) + 1)
    }
  }

  @Test("Symbols cost their information within a hundredth of a per cent", arguments: [Message.Form.single, .lanes(1), .lanes(16)])
  func rate(form: Message.Form) throws {
    var random = SplitMix(state: 3)
    for precision in [3, 8, 16] {
      let start = try Message(form)
      var message = start
      var ideal = 0.0
      var pushed: [(Categorical, [Int])] = []
      for _ in 0..<100 {
        let frequencies = randomFrequencies(precision, &random)
        let codec = try Categorical(count: 100, table: FrequencyTable(frequencies: frequencies))
        let symbols = random.integers(100, below: frequencies.count)
        for symbol in symbols { ideal += Double(precision) - log2(Double(frequencies[symbol])) }
        try codec.push(symbols, onto: &message)
        pushed.append((codec, symbols))
      }
      #expect(abs(message.bits - start.bits - ideal) < 1e-4 * ideal)
      for (codec, symbols) in pushed.reversed() { #expect(try codec.pop(from: &message) == symbols) }
      #expect(message == start)
    }
  }

  private func randomFrequencies(_ precision: Int, _ random: inout SplitMix) -> [Int] {
    var left = 1 << precision
    var frequencies: [Int] = []
    while left > 0 {
      frequencies.append(.random(in: 1...left, using: &random))
      left -= frequencies[frequencies.count - 1]
    }
    return frequencies
  }

  @Test("A message that runs out says so, and never makes bits up")
  func exhaustion() throws {
    let codec = try Uniform(count: 3, bits: 20)
    for form in [Message.Form.single, .lanes(1), .lanes(3)] {
      var message = try Message(form)
      let error = failure { () throws(CodingError) in for _ in 0..<10 { _ = try codec.pop(from: &message) } }
      #expect(error?.reason == .exhausted)
    }
    var message = try Message(.lanes(1), startingWords: 1, key: 1)
    #expect(
      failure { () throws(CodingError) in for _ in 0..<2 { _ = try codec.pop(from: &message) } }?.description
        == "message: given bits for 1 of 3 symbols, expected all of them: more starting words, or the whole message")
  }

  @Test("Starting words follow from the key and the row, whatever their number")
  func startingWords() throws {
    let few = try Message(.lanes(2), startingWords: 3, key: 9, row: 4)
    let many = try Message(.lanes(2), startingWords: 300, key: 9, row: 4)
    #expect(few.flattened.suffix(3) == many.flattened.suffix(3))
    #expect(few.flattened.prefix(4) == many.flattened.prefix(4))
    #expect(try few != Message(.lanes(2), startingWords: 3, key: 9, row: 5))
    #expect(try few != Message(.lanes(2), startingWords: 3, key: 10, row: 4))
    #expect(abs(many.bits - 300 * 32) < 4)
    // Philox4x32-10 of key 0 and counter 0 (Salmon et al. 2011, Random123's known answers): 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
    #expect(try Message(.single, startingWords: 3, key: 0).flattened == [1, 0x6627_e8d5, 0x9b00_dbd8, 0xbc57_ac4c, 0xe169_c58d])
    #expect(failure { () throws(CodingError) in try Message(.single, startingWords: -1, key: 0) }?.reason == .parameter)
  }

  @Test("Words that are no message are refused")
  func malformed() throws {
    #expect(failure { () throws(CodingError) in try Message(.lanes(2), flattened: [1, 2, 3]) }?.reason == .exhausted)
    #expect(failure { () throws(CodingError) in try Message(.single, flattened: [0, 5]) }?.reason == .malformed)
    #expect(failure { () throws(CodingError) in try Message(.lanes(1), flattened: [0x8000_0000, 5]) }?.reason == .malformed)
    #expect(failure { () throws(CodingError) in try Message(.lanes(1), flattened: [0, 0x7fff_ffff]) }?.reason == .malformed)
    #expect(failure { () throws(CodingError) in try Message(.lanes(0)) }?.reason == .parameter)
    #expect(failure { () throws(CodingError) in try Message(.lanes(1 << 40)) }?.reason == .parameter)
  }
}
