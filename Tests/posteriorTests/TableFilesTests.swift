import Data
import Formats
import Modelling
import Testing

@testable import posterior

@Suite("Tables to a stream and back")
struct TableFilesTests {
  private static let space = TableSpace(
    [
      .init(name: "price", type: .real, form: NumberForm(decimal: ",", thousands: ".", suffix: " €", decimals: 2)),
      .init(name: "kind", type: .categorical, categories: ["a", "b;c", "other"], unknownCategory: .other),
      .init(name: "day", type: .date, dates: DateForm("dd.MM.yyyy")), .init(name: "x", type: .real),
    ], scaling: Scaling(exactOffset: [0, 0, 0, 0], scale: [1, 1, 1, 1]), ignored: ["id", "note"])

  private func read(_ text: String, _ options: TableOptions = TableOptions()) throws -> TableContent {
    try TableContent.read(Array(text.utf8), source: "t.csv", as: Self.space, options: options, isMixed: true).content
  }

  private func written(_ table: TableContent) throws -> String {
    let form = try TableFiles.Form(path: "t.csv", of: Self.space)
    return String(decoding: try form.head(table.layout, rows: table.count) + form.bytes(table), as: UTF8.self)
  }

  private func refusal(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation, body: () throws -> TableContent) {
    do {
      let table = try body()
      Issue.record("it was read: \(table)", sourceLocation: sourceLocation)
    } catch { for part in parts { #expect("\(error)".contains(part), "\(error)", sourceLocation: sourceLocation) } }
  }

  @Test("A table in the form of its columns comes back as it was, columns that the model ignores with it")
  func whole() throws {
    let text = #"""
      id;day;kind;price;x;note
      R1;01.02.2024;a;1.234,50 €;0.1;first
      R2;NA;"b;c";-3,00 €;12345678901.25;"say ""yes"""
      R3;29.02.2024;other;0,07 €;NA;

      """#
    let table = try read(text)
    #expect(table.texts == [["R1", "R2", "R3"], ["first", "say \"yes\"", ""]] && table.values[4].isNaN == false && table.values[6].isNaN)
    #expect(try written(table) == text)
  }

  @Test("Numbers with more digits than the column had keep them")
  func digits() throws {
    let table = try read("price,kind,day,x\n\"1,234567 €\",a,01.01.2000,1e-7\n")
    #expect(table.values == [1.234567, 0, 10957, 1e-7])
    #expect(try read(written(table)).values == table.values)
  }

  @Test("What would come back as something else is refused by its place")
  func refusals() throws {
    refusal("line 2", "\"kind\"", "strange", "other") { try read("price,kind,day,x\n\"1,00 €\",strange,01.01.2000,1\n") }
    refusal("new", "doesn't know") { try read("price,kind,day,x,new\n\"1,00 €\",a,01.01.2000,1,2\n") }
    refusal("lenient") {
      var options = TableOptions()
      options.lenient = true
      return try read("price,kind,day,x\n\"1,00 €\",a,01.01.2000,?!\n", options)
    }
    refusal("line 2", "\"x\"") { try read("price,kind,day,x\n\"1,00 €\",a,01.01.2000,?!\n") }
  }

  @Test("Arrays hold numbers alone")
  func arrays() throws {
    #expect { try TableFiles.Form(path: "t.npy", of: Self.space) } throws: { "\($0)".contains("\"kind\"") }
    #expect { try TableFiles.Form(path: "t.png", of: Self.space) } throws: { "\($0)".contains(".csv") }
    let numbers = TableSpace([.init(name: "x", type: .real)])
    let table = TableContent(layout: TableLayout(width: 1), values: [0.1, .nan], texts: [], width: 1)
    let form = try TableFiles.Form(path: "t.npy", of: numbers)
    let bytes = try form.head(table.layout, rows: 2) + form.bytes(table)
    #expect(try NPY.decode(bytes).shape == [2, 1] && bytes.suffix(16).prefix(8).elementsEqual(withUnsafeBytes(of: 0.1.bitPattern) { Array($0) }))
  }
}
