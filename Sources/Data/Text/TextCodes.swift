internal import Foundation
internal import Modelling

/// A text as the codes of its characters, one or two bytes each.
struct TextCodes: Sendable {
  let vocabulary: Vocabulary
  private let bytes: Data
  private let isWide: Bool

  var count: Int { isWide ? bytes.count / 2 : bytes.count }

  subscript(place: Int) -> Int {
    isWide ? Int(bytes[2 * place]) | Int(bytes[2 * place + 1]) << 8 : Int(bytes[place])
  }

  /// Reads UTF-8, which is gone through twice where no vocabulary is given: for its characters, then for their codes.
  ///
  /// - Parameters:
  ///   - name: of the file, for errors.
  ///   - vocabulary: of a model, or nil to have all characters of the text.
  init(_ text: Data, name: String, vocabulary: Vocabulary? = nil) throws {
    let vocabulary = try vocabulary ?? Self.vocabulary(of: text, name)
    guard vocabulary.count <= 1 << 16 else { throw DataError("\(name) has \(vocabulary.count) different characters, expected at most 65536") }
    let isWide = vocabulary.count > 256
    var bytes = Data()
    bytes.reserveCapacity(isWide ? 2 * text.count : text.count)
    var place = 0
    try Self.forEachCharacter(of: text, name) { character in
      guard let code = vocabulary.code(of: character) else {
        throw DataError("\(name): \(vocabulary.refusal(of: character, at: "character \(place)"))")
      }
      bytes.append(UInt8(code & 0xFF))
      if isWide { bytes.append(UInt8(code >> 8)) }
      place += 1
    }
    (self.vocabulary, self.bytes, self.isWide) = (vocabulary, bytes, isWide)
  }

  private static func vocabulary(of text: Data, _ name: String) throws -> Vocabulary {
    var seen: Set<Unicode.Scalar> = []
    var isASCII = [Bool](repeating: false, count: 128)
    try forEachCharacter(of: text, name) { character in
      if character.isASCII { isASCII[Int(character.value)] = true } else { seen.insert(character) }
    }
    let plain = isASCII.indices.filter { isASCII[$0] }.map { Unicode.Scalar(UInt8($0)) }
    return Vocabulary((plain + seen.sorted()).map { String($0) })
  }

  /// Every Unicode scalar of UTF-8 in order.
  static func forEachCharacter(of text: Data, _ name: String, _ body: (Unicode.Scalar) throws -> Void) throws {
    try text.withUnsafeBytes { bytes in
      var place = 0
      while place < bytes.count {
        let first = bytes[place]
        guard first >= 0x80 else {
          try body(Unicode.Scalar(first))
          place += 1
          continue
        }
        // The number of ones that the first byte begins with (RFC 3629, section 3); whether the rest is right the library says.
        let length = (~first).leadingZeroBitCount
        let end = min(place + length, bytes.count)
        guard let scalars = String(validating: bytes[place..<max(end, place + 1)], as: UTF8.self)?.unicodeScalars, scalars.count == 1,
          let scalar = scalars.first
        else { throw DataError("\(name): byte \(place) is \(first), expected UTF-8") }
        try body(scalar)
        place = end
      }
    }
  }
}

/// Texts as rows of codes, behind a shorter one nothing (NaN).
struct TextRows: ItemRows {
  let codes: TextCodes
  /// Where every text begins and ends.
  let texts: [Range<Int>]
  let width: Int
  var count: Int { texts.count }
  var holdsFloats: Bool { false }

  func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    let text = texts[place]
    for i in 0..<width { out[i] = i < text.count ? Float(codes[text.lowerBound + i]) : .nan }
  }
}

/// The characters of one long text, an item each.
struct CharacterRows: ItemRows {
  let codes: TextCodes
  var width: Int { 1 }
  var count: Int { codes.count }
  var holdsFloats: Bool { false }
  func write(_ place: Int, to out: UnsafeMutablePointer<Float>) { out[0] = Float(codes[place]) }
}
