import FamilyExamples
import Formats
import Foundation
import HTTP
import Modelling
import Service
import Tensors
import Testing

@Suite("Imputing")
struct ImputeTests {
  private let fixture: ServiceFixture
  private let target = "/v1/models/mixed/impute"

  init() throws {
    fixture = try ServiceFixture()
    try fixture.publish(ModelFiles.mixed, as: "mixed")
  }

  @Test("observed cells of a CSV file come back byte for byte, whatever their order, quotes and zeros")
  func bytes() async throws {
    let body = "weight,colour,answer,age\r\n\"071.50\",green,1,+3.10e1\r\n,\"other, or none\",NA,\r\n7.0e1,?,purple,40.000000000000001\r\n"
    let point = try await fixture.post(target + "?mode=point&seed=3", Array(body.utf8), type: "text/csv", accept: "text/csv")
    #expect(point.status == 200, "\(point.text)")
    let lines = point.text.split(separator: "\r\n").map(String.init)
    #expect(lines.count == 4 && lines[0] == "weight,colour,answer,age" && lines[1] == "\"071.50\",green,1,+3.10e1")
    #expect(lines[2].contains(",\"other, or none\",") && lines[3].hasPrefix("7.0e1,") && lines[3].hasSuffix(",purple,40.000000000000001"))
    for missing in ["NA", "?", "null"] { #expect(!point.text.contains(missing)) }
    // Row by row, each in all its versions with their numbers.
    let draws = try await fixture.post(target + "?draws=2&seed=3", Array(body.utf8), type: "text/csv", accept: "text/csv")
    let rows = draws.text.split(separator: "\r\n").map(String.init)
    #expect(rows.count == 7 && rows[0] == "imputation,weight,colour,answer,age")
    #expect(rows[1] == "1," + lines[1] && rows[2] == "2," + lines[1])
    #expect(rows[3].hasPrefix("1,") && rows[4].hasPrefix("2,") && rows[3].dropFirst(2) != rows[4].dropFirst(2))
  }

  @Test("JSON rows come back with their members as sent, nulls filled in, and what is believed of every missing cell")
  func rows() async throws {
    let rows =
      #"[{"colour": null, "age": 31.123456789012, "answer": 2, "weight": null}, {"age": null, "colour": "red", "weight": 70, "answer": "no such"}]"#
    let answer = try await fixture.post(target, json: #"{"seed": 5, "draws": 3, "rows": \#(rows)}"#)
    #expect(answer.status == 200, "\(answer.text)")
    let document = try JSONValue(parsing: answer.body)
    let tables = try #require(document["completed"]).elements
    #expect(tables.count == 3)
    for table in tables {
      let (first, second) = (table.elements[0], table.elements[1])
      #expect(first["age"] == .number(31.123456789012) && first["answer"] == .integer(2) && second["answer"] == .string("no such"))
      #expect(second["weight"] == .integer(70) && second["colour"] == .string("red"))
      #expect(["red", "green", "other, or none"].contains(first["colour"]?.string ?? ""))
      guard case .number = first["weight"] else { return #expect(Bool(false), "\(String(describing: first["weight"]))") }
    }
    let cells = try #require(document["cells"]).elements
    #expect(cells.map { "\($0["row"]?.integer ?? -1) \($0["column"]?.string ?? "")" } == ["0 colour", "0 weight", "1 age"])
    guard case .object(let probabilities) = cells[0]["probabilities"] else { return #expect(Bool(false)) }
    #expect(probabilities.map(\.name) == ["red", "green", "other, or none"])
    #expect(cells[1]["mean"] != nil && cells[1]["sd"] != nil && cells[1]["q05"] != nil && cells[1]["q95"] != nil)
    #expect(
      try JSONValue(parsing: await fixture.post(target, json: #"{"seed": 5, "draws": 3, "rows": \#(rows)}"#).body)["completed"]
        == document["completed"])
  }

  @Test("answers that do not list cells have the numbers of those that do")
  func listed() async throws {
    let body = Array("age,colour,weight,answer\n31,,,1\n,red,70,0\n".utf8)
    for mode in ["point", "draws"] {
      let query = "?mode=\(mode)&draws=3&seed=3"
      let listed = try await fixture.post(target + query, body, type: "text/csv", accept: "application/json")
      let silent = try await fixture.post(target + query + "&cells=false", body, type: "text/csv", accept: "application/json")
      #expect(listed.status == 200 && silent.status == 200, "\(listed.text)")
      let (all, few) = (try JSONValue(parsing: listed.body), try JSONValue(parsing: silent.body))
      #expect(all["completed"] == few["completed"] && all["cells"]?.elements.isEmpty == false && few["cells"]?.elements.isEmpty == true)
      for type in ["text/csv", "application/octet-stream"] {
        let first = try await fixture.post(target + query, body, type: "text/csv", accept: type)
        for cells in ["&cells=true", "&cells=false"] {
          let answer = try await fixture.post(target + query + cells, body, type: "text/csv", accept: type)
          #expect(answer.status == 200 && answer.body == first.body, "\(type) \(cells)")
        }
      }
    }
  }

  @Test("what can't be imputed is refused by place, given and expected")
  func refused() async throws {
    let cases: [(json: String, field: String, expected: String)] = [
      (#"{"rows": [{"age": 1, "weight": 2, "answer": "1", "colour": "purple"}]}"#, "rows[0].colour", "red, green, other, or none"),
      (#"{"rows": [{"age": "x", "weight": 2, "answer": "1", "colour": "red"}]}"#, "rows[0].age", "a number or null"),
      (#"{"rows": [{"age": 1, "weight": 2, "answer": "1", "colour": "red", "height": 3}]}"#, "height", "age, colour, weight, answer"),
      (#"{"inputs": [[1, 3, 2, 0]]}"#, "inputs[0][1]", "a whole number from 0 to 2"),
      (#"{"inputs": [[1, 0.5, 2, 0]]}"#, "inputs[0][1]", "a whole number from 0 to 2"),
      (#"{"inputs": [[1, 1, 2, 0]], "draws": 0}"#, "draws", "1 to"),
      (#"{"inputs": [[1, 1, 2, 0]], "draws": 1001}"#, "draws", "1 to 1000"),
      (#"{"inputs": [[1, 1, 2, 0]], "mode": "mean"}"#, "mode", "draws or point"),
    ]
    for (json, field, expected) in cases {
      let answer = try await fixture.post(target, json: json)
      #expect(answer.status == 422, "\(json): \(answer.text)")
      #expect(try answer.member("field")?.string == field && answer.text.contains(expected), "\(answer.text)")
    }
    let other = try await fixture.post("/v1/models/table/impute", json: #"{"inputs": [[1, 2, null]]}"#)
    #expect(other.status == 422 && other.text.contains("encode"))
    let incomplete = try await fixture.post("/v1/models/table/encode", json: #"{"inputs": [[1, 2, null]]}"#)
    #expect(incomplete.status == 422 && incomplete.text.contains("missing"))
  }

  @Test("cells of every type are filled with values of that type, and described by moments or probabilities")
  func types() async throws {
    try fixture.publish(ModelFiles.types, as: "types")
    let row = #"{"colour": null, "age": null, "income": null, "visits": null, "grade": null, "smokes": null}"#
    let answer = try await fixture.post("/v1/models/types/impute", json: #"{"rows": [\#(row)], "draws": 20, "seed": 1}"#)
    #expect(answer.status == 200, "\(answer.text)")
    let document = try JSONValue(parsing: answer.body)
    for table in try #require(document["completed"]).elements {
      let row = table.elements[0]
      guard case .integer(let visits) = row["visits"] else { return #expect(Bool(false), "\(String(describing: row["visits"]))") }
      #expect(visits >= 0)
      #expect(["low", "middle", "high"].contains(row["grade"]?.string ?? "") && ["no", "yes"].contains(row["smokes"]?.string ?? ""))
    }
    let cells = try #require(document["cells"]).elements
    #expect(cells.map { $0["column"]?.string } == ["age", "income", "visits", "grade", "smokes", "colour"])
    #expect(cells.prefix(3).allSatisfy { $0["mean"] != nil && $0["sd"] != nil && $0["q05"] != nil && $0["q95"] != nil })
    #expect(cells.suffix(3).allSatisfy { $0["probabilities"] != nil })
    let csv = "income,age,smokes,visits,colour,grade\r\n12.50,,yes,3,red,\r\n"
    let point = try await fixture.post("/v1/models/types/impute?mode=point", Array(csv.utf8), type: "text/csv", accept: "text/csv")
    #expect(point.status == 200 && point.text.contains("\r\n12.50,") && point.text.contains(",yes,3,red,"), "\(point.text)")
  }

  @Test("semicolons, tabs and a model's own marks of missing cells are read, and the answer is parted as the request was")
  func dialects() async throws {
    let plain = try await fixture.post(
      target + "?mode=point&seed=3", Array("weight,colour,answer,age\n71.5,green,1,31\n,red,NA,\n".utf8), type: "text/csv", accept: "text/csv")
    for separator in [";", "\t"] {
      let body = "weight,colour,answer,age\n71.5,green,1,31\n,red,NA,\n".replacingOccurrences(of: ",", with: separator)
      let answer = try await fixture.post(target + "?mode=point&seed=3", Array(body.utf8), type: "text/csv", accept: "text/csv")
      #expect(answer.text == plain.text.replacingOccurrences(of: ",", with: separator), "\(answer.text)")
    }
    try fixture.publish(ModelFiles.marked, as: "marked")
    let marked = try await fixture.post(
      "/v1/models/marked/impute?mode=point&seed=3", Array("a,b\n-999,2.50\n1,none\n".utf8), type: "text/csv", accept: "text/csv")
    #expect(
      marked.status == 200 && !marked.text.contains("999") && !marked.text.contains("none") && marked.text.contains(",2.50\n"), "\(marked.text)")
    // The usual marks are none of this model's.
    let other = try await fixture.post("/v1/models/marked/impute", Array("a,b\nNA,2.50\n".utf8), type: "text/csv")
    #expect(other.status == 422 && other.text.contains("NA"), "\(other.text)")
  }

  @Test("a value that its column can't have is refused by row and column, in every format")
  func impossible() async throws {
    try fixture.publish(ModelFiles.types, as: "types")
    let cases: [(column: String, value: String, expected: String)] = [
      ("income", "-3", "a number above 0"), ("income", "0", "a number above 0"), ("visits", "1.5", "a whole number from 0"),
      ("visits", "-1", "a whole number from 0"), ("age", "121", "from 0 to 120"), ("grade", "\"lower\"", "low, middle, high"),
      ("smokes", "true", "no, yes"),
    ]
    let names = ["age", "income", "visits", "grade", "smokes", "colour"]
    for (column, value, expected) in cases {
      let members = names.map { "\"\($0)\": \($0 == column ? value : "null")" }.joined(separator: ", ")
      let blank = names.map { "\"\($0)\": null" }.joined(separator: ", ")
      let json = try await fixture.post("/v1/models/types/impute", json: #"{"rows": [{\#(blank)}, {\#(members)}]}"#)
      #expect(try json.status == 422 && json.member("field")?.string == "rows[1].\(column)" && json.text.contains(expected), "\(json.text)")
      let line = names.map { $0 == column ? value : "" }.joined(separator: ",")
      let body = names.joined(separator: ",") + "\n,,,,,red\n" + line + "\n"
      let csv = try await fixture.post("/v1/models/types/impute", Array(body.utf8), type: "text/csv")
      #expect(try csv.status == 422 && csv.member("field")?.string == "rows[1].\(column)" && csv.text.contains(expected), "\(csv.text)")
    }
  }

  @Test("numbers come back with their bits, missing ones are filled, and rows alone or together have the same answer", arguments: FamilyExample.all)
  func catalogue(_ example: FamilyExample) throws {
    guard Capability.imputing.isOffered(by: type(of: try example.model())) else { return }
    let model = LoadedModel(family: try example.model(), digest: SHA256.digest([1]))
    let (n, width) = (30, example.signature.width)
    let raw = example.signature.toRaw(example.items(n))
    var body: [UInt8] = []
    FloatBytes.append(raw.scalars, to: &body)
    func completed(_ body: [UInt8], _ options: [SentRequest.Option]) throws -> Answer {
      try RequestKind(ImputeRequest.self).ask(
        SentRequest(body: body, contentType: .floats, options: options + [.init(name: "seed", value: "9")]), of: model, limits: ServiceLimits()
      ).perform()
    }
    for options in [[SentRequest.Option(name: "draws", value: "3")], [SentRequest.Option(name: "mode", value: "point")]] {
      let answer = try completed(body, options)
      let tables = answer.scalars.count / (n * width)
      #expect(answer.shape == (tables == 1 ? [] : [3]) + [n] + example.signature.space.shape)
      for (index, value) in answer.scalars.enumerated() {
        let sent = raw.scalars[index % (n * width)]
        if sent.isNaN { #expect(value.isFinite) } else { #expect(value.bitPattern == sent.bitPattern) }
      }
      // The first row of a request, whatever follows it.
      let alone = try completed(Array(body.prefix(4 * width)), options)
      for table in 0..<tables {
        let (all, one) = (answer.scalars[table * n * width..<table * n * width + width], alone.scalars[table * width..<(table + 1) * width])
        #expect(all.map(\.bitPattern) == one.map(\.bitPattern))
      }
    }
  }
}
