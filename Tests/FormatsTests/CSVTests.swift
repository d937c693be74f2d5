import Formats
import Testing

@Suite struct CSVTests {
  static func records(_ text: String, options: CSVOptions = CSVOptions()) throws -> (header: [String], values: [[String]]) {
    var reader = try CSVReader(Array(text.utf8), options: options)
    var values: [[String]] = []
    while let record = try reader.next() { values.append(record.fields.map(\.value)) }
    return (reader.header, values)
  }

  @Test(
    "Tables read as RFC 4180 says",
    arguments: [
      ("a,b\r\n1,2\r\n", [["1", "2"]]), ("a,b\n1,2", [["1", "2"]]), ("a,b\n1,2\n\n\n3,4\n\n", [["1", "2"], ["3", "4"]]),
      ("a,b\n\"1,\"\"2\r\n\",3\n", [["1,\"2\r\n", "3"]]), ("\"a\",b\n\"\",\n", [["", ""]]), ("a,b\n ä , €\n", [[" ä ", " €"]]),
      ("\u{FEFF}a,b\n1,2\n", [["1", "2"]]), ("a,b\n", []), ("a,b", []),
    ])
  func tables(text: String, expected: [[String]]) throws {
    let (header, values) = try Self.records(text)
    #expect(header == ["a", "b"])
    #expect(values == expected)
  }

  @Test("In a table of one column an empty line is an empty entry")
  func oneColumn() throws {
    #expect(try Self.records("a\n1\n\n2\n").values == [["1"], [""], ["2"]])
  }

  @Test(
    "Errors name the line, the column and the name",
    arguments: [
      ("a,b\n1,2\n3\n", 3, 2, "3"), ("a,b\n1,2,3,4\n", 2, 3, "3"), ("a,b\n1,2\n1,2,3\n", 3, 3, "3"), ("a,b\n\"x\ny\",1\n1,x\"y\n", 4, 2, "b"),
      ("a,b\n1,\"2\n", 2, 2, "b"),
      ("a,b\n\"1\"2,3\n", 2, 1, "a"), ("a,b\n1\r2,3\n", 2, 1, "a"), ("a,b\n1,\0\n", 2, 2, "b"), ("a,a\n", 1, 2, "a"), (",\n", 1, 1, nil),
      ("", 1, 1, nil),
    ] as [(String, Int, Int, String?)])
  func errors(text: String, line: Int, column: Int, name: String?) {
    let error = #expect(throws: CSVError.self) { try Self.records(text) }
    #expect(error?.reason == .malformed)
    #expect(error?.line == line && error?.column == column, "\(String(describing: error))")
    if name == "a" || name == "b" { #expect(error?.field == name) }
  }

  @Test("Fields, records and rows above their limits are refused")
  func limits() throws {
    var options = CSVOptions()
    options.fieldBytes = 4
    #expect(try Self.records("a\n1234\n", options: options).values == [["1234"]])
    for text in ["a\n12345\n", "a\n\"123\"\n", "a\n\"12345678"] {
      #expect(throws: CSVError.self) { try Self.records(text, options: options) }
    }
    let error = #expect(throws: CSVError.self) { try Self.records("a\n12345\n", options: options) }
    #expect(error?.reason == .tooLarge)
    options = CSVOptions()
    options.recordBytes = 5
    #expect(throws: CSVError.self) { try Self.records("a,b\n123,456\n", options: options) }
    options = CSVOptions()
    options.columns = 2
    #expect(throws: CSVError.self) { try Self.records("a,b,c\n", options: options) }
  }

  @Test("The raw text of every entry is kept, so a table without breaks in it is written back byte for byte")
  func raw() throws {
    let text = "a,b,c\r\n\"1\", 2 ,\"x\"\"y\"\r\n1e3,NA,\"\"\r\n"
    for trims in [false, true] {
      var options = CSVOptions()
      options.trimsSpaces = trims
      var reader = try CSVReader(Array(text.utf8), options: options)
      var writer = CSVWriter()
      writer.append(reader.header)
      while let record = try reader.next() { writer.append(raw: record.fields.map(\.raw)) }
      #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
      #expect(try Self.records(text, options: options).values[0] == ["1", trims ? "2" : " 2 ", "x\"y"])
    }
  }

  @Test("Missing entries follow the marks, numbers are strict")
  func numbers() throws {
    var reader = try CSVReader(Array("x\n1e3\n\nNA\nNaN\n?\nnull\n\"\"\n\"-2.5\"\n1,5\n".replacing("1,5", with: "\"1,5\"").utf8))
    var found: [Double?] = []
    let error = #expect(throws: CSVError.self) {
      while let record = try reader.next() { found.append(try reader.number(0, in: record)) }
    }
    #expect(found == [1000, nil, nil, nil, nil, nil, nil, -2.5])
    #expect(error?.reason == .mismatch && error?.line == 10 && error?.field == "x")
  }

  @Test("Whatever is written is read back")
  func roundTrip() throws {
    var generator = SplitMix(state: 11)
    // The accent joins the character before it, a quote too.
    let alphabet = ["a", ",", "\"", "\n", "\r", " ", "é", "\u{301}", ";", "\t"]
    for _ in 0..<500 {
      let columns = Int.random(in: 1...4, using: &generator)
      let rows = (0..<5).map { _ in
        (0..<columns).map { _ in (0..<Int.random(in: 0...6, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! }.joined() }
      }
      var writer = CSVWriter()
      let header = (0..<columns).map { "c\($0)" }
      writer.append(header)
      rows.forEach { writer.append($0) }
      let (names, values) = try Self.records(String(decoding: writer.bytes, as: UTF8.self))
      #expect(names == header)
      #expect(values.map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } })
    }
  }

  @Test("Truncated and damaged tables are an error or rows as wide as the header")
  func damage() throws {
    let bytes = Array("a,b,c\r\n1,\"x\"\"y\",\r\n\"l\n2\",é,NA\r\n".utf8)
    for damaged in Damage.truncations(of: bytes) + Damage.mutations(of: bytes, count: 4000, seed: 2) {
      guard var reader = try? CSVReader(damaged) else { continue }
      while let record = try? reader.next() { #expect(record.fields.count == reader.header.count) }
    }
    #expect(throws: CSVError.self) { try Self.records(String(decoding: bytes.prefix(13), as: UTF8.self)) }
  }
}
