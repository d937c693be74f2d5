import Formats
import Testing

@Suite("Days and times as tables have them")
struct DateFormTests {
  private func finding(_ cells: [String], dayFirst: Bool? = nil) -> DateFormTally.Finding? {
    var tally = DateFormTally()
    for cell in cells { tally.add(cell) }
    return tally.finding(dayFirst: dayFirst)
  }

  @Test(
    "a column's form is read from its cells, and gives every cell back as it stood",
    arguments: [
      ("yyyy-MM-dd", ["2023-04-17", "1999-12-31", "2024-02-29"]), ("yyyy/MM/dd", ["2023/04/17"]), ("yyyyMMdd", ["20230417", "19991231"]),
      ("dd.MM.yyyy", ["17.04.2023", "01.05.2023"]), ("d.M.yyyy", ["17.4.2023", "1.5.2023"]), ("dd/MM/yyyy", ["17/04/2023", "01/05/2023"]),
      ("MM/dd/yyyy", ["04/17/2023", "05/01/2023"]), ("M/d/yyyy", ["4/17/2023", "5/1/2023"]), ("dd-MMM-yyyy", ["17-Apr-2023", "01-May-2023"]),
      ("MMM d, yyyy", ["Apr 17, 2023", "Dec 1, 2023"]), ("d MMMM yyyy", ["17 April 2023", "1 June 2023"]), ("yyyy-MM", ["2023-04", "1969-11"]),
      ("yyyy-MM-ddTHH:mm:ss", ["2023-04-17T23:59:59", "1969-07-20T20:17:40"]), ("yyyy-MM-dd HH:mm:ss", ["2023-04-17 00:00:00"]),
      ("yyyy-MM-ddTHH:mm:ssX", ["2023-04-17T23:59:59Z", "2023-04-18T00:00:01Z"]), ("yyyy-MM-dd HH:mm:ss.SSS", ["2023-04-17 10:00:00.125"]),
      ("yyyy-MM-ddTHH:mm:ssX", ["2023-04-17T23:59:59+02:00"]), ("dd.MM.yyyy HH:mm", ["17.04.2023 08:05"]),
      ("M/d/yyyy h:mm a", ["4/17/2023 8:05 AM", "4/17/2023 12:30 AM", "4/17/2023 12:30 PM"]), ("HH:mm", ["08:05", "23:59"]),
      ("HH:mm:ss", ["08:05:09"]),
      ("dd/MM/yy", ["17/04/23", "31/12/99"]),
    ] as [(String, [String])])
  func forms(pattern: String, cells: [String]) throws {
    let found = try #require(finding(cells))
    #expect(found.form.pattern == pattern && found.cells == cells.count && found.rival == nil, "\(found)")
    for cell in cells { #expect(found.form.number(cell).map { found.form.text($0, offset: found.offset) } == cell) }
  }

  @Test("days are counted from 1970, moments in seconds, whatever the offset they are written at")
  func values() throws {
    #expect(DateForm("yyyy-MM-dd")?.number("1970-01-02") == 1 && DateForm("yyyy-MM-dd")?.number("1969-12-31") == -1)
    #expect(DateForm("dd.MM.yyyy")?.number("29.02.2000") == 11_016)
    let moment = try #require(DateForm("yyyy-MM-ddTHH:mm:ssX"))
    #expect(moment.number("2024-01-01T00:00:00Z") == 1_704_067_200 && moment.number("2024-01-01T01:00:00+01:00") == 1_704_067_200)
    #expect(moment.text(1_704_067_200, offset: "-0500") == "2023-12-31T19:00:00-0500")
    for day in stride(from: -200_000.0, to: 400_000, by: 137) {
      let form = try #require(DateForm("yyyy-MM-dd"))
      #expect(form.number(form.text(day)) == day)
    }
  }

  @Test("03/04/2023 may be two days, until another cell or the user says which")
  func doubt() throws {
    #expect(finding(["03/04/2023", "05/06/2023"])?.rival != nil)
    #expect(finding(["03/04/2023", "25/06/2023"])?.form.pattern == "dd/MM/yyyy" && finding(["03/04/2023", "25/06/2023"])?.rival == nil)
    #expect(finding(["03/04/2023", "05/06/2023"], dayFirst: false)?.form.pattern == "MM/dd/yyyy")
    #expect(finding(["03/04/2023", "05/06/2023"], dayFirst: true)?.form.pattern == "dd/MM/yyyy")
  }

  @Test(
    "days that are none are refused, and patterns that say none",
    arguments: [
      "2023-02-29", "2023-13-01", "2023-00-10", "2023-04-31", "17.04.2023x", "24:00", "x", "", "1.2.3", "555-1234",
    ])
  func others(text: String) {
    #expect(finding([text]) == nil)
    for pattern in ["", "yyyy", "dd", "qq", "HH", "yyyy-dd"] { #expect(DateForm(pattern) == nil) }
  }
}
