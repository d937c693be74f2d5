import Formats
import Testing

@Suite("Streams of Arrow's IPC")
struct ArrowStreamTests {
  /// A whole stream, fed in pieces of a size and read so many rows at a time.
  private static func read(
    _ bytes: [UInt8], pieces: Int = .max, rows: Int = .max, limits: ArrowStreamReader.Limits = .init()
  ) throws(FormatError) -> (fields: [ArrowField], batch: ArrowBatch?) {
    var (reader, place, whole) = (ArrowStreamReader(limits: limits), 0, ArrowBatch?.none)
    while true {
      while let batch = try reader.next(rows) {
        if whole == nil { whole = batch } else { whole?.append(batch) }
      }
      guard place < bytes.count else { break }
      let end = min(bytes.count, place + min(pieces, bytes.count))
      reader.feed(Array(bytes[place..<end]))
      place = end
    }
    reader.finish()
    while let batch = try reader.next(rows) {
      if whole == nil { whole = batch } else { whole?.append(batch) }
    }
    return (reader.fields ?? [], whole)
  }

  private static func refusal(_ bytes: [UInt8], limits: ArrowStreamReader.Limits = .init()) -> FormatError? {
    do throws(FormatError) { _ = try read(bytes, limits: limits) } catch { return error }
    return nil
  }

  @Test("what pyarrow wrote of every type, over two batches, is what it was")
  func everything() throws {
    let (fields, batch) = try Self.read(ArrowGoldens.everything)
    #expect(
      fields.map { "\($0.name): \($0.type)" } == [
        "i8: int8", "u16: uint16", "i64: int64", "f16: halffloat", "f32: float", "f64: double", "truth: bool", "text: string", "large: large_string",
        "kind: string", "day: date32[day]", "ms: date64[ms]", "time: timestamp[us, tz=UTC]", "nothing: null",
      ])
    let columns = try #require(batch).columns
    func column<Value>(_ index: Int, _ values: [Value]) -> [Value?] { values.enumerated().map { columns[index].isNull($0) ? nil : $1 } }
    func integers(_ index: Int) -> [Int64?] { if case .integers(let values) = columns[index].values { column(index, values) } else { [] } }
    func floats(_ index: Int) -> [Float?] { if case .floats(let values) = columns[index].values { column(index, values) } else { [] } }
    func texts(_ index: Int) -> [String?] { if case .texts(let values) = columns[index].values { column(index, values) } else { [] } }
    #expect(integers(0) == [-1, 2, nil, 7])
    #expect(integers(1) == [65535, 0, 1, 8])
    #expect(integers(2) == [(1 << 53) + 1, nil, -5, 9])
    #expect(floats(3) == [0.5, nil, -2, 1.5])
    #expect(floats(4) == [0.1, nil, 3, 2.5])
    guard case .doubles(let doubles) = columns[5].values, case .bools(let bools) = columns[6].values else {
      Issue.record("doubles and truth values")
      return
    }
    #expect(doubles[0] == 0.1 && doubles[1].isNaN && !columns[5].isNull(1) && columns[5].isNull(2) && doubles[3] == 3.5)
    #expect(column(6, bools) == [true, nil, false, true])
    #expect(texts(7) == ["Ä", nil, "", "last"])
    #expect(texts(8) == ["x", "yz", nil, "one"])
    #expect(texts(9) == ["green, or not", nil, "red", "red"])
    #expect(integers(10) == [19782, nil, -1, 10957])
    #expect(integers(11) == [19782 * 86_400_000, 0, nil, 10957 * 86_400_000])
    #expect(integers(12) == [1_709_209_800_250_000, nil, -1_000_000, 946_684_800_000_000])
    #expect(columns[13] == ArrowColumn(.nulls(4)))
  }

  @Test("other versions, streams without rows, and dictionaries that grow or are replaced")
  func others() throws {
    let version4 = try Self.read(ArrowGoldens.version4)
    #expect(version4.batch?.columns == [ArrowColumn(.integers([1, 0, 3]), nulls: [false, true, false])])
    for empty in [ArrowGoldens.withoutBatch, ArrowGoldens.withoutRow] {
      let (fields, batch) = try Self.read(empty)
      #expect(fields == [ArrowField("a", .float64), ArrowField("b", .utf8)] && batch == nil)
    }
    #expect(try Self.read(ArrowGoldens.delta).batch?.columns == [ArrowColumn(.texts(["a", "b", "c", "a"]))])
    #expect(try Self.read(ArrowGoldens.replaced).batch?.columns == [ArrowColumn(.texts(["a", "b", "z", ""]), nulls: [false, false, false, true])])
  }

  @Test("whatever the pieces, and however many rows are asked for, the rows are the same", arguments: [1, 7, 64, 1000])
  func pieces(_ size: Int) throws {
    for bytes in [ArrowGoldens.everything, ArrowGoldens.delta, ArrowGoldens.version4] {
      let whole = try Self.read(bytes)
      let cut = try Self.read(bytes, pieces: size, rows: 1)
      // A NaN is not itself.
      #expect(cut.fields == whole.fields && "\(String(describing: cut.batch))" == "\(String(describing: whole.batch))")
    }
  }

  static let fields = [
    ArrowField("whole", .int64), ArrowField("small", .integer(bits: 32, isSigned: true)), ArrowField("single", .float32),
    ArrowField("double", .float64), ArrowField("truth", .bool), ArrowField("Wörter", .utf8), ArrowField("day", .date(inMilliseconds: false)),
    ArrowField("ms", .date(inMilliseconds: true)), ArrowField("time", .timestamp(.nanosecond, zone: "UTC")),
    ArrowField("wall", .timestamp(.second, zone: nil)), ArrowField("nothing", .null),
  ]

  static func batch(_ rows: Int, seed: UInt64) -> ArrowBatch {
    var generator = SplitMix(state: seed)
    func nulls() -> [Bool] { (0..<rows).map { _ in Int.random(in: 0..<4, using: &generator) == 0 } }
    func integers(_ range: ClosedRange<Int64>) -> ArrowColumn {
      ArrowColumn(.integers((0..<rows).map { _ in .random(in: range, using: &generator) }), nulls: nulls())
    }
    let texts = (0..<rows).map { _ in String(repeating: "é\"", count: .random(in: 0..<9, using: &generator)) }
    return ArrowBatch(
      count: rows,
      columns: [
        integers(.min ... .max), integers(-1 << 31...(1 << 31) - 1),
        ArrowColumn(.floats((0..<rows).map { _ in .random(in: -1...1, using: &generator) }), nulls: nulls()),
        ArrowColumn(.doubles((0..<rows).map { _ in .random(in: -1...1, using: &generator) })),
        ArrowColumn(.bools((0..<rows).map { _ in .random(using: &generator) }), nulls: nulls()), ArrowColumn(.texts(texts), nulls: nulls()),
        integers(-1 << 31...(1 << 31) - 1), integers(.min ... .max), integers(.min ... .max), integers(.min ... .max), ArrowColumn(.nulls(rows)),
      ])
  }

  private static func written(_ batches: [ArrowBatch]) -> [UInt8] {
    let writer = ArrowStreamWriter(fields)
    return writer.schema + batches.flatMap(writer.batch) + ArrowStreamWriter.end
  }

  /// What a row without a value holds means nothing, so it isn't compared.
  private static func cells(_ batch: ArrowBatch) -> [[String]] {
    batch.columns.map { column in
      (0..<batch.count).map { row in
        if column.isNull(row) { return "null" }
        return "\(column.rows(row..<row + 1).values)"
      }
    }
  }

  @Test("what is written is read back, batch by batch", arguments: [[1], [8, 9], [0, 100, 3]])
  func roundTrip(_ sizes: [Int]) throws {
    let batches = sizes.enumerated().map { Self.batch($1, seed: UInt64($0)) }
    let bytes = Self.written(batches)
    #expect(bytes.count.isMultiple(of: 8))
    let (fields, found) = try Self.read(bytes)
    var all = batches[0]
    for batch in batches.dropFirst() { all.append(batch) }
    #expect(fields == Self.fields)
    #expect(Self.cells(try #require(found)) == Self.cells(all))
    #expect(try ArrowStreamReader.rowCount(of: bytes) == sizes.reduce(0, +))
  }

  @Test("no prefix of a stream passes for one, and none crashes the reader")
  func truncations() {
    for bytes in [ArrowGoldens.everything, ArrowGoldens.delta, Self.written([Self.batch(3, seed: 1)])] {
      for cut in Damage.truncations(of: bytes) { #expect(Self.refusal(cut) != nil, "\(cut.count) of \(bytes.count) bytes") }
    }
  }

  @Test("bytes that went wrong on their way are read as something or refused, and never crash the reader")
  func damage() {
    for bytes in [ArrowGoldens.everything, ArrowGoldens.delta, ArrowGoldens.version4, Self.written([Self.batch(20, seed: 2)])] {
      var refused = 0
      for copy in Damage.mutations(of: bytes, count: 3000, seed: UInt64(bytes.count)) where Self.refusal(copy) != nil { refused += 1 }
      #expect(refused > 1000)
    }
  }

  @Test(
    "what is not read here is refused by a sentence that says what to do",
    arguments: [
      (ArrowGoldens.zstd, "Arrow: given a batch compressed by ZSTD, expected one that is not (in pyarrow IpcWriteOptions(compression=None))"),
      (
        ArrowGoldens.lists,
        "Arrow: given a column \"a\" of type list, expected numbers, texts, truth values, dates or timestamps"
      ),
      (
        ArrowGoldens.decimals,
        "Arrow: given a column \"price\" of type decimal, expected numbers, texts, truth values, dates or timestamps"
      ),
      (ArrowGoldens.dictionaryOfNumbers, "Arrow: given a column \"k\" with a dictionary of int64, expected one of texts"),
      (
        ArrowGoldens.file,
        "Arrow: given an Arrow file (Feather), whose footer comes last, expected a stream (in pyarrow ipc.new_stream, ending .arrows)"
      ),
      (ArrowGoldens.legacy, "Arrow: given a message that begins with 74 0 0 0, expected ff ff ff ff, as since Arrow 0.15"),
      (ArrowGoldens.version4.dropLast(8) + [], "Arrow: given a stream without its end, expected one that ends with its end-of-stream marker"),
      (ArrowGoldens.version4 + [1], "Arrow: given 1 bytes after the end of the stream, expected none"),
      ([], "Arrow: given no byte, expected a stream of Arrow's IPC"),
      (ArrowStreamWriter.end, "Arrow: given the end of the stream before a schema, expected a schema first"),
    ])
  func refusals(_ bytes: [UInt8], _ sentence: String) { #expect(Self.refusal(bytes)?.detail == sentence) }

  @Test("a batch, metadata and dictionaries beyond the limits are refused before room is made for them")
  func limits() {
    var limits = ArrowStreamReader.Limits()
    limits.batchBytes = 64
    #expect(Self.refusal(ArrowGoldens.everything, limits: limits)?.reason == .tooLarge)
    limits = ArrowStreamReader.Limits()
    limits.columns = 13
    #expect(Self.refusal(ArrowGoldens.everything, limits: limits)?.expected == "at most 13")
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
    #expect(Self.refusal(huge)?.reason == .tooLarge)
  }
}
