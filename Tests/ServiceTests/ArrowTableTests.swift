import FamilyExamples
import Formats
import HTTP
import Modelling
import Service
import Tensors
import Testing

/// Tables that come and go as streams of Arrow's IPC mean what they mean in CSV.
@Suite("Tables as columns of Arrow")
struct ArrowTableTests {
  /// A column with its values as Arrow has them, and as CSV does.
  struct Column: Sendable {
    let field: ArrowField
    let values: ArrowColumn
    let texts: [String]

    init(_ name: String, _ type: ArrowType, _ values: ArrowColumn, _ texts: [String]) {
      (field, self.values, self.texts) = (ArrowField(name, type), values, texts)
    }

    init(_ name: String, texts: [String]) {
      self.init(name, .utf8, ArrowColumn(.texts(texts), nulls: texts.map(\.isEmpty)), texts)
    }

    init(_ name: String, doubles: [Double?]) {
      self.init(name, .float64, .doubles(doubles.map { $0 ?? .nan }), doubles.map { $0.map { "\($0)" } ?? "" })
    }
  }

  private static func stream(_ columns: [Column]) -> [UInt8] {
    let writer = ArrowStreamWriter(columns.map(\.field))
    let batch = ArrowBatch(count: columns[0].values.count, columns: columns.map(\.values))
    return writer.schema + writer.batch(batch) + ArrowStreamWriter.end
  }

  private static func csv(_ columns: [Column]) -> [UInt8] {
    var writer = CSVWriter(delimiter: UInt8(ascii: ";"))
    writer.append(columns.map(\.field.name))
    for row in columns[0].texts.indices { writer.append(columns.map { $0.texts[row] }) }
    return writer.bytes
  }

  /// The cells of a stream as CSV would have them, column by column.
  private static func cells(_ bytes: [UInt8]) throws -> (fields: [ArrowField], cells: [[String]]) {
    var reader = ArrowStreamReader()
    reader.feed(bytes)
    reader.finish()
    var cells: [[String]] = []
    while let batch = try reader.next(.max) {
      if cells.isEmpty { cells = batch.columns.map { _ in [] } }
      for (index, column) in batch.columns.enumerated() {
        cells[index] += (0..<batch.count).map { row in
          if column.isNull(row) { return "" }
          switch column.values {
          case .nulls: return ""
          case .integers(let values): return "\(values[row])"
          case .floats(let values): return "\(values[row])"
          case .doubles(let values): return "\(values[row])"
          case .bools(let values): return "\(values[row])"
          case .texts(let values): return values[row]
          }
        }
      }
    }
    return (reader.fields ?? [], cells)
  }

  private static func answer(
    _ kind: RequestKind, _ body: [UInt8], _ type: MediaType, of model: LoadedModel, as accept: MediaType, _ options: [(String, String)]
  ) throws -> [UInt8] {
    let sent = SentRequest(body: body, contentType: type, options: options.map { .init(name: $0.0, value: $0.1) })
    let asked = try kind.ask(sent, of: model, limits: ServiceLimits())
    return try asked.answered(in: accept).perform().bytes(as: accept, receipt: asked.receipt)
  }

  private static func kind(_ name: String) throws -> RequestKind { try #require(RequestKind.named(name)) }

  private static let days = [0, 19_000, 19_500, 18_262]
  /// Of every type of column, each with a hole, in the types that a program would hold them in.
  private static func typed() throws -> [Column] {
    let form = try #require(DateForm("dd.MM.yyyy"))
    return [
      Column("price", .float64, .doubles([1234.5, .nan, -3, 0.25]), ["1.234,50 €", "", "-3,00 €", "0,25 €"]),
      Column("kind", texts: ["a", "", "b;c", "something else"]),
      Column(
        "day", .date(inMilliseconds: false), ArrowColumn(.integers(days.map { Int64($0) }), nulls: [true, false, false, false]),
        [""] + days.dropFirst().map { form.text(Double($0)) }),
      Column("x", .float32, .floats([0.1, .nan, 3, -49.5]), ["0.1", "NA", "3", "-49.5"]),
      Column(
        "whole", .integer(bits: 32, isSigned: true), ArrowColumn(.integers([-7, 0, 100, 3]), nulls: [false, true, false, false]),
        ["-7", "", "100", "3"]),
      Column("positive", doubles: [0.5, 1e-3, nil, 20]),
      Column("count", .int64, ArrowColumn(.integers([0, 3, 0, 9]), nulls: [false, false, true, false]), ["0", "3", "", "9"]),
      Column("grade", texts: ["low", "high", "", "middle"]), Column("smokes", texts: ["yes", "no", "yes", ""]),
      Column("note", texts: ["a \"note\"", "", "ü", "last"]),
    ]
  }

  @Test(
    "of columns of every type the filled-in numbers are those of the same table in CSV, and observed cells come back as they came",
    arguments: ["point", "draws"])
  func typedTable(mode: String) throws {
    let (columns, model, kind) = (try Self.typed(), try TypedTable.model(), try Self.kind("impute"))
    let options = [("mode", mode), ("draws", "3"), ("seed", "5")]
    let (fields, cells) = try Self.cells(try Self.answer(kind, Self.stream(columns), .arrow, of: model, as: .arrow, options))
    var reader = try CSVReader(
      try Self.answer(kind, Self.csv(columns), .csv, of: model, as: .csv, options), options: TableOptions().csv())
    #expect(fields.map(\.name) == reader.header)
    #expect(
      fields.suffix(columns.count).map(\.type)
        == columns.map { column in
          // A whole number of 64 bits holds whatever is filled in; what is expected of a count is none.
          ["whole": .int64, "count": .float64][column.field.name] ?? column.field.type
        })
    var row = 0
    let versions = mode == "point" ? 1 : 3
    let numbered = versions == 1 ? 0 : 1
    while let record = try reader.next() {
      for (index, field) in record.fields.enumerated() where index >= numbered {
        let (column, found) = (columns[index - numbered], cells[index][row])
        let own = TypedTable.columns.first { $0.name == column.field.name }
        let sent = column.texts[row / versions]
        if sent.isEmpty || sent == "NA" || own == nil || own?.type.isDiscrete == true {
          if let own, !own.type.isDiscrete {
            // The number that the text is.
            let isSingle = column.field.type == .float32
            #expect(
              isSingle ? Float(found) == Float(field.value) : Double(found) == own.number(of: field.value), "\(own.name): \(found), \(field.value)")
          } else {
            #expect(found == field.value)
          }
        } else {
          #expect(!column.values.isNull(row / versions))
        }
      }
      row += 1
    }
    #expect(row == 4 * versions)
    // Bit for bit.
    #expect(cells[numbered + 3][0] == "0.1" && cells[numbered + 2].last == "18262" && cells[numbered].first == "1234.5")
  }

  @Test("of every family with columns, whatever is asked, both forms of a table have one answer", arguments: FamilyExample.all)
  func catalogue(_ example: FamilyExample) throws {
    guard example.signature.space.names != nil, example.signature.space.picture == nil, example.signature.space.tokens == nil else { return }
    let model = LoadedModel(family: try example.model(), digest: SHA256.digest([1]))
    for kind in model.requestKinds where kind.items != .references {
      let (raw, signature) = (kind.rows(example.signature.toRaw(example.items(5)), count: 5, of: model), kind.signature(of: model))
      if example.holes > 0, kind.items != .completed, Capability.conditionalScoring.of(model.family) == nil || kind.name != "score" { continue }
      let columns = (signature.space.names ?? []).enumerated().map { index, name -> Column in
        let values = (0..<5).map { raw.scalars[$0 * signature.width + index] }
        guard let categories = signature.space.categories(at: index) else {
          return Column(name, .float32, .floats(values), values.map { $0.isNaN ? "" : "\($0)" })
        }
        return Column(name, texts: values.map { $0.isNaN ? "" : categories[Int($0)] })
      }
      let options = [("seed", "3")]
      let expected = try Self.answer(kind, Self.csv(columns), .csv, of: model, as: .csv, options)
      if kind.items != .completed {
        #expect(try Self.answer(kind, Self.stream(columns), .arrow, of: model, as: .csv, options) == expected, "\(kind.name)")
      }
      let (fields, cells) = try Self.cells(try Self.answer(kind, Self.stream(columns), .arrow, of: model, as: .arrow, options))
      var reader = try CSVReader(expected, options: TableOptions().csv())
      #expect(fields.map(\.name) == reader.header, "\(kind.name)")
      var row = 0
      while let record = try reader.next() {
        for (index, field) in record.fields.enumerated() {
          let found = cells[index][row]
          #expect(
            found == field.value || (Float(found) != nil && Float(found) == Float(field.value)),
            "\(kind.name), \(fields[index].name): \(found), \(field.value)")
        }
        row += 1
      }
      #expect(row > 0 && row == cells[0].count)
    }
  }

  @Test("a table in CSV or in numbers alone can be answered in Arrow, and one in Arrow in JSON")
  func forms() throws {
    let (columns, model, kind) = (try Self.typed(), try TypedTable.model(), try Self.kind("impute"))
    let options = [("mode", "point"), ("seed", "5")]
    let own = try Self.cells(try Self.answer(kind, Self.stream(columns), .arrow, of: model, as: .arrow, options))
    let other = try Self.cells(try Self.answer(kind, Self.csv(columns), .csv, of: model, as: .arrow, options))
    #expect(other.fields.map(\.name) == own.fields.map(\.name))
    for (index, column) in columns.enumerated() where column.field.type != .float32 && column.field.name != "note" {
      #expect(other.cells[index].map { Double($0) ?? 0 } == own.cells[index].map { Double($0) ?? 0 }, "\(column.field.name)")
      if Double(own.cells[index][0]) == nil { #expect(other.cells[index] == own.cells[index]) }
    }
    let json = try JSONValue(parsing: try Self.answer(kind, Self.stream(columns), .arrow, of: model, as: .json, options))
    let first = try #require(json["completed"]).elements[0]
    #expect(first["price"] == .number(1234.5) && first["kind"] == .string("a") && first["whole"] == .integer(-7) && first["x"] == .number(0.1))
    #expect(json["completed"]?.elements[1]["day"] == .string("08.01.2022"))
  }

  @Test(
    "what a column can't hold is refused with its place, as in CSV",
    arguments: [
      (Column("x", doubles: [-60]), "rows[0].x is -60, expected a finite number, at least -50."),
      (Column("x", doubles: [.infinity]), "rows[0].x is inf, expected a finite number, at least -50."),
      (Column("x", .bool, ArrowColumn(.bools([true])), []), "The column \"x\" is of type bool, expected numbers or texts."),
      (Column("whole", doubles: [1.5]), "rows[0].whole is 1.5, expected a whole number."),
      (
        Column("day", .float64, ArrowColumn(.doubles([3]), nulls: [true]), []),
        "The column \"day\" is of type double, expected dates, timestamps or texts: a day or time like dd.MM.yyyy."
      ),
      (
        Column("day", .timestamp(.second, zone: nil), ArrowColumn(.integers([86_401])), []),
        "rows[0].day is 1970-01-02 00:00:01 (timestamp[s]), expected a day or time like dd.MM.yyyy."
      ),
      (
        Column("day", .timestamp(.second, zone: "Europe/Berlin"), ArrowColumn(.integers([86_400])), []),
        "rows[0].day is 1970-01-02 00:00:00 (timestamp[s, tz=Europe/Berlin]), expected a day or time like dd.MM.yyyy, in UTC or without a zone."
      ),
      (
        Column("x", .date(inMilliseconds: false), ArrowColumn(.integers([0])), []),
        "The column \"x\" is of type date32[day], expected numbers or texts."
      ),
      (Column("grade", texts: ["lowest"]), "rows[0].grade is \"lowest\", a category that this model doesn't know; it knows low, middle, high."),
      (Column("other", doubles: [1]), "the schema has a column \"other\" that this model doesn't know"),
    ])
  func refusals(_ column: Column, _ sentence: String) throws {
    var columns = try Self.typed().map { own -> Column in
      Column(own.field.name, own.field.type, own.values.rows(3..<4), [])
    }
    columns = columns.filter { $0.field.name != column.field.name } + [column]
    let (model, kind) = (try TypedTable.model(), try Self.kind("impute"))
    let problem = #expect(throws: Problem.self) {
      try Self.answer(kind, Self.stream(columns), .arrow, of: model, as: .arrow, [("seed", "1")])
    }
    #expect(problem?.detail.hasPrefix(sentence) == true, "\(problem?.detail ?? "")")
  }

  @Test("NaN is a missing cell where the mark NaN is one, else it is refused; marks that are numbers count as well")
  func marks() throws {
    var columns = try Self.typed()
    columns[5] = Column("positive", doubles: [0.5, 999, nil, 20])
    let (model, kind) = (try TypedTable.model(), try Self.kind("impute"))
    let marked = try Self.cells(
      try Self.answer(kind, Self.stream(columns), .arrow, of: model, as: .arrow, [("mode", "point"), ("seed", "1"), ("missing", "999")]))
    #expect(Double(marked.cells[5][1]) != 999)
    var whole = columns
    whole[0] = Column("price", .float64, ArrowColumn(.doubles([1, .nan, 2, 3])), [])
    _ = try Self.answer(kind, Self.stream(whole), .arrow, of: model, as: .arrow, [("mode", "point"), ("seed", "1")])
    let problem = #expect(throws: Problem.self) {
      try Self.answer(kind, Self.stream(whole), .arrow, of: model, as: .arrow, [("seed", "1"), ("default_missing", "false")])
    }
    #expect(problem?.detail == "rows[1].price is nan, expected a finite number.", "\(problem?.detail ?? "")")
  }

  @Test("options of how a file is laid out are refused, and so are pictures and streams to compress")
  func layouts() throws {
    let (columns, model, kind) = (try Self.typed(), try TypedTable.model(), try Self.kind("impute"))
    let fault = #expect(throws: Fault.self) {
      try Self.answer(kind, Self.stream(columns), .arrow, of: model, as: .arrow, [("separator", "comma")])
    }
    #expect(fault?.field == "separator")
    let sent = SentRequest(contentType: .arrow, options: [])
    let asked = try CompressRequest(sent, on: model, limits: ServiceLimits())
    let problem = #expect(throws: Problem.self) { _ = try asked.items(.arrow, in: .bytes(Self.stream(columns))) }
    #expect(problem?.field == "Content-Type")
  }

  @Test("over HTTP a stream is answered as a stream, and If-Match names the model that is meant: another one is 412")
  func server() async throws {
    let fixture = try ServiceFixture()
    try fixture.publish(TypedTable.file, as: "typed")
    let (body, path) = (Self.stream(try Self.typed()), "/v1/models/typed/impute?mode=point&seed=5")
    let type = "application/vnd.apache.arrow.stream"
    let answer = try await fixture.post(path, body, type: type, accept: type)
    #expect(answer.status == 200 && answer.headers["Content-Type"] == type, "\(answer.text)")
    let model = LoadedModel(family: try TypedTable.family(), digest: SHA256.digest(TypedTable.file))
    #expect(try answer.body == Self.answer(Self.kind("impute"), body, .arrow, of: model, as: .arrow, [("mode", "point"), ("seed", "5")]))
    let digest = try #require(answer.headers["Posterior-Digest"])
    for (tag, status) in [
      ("\"\(digest)\"", 200), ("\"sha256:00\", \"\(digest)\"", 200), ("*", 200), ("\"sha256:00\"", 412), ("W/\"\(digest)\"", 412),
    ] {
      let matched = try await fixture.exchange(.post, path, ["Content-Type": type, "Accept": type, "If-Match": tag], body: body)
      #expect(matched.status == status, "\(tag)")
    }
  }
}
