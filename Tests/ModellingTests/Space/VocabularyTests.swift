import Modelling
import Tensors
import Testing

@Suite("Vocabularies")
struct VocabularyTests {
  @Test("a text becomes codes and comes back, scalar by scalar")
  func roundTrip() throws {
    let text = "To be, or not\nto be: Ångström e\u{301}👍"
    let vocabulary = Vocabulary(of: text)
    let codes = try vocabulary.encode(text)
    #expect(codes.count == text.unicodeScalars.count && Set(codes) == Set(0..<vocabulary.count))
    #expect(vocabulary.decode(codes).unicodeScalars.elementsEqual(text.unicodeScalars))
    #expect(
      vocabulary.characters.map { $0.unicodeScalars.first?.value ?? 0 }
        == vocabulary.characters.compactMap { $0.unicodeScalars.first?.value }.sorted())
  }

  @Test("an unknown character is named with its place, counted from 0")
  func unknown() {
    let vocabulary = Vocabulary(["a", "b", "\n"])
    let fault = #expect(throws: Fault.self) { try vocabulary.encode("abé", field: "texts[3]") }
    #expect(fault == Fault(field: "texts[3][2]", given: "\"é\" (U+00E9)", expected: #"one of the 3 characters "ab\n""#))
  }

  @Test("characters that only look alike differ")
  func alike() throws {
    let (letter, sign) = ("\u{C5}", "\u{212B}")
    #expect(letter == sign && Vocabulary([letter, "a"]) != Vocabulary([sign, "a"]))
    #expect(try Vocabulary([letter, sign]).encode(sign) == [1])
  }

  @Test("texts are rows as wide as the longest, and come back from them")
  func rows() throws {
    let space = TokenSpace(Vocabulary(["a", "b", "c"]), atMost: 4)
    let (values, lengths) = try space.rows(of: ["abca", "b"])
    #expect(values.shape == [2, 4] && lengths == [4, 1])
    #expect((0..<2).map { space.text(of: values.scalars[4 * $0..<4 * $0 + 4]) } == ["abca", "b"])
    for (texts, field) in [(["a", "abcab"], "texts[1]"), ([""], "texts[0]"), (["aba", "xa"], "texts[1][0]")] {
      #expect(#expect(throws: Fault.self) { try space.rows(of: texts) }?.field == field)
    }
  }
}
