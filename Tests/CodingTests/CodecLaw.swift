import Coding
import Testing

/// The law of every codec: push and pop undo each other, whatever the message, and a message that runs out says so.
/// - Parameter readsAnything: whether any bits are symbols, as of all codecs but bits back.
func checkCodec<C: Codec>(
  _ codec: C, _ symbols: [C.Symbol], on forms: [Message.Form] = [.single, .lanes(1), .lanes(2), .lanes(7), .lanes(64)],
  readsAnything: Bool = true, isSame: (C.Symbol, C.Symbol) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  for form in forms {
    let start = try Message(form, startingWords: 20_000, key: 5)

    // Pop undoes push, and a chain comes back last first.
    var message = start
    for symbol in symbols { try codec.push(symbol, onto: &message) }
    for symbol in symbols.reversed() {
      #expect(isSame(try codec.pop(from: &message), symbol), "popped from \(form)", sourceLocation: sourceLocation)
    }
    #expect(message == start, "what is left on \(form)", sourceLocation: sourceLocation)

    // The written words are the message.
    for symbol in symbols { try codec.push(symbol, onto: &message) }
    #expect(try Message(form, flattened: message.flattened) == message, sourceLocation: sourceLocation)

    // Push undoes pop: random bits are symbols. Few bits give a symbol or an error, and no symbol that isn't there.
    for words in [20_000, 5, 2, 1, 0] {
      let random = try Message(form, startingWords: words, key: 6)
      message = random
      do {
        let symbol = try codec.pop(from: &message)
        try codec.push(symbol, onto: &message)
        #expect(message == random, "push after pop, \(words) words on \(form)", sourceLocation: sourceLocation)
      } catch {
        let isExpected = words < 20_000 && error.reason == .exhausted || !readsAnything && error.reason == .symbol
        #expect(isExpected, "\(error)", sourceLocation: sourceLocation)
      }
    }
  }
}

func checkCodec<C: Codec>(
  _ codec: C, _ symbols: [C.Symbol], on forms: [Message.Form] = [.single, .lanes(1), .lanes(2), .lanes(7), .lanes(64)],
  readsAnything: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
) throws where C.Symbol: Equatable {
  try checkCodec(codec, symbols, on: forms, readsAnything: readsAnything, isSame: ==, sourceLocation: sourceLocation)
}

/// The symbol of every slot of a codec of one symbol, found by popping it; each must be pushed back into the same slot.
func slots(_ codec: some Codec<[Int]>, precision: Int) throws -> [Int] {
  try (0..<UInt32(1) << UInt32(precision)).map { slot in
    let start = try Message(.single, flattened: [1, slot, 0])
    var message = start
    let symbol = try codec.pop(from: &message)
    try codec.push(symbol, onto: &message)
    guard message == start else { throw CodingError(.symbol, "slot", given: "\(slot)", expected: "the one that was popped") }
    return symbol[0]
  }
}

/// What is thrown, if anything.
func failure(_ body: () throws(CodingError) -> some Any) -> CodingError? {
  do {
    _ = try body()
    return nil
  } catch { return error }
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

  mutating func floats(_ count: Int, _ range: ClosedRange<Float>) -> [Float] { (0..<count).map { _ in .random(in: range, using: &self) } }

  /// Powers of ten with exponents of a range.
  mutating func magnitudes(_ count: Int, _ exponents: ClosedRange<Float>) -> [Float] { floats(count, exponents).map { Float.tenToThe($0) } }

  mutating func integers(_ count: Int, below bound: Int) -> [Int] { (0..<count).map { _ in .random(in: 0..<bound, using: &self) } }
}
