package import Tensors

/// Texts over a vocabulary, each of at most so many characters; a row of numbers holds codes, and behind a shorter text nothing (NaN).
package struct TokenSpace: ItemSpace {
  package let vocabulary: Vocabulary
  /// Characters of an item.
  package let atMost: Int

  package enum CodingKeys: String, CodingKey, CaseIterable {
    case vocabulary
    case atMost = "at_most"
  }

  package init(_ vocabulary: Vocabulary, atMost: Int) {
    self.vocabulary = vocabulary
    self.atMost = atMost
  }

  package var width: Int { atMost }
  /// Characters of a sample where nobody says how many.
  package var sampleLength: Int { min(200, atMost) }
  package var shape: [Int] { [atMost] }
  package var summary: String { "texts of at most \(atMost) characters" }
  package var bitsName: String { "bits_per_character" }
  package func scaling(at index: Int) -> (offset: Float, scale: Float) { (0, 1) }
  package func type(at index: Int) -> TableSpace.Column.Kind { .categorical }
  package func categories(at index: Int) -> [String]? { vocabulary.characters }
  package func accepts(_ value: Float, at index: Int) -> Bool { value >= 0 && value < Float(vocabulary.count) && value == value.rounded() }
  package func expectation(at index: Int) -> String { "the code of a character, a whole number from 0 to \(vocabulary.count - 1)" }
  package func toModel(_ raw: Tensor) -> Tensor { raw }
  package func toRaw(_ model: Tensor) -> Tensor { model }

  /// Texts as codes, a row a text, as wide as the longest: [texts, longest].
  ///
  /// - Throws: where a character is unknown or a text empty or too long; the fault names the text and the place.
  package func rows(of texts: [String], field: String = "texts") throws(Fault) -> (values: Tensor, lengths: [Int]) {
    var rows: [[Int]] = []
    for (index, text) in texts.enumerated() { rows.append(try codes(of: text, field: "\(field)[\(index)]")) }
    let (lengths, width) = (rows.map(\.count), rows.map(\.count).max() ?? 0)
    let values = rows.flatMap { $0.map(Float.init) + [Float](repeating: .nan, count: width - $0.count) }
    return (Tensor(shape: [rows.count, width], scalars: values), lengths)
  }

  /// One text as codes, under the same errors.
  package func codes(of text: String, field: String) throws(Fault) -> [Int] {
    let codes = try vocabulary.encode(text, field: field)
    guard (1...atMost).contains(codes.count) else {
      throw Fault(field: field, given: "\(codes.count) characters", expected: "1 to \(atMost)")
    }
    return codes
  }

  /// The text of a row, up to the first number that is missing.
  package func text(of row: some Sequence<Float>) -> String { vocabulary.decode(row.prefix { !$0.isNaN }.map { Int($0) }) }

  package func check(_ field: String) throws(Fault) {
    try vocabulary.check("\(field).vocabulary")
    guard (1...1_000_000).contains(atMost) else {
      throw Fault(field: "\(field).at_most", given: "\(atMost)", expected: "1 to 1000000 characters")
    }
  }
}
