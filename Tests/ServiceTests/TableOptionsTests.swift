import Families
import Formats
import HTTP
import Modelling
import Service
import Tensors
import Testing

/// Tables in other forms than a model's, read as the query says and given back as they came.
@Suite("Options of reading beside a table in CSV")
struct TableOptionsTests {
  private let fixture: ServiceFixture

  init() throws {
    fixture = try ServiceFixture()
    try fixture.publish(ModelFiles.stranger, as: "stranger")
    try fixture.publish(ModelFiles.plain, as: "plain")
  }

  private func impute(
    _ table: String, _ query: String = "", model: String = "plain", accept: String = "text/csv", on other: ServiceFixture? = nil
  ) async throws -> Exchange {
    try await impute(Array(table.utf8), query, model: model, accept: accept, on: other)
  }

  private func impute(
    _ table: [UInt8], _ query: String = "", model: String = "plain", accept: String = "text/csv", on other: ServiceFixture? = nil
  ) async throws -> Exchange {
    let query = "?mode=point&seed=3" + (query.isEmpty ? "" : "&" + query)
    return try await (other ?? fixture).post("/v1/models/\(model)/impute" + query, table, type: "text/csv", accept: accept)
  }

  private static let points = "x;y;d\n12.5;-7.25;2024-03-04\n;1234.5;\n3.25;;2024-12-25\n"

  @Test("a decimal comma changes the marks of the answer and nothing else")
  func commas() async throws {
    let plain = try await impute(Self.points)
    #expect(plain.status == 200, "\(plain.text)")
    let commas = try await impute(Self.points.replacing(".", with: ","), "decimal=,")
    #expect(commas.status == 200 && commas.text == plain.text.replacing(".", with: ","), "\(commas.text)")
    let grouped = try await impute(Self.points.replacing(".", with: ",").replacing("1234", with: "1.234"), "decimal=,")
    #expect(grouped.text.contains("1.234,5") && grouped.text.replacing(".", with: "") == commas.text, "\(grouped.text)")
    // In JSON numbers are numbers.
    let (json, other) = (
      try await impute(Self.points, accept: "application/json"),
      try await impute(Self.points.replacing(".", with: ","), "decimal=,", accept: "application/json")
    )
    #expect(json.status == 200 && json.body == other.body, "\(other.text)")
  }

  @Test("a text of another form is refused by line and column with the option that reads it, also where cells may not fit")
  func refused() async throws {
    for (table, column, hints) in [
      ("x;y;d\n12,5;13,25;2024-03-04\n;1,5;\n", "x", ["line 2", "decimal=,", "12.5"]),
      ("x;y;d\n1.5;;2024-03-04\n\"1,234\";;\n", "x", ["line 3", "decimal=, reads it as 1.234", "thousands=, reads it as 1234"]),
      ("x;y;d\n1.5;;04.03.2024\n", "d", ["line 2", "day_first", "dd.MM.yyyy"]), ("x;y;d\n1.5;;04/03/2024\n", "d", ["line 2", "day_first=true"]),
    ] {
      for query in ["", "lenient=true"] {
        let answer = try await impute(table, query)
        #expect(answer.status == 422 && answer.text.contains(column), "\(answer.text)")
        for hint in hints { #expect(answer.text.contains(hint), "\(answer.text)") }
      }
    }
    let european = try await impute("year;price;day;c;kind\n1974;1,234.50 €;17.04.2023;5;a\n1974;;17.04.2023;5;a\n", model: "stranger")
    #expect(european.status == 422 && european.text.contains("price") && european.text.contains("decimal=."), "\(european.text)")
    // Where the form is said, what doesn't fit it is a text among numbers.
    let said = try await impute("x;y;d\n12,5;13.25;2024-03-04\n1.5;1.5;\n", "lenient=true&decimal=.")
    #expect(said.status == 200 && said.text.hasPrefix("x;y;d\n") && !said.text.contains("12,5"), "\(said.text)")
  }

  @Test("days in another form are read where it is said which comes first, and imputed ones have it")
  func days() async throws {
    for (day, query, form) in [
      ("2023-04-17", "day_first=true", #/[0-9]{4}-[0-9]{2}-[0-9]{2}/#), ("17/04/2023", "day_first=true", #/[0-9]{2}/[0-9]{2}/20[0-9]{2}/#),
      ("04/17/2023", "day_first=false", #/[0-9]{2}/[0-9]{2}/20[0-9]{2}/#),
    ] {
      let table = "year;price;day;c;kind\n1974;1,50 €;\(day);5;a\n;;;;\n"
      let answer = try await impute(table, query, model: "stranger")
      let lines = answer.text.split(separator: "\n").map(String.init)
      #expect(answer.status == 200 && lines.count == 3 && lines[1] == "1974;1,50 €;\(day);5;a", "\(answer.text)")
      #expect(String(lines.last?.split(separator: ";")[2] ?? "").wholeMatch(of: form) != nil, "\(answer.text)")
      let own = try await impute(table.replacing(day, with: "17.04.2023"), model: "stranger")
      let numbers = { (text: String) in text.split(separator: "\n").last?.split(separator: ";").prefix(2) }
      #expect(numbers(own.text) == numbers(answer.text))
    }
  }

  @Test("a block at a time gives the same bytes as the whole, also where the form shows late")
  func blocks() async throws {
    let table =
      "x;y;d\n" + (0..<40).map { "\($0 % 3 == 0 ? "" : "\($0),25");\($0 == 35 ? "1.234,50" : "");\($0 % 2 == 0 ? "4/3/2024" : "")\n" }.joined()
    let whole = try await impute(table, "decimal=,&day_first=true")
    var limits = ServiceLimits()
    (limits.streamedRows, limits.longBodyBytes) = (7, 1)
    let other = try ServiceFixture(limits: limits)
    try other.publish(ModelFiles.plain, as: "plain")
    let cut = try await impute(table, "decimal=,&day_first=true", on: other)
    #expect(whole.status == 200 && whole.body == cut.body, "\(whole.text.prefix(400))\n\(cut.text.prefix(400))")
    #expect(whole.text.split(separator: "\n").contains { $0.wholeMatch(of: /34,25;.*;[0-9]{1,2}\/[0-9]{1,2}\/[0-9]{4}/) != nil })
  }

  @Test("marks, separator, units, characters and columns that name rows can be said as well; what is unknown or impossible is refused by name")
  func others() async throws {
    let plain = try await impute(Self.points)
    let marked = try await impute("x;y;d\n12.5;-7.25;2024-03-04\n-999;1234.5;void\n3.25;-999.0;2024-12-25\n", "missing=-999,void")
    #expect(marked.text == plain.text, "\(marked.text)")
    let spaced = try await impute("x y d\n12.5 -7.25 2024-03-04\n? 1234.5 ?\n3.25 ? 2024-12-25\n", "separator=space")
    #expect(spaced.text == plain.text.replacing(";", with: " "), "\(spaced.text)")
    let named = try await impute("key;x;y;d\n1;12.5;-7.25;2024-03-04\n2;;1234.5;\n", "index_column=key")
    #expect(named.status == 200 && named.text.hasPrefix("key;x;y;d\n1;12.5;"), "\(named.text)")
    let head = "year;price;day;c;kind;case\n1974;1,50 €;17.04.2023;5;a;größe\n;;;;;1\n"
    var wide: [UInt8] = [0xFF, 0xFE]
    for unit in head.utf16 { wide += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    let own = try await impute(head, model: "stranger")
    let unpacked = try await impute(wide, "encoding=utf-16", model: "stranger")
    #expect(own.status == 200 && unpacked.text == own.text)
    var latin: [UInt8] = []
    for scalar in head.unicodeScalars { latin.append(scalar == "€" ? 0x80 : UInt8(scalar.value)) }
    #expect(try await impute(latin, "encoding=latin1", model: "stranger").text == own.text)
    for (query, field, part) in [("decimal=x", "decimal", "x"), ("separator=ab", "separator", "ab"), ("day_first=yes", "day_first", "yes")] {
      let answer = try await impute(Self.points, query)
      #expect(try answer.status == 422 && answer.member("field") == .string(field) && answer.text.contains(part), "\(answer.text)")
    }
    let json = try await fixture.post("/v1/models/plain/impute?decimal=,", json: #"{"rows": [{"x": 1, "y": null, "d": null}]}"#)
    #expect(json.status == 400 && json.text.contains("decimal"), "\(json.text)")
    let array = try await fixture.post("/v1/models/plain/impute?decimal=,", [0, 0, 0, 0], type: "application/octet-stream")
    #expect(array.status == 422 && array.text.contains("decimal"), "\(array.text)")
  }

  @Test("every operation reads the same tables", arguments: ["encode", "reconstruct", "score", "robustness"])
  func operations(name: String) async throws {
    let table = "weight;age;height\n60.5;30.25;181.25\n71.5;41.5;170.5\n"
    let attack = "attack=%7B%22budgets%22:[0.2,0.5],%22steps%22:5,%22restarts%22:2,%22margins%22:false%7D"
    let query = "seed=1" + (name == "robustness" ? "&" + attack : "")
    let plain = try await fixture.post("/v1/models/table/\(name)?\(query)", Array(table.utf8), type: "text/csv")
    let commas = try await fixture.post("/v1/models/table/\(name)?\(query)&decimal=,", Array(table.replacing(".", with: ",").utf8), type: "text/csv")
    #expect(plain.status == 200 && plain.text == commas.text, "\(commas.text)")
  }

  @Test("a record says how its table was read, and replays")
  func replayed() async throws {
    let answer = try await impute(Self.points.replacing(".", with: ","), "decimal=,&missing=-999&record=true")
    let id = try #require(answer.headers["Posterior-Run"])
    let replay = try await fixture.exchange(.post, "/v1/runs/\(id)/replay")
    #expect(try replay.member("equal") == .bool(true) && replay.member("corrected_in")?.string == nil, "\(replay.text)")
    let run = try await fixture.get("/v1/runs/\(id)")
    #expect(try run.member("parameters", "decimal")?.string == ",", "\(run.text)")
  }

  @Test("estimates may have decimal commas, and are refused with the option where it isn't said")
  func pooled() async throws {
    let table = "term;estimate;std_error\na;2,5;0,5\na;3,5;0,75\n"
    let plain = try await fixture.post("/v1/pool", Array(table.replacing(",", with: ".").utf8), type: "text/csv")
    let commas = try await fixture.post("/v1/pool?decimal=,", Array(table.utf8), type: "text/csv")
    #expect(plain.status == 200 && commas.body == plain.body, "\(commas.text)")
    let refused = try await fixture.post("/v1/pool", Array(table.utf8), type: "text/csv")
    #expect(refused.status == 422 && refused.text.contains("line 2") && refused.text.contains("decimal=,"), "\(refused.text)")
  }
}

extension ModelFiles {
  /// Numbers as programs write them, and days.
  static let plain = encoded {
    try VAEAC(
      .init(latent: 2, hidden: 8, blocks: 1),
      signature: .table(
        [
          .init(name: "x", type: .real), .init(name: "y", type: .real),
          .init(name: "d", type: .date, observed: [19_000, 21_000], dates: DateForm("yyyy-MM-dd")),
        ], scaling: Scaling(exactOffset: [10, 500, 20_000], scale: [5, 700, 200])), key: RandomKey(seed: 9))
  }
}
