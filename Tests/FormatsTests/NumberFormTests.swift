import Formats
import Foundation
import Testing

@Suite("Numbers as spreadsheets write them")
struct NumberFormTests {
  /// The form that a column of these cells has.
  private func form(_ cells: [String], decimal: String? = nil, thousands: String? = nil) -> (form: NumberForm, cells: Int, rival: NumberForm?)? {
    var tally = NumberFormTally()
    for cell in cells { tally.add(cell) }
    return tally.finding(decimal: decimal, thousands: thousands).map { ($0.form, $0.cells, $0.rival) }
  }

  @Test(
    "a column's form is read from its cells, and gives every cell back as it stood",
    arguments: [
      (["12,50", "7,25", "-3,75"], [12.5, 7.25, -3.75]), (["1,234.50", "17.25", "-12,345,678.00"], [1234.5, 17.25, -12_345_678]),
      (["1.234,5", "12,0", "-7,5"], [1234.5, 12, -7.5]), (["1 234,5", "12,0"], [1234.5, 12]), (["1'234.50", "12.75"], [1234.5, 12.75]),
      (["1\u{A0}234", "12", "1\u{A0}234\u{A0}567"], [1234, 12, 1_234_567]), (["1\u{202F}234,5", "7,5"], [1234.5, 7.5]),
      (["$5.00", "-$7.25", "$1,200.00"], [5, -7.25, 1200]), (["($5.00)", "$7.25"], [-5, 7.25]), (["€ 5,00", "€ 1.234,50"], [5, 1234.5]),
      (["5.00 €", "-7.25 €"], [5, -7.25]), (["USD 5.5", "USD 17.5"], [5.5, 17.5]), (["12.5%", "-3.0%"], [12.5, -3]),
      (["12,5 %", "3,0 %"], [12.5, 3]),
      (["4 kg", "12 kg"], [4, 12]), (["3.5°C", "-2.0°C"], [3.5, -2]), (["  4.10 ", "  -7.25 "], [4.1, -7.25]), (["4.10\t", "7.25\t"], [4.1, 7.25]),
      (["$-5.00", "$7.25"], [-5, 7.25]), (["0.5", "1e-300", "-2.5e7"], [0.5, 1e-300, -2.5e7]), (["5.0", "7.0"], [5, 7]),
    ] as [([String], [Double])])
  func forms(cells: [String], numbers: [Double]) throws {
    let found = try #require(form(cells))
    #expect(found.cells == cells.count && found.rival == nil, "\(found)")
    #expect(cells.map(found.form.number) == numbers, "\(found.form)")
    // A minus of typesetting and exponents have other spellings of the same number.
    if !cells[0].contains("e") && cells.count == numbers.count, !cells.contains(where: { $0.contains("e") }) {
      #expect(numbers.map { found.form.text($0) } == cells, "\(found.form)")
    }
  }

  @Test("1,234 may be two numbers, until another cell or the user says which")
  func doubt() throws {
    let found = try #require(form(["1,234", "5,678"]))
    #expect(found.rival != nil)
    #expect(form(["1,234", "5,678", "7,5"])?.rival == nil && form(["1,234", "5,678", "7,5"])?.form.decimal == ",")
    #expect(form(["1,234", "5,678", "1,234,567"])?.form.thousands == ",")
    #expect(form(["1,234", "0,678"])?.form.decimal == "," && form(["1,234", "0,678"])?.rival == nil)
    #expect(form(["1,234", "5,678"], decimal: ",")?.form.number("1,234") == 1.234)
    #expect(form(["1,234", "5,678"], thousands: ",")?.form.number("1,234") == 1234)
  }

  @Test(
    "what is no number of the form is none, and identifiers are no numbers with something before them",
    arguments: [
      "P0001", "s085", "<0.5", ">100", "broken", "inf", "-Infinity", "2023-04-17", "12:30", "1.2.3", "12abc34", "1,23,4", "--5", "(-5)", "#12", "№5",
      "A-17", "",
    ])
  func others(text: String) {
    for form in [NumberForm.plain, NumberForm(decimal: ","), NumberForm(thousands: ","), NumberForm(suffix: "%")] {
      #expect(form.number(text) == nil)
    }
    #expect(form([text, text])?.cells ?? 0 == 0)
  }

  @Test("a number is written with the digits that mean something")
  func resolution() {
    #expect(NumberForm.plain.text(42.103849172592163, resolution: 1e-5) == "42.10385")
    #expect(NumberForm.plain.text(1.0341234567e-300, resolution: 1e-307) == "1.0341235e-300")
    #expect(NumberForm.plain.text(1_704_067_331_180, resolution: 1e-2) == "1704067331180")
    #expect(NumberForm.plain.text(1e-9, resolution: 1e-5) == "0" && NumberForm.plain.text(-1e-9, resolution: 1e-5) == "0")
    #expect(NumberForm(decimals: 2).text(-0.001) == "0.00" && NumberForm(decimals: 2).text(0.1 + 0.2) == "0.30")
    #expect(NumberForm.plain.text(5) == "5" && NumberForm.plain.text(-0.5) == "-0.5")
  }

  /// By whole strings, mark by mark.
  private func reference(_ middle: String, decimal: String, thousands: String?) -> Double? {
    var text = middle
    if let thousands {
      let exponent = text.firstIndex { $0 == "e" || $0 == "E" } ?? text.endIndex
      let end = text[..<exponent].range(of: decimal)?.lowerBound ?? exponent
      let groups = text[..<end].components(separatedBy: thousands)
      if groups.count > 1 {
        guard (1...3).contains(groups[0].count), groups[0].first != "0", groups.dropFirst().allSatisfy({ $0.count == 3 }) else { return nil }
        text = groups.joined() + text[end...]
      }
      guard !text.contains(thousands) else { return nil }
    }
    if decimal != "." {
      guard !text.contains(".") else { return nil }
      text = text.replacingOccurrences(of: decimal, with: ".")
    }
    guard let first = text.first, first.isNumber || first == "." else { return nil }
    return DecimalText.double(text)
  }

  @Test("marks are found byte by byte where they are in the text")
  func marks() throws {
    var generator = SystemRandomNumberGenerator()
    let alphabet = ["1", "2", "3", "0", "4", "5", ".", ",", "'", " ", "\u{A0}", "\u{2019}", "e", "-", "000", "1", "23"]
    let pairs: [(String, String?)] = [(".", nil), (",", nil), (".", ","), (",", "."), (".", "'"), (",", " "), (".", "\u{A0}"), (",", "\u{2019}")]
    var read = 0
    for _ in 0..<4000 {
      let inner = (0..<Int.random(in: 0...6, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()
      guard let parts = NumberParts("7\(inner)5") else { continue }
      for (decimal, thousands) in pairs {
        let value = parts.value(decimal: decimal, thousands: thousands)
        #expect(value == reference(parts.middle, decimal: decimal, thousands: thousands), "\(parts.middle) by \(decimal) and \(thousands ?? "none")")
        if value != nil { read += 1 }
      }
    }
    #expect(read > 1000)
  }
}
