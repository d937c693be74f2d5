/// How the characters of a text file are written as bytes.
package enum TextEncoding: String, Sendable, Codable, CaseIterable {
  case utf8 = "utf-8"
  /// ISO 8859-1, with the characters that Windows has in its gap: what browsers read under either name.
  case latin1
  case utf16 = "utf-16"

  /// UTF-8 of bytes in this encoding; damaged UTF-16 is an error, every byte is a character of Latin 1.
  package func utf8(_ bytes: [UInt8]) throws(FormatError) -> [UInt8] {
    switch self {
    case .utf8: return bytes
    case .latin1:
      var result: [UInt8] = []
      result.reserveCapacity(bytes.count + bytes.count / 8)
      for byte in bytes {
        if byte < 0x80 {
          result.append(byte)
        } else {
          let scalar = (0x80..<0xA0).contains(byte) ? Self.windows[Int(byte) - 0x80] : Unicode.Scalar(byte)
          result.append(contentsOf: String(Character(scalar)).utf8)
        }
      }
      return result
    case .utf16:
      let isBigEndian = bytes.starts(with: [0xFE, 0xFF])
      let body = isBigEndian || bytes.starts(with: [0xFF, 0xFE]) ? bytes.dropFirst(2) : bytes[...]
      let units = stride(from: body.startIndex, to: body.endIndex - 1, by: 2).map { place -> UInt16 in
        let (first, second) = (UInt16(body[place]), UInt16(body[place + 1]))
        return isBigEndian ? first << 8 | second : second << 8 | first
      }
      guard body.count.isMultiple(of: 2), let text = String(validating: units, as: UTF16.self) else {
        throw FormatError(.text, .malformed, given: "bytes that are not UTF-16", expected: "text")
      }
      return Array(text.utf8)
    }
  }

  private static let windows: [Unicode.Scalar] = [
    "\u{20AC}", "\u{81}", "\u{201A}", "\u{192}", "\u{201E}", "\u{2026}", "\u{2020}", "\u{2021}", "\u{2C6}", "\u{2030}", "\u{160}", "\u{2039}",
    "\u{152}",
    "\u{8D}", "\u{17D}", "\u{8F}", "\u{90}", "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}", "\u{2022}", "\u{2013}", "\u{2014}", "\u{2DC}",
    "\u{2122}",
    "\u{161}", "\u{203A}", "\u{153}", "\u{9D}", "\u{17E}", "\u{178}",
  ]
}

/// The text of a table from the bytes of a file, whatever it is packed in.
package enum TableText {
  /// UTF-8; gzip is unpacked, and UTF-16 that says so is read as such.
  ///
  /// - Parameter limit: the most bytes that may come out of gzip.
  package static func utf8(_ bytes: [UInt8], encoding: TextEncoding = .utf8, limit: Int = 8 << 30) throws(FormatError) -> [UInt8] {
    let bytes = GZip.isGZip(bytes) ? try GZip.inflate(bytes, limit: limit) : bytes
    if let other = otherKind(bytes) {
      throw FormatError(.text, .malformed, given: other.name, expected: other.advice)
    }
    if encoding == .utf8, bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return try TextEncoding.utf16.utf8(bytes) }
    return try encoding.utf8(bytes)
  }

  /// Whether bytes have to be read as a whole and changed before they are UTF-8.
  package static func isPacked(_ start: [UInt8], encoding: TextEncoding = .utf8) -> Bool {
    GZip.isGZip(start) || encoding != .utf8 || start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) || otherKind(start) != nil
  }

  /// What files begin with that hold tables, but no text.
  private static func otherKind(_ bytes: [UInt8]) -> (name: String, advice: String)? {
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      return ("an Excel workbook (.xlsx) or another zip archive", "CSV: save the sheet as \"CSV UTF-8\"")
    }
    if bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { return ("an old Excel workbook (.xls)", "CSV: save the sheet as \"CSV UTF-8\"") }
    if bytes.starts(with: Array("PAR1".utf8)) {
      return ("a Parquet file", "CSV: pandas.read_parquet(FILE).to_csv(OUT, index=False) writes it")
    }
    if bytes.starts(with: Array("ARROW1".utf8)) {
      return ("an Arrow or Feather file", "CSV: pandas.read_feather(FILE).to_csv(OUT, index=False) writes it")
    }
    if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) { return ("an HDF5 file", "CSV: pandas.read_hdf(FILE).to_csv(OUT, index=False) writes it") }
    if bytes.starts(with: Array("SQLite format 3".utf8)) { return ("an SQLite database", "CSV: sqlite3 -header -csv FILE 'SELECT ...' writes it") }
    if bytes.starts(with: Array("BZh".utf8)), bytes.dropFirst(4).starts(with: [0x31, 0x41, 0x59]) {
      return ("a bzip2 archive", "text or gzip: unpack it first")
    }
    if bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A]) { return ("an xz archive", "text or gzip: unpack it first") }
    if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return ("a Zstandard archive", "text or gzip: unpack it first") }
    return nil
  }
}
