import Families
import Formats
import Foundation
import HTTP
import Modelling
import Service
import Tensors
import Testing

/// Tables given back with their holes filled in: everything else as it came.
@Suite("A stranger's table, imputed")
struct StrangersTableTests {
  private let fixture: ServiceFixture

  init() throws {
    fixture = try ServiceFixture()
    try fixture.publish(ModelFiles.stranger, as: "stranger")
  }

  private func point(_ table: String, _ model: String = "stranger") async throws -> String {
    let answer = try await fixture.post("/v1/models/\(model)/impute?mode=point&seed=3", Array(table.utf8), type: "text/csv", accept: "text/csv")
    #expect(answer.status == 200, "\(answer.text)")
    return answer.text
  }

  @Test("filled-in cells have the form of their column, and lie where its values were seen")
  func forms() async throws {
    let text = try await point("year;price;day;c;kind;case\n1974;1.234,50 €;17.04.2023;5;a;P1\n;;;;;P2\n")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.count == 4 && lines[0] == "year;price;day;c;kind;case" && lines[1] == "1974;1.234,50 €;17.04.2023;5;a;P1")
    let cells = lines[2].split(separator: ";").map(String.init)
    #expect(cells.count == 6 && cells[5] == "P2" && cells[3] == "5" && ["a", "b"].contains(cells[4]))
    #expect((1950...2003).contains(Int(cells[0]) ?? 0), "\(cells)")
    #expect(cells[1].wholeMatch(of: /-?[0-9]{1,3}(\.[0-9]{3})*,[0-9]{2} €/) != nil, "\(cells)")
    #expect(cells[2].wholeMatch(of: /[0-9]{2}\.[0-9]{2}\.20[0-9]{2}/) != nil, "\(cells)")
  }

  @Test(
    "what stands around a table comes back: line ends, byte order mark, a line that names the separator, names of rows, units, nameless columns",
    arguments: [
      "\u{FEFF}year;price;day;c;kind\r\n1974;1,50 €;17.04.2023;5;a\r\n", "sep=;\nyear;price;day;c;kind\n1974;1,50 €;17.04.2023;5;a\n",
      "\"year\";\"price\";\"day\";\"c\";\"kind\"\n\"row 1\";1974;\"1,50 €\";17.04.2023;5;\"a\"\n",
      "year;price;day;c;kind;\n1974;1,50 €;17.04.2023;5;a;\n",
      "year;price;day;c;kind\n1974;1,50 €;17.04.2023;5;a;\n", ";kind;year;price;day;c\n0;a;1974;1,50 €;17.04.2023;5\n",
      "year;price;day;c;kind\na;EUR;;;\n1974;1,50 €;17.04.2023;5;a\n", "year|price|day|c|kind|case\n 1974 |1,50 €|17.04.2023|5|a|\"P;1\"\n",
    ])
  func surroundings(table: String) async throws { #expect(try await point(table) == table) }

  @Test("a block at a time gives the same bytes as the whole")
  func blocks() async throws {
    let table =
      "sep=;\nyear;price;day;c;kind;case\n" + (0..<40).map { "\($0 % 3 == 0 ? "" : "1980");;17.04.2023;;\($0 % 2 == 0 ? "a" : "");P\($0)\n" }.joined()
    let whole = try await fixture.post("/v1/models/stranger/impute?draws=2&seed=3", Array(table.utf8), type: "text/csv", accept: "text/csv")
    var limits = ServiceLimits()
    limits.streamedRows = 7
    let other = try ServiceFixture(limits: limits)
    try other.publish(ModelFiles.stranger, as: "stranger")
    let cut = try await other.post("/v1/models/stranger/impute?draws=2&seed=3", Array(table.utf8), type: "text/csv", accept: "text/csv")
    #expect(whole.status == 200 && whole.body == cut.body && whole.text.hasPrefix("sep=;\nimputation;year;"), "\(whole.text.prefix(300))")
  }

  @Test("imputed members of JSON have the type of the observed ones; marks count, and columns that are left out pass through")
  func json() async throws {
    let rows = """
      [{"year": 1974, "price": 1.5, "day": "17.04.2023", "c": 5, "kind": "a", "case": "P1"},
       {"year": null, "price": "NA", "day": null, "c": "N/A", "kind": "-", "case": {"any": [1]}}]
      """
    let answer = try await fixture.post("/v1/models/stranger/impute", json: #"{"rows": \#(rows), "mode": "point", "seed": 3}"#)
    #expect(answer.status == 200, "\(answer.text)")
    let document = try JSONValue(parsing: answer.body)
    let row = try #require(document["completed"]).elements[1]
    guard case .integer(let year) = row["year"], case .integer(5) = row["c"], case .string(let day) = row["day"], case .string = row["kind"] else {
      return #expect(Bool(false), "\(answer.text)")
    }
    #expect((1950...2003).contains(year) && day.wholeMatch(of: /[0-9]{2}\.[0-9]{2}\.20[0-9]{2}/) != nil)
    switch row["price"] {
    case .number, .integer: break
    default: Issue.record("\(answer.text)")
    }
    #expect(row["case"] == (try JSONValue(parsing: Array(rows.utf8)).elements[1]["case"]))
    let cells = try #require(document["cells"]).elements
    #expect(cells.map { $0["column"]?.string } == ["year", "price", "day", "c", "kind"])
    guard case .string = cells[2]["mean"], case .string = cells[2]["q05"] else { return #expect(Bool(false), "\(cells[2])") }
    #expect(
      try await fixture.post("/v1/models/stranger/impute", json: #"{"rows": [{"year": 1.5, "price": 1, "day": null, "c": 5, "kind": "a"}]}"#).status
        == 422)
    #expect(
      try await fixture.post("/v1/models/stranger/impute", json: #"{"rows": [{"year": 1, "price": 1, "day": 5, "c": 5, "kind": "a"}]}"#).status == 422
    )
  }

  @Test(
    "a category comes back as the number, truth or text that the observed ones are",
    arguments: [("0", "1", "0"), ("true", "false", "true"), ("\"0\"", "\"1\"", "\"0\""), ("1.0", "0", "1")])
  func types(one: String, other: String, example: String) async throws {
    let names: [String] = one.contains("true") ? ["False", "True"] : ["0", "1"]
    let model = ModelFiles.encoded {
      try VAEAC(
        .init(latent: 1, hidden: 4, blocks: 0),
        signature: .table([.init(name: "b", type: .binary, categories: names), .init(name: "x", type: .real)], missing: ["", "-999"]),
        key: RandomKey(seed: 2))
    }
    try fixture.publish(model, as: "typed")
    let answer = try await fixture.post(
      "/v1/models/typed/impute",
      json: #"{"rows": [{"b": \#(one), "x": 1}, {"b": \#(other), "x": -999.0}, {"b": null, "x": -999}], "mode": "point", "seed": 3}"#)
    let completed = try #require(JSONValue(parsing: answer.body)["completed"]).elements
    switch (try JSONValue(parsing: Array(example.utf8)), completed[2]["b"]) {
    case (.integer, .integer), (.bool, .bool), (.string, .string): break
    default: Issue.record("\(answer.text)")
    }
    #expect(completed[1]["x"] != .number(-999) && completed[2]["x"] != .integer(-999))
    let numbers = try await fixture.post("/v1/models/typed/impute", json: #"{"inputs": [[1, -999], [0, 2]], "mode": "point", "seed": 3}"#)
    #expect(numbers.status == 200 && !numbers.text.contains("999"), "\(numbers.text)")
  }

  @Test("a text among numbers is refused by line and column, columns that nobody knows as well")
  func refused() async throws {
    let head = "year;price;day;c;kind"
    let cases = [
      ("\(head)\n1974;broken;17.04.2023;5;a\n", "price", "1.500,50 €"), ("\(head)\n1974;1,50 €;2023-04-17;5;a\n", "day", "dd.MM.yyyy"),
      ("\(head)\n1974.5;1,50 €;17.04.2023;5;a\n", "year", "whole number"), ("\(head);more\n1974;1,50 €;17.04.2023;5;a;1\n", "more", "knows"),
    ]
    for (table, field, expected) in cases {
      let answer = try await fixture.post("/v1/models/stranger/impute", Array(table.utf8), type: "text/csv", accept: "text/csv")
      #expect(answer.status == 422 && answer.text.contains(field) && answer.text.contains(expected), "\(answer.text)")
    }
  }

  @Test("scores, samples and codes take the same tables, and days that are drawn are days")
  func others() async throws {
    let score = try await fixture.post(
      "/v1/models/stranger/score?seed=1&k=3", Array("case;kind;year;price;day;c\nP1;a;1974;1,50 €;17.04.2023;5\n".utf8), type: "text/csv")
    #expect(score.status == 200 && score.text.contains("iwae_nats"), "\(score.text)")
  }
}

extension ModelFiles {
  /// A table as strangers have them: whole numbers, prices in their form, days, a constant, and a column that is left out.
  static let stranger = encoded {
    try VAEAC(
      .init(latent: 2, hidden: 8, blocks: 1),
      signature: .table(
        [
          .init(name: "year", type: .whole, observed: [1950, 2003]),
          .init(name: "price", type: .real, form: NumberForm(decimal: ",", thousands: ".", suffix: " €", decimals: 2)),
          .init(name: "day", type: .date, observed: [18_262, 20_088], dates: DateForm("dd.MM.yyyy")),
          .init(name: "c", type: .whole, observed: [5, 5]),
          .init(name: "kind", type: .binary, categories: ["a", "b"]),
        ], scaling: Scaling(exactOffset: [1980, 1500, 19_000, 5, 0], scale: [11, 700, 200, 1, 1]), ignored: ["case"]), key: RandomKey(seed: 8))
  }
}
