import Formats
import HTTP
import Testing

import Service

@Suite("Pooling")
struct PoolTests {
  private let fixture: ServiceFixture

  init() throws { fixture = try ServiceFixture(models: false) }

  @Test("JSON and CSV with variances or standard errors say the same, and CSV may mix the order of terms")
  func forms() async throws {
    let variances = try await fixture.post(
      "/v1/pool",
      json:
        #"{"terms": [{"term": "a, b", "estimates": [2, 3, 4], "variances": [0.25, 1, 4]}, {"term": "c", "estimates": [1, 1, 2], "variances": [1, 1, 1]}], "dfcom": 20}"#
    )
    #expect(variances.status == 200, "\(variances.text)")
    let term = try #require(try variances.member("terms")?.elements.first)
    // B = 1, Ū = 1.75, T = 1.75 + 4/3.
    #expect(term["qbar"] == .integer(3) || term["qbar"] == .number(3))
    guard case .number(let t) = term["t"] else { return #expect(Bool(false), "\(term)") }
    #expect(abs(t - (1.75 + 4.0 / 3)) < 1e-12)
    let errors = try await fixture.post(
      "/v1/pool",
      json:
        #"{"terms": [{"term": "a, b", "estimates": [2, 3, 4], "std_errors": [0.5, 1, 2]}, {"term": "c", "estimates": [1, 1, 2], "std_errors": [1, 1, 1]}], "dfcom": 20}"#
    )
    #expect(errors.body == variances.body)
    let table = "imputation,term,std_error,estimate\n1,\"a, b\",0.5,2\n1,c,1,1\n2,c,1,1\n2,\"a, b\",1,3\n3,\"a, b\",2,4\n3,c,1,2\n"
    let csv = try await fixture.post("/v1/pool?dfcom=20", Array(table.utf8), type: "text/csv")
    #expect(csv.body == variances.body)
    let answer = try await fixture.post("/v1/pool?dfcom=20", Array(table.utf8), type: "text/csv", accept: "text/csv")
    let lines = answer.text.split(separator: "\r\n")
    #expect(lines.count == 3 && lines[0].hasPrefix("term,qbar,ubar,b,t,df,riv,lambda,fmi,std_error"))
    #expect(lines[1].hasPrefix("\"a, b\",3.0,1.75,1.0,3.08"), "\(answer.text)")
  }

  @Test("one table: what it does not determine is null")
  func single() async throws {
    let answer = try await fixture.post("/v1/pool", json: #"{"terms": [{"term": "a", "estimates": [1], "variances": [2]}]}"#)
    let term = try #require(try answer.member("terms")?.elements.first)
    for name in ["b", "df", "riv", "lambda", "fmi"] { #expect(term[name] == .null, "\(name)") }
    guard case .number(let low) = term["conf_low"] else { return #expect(Bool(false), "\(term)") }
    #expect(abs(low - (1 - 1.959963984540054 * 2.0.squareRoot())) < 1e-9)
  }

  static let bad: [BadRequest] = [
    BadRequest("no body", "/v1/pool", status: 400, field: "body", "terms"),
    BadRequest("no terms", "/v1/pool", #"{"terms": []}"#, status: 422, field: "terms", "1 to 1000000 terms"),
    BadRequest(
      "no estimates", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [], "variances": []}]}"#, status: 422, field: "terms[0].estimates"),
    BadRequest("no variances", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [1]}]}"#, status: 422, field: "terms[0].variances", "std_errors"),
    BadRequest(
      "both spreads", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [1], "variances": [1], "std_errors": [1]}]}"#, status: 422,
      field: "terms[0].std_errors", "one of the two"),
    BadRequest(
      "too few variances", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [1, 2], "variances": [1]}]}"#, status: 422,
      field: "terms[0].variances", "1 numbers", "2"),
    BadRequest(
      "a negative error", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [1, 2], "std_errors": [1, -2]}]}"#, status: 422,
      field: "terms[0].std_errors[1]", "-2"),
    BadRequest(
      "terms of different m", "/v1/pool",
      #"{"terms": [{"term": "a", "estimates": [1, 2], "variances": [1, 1]}, {"term": "b", "estimates": [1], "variances": [1]}]}"#, status: 422,
      field: "terms[1].estimates", "1 estimates", "2"),
    BadRequest(
      "a term twice", "/v1/pool",
      #"{"terms": [{"term": "a", "estimates": [1], "variances": [1]}, {"term": "a", "estimates": [1], "variances": [1]}]}"#, status: 422,
      field: "terms[1].term"),
    BadRequest("dfcom of 0", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [1], "variances": [1]}], "dfcom": 0}"#, status: 422, field: "dfcom"),
    BadRequest(
      "confidence of 1", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [1], "variances": [1]}], "confidence": 1}"#, status: 422,
      field: "confidence"),
    BadRequest("NaN", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [NaN], "variances": [1]}]}"#, status: 400),
    BadRequest(
      "numbers too large", "/v1/pool", #"{"terms": [{"term": "a", "estimates": [1e200, -1e200], "variances": [1, 1]}]}"#, status: 422,
      field: "terms[0]", "double"),
    BadRequest("options beside JSON", "/v1/pool?dfcom=3", #"{"terms": []}"#, status: 400, field: "dfcom"),
    BadRequest("an unknown option", "/v1/pool?df=3", type: "text/csv", "term,estimate,variance\na,1,1\n", status: 400, field: "df", "dfcom"),
    BadRequest("a word for dfcom", "/v1/pool?dfcom=many", type: "text/csv", "term,estimate,variance\na,1,1\n", status: 422, field: "dfcom"),
    BadRequest("a column too many", "/v1/pool", type: "text/csv", "term,estimate,variance,weight\na,1,1,2\n", status: 422, field: "weight"),
    BadRequest("no spread in CSV", "/v1/pool", type: "text/csv", "term,estimate\na,1\n", status: 422, field: "std_error"),
    BadRequest("no estimate in CSV", "/v1/pool", type: "text/csv", "term,variance\na,1\n", status: 422, field: "body"),
    BadRequest("an empty estimate", "/v1/pool", type: "text/csv", "term,estimate,variance\na,,1\n", status: 422, field: "estimate"),
    BadRequest("a negative variance in CSV", "/v1/pool", type: "text/csv", "term,estimate,variance\na,1,-1\n", status: 422, "line 2"),
    BadRequest("another type", "/v1/pool", type: "image/png", "x", status: 415, field: "Content-Type"),
    BadRequest("an Accept that nothing meets", "/v1/pool", accept: "image/png", "{}", status: 406, field: "Accept"),
  ]

  @Test("bad requests get an answer that helps", arguments: bad)
  func refused(_ request: BadRequest) async throws {
    let answer = try await fixture.exchange(request.method, request.target, request.headers, body: request.body)
    #expect(answer.status == request.status, "\(answer.text)")
    if let field = request.field { #expect(try answer.member("field")?.string == field, "\(answer.text)") }
    let detail = try #require(try answer.member("detail")?.string)
    for word in request.words { #expect(detail.contains(word), "\(detail)") }
  }
}
