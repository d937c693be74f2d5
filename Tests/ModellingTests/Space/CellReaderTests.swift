import Formats
import Modelling
import Tensors
import Testing

/// Cells of a file are read in the model's form of their column, or as options say, and never by guessing.
@Suite("Cells of a column")
struct CellReaderTests {
  private static let forms: [NumberForm] = [".", ","].flatMap { decimal in
    ([nil] + NumberForm.separators.filter { $0 != decimal }).flatMap { thousands in
      [("", ""), ("$", ""), ("", " %")].map { NumberForm(decimal: decimal, thousands: thousands, prefix: $0, suffix: $1, decimals: 2) }
    }
  }

  private func column(_ form: NumberForm?) -> TableSpace.Column { TableSpace.Column(name: "x", type: .real, form: form) }

  private func options(decimal: String? = nil, thousands: String? = nil, dayFirst: Bool? = nil, lenient: Bool = false) -> TableOptions {
    var options = TableOptions()
    (options.decimal, options.thousands, options.dayFirst, options.lenient) = (decimal, thousands, dayFirst, lenient)
    return options
  }

  private static let values: [Double] =
    RandomKey(seed: 3).normal([40]).scalars.map { (Double($0) * 100_000).rounded() / 100 } + [1234.5, -1_234_567.25, 0.5]

  @Test("whatever form a model has, options read the file's, and the column as it is written then writes every cell back byte for byte")
  func told() {
    for own in Self.forms {
      for file in Self.forms where file.prefix == own.prefix && file.suffix == own.suffix {
        for options in [options(decimal: file.decimal), options(decimal: file.decimal, thousands: file.thousands)] {
          var reader = CellReader(column(own), options: options)
          for value in Self.values {
            #expect(reader.number(of: file.text(value), line: 1) == value, "\(file.text(value)) where the model has \(own)")
          }
          let written = reader.written
          for value in Self.values { #expect(written.text(value) == file.text(value), "\(own) \(file)") }
        }
      }
    }
  }

  @Test("what groups thousands can be told alone, and the mark of fractions is then the other one")
  func thousands() {
    var reader = CellReader(column(nil), options: options(thousands: "."))
    #expect(reader.number(of: "1.234,5", line: 1) == 1234.5 && reader.number(of: "1.234", line: 2) == 1234)
    #expect(reader.written.text(5_000.25) == "5.000,25")
    var spaced = CellReader(column(NumberForm(decimal: ",")), options: options(thousands: " "))
    #expect(spaced.number(of: "1 234,5", line: 1) == 1234.5 && spaced.number(of: "1.234", line: 2) == nil)
  }

  @Test("without options cells are read in the model's form, and a hint names what reads a text of another: the option does, as the hint says")
  func hints() {
    for own in Self.forms {
      let reader = CellReader(column(own), options: options())
      for file in Self.forms where file.prefix == own.prefix && file.suffix == own.suffix {
        for value in Self.values {
          let text = file.text(value)
          var fresh = reader
          guard fresh.number(of: text, line: 1) == nil else { continue }
          guard let hint = reader.hint(text) else {
            Issue.record("nothing said of \(text) where the model has \(own)")
            continue
          }
          let found = hint.matches(of: /(decimal|thousands)=(.) reads it as (-?[0-9.e+]+)/)
          #expect(found.contains { Double($0.output.3) == value }, "\(text): \(hint)")
          for match in found {
            let mark = String(match.output.2)
            var told = CellReader(column(own), options: match.output.1 == "decimal" ? options(decimal: mark) : options(thousands: mark))
            #expect(told.number(of: text, line: 1) == Double(match.output.3), "\(text): \(hint)")
          }
        }
      }
    }
    #expect(CellReader(column(nil), options: options()).hint("broken") == nil)
    #expect(CellReader(column(nil), options: options()).hint("12,5 kg") == nil)
    #expect(CellReader(column(nil), options: options(decimal: ".")).hint("12,5") == nil)
    #expect(CellReader(column(nil), options: nil).hint("12,5") == nil)
    let both = CellReader(column(nil), options: options()).hint("1,234")
    #expect(both?.contains("decimal=, reads it as 1.234") == true && both?.contains("thousands=, reads it as 1234") == true, "\(both ?? "")")
  }

  @Test("numbers that another form reads as others are told, unless a cell shows which form the file has")
  func doubts() {
    var reader = CellReader(column(NumberForm(thousands: ",")), options: options())
    #expect(reader.number(of: "12", line: 2) == 12 && reader.note == nil)
    #expect(reader.number(of: "1,234", line: 3) == 1234)
    let note = reader.note ?? ""
    #expect(note.contains("\"x\"") && note.contains("\"1,234\" at line 3 is 1234") && note.contains("decimal=, reads it as 1.234"), "\(note)")
    #expect(reader.number(of: "1,234.5", line: 4) == 1234.5 && reader.note == nil)
    // A point between digits is a mark of fractions where nothing else is known.
    var plain = CellReader(column(nil), options: options())
    #expect(plain.number(of: "1.234", line: 2) == 1.234 && plain.note == nil)
  }

  @Test("days are read in the model's form, or in any that options allow, and written as the file has them")
  func days() throws {
    let own = TableSpace.Column(name: "d", type: .date, dates: DateForm("MM/dd/yyyy"))
    let march = try #require(DateForm("yyyy-MM-dd")?.number("2024-03-04"))
    var plain = CellReader(own, options: options())
    #expect(plain.number(of: "03/04/2024", line: 1) == march && plain.number(of: "2024-03-04", line: 2) == nil && plain.written == own)
    #expect(plain.hint("2024-03-04")?.contains("day_first") == true && plain.hint("2024-03-04")?.contains("yyyy-MM-dd") == true)
    #expect(plain.hint("17/04/2024")?.contains("day_first=true reads it as dd/MM/yyyy") == true && plain.hint("soon") == nil)
    #expect(plain.hint("2024-03-04 10:00") == nil)
    for (text, dayFirst, pattern) in [
      ("04/03/2024", true, "dd/MM/yyyy"), ("03/04/2024", false, "MM/dd/yyyy"), ("2024-03-04", true, "yyyy-MM-dd"), ("4.3.2024", false, "d.M.yyyy"),
    ] {
      var reader = CellReader(own, options: options(dayFirst: dayFirst))
      #expect(reader.number(of: text, line: 1) == march, "\(text)")
      #expect(reader.written.dates?.pattern == pattern && reader.written.text(march) == text)
    }
  }
}
