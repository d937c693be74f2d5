import Data
import Formats
import Foundation
import Modelling
import TemporaryFolders
import Tensors
import Testing

/// Tables as strangers bring them.
@Suite("A stranger's table")
struct TableReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ text: String, _ options: TableOptions = TableOptions(), columns: [TableSpace.Column]? = nil) throws -> DataSet {
    try load(Array(text.utf8), options, columns: columns)
  }

  private func load(_ bytes: [UInt8], _ options: TableOptions = TableOptions(), columns: [TableSpace.Column]? = nil, name: String = "t.csv") throws
    -> DataSet
  {
    try DataSource(source: folder.file(name, bytes), format: .csv, columns: columns, reading: options).load(isMixed: true)
  }

  private func options(_ change: (inout TableOptions) -> Void) -> TableOptions {
    var options = TableOptions()
    change(&options)
    return options
  }

  private func refusal(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation, body: () throws -> DataSet) {
    do {
      let data = try body()
      Issue.record("it was read: \(data.signature)", sourceLocation: sourceLocation)
    } catch { for part in parts { #expect("\(error)".contains(part), "\(error)", sourceLocation: sourceLocation) } }
  }

  private func types(_ data: DataSet) -> [String] { data.signature.space.table?.columns.map { "\($0.name) \($0.type.rawValue)" } ?? [] }

  /// Two columns of numbers with something in the last cell.
  private func numbers(_ cell: String, rows: Int = 30) -> String {
    "x,y\n" + (1..<rows).map { "\($0).5,\($0 * 2).25\n" }.joined() + "7.5,\(cell)\n"
  }

  @Test("a cell that pandas, R or a database takes for missing is a hole, and its mark is told", arguments: CSVOptions.standardMarks.sorted())
  func marks(mark: String) throws {
    let data = try load(numbers(mark))
    #expect(types(data) == ["x real", "y real"] && data.raw([29]).scalars[1].isNaN)
    #expect(data.report?.marks.map(\.mark) == [mark] && data.report?.notes.isEmpty == mark.isEmpty)
    let padded = try load(numbers(" \(mark) "))
    #expect(padded.raw([29]).scalars[1].isNaN)
  }

  @Test(
    "a text among numbers is an error that names line, column and text, in tables of 5 rows and of 1000; leniently it is a hole, with a warning",
    arguments: ["<0.5", ">100", "broken", "inf", "-Infinity", "1e999", "12,5x", "n.d."], [5, 30, 1000])
  func odd(cell: String, rows: Int) throws {
    refusal("line \(rows + 1)", "column \"y\"", "\"\(cell)\"", "--lenient", "--missing") { try load(numbers("\"\(cell)\"", rows: rows)) }
    let data = try load(numbers("\"\(cell)\"", rows: rows), options { $0.lenient = true })
    #expect(types(data) == ["x real", "y real"] && data.raw([rows - 1]).scalars[1].isNaN)
    #expect(data.report?.notes.contains { $0.hasPrefix("warning") && $0.contains(cell) && $0.contains("line \(rows + 1)") } == true)
    let marked = try load(numbers("\"\(cell)\"", rows: rows), options { $0.missing = [cell] })
    #expect(marked.raw([rows - 1]).scalars[1].isNaN && marked.report?.marks.map(\.mark) == [cell])
  }

  @Test("marks are added, a number stands for its other spellings, and the usual ones can be left out")
  func ownMarks() throws {
    let data = try load("x,y\n-999,1.5\n2.5,-999.0\nNA,-9.99e2\n1.5,2.5\n", options { $0.missing = ["-999"] })
    #expect(data.raw(0..<4).scalars.map { $0.isNaN } == [true, false, false, true, true, true, false, false])
    #expect(data.signature.space.table?.missing?.contains("NA") == true && data.signature.space.table?.missing?.contains("-999") == true)
    let levels = "k,x\n" + (0..<20).map { "\(["None", "-", "red"][$0 % 3]),\($0).5\n" }.joined()
    #expect(try load(levels).signature.space.table?.columns[0].categories == ["red"])
    let kept = try load(levels + ",1.5\n", options { $0.defaultMissing = false })
    #expect(kept.signature.space.table?.columns[0].categories == ["-", "None", "red"] && kept.raw([20]).scalars[0].isNaN)
    #expect(kept.signature.space.table?.missing == [""])
  }

  @Test(
    "numbers that spreadsheets write are numbers, and go back in their form",
    arguments: [
      ("x;y", "12,50;-7,25", "3,75;1,00", [12.5, -7.25, 3.75, 1]),
      ("x,y", "\"1,234.50\",\"-7.25\"", "\"17.00\",\"12,345.75\"", [1234.5, -7.25, 17, 12_345.75]),
      ("x,y", "12.50%,7.25%", "3.00%,1.75%", [12.5, 7.25, 3, 1.75]), ("x\ty", "€12.50\t4.5 kg", "€-3.25\t17.5 kg", [12.5, 4.5, -3.25, 17.5]),
      ("x|y", "  12.50 |7", "  3.75 |9", [12.5, 7, 3.75, 9]), ("x;y", "1.234,5;0,5", "17,5;2,5", [1234.5, 0.5, 17.5, 2.5]),
      ("x,y", "1 234.5,1'234", "17.5,12", [1234.5, 1234, 17.5, 12]),
    ] as [(String, String, String, [Float])])
  func forms(header: String, first: String, second: String, expected: [Float]) throws {
    let data = try load("\(header)\n\(first)\n\(second)\n")
    #expect(data.raw(0..<2).scalars == expected)
    let columns = try #require(data.signature.space.table?.columns)
    let separator: Character = header.contains(";") ? ";" : header.contains("\t") ? "\t" : header.contains("|") ? "|" : ","
    if !first.contains("\"") {
      for (line, start) in [(first, 0), (second, 2)] {
        let cells = line.split(separator: separator).map(String.init)
        for (column, cell) in zip(columns, cells).enumerated() { #expect(cell.0.text(Double(expected[start + column])) == cell.1) }
      }
    }
  }

  @Test("what may be two numbers or two days is refused with the option that tells")
  func doubt() throws {
    let numbers = "x,y\n\"1,234\",1.5\n\"5,678\",2.5\n"
    refusal("line 2", "column \"x\"", "1234", "1.234", "--decimal", "--thousands") { try load(numbers) }
    #expect(try load(numbers, options { $0.decimal = "," }, columns: [.init(name: "x", type: .real)]).raw([0]).scalars == [1.234])
    #expect(try load(numbers, options { $0.thousands = "," }).raw([0]).scalars == [1234, 1.5])
    #expect(try load("x;y\n1,234;1,5\n5,678;2,25\n").raw([0]).scalars == [1.234, 1.5])
    let days = "d,y\n03/04/2023,1.5\n05/06/2023,2.5\n"
    refusal("line 2", "column \"d\"", "--day-first") { try load(days) }
    #expect(try load(days, options { $0.dayFirst = true }).signature.space.table?.columns[0].dates?.pattern == "dd/MM/yyyy")
  }

  @Test(
    "what programs write around a table is understood",
    arguments: [
      (",x,y\n0,1.5,2.5\n1,,3.5\n", 2, 1), ("\"x\",\"y\"\n\"1\",1.5,2.5\n\"2\",,3.5\n", 2, 1), ("x,y,\n1.5,2.5,\n,3.5,\n", 2, 1),
      ("x,y\n1.5,2.5,\n,3.5,\n", 2, 0), ("sep=;\nx;y\n1.5;2.5\n;3.5\n", 2, 0), ("sep=,\r\nx,y\r\n1.5,2.5\r\n,3.5\r\n", 2, 0),
      ("x|y\n1.5|2.5\n|3.5\n", 2, 0), ("\u{FEFF}x\ty\n1.5\t2.5\n\t3.5\n", 2, 0), ("x,y\nkg,m/s\n1.5,2.5\n,3.5\n2.5,1.5\n3.5,0.5\n", 4, 0),
      ("\"x\";\"y\"\n\"one\";1.5;2.5\n\"two\";;3.5\n", 2, 1),
    ] as [(String, Int, Int)])
  func surroundings(text: String, rows: Int, ignored: Int) throws {
    let data = try load(text)
    #expect(types(data) == ["x real", "y real"] && data.count == rows && (data.signature.space.table?.ignored ?? []).count == ignored)
    let values = data.raw([0, 1]).scalars
    #expect(values[0] == 1.5 && values[1] == 2.5 && values[2].isNaN && values[3] == 3.5)
  }

  @Test("a table without names, with rows named by a column, or parted otherwise is read with the option that says so")
  func told() throws {
    let bare = try load("42,10;85,59\n;58,48\n", options { $0.header = false })
    #expect(types(bare) == ["c1 real", "c2 real"] && bare.count == 2 && bare.raw([0]).scalars == [42.1, 85.59])
    refusal("line 1", "42,10", "--no-header") { try load("42,10;85,59\n;58,48\n") }
    refusal("line 1", "42.5", "--no-header") { try load("a,42.5,7\nb,58.48,8\n") }
    #expect(try types(load("k,1990,1991\na,1.5,2.5\na,0.5,3.5\nb,1.5,2.5\n")) == ["k binary", "1990 real", "1991 real"])
    #expect(try types(load("0,1,2\n1.5,2.5,3.5\n2.5,3.5,7.5\n")) == ["0 real", "1 real", "2 real"])
    #expect(try types(load("42,7\n1.5,2.5\n2.5,3.5\n", options { $0.header = true })) == ["42 real", "7 real"])
    let named = try load("key,x\n7,1.5\n9,2.5\n", options { $0.indexColumn = "key" })
    #expect(types(named) == ["x real"] && named.signature.space.table?.ignored == ["key"])
    #expect(try types(load("key,x\n7,1.5\n9,2.5\n", options { $0.indexColumn = "1" })) == ["x real"])
    refusal("no column \"k\"", "key, x") { try load("key,x\n7,1.5\n", options { $0.indexColumn = "k" }) }
    let spaced = try load("x y\n1.5 2.5\n", options { $0.separator = "space" })
    #expect(types(spaced) == ["x real", "y real"])
    #expect(throws: (any Error).self) { try options { $0.separator = "ab" }.validate() }
    #expect(throws: (any Error).self) { try options { ($0.decimal, $0.thousands) = (",", ",") }.validate() }
  }

  @Test("columns that name rows or hold nothing are left out with a word about it, wherever they stand")
  func leftOut() throws {
    let text =
      "x,case,y,empty,note,site,index\n"
      + (0..<60).map { row in
        "\(row).5,P\(1000 + row),\(row % 7).25,,text no. \(row) about it,s\(row % 30),\(row + 1)\n"
      }.joined()
    let data = try load(text)
    #expect(types(data) == ["x real", "y real"] && data.signature.space.table?.ignored == ["case", "empty", "note", "site", "index"])
    #expect(
      data.report?.leftOut.map(\.name) == ["case", "empty", "note", "site", "index"] && data.report?.leftOut.allSatisfy { !$0.reason.isEmpty } == true
    )
    // Kinds of rows stay, and what a schema lists is learnt from.
    #expect(try types(load("k,x\n" + (0..<60).map { "\(["a", "b", "c"][$0 % 3]),\($0).5\n" }.joined())) == ["k categorical", "x real"])
    let listed = try load(
      text, columns: [.init(name: "x", type: .real), .init(name: "site", type: .categorical), .init(name: "y", type: .real, role: .ignore)])
    #expect(types(listed) == ["x real", "site categorical"] && listed.signature.space.table?.ignored == ["case", "y", "empty", "note", "index"])
  }

  @Test("whole numbers, days and constants are types of their own, within what was seen")
  func types() throws {
    let data = try load(
      "year,stamp,day,when,c,ratio\n1974,1704067331180,2023-04-17,17.04.2023 08:05,5,0.5\n,,,,,1.5\n"
        + "1991,1704067424061,2023-05-26,26.05.2023 17:30,5,2.5\n"
    )
    #expect(types(data) == ["year whole", "stamp whole", "day date", "when date", "c whole", "ratio real"])
    let columns = try #require(data.signature.space.table?.columns)
    #expect(columns[0].observed == [1974, 1991] && columns[4].observed == [5, 5] && columns[5].observed == nil)
    #expect(columns[0].settled(1980.4) == 1980 && columns[0].settled(2050) == 1991 && columns[4].settled(7.3) == 5)
    #expect(
      columns[2].text(columns[2].settled(19_480.4)) == "2023-05-03"
        && columns[3].text(columns[3].number(of: "17.04.2023 08:05")! + 61) == "17.04.2023 08:06")
    let numbered = try load("d,x\n20230417,1.5\n20230526,2.5\n20231231,3.5\n")
    #expect(types(numbered) == ["d date", "x real"] && numbered.signature.space.table?.columns[0].text(19_464) == "20230417")
    // 20230417 among other whole numbers is a number.
    #expect(try types(load("d,x\n20230417,1.5\n20239999,2.5\n20231231,3.5\n")) == ["d whole", "x real"])
    #expect(try load("c,x\n2.50,1.5\n2.50,2.5\n").signature.space.table?.columns[0].text(2.5) == "2.50")
  }

  @Test("nothing is lost to float32 on the way to model units and back, and different values are counted as such")
  func precision() throws {
    let values = (0..<50).map { 1_704_067_200_000 + Double($0 * $0 * 61) }
    let tiny = (0..<50).map { 1e-300 * (1 + Double($0) / 100) }
    let data = try load("ms,v\n" + zip(values, tiny).map { "\(Int($0)),\($1)\n" }.joined()).standardised(over: Array(0..<50))
    let table = try #require(data.signature.space.table)
    #expect(table.isExact)
    let model = data.batch(0..<50).scalars
    for row in 0..<50 {
      #expect(table.raw(model[2 * row], at: 0) == values[row])
      #expect(abs(table.raw(model[2 * row + 1], at: 1) - tiny[row]) < 1e-306)
    }
    let summaries = try #require(data.columnSummaries(over: Array(0..<50)))
    #expect(summaries.map(\.distinct) == [50, 50] && summaries[0].smallest == values[0] && summaries[1].largest == tiny[49])
  }

  @Test("a positive column is refused where float32 could not tell its values, and a real one takes them")
  func small() throws {
    let text = "v,x\n1.5e-42,1.5\n2.5e-42,2.5\n"
    refusal("line 2", "column \"v\"", "1.5e-42", "1.2e-38") { try load(text, columns: [.init(name: "v", type: .positive)]) }
    #expect(try types(load(text, columns: [.init(name: "v", type: .real)])) == ["v real"])
    #expect(try types(load("v,x\n1.5e-37,1.5\n2.5e37,2.5\n", columns: [.init(name: "v", type: .positive)])) == ["v positive"])
  }

  @Test("packed files and other encodings are text, and what is no text is named with what to do")
  func files() throws {
    let text = "größe,x\n1.5,2.5\n2.5,3.5\n"
    #expect(try types(load(GZip.deflate(Array(text.utf8)))) == ["größe real", "x real"])
    let latin = text.unicodeScalars.map { UInt8($0.value) }
    #expect(try types(load(latin, options { $0.encoding = .latin1 })) == ["größe real", "x real"])
    refusal("UTF-8") { try load(latin) }
    var wide: [UInt8] = [0xFF, 0xFE]
    for unit in text.utf16 { wide += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    #expect(try types(load(wide)) == ["größe real", "x real"])
    for (start, name) in [("PK\u{3}\u{4}", "xlsx"), ("PAR1", "Parquet"), ("SQLite format 3", "SQLite")] {
      refusal(name, "CSV") { try load(Array(start.utf8) + [0, 1, 2]) }
    }
    refusal("Excel", "CSV UTF-8") { try load([0xD0, 0xCF, 0x11, 0xE0, 1]) }
  }

  @Test("a table for a model is read in the model's forms, or as options say; a text of another form is refused with the option, lenient or not")
  func known() throws {
    let model = TableSpace(
      [
        .init(name: "x", type: .real), .init(name: "p", type: .real, form: NumberForm(decimal: ",", thousands: ".", suffix: " €")),
        .init(name: "d", type: .date, dates: DateForm("dd.MM.yyyy")),
      ], scaling: Scaling(exactOffset: [0, 0, 0], scale: [1, 1, 1]))
    func load(_ text: String, _ options: TableOptions = TableOptions()) throws -> DataSet {
      var source = DataSource(source: try folder.file("k.csv", text), format: .csv, reading: options)
      source.known = model
      return try source.load(isMixed: true)
    }
    let own = try load("x;p;d\n1.5;1.234,50 €;17.04.2023\n12.25;2,50 €;\n")
    #expect(own.raw([0]).scalars.prefix(2) == [1.5, 1234.5] && own.report?.notes.isEmpty == true)
    for (text, parts) in [
      ("x;p;d\n12,5;2,50 €;17.04.2023\n13,5;3,50 €;\n", ["line 2", "column \"x\"", "\"12,5\"", "decimal=,"]),
      ("x;p;d\n1.5;2.50 €;17.04.2023\n", ["line 2", "column \"p\"", "decimal=."]),
      ("x;p;d\n1.5;2,50 €;2023-04-17\n", ["line 2", "column \"d\"", "day_first"]),
    ] {
      for lenient in [false, true] {
        do {
          let data = try load(text, options { $0.lenient = lenient })
          Issue.record("it was read: \(data.raw([0]).scalars)")
        } catch { for part in parts { #expect("\(error)".contains(part), "\(error)") } }
      }
    }
    let told = try load("x;p;d\n12,5;2,50 €;2023-04-17\n", options { ($0.decimal, $0.dayFirst) = (",", true) })
    #expect(told.raw([0]).scalars.prefix(2) == [12.5, 2.5] && told.report?.notes.isEmpty == true, "\(told.report?.notes ?? [])")
    #expect(told.raw([0]).scalars[2] == own.raw([0]).scalars[2])
    // A row of numbers in another form is no row of units.
    refusal("line 2", "decimal=,") { try load("x;p;d\n12,5;3.5 €;\n1.5;2,50 €;17.04.2023\n") }
    // What no cell settles is told.
    #expect(try load("x;p;d\n1.5;1.234 €;\n").report?.notes.contains { $0.contains("\"p\"") && $0.contains("decimal=.") } == true)
  }

  @Test("without the options a table is read as builds did that recorded runs of it")
  func first() throws {
    let path = try folder.file("f.csv", "a,b,c\n1,None,N/A\n2,x,7\n3,y,8\n")
    let data = try DataSource(source: path).load(isMixed: true)
    #expect(types(data) == ["a real", "b categorical", "c categorical"] && data.report == nil)
    #expect(data.standardised(over: [0, 1, 2]).signature.space.table?.isExact == false && data.signature.space.format == 1)
  }
}
