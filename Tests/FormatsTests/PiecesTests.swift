import Formats
import Testing

/// Tables and arrays fed in pieces are the tables and arrays fed whole, and texts in pieces are the texts.
@Suite("In pieces")
struct PiecesTests {
  /// What reading a table comes to: its records, and the error that ended it.
  private struct Outcome: Equatable {
    var header: [String] = []
    var records: [CSVRecord] = []
    var error: CSVError?
  }

  private func outcome(_ pieces: [ArraySlice<UInt8>], _ options: CSVOptions = CSVOptions()) -> Outcome {
    var (reader, outcome) = (CSVReader(options: options), Outcome())
    do throws(CSVError) {
      for piece in pieces {
        reader.feed(Array(piece))
        while let record = try reader.next() { outcome.records.append(record) }
      }
      reader.finish()
      while let record = try reader.next() { outcome.records.append(record) }
    } catch {
      outcome.error = error
    }
    outcome.header = reader.header
    return outcome
  }

  private func whole(_ bytes: [UInt8], _ options: CSVOptions = CSVOptions()) -> Outcome {
    do {
      var (reader, outcome) = (try CSVReader(bytes, options: options), Outcome())
      outcome.header = reader.header
      do throws(CSVError) {
        while let record = try reader.next() { outcome.records.append(record) }
      } catch {
        outcome.error = error
      }
      return outcome
    } catch {
      return Outcome(error: error)
    }
  }

  private static let tables = [
    "a,b\r\n1,2\r\n", "\u{FEFF}a,b\n1,2", "a,b\n1,2\n\n\r\n\n3,4\n\n", "a,b\n\"1,\"\"2\r\n\",3\n", "\u{FEFF}\"a\"\"\",b\n\"\",\n", "a\n1\n\n2\n", "",
    "\n\na,b\n", "a,b\n\"x\ny\",1\n1,x\"y\n", "a,b\n1,\"2\n", "a,b\n\"1\"2,3\n4,5\n", "a,b\n1\r2,3\n", "a,b\n1,2\r", "a,b\n1,2,3\n", "a,a\n1,2\n",
    "a,b\n é,\"\u{301}\"\n",
  ]

  @Test("a table read in two or three pieces, cut anywhere, or byte by byte has the records or the error of the whole", arguments: tables)
  func tablesInPieces(text: String) {
    let bytes = Array(text.utf8)
    let expected = whole(bytes)
    #expect(outcome(bytes.indices.map { bytes[$0...$0] }) == expected)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        #expect(outcome([bytes[..<first], bytes[first..<second], bytes[second...]]) == expected, "cut at \(first) and \(second)")
      }
    }
  }

  @Test("damaged tables in pieces end as they do whole")
  func damagedTables() {
    let bytes = Array("a,b,c\r\n1,\"x\"\"y\",\r\n\"l\n2\",é,NA\r\n\"\"\"\",2,\"\n\"\n".utf8)
    var generator = SplitMix(state: 5)
    for damaged in Damage.truncations(of: bytes) + Damage.mutations(of: bytes, count: 1000, seed: 9) {
      let cuts = (0..<3).map { _ in Int.random(in: 0...damaged.count, using: &generator) }.sorted()
      let pieces = zip([0] + cuts, cuts + [damaged.count]).map { damaged[$0..<$1] }
      #expect(outcome(pieces) == whole(damaged), "\(String(decoding: damaged, as: UTF8.self)) cut at \(cuts)")
    }
  }

  @Test("a record without an end is refused when it is longer than it may be, not gathered for ever")
  func endlessRecord() throws {
    var options = CSVOptions()
    (options.fieldBytes, options.recordBytes) = (10, 100)
    for piece in ["x", "x,", "\"x\",", "\"\n"] {
      var reader = CSVReader(options: options)
      reader.feed(Array("a,b\n".utf8))
      #expect(try reader.next() == nil)
      let error = #expect(throws: CSVError.self) {
        for _ in 0..<200 {
          reader.feed(Array(piece.utf8))
          _ = try reader.next()
        }
      }
      #expect(error?.reason == .tooLarge || error?.reason == .malformed)
    }
  }

  private static let arrays = [
    NPYTests.float32, NPYTests.fortran, NPYTests.fortran3, NPYTests.float64, NPYTests.int32, NPYTests.int64, NPYTests.uint8, NPYTests.bool,
    NPYTests.empty, NPYTests.version2,
  ]

  private func read(_ pieces: [ArraySlice<UInt8>], entries: Int) throws -> NumberArray {
    var (reader, scalars) = (NPYReader(), [Float]())
    for piece in pieces {
      try reader.feed(Array(piece))
      while let more = try reader.next(entries) { scalars += more }
    }
    try reader.finish()
    while let more = try reader.next(entries) { scalars += more }
    return NumberArray(shape: try #require(reader.shape), scalars: scalars)
  }

  @Test("an array of any element type and order, cut anywhere, is the array read whole", arguments: arrays.indices)
  func arraysInPieces(index: Int) throws {
    let bytes = Self.arrays[index]
    let expected = try NPY.decode(bytes)
    for cut in 0...bytes.count {
      let array = try read([bytes[..<cut], bytes[cut...]], entries: 1 + cut % 3)
      #expect(array.shape == expected.shape && array.scalars.map(\.bitPattern) == expected.scalars.map(\.bitPattern), "cut at \(cut)")
    }
    let array = try read(bytes.indices.map { bytes[$0...$0] }, entries: 1)
    #expect(array.scalars.map(\.bitPattern) == expected.scalars.map(\.bitPattern))
  }

  @Test("arrays that are too short, too long or beyond float32 are refused in pieces, too")
  func damagedArrays() {
    let bytes = NPYTests.float32
    for cut in 0..<bytes.count { #expect(throws: FormatError.self) { try read([bytes[..<cut]], entries: 2) } }
    #expect(throws: FormatError.self) { try read([bytes[...], [0]], entries: 2) }
    #expect(throws: FormatError.self) { try read([(NPYTests.fortran + [0])[...]], entries: 2) }
    let complex = NPYTests.file("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", data: 8)
    #expect(throws: FormatError.self) { try read([complex[...]], entries: 2) }
    var large = NPYTests.float64
    withUnsafeBytes(of: 1e300.bitPattern.littleEndian) { large.replaceSubrange(large.count - 8..<large.count, with: $0) }
    let error = #expect(throws: FormatError.self) { try read([large[...]], entries: 1) }
    #expect(error?.given.contains("element 2") == true)
  }

  @Test("a document's pieces joined are its text, for any size of piece")
  func documents() throws {
    let numbers = { (shape: [Int]) in JSONValue.numbers(NumberArray(shape: shape, scalars: (0..<shape.reduce(1, *)).map { Float($0) / 7 })) }
    let documents: [JSONValue] = [
      .null, .array([]), .object([]), numbers([]), numbers([5]), numbers([2, 3, 4]), numbers([3, 1, 1]), numbers([0, 3]),
      .array([numbers([7, 2]), .string("a \"b\""), .array([numbers([40])]), .object([.init(name: "x\n", value: numbers([3, 9]))])]),
      .object([
        .init(name: "seed", value: .integer(7)), .init(name: "layers", value: .array([.object([.init(name: "mean", value: numbers([11, 3]))])])),
        .init(
          name: "items",
          value: .array((0..<50).map { .object([.init(name: "n", value: .integer($0)), .init(name: "v", value: numbers([2]))]) })),
        .init(name: "last", value: .bool(true)),
      ]),
    ]
    for document in documents {
      for limit in [1, 2, 3, 5, 8, 100, 100_000] {
        let pieces = JSONPieces(document, limit: limit)
        #expect(pieces.flatMap { $0 } == document.text, "pieces of \(limit)")
        if limit == 100_000 { #expect(pieces.count == 1) }
      }
    }
    // A piece is no larger than its limit where the document can be cut.
    let large = JSONPieces(.array((0..<1000).map { _ in numbers([10]) }), limit: 100)
    #expect(large.count >= 100 && large.allSatisfy { $0.count < 2500 })
  }

  @Test("lists that are made while they are written have the text of arrays, for any size of piece")
  func lists() {
    let list = JSONDocument.list(
      JSONList(count: 40, weight: 3) { .object([.init(name: "n", value: .integer($0)), .init(name: "t", value: .string("x"))]) })
    let value = JSONValue.array((0..<40).map { .object([.init(name: "n", value: .integer($0)), .init(name: "t", value: .string("x"))]) })
    let empty = JSONDocument.list(JSONList(count: 0) { _ in .null })
    let document = JSONDocument.object([
      .init(name: "a \"b\"", value: .integer(1)), .init(name: "tables", content: .array([list, empty, list])),
      .init(name: "none", content: .object([])),
    ])
    let expected = JSONValue.object([
      .init(name: "a \"b\"", value: .integer(1)), .init(name: "tables", value: .array([value, .array([]), value])),
      .init(name: "none", value: .object([])),
    ])
    for limit in [1, 2, 7, 100, 100_000] {
      let pieces = JSONPieces(document, limit: limit)
      #expect(pieces.flatMap { $0 } == expected.text, "pieces of \(limit)")
      if limit == 7 { #expect(pieces.count > 40) }
    }
    #expect(document.text == expected.text)
  }
}
