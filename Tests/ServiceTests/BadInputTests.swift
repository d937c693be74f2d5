import Formats
import Foundation
import HTTP
import Registry
import Service
import Testing

/// A request that can't be answered: the status, and the words that help.
struct BadRequest: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let method: HTTP.Method
  let target: String
  let headers: HeaderFields
  let body: [UInt8]
  let status: Int
  let words: [String]
  var field: String?

  init(
    _ description: String, _ target: String, method: HTTP.Method = .post, type: String? = "application/json", accept: String? = nil,
    _ body: String = "",
    bytes: [UInt8]? = nil, status: Int, field: String? = nil, _ words: String...
  ) {
    testDescription = description
    self.method = method
    self.target = target
    var headers: HeaderFields = [:]
    if method == .post { headers["Content-Type"] = type }
    headers["Accept"] = accept
    self.headers = headers
    self.body = bytes ?? Array(body.utf8)
    self.status = status
    self.field = field
    self.words = words
  }

  /// Sends it, and expects the status, the words, and nothing changed.
  func check(on fixture: ServiceFixture) async throws {
    let before = try fixture.content
    let exchange = try await fixture.exchange(method, target, headers, body: body)
    #expect(exchange.status == status, "\(exchange.text)")
    #expect(exchange.headers["Content-Type"] == "application/problem+json")
    #expect(try exchange.member("status")?.integer == status)
    let detail = try #require(try exchange.member("detail")?.string)
    #expect(try exchange.member("error")?.string == detail)
    #expect(try exchange.member("type")?.string?.hasPrefix("urn:posterior:problem:") == true)
    for word in words { #expect(detail.contains(word), "\(detail)") }
    if let field { #expect(try exchange.member("field")?.string == field, "\(exchange.text)") }
    #expect(try fixture.content == before)
  }
}

@Suite("Bad input")
struct BadInputTests {
  private static let sample = "/v1/models/pictures/sample"
  private static let encode = "/v1/models/pictures/encode"

  static let requests: [BadRequest] = [
    BadRequest("JSON that ends early", sample, #"{"n": 3"#, status: 400, "line 1"),
    BadRequest("a text for a number", sample, #"{"n": "three"}"#, status: 422, field: "n", "three"),
    BadRequest("a fraction for a whole number", sample, #"{"n": 1.5}"#, status: 422, field: "n", "1.5"),
    BadRequest("an array for the document", sample, "[1]", status: 422),
    BadRequest("n = 0", sample, #"{"n": 0}"#, status: 422, field: "n", "n is 0", "1 to 10000"),
    BadRequest("n = 10^9", sample, #"{"n": 1000000000}"#, status: 422, field: "n", "1 to 10000"),
    BadRequest("n beyond 64 bits", sample, #"{"n": 100000000000000000000}"#, status: 422, field: "n"),
    BadRequest("a negative seed", sample, #"{"seed": -1}"#, status: 422, field: "seed", "2^63"),
    BadRequest("a seed of 2^63", sample, #"{"seed": 9223372036854775808}"#, status: 422, field: "seed"),
    BadRequest("a negative temperature", sample, #"{"temperature": -1}"#, status: 422, field: "temperature"),
    BadRequest("an unknown field", sample, #"{"temprature": 1}"#, status: 422, field: "temprature", "temperature"),
    BadRequest("a field twice", sample, #"{"n": 1, "n": 2}"#, status: 400, "n"),
    BadRequest("a condition that the family doesn't know", sample, #"{"given": {"label": 3}}"#, status: 422, field: "given.label", "knows no class"),
    BadRequest("an unknown query parameter", "\(sample)?m=3", type: nil, status: 422, field: "m", "temperature"),
    BadRequest("a query parameter twice", "\(sample)?n=3&n=4", type: nil, status: 400, field: "n"),
    BadRequest("a word for a number in the query", "\(sample)?n=three", type: nil, status: 422, field: "n", "three"),
    BadRequest("options in the query beside a JSON body", "\(sample)?n=3", "{}", status: 400, field: "n", "body"),
    BadRequest("items for an operation that takes none", sample, #"{"inputs": [[1]]}"#, status: 422, field: "inputs"),
    BadRequest("a body of an unknown type", sample, type: "text/plain", "hello", status: 415, "application/json"),
    BadRequest("an Accept that nothing meets", sample, accept: "text/html", "{}", status: 406, "image/png", "application/json"),
    BadRequest("a table's type for pictures", sample, accept: "text/csv", "{}", status: 406, "image/png"),
    BadRequest("an unknown model", "/v1/models/nobody/sample", "{}", status: 404, "nobody", "pictures"),
    BadRequest("an unknown version", "/v1/models/pictures@9/sample", "{}", status: 404, "9"),
    BadRequest("an unknown alias", "/v1/models/pictures@best/sample", "{}", status: 404, "best", "live"),
    BadRequest("a name that no model can have", "/v1/models/No%20Model/sample", "{}", status: 400),
    BadRequest("an operation that the model can't do", "/v1/models/toy/score", #"{"inputs": [[1,2,3]]}"#, status: 422, "toy", "sample"),
    BadRequest("an operation that nobody knows", "/v1/models/toy/divine", "{}", status: 404),
    BadRequest("the wrong method", encode, method: .get, status: 405, "POST"),
    BadRequest("no items", encode, "{}", status: 422, field: "inputs", "inputs", "rows"),
    BadRequest("an empty body", "\(encode)?seed=3", type: nil, status: 400, "empty"),
    BadRequest("an empty list of items", encode, #"{"inputs": []}"#, status: 422, field: "inputs"),
    BadRequest("both kinds of items", encode, #"{"inputs": [[1]], "rows": []}"#, status: 422, "one of them"),
    BadRequest("items of another shape", encode, #"{"inputs": [[1,2,3]]}"#, status: 422, field: "inputs", "[1, 3]", "[n, 4, 5]"),
    BadRequest("ragged items", encode, #"{"inputs": [[1,2,3],[1,2]]}"#, status: 400, "inputs"),
    BadRequest("a word among the items", encode, #"{"inputs": [["a"]]}"#, status: 422, field: "inputs"),
    BadRequest("one item without its own brackets", encode, #"{"inputs": \#(Self.picture(9))}"#, status: 422, field: "inputs", "brackets"),
    BadRequest("a missing value", encode, #"{"inputs": [\#(Self.picture(nil))]}"#, status: 422, field: "inputs[0][2][3]", "missing"),
    BadRequest("a value out of the range", encode, #"{"inputs": [\#(Self.picture(256))]}"#, status: 422, field: "inputs[0][2][3]", "256", "0 to 255"),
    BadRequest("k = 0", "/v1/models/vector/score", #"{"inputs": [[1,2,3]], "k": 0}"#, status: 422, field: "k", "1 to"),
    BadRequest("k = 10^9", "/v1/models/vector/score", #"{"inputs": [[1,2,3]], "k": 1000000000}"#, status: 422, field: "k", "1 to"),
    BadRequest("rows for pictures", encode, #"{"rows": [{"a": 1}]}"#, status: 422, field: "rows"),
    BadRequest("a row without a column", "/v1/models/table/encode", #"{"rows": [{"age": 1, "weight": 2}]}"#, status: 422, field: "height"),
    BadRequest("a row with an unknown column", "/v1/models/table/encode", #"{"rows": [{"colour": 1}]}"#, status: 422, field: "colour", "age"),
    BadRequest(
      "a word in a row", "/v1/models/table/encode", #"{"rows": [{"age": "old", "weight": 2, "height": 1}]}"#, status: 422, field: "rows[0].age",
      "old"),
    BadRequest("CSV without a column", "/v1/models/table/encode", type: "text/csv", "age,weight\n1,2\n", status: 422, field: "height"),
    BadRequest("CSV with an unknown column", "/v1/models/table/encode", type: "text/csv", "age,weight,height,x\n1,2,3,4\n", status: 422, field: "x"),
    BadRequest("a word in CSV", "/v1/models/table/encode", type: "text/csv", "age,weight,height\n1,2,old\n", status: 422, field: "height", "old"),
    BadRequest("a short line of CSV", "/v1/models/table/encode", type: "text/csv", "age,weight,height\n1,2\n", status: 400, "line 2"),
    BadRequest("CSV with a hole", "/v1/models/table/encode", type: "text/csv", "age,weight,height\n1,NA,2\n", status: 422, field: "rows[0].weight"),
    BadRequest("CSV without items", "/v1/models/table/encode", type: "text/csv", "age,weight,height\n", status: 422, "no item"),
    BadRequest("CSV of too few pixels", encode, type: "text/csv", "a\n1\n", status: 422, field: "the table", "20"),
    BadRequest("bytes that are no PNG", encode, type: "image/png", "not a picture", status: 400, "PNG"),
    BadRequest("a PNG of another size", encode, type: "image/png", bytes: Self.png(3, 7), status: 422, field: "image", "7 x 3", "5 x 4"),
    BadRequest("a picture for a table", "/v1/models/table/encode", type: "image/png", bytes: Self.png(1, 1), status: 415, "columns"),
    BadRequest("bytes that are no npy", encode, type: "application/x-npy", "not an array", status: 400, "NPY"),
    BadRequest("an array of another shape", encode, type: "application/x-npy", bytes: NPY.encode([1, 2], shape: [1, 2]), status: 422, "[1, 2]"),
    BadRequest("floats that fill no item", encode, type: "application/octet-stream", bytes: [0, 0, 0, 0], status: 422, "80"),
    BadRequest("a page token of nobody", "/v1/models?page_token=!!", method: .get, status: 400),
    BadRequest("a limit of 0", "/v1/models?limit=0", method: .get, status: 400),
    BadRequest("an unknown query parameter of a list", "/v1/models?lmit=3", method: .get, status: 400, field: "lmit", "limit"),
    BadRequest("an unknown run", "/v1/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV", method: .get, status: 404, "run"),
    BadRequest("a status that no run has", "/v1/runs?status=done", method: .get, status: 400, field: "status", "finished"),
    BadRequest("a time that is none", "/v1/runs?since=yesterday", method: .get, status: 400, field: "since", "RFC 3339"),
    BadRequest("an order that is none", "/v1/runs?order_by=size", method: .get, status: 400, field: "order_by", "metrics.NAME"),
    BadRequest("a path that leads nowhere", "/v2/nothing", method: .get, status: 404),
  ]

  @Test(
    "a time limit that is none is refused; a sensible one, and any Priority, are taken",
    arguments: [("soon", 400), ("0", 400), ("-1", 400), ("nan", 400), ("1e9", 400), ("300", 200), ("86399.5", 200)])
  func timeLimits(text: String, status: Int) async throws {
    let fixture = try ServiceFixture()
    let answer = try await fixture.exchange(.post, Self.sample, ["Posterior-Timeout": text, "Priority": "u=6, i"])
    #expect(answer.status == status)
    if status == 400 { #expect(try answer.member("field")?.string == "Posterior-Timeout") }
    for priority in ["u=0", "u=9", "u=-1", "i", "nonsense;;", "u=7"] {
      #expect(try await fixture.exchange(.post, Self.sample, ["Priority": priority]).status == 200)
    }
  }

  @Test("is answered with the status and the sentence that help", arguments: requests)
  func refusal(_ row: BadRequest) async throws { try await row.check(on: ServiceFixture()) }

  @Test("a question for more than the limits allow names the limit")
  func limits() async throws {
    var limits = ServiceLimits()
    limits.sampledItems = 5
    limits.inputItems = 2
    limits.bodyBytes = 1000
    let fixture = try ServiceFixture(limits: limits)
    #expect(try await fixture.post("/v1/models/vector/sample", json: #"{"n": 6}"#).text.contains("1 to 5"))
    let items = try await fixture.post("/v1/models/vector/encode", json: #"{"inputs": [[1,2,3],[1,2,3],[1,2,3]]}"#)
    #expect(items.status == 422 && items.text.contains("at most 2"))
    let body = try await fixture.post("/v1/models/vector/encode", [UInt8](repeating: 32, count: 1001), type: "application/json")
    #expect(body.status == 413 && body.text.contains("1000"))
  }

  private static func picture(_ value: Int?) -> String {
    let rows = (0..<4).map { row in
      "[\((0..<5).map { column in row == 2 && column == 3 ? value.map { "\($0)" } ?? "null" : "0" }.joined(separator: ","))]"
    }
    return "[\(rows.joined(separator: ","))]"
  }

  private static func png(_ height: Int, _ width: Int) -> [UInt8] {
    do {
      return try PNG.encode(Raster(height: height, width: width, channels: 1, pixels: [UInt8](repeating: 9, count: height * width)))
    } catch {
      preconditionFailure("a picture for tests: \(error)")
    }
  }
}
