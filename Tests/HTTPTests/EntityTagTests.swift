import HTTP
import Testing

@Suite("An entity tag")
struct EntityTagTests {
  @Test(
    "is found in If-None-Match, weak or strong, and not in parts of other tags",
    arguments: [
      ("\"a,b\"", true), ("W/\"a,b\"", true), ("\"x\", \"a,b\"", true), ("*", true), (" * ", true), ("\"a\"", false), ("\"xa,b\"", false),
      ("a,b", false),
      ("", false), ("\"a,b", false), ("\"*\"", false), ("\"x\"\"a,b\"", true),
    ])
  func matching(field: String, isNamed: Bool) {
    #expect(EntityTag("a,b").isNamed(in: [field]) == isNamed)
    #expect(EntityTag("a,b").isNamed(in: ["\"y\"", field]) == isNamed)
  }

  @Test("turns an answer that the client has into 304 without its body", arguments: [Method.get, .head])
  func notModified(method: Method) throws {
    let tag = EntityTag("7")
    let first = Response.text("long").tagged(tag, for: try Request(method, "/"))
    #expect(first.status == .ok && first.headers["ETag"] == "\"7\"" && first.headers["Cache-Control"] == "no-cache")
    let again = Response.text("long").tagged(tag, for: try Request(method, "/", headers: ["If-None-Match": "\"7\""]))
    #expect(again.status == .notModified && again.headers["ETag"] == "\"7\"" && again.headers["Content-Type"] == nil)
    guard case .empty = again.body else { return #expect(Bool(false), "a body on 304") }
  }

  @Test("leaves answers to other methods, and other answers, whole")
  func others() throws {
    let headers: HeaderFields = ["If-None-Match": "*"]
    #expect(Response.text("x").tagged(EntityTag("7"), for: try Request(.post, "/", headers: headers)).status == .ok)
    #expect(Response.text("x", status: .notFound).tagged(EntityTag("7"), for: try Request(.get, "/", headers: headers)).status == .notFound)
  }

  @Test(
    "is compared strongly with If-Match",
    arguments: [("\"7\"", false), ("\"6\", \"7\"", false), ("*", false), ("\"6\"", true), ("W/\"7\"", true), ("7", true), ("\"*\"", true)])
  func ifMatch(field: String, fails: Bool) throws {
    for method in [Method.get, .head] {
      let request = try Request(method, "/", headers: ["If-Match": field])
      #expect((request.failedPrecondition(of: Response.text("x").tagged(EntityTag("7"), for: request)) != nil) == fails)
      #expect(request.failedPrecondition(of: .text("x", status: .notFound)) == nil, "what fails anyway fails as it would")
      #expect((request.failedPrecondition(of: .text("x")) != nil) == (field != "*"), "what has no tag has none of these")
      #expect(request.failedPrecondition == nil)
    }
    let change = try Request(.put, "/", headers: ["If-Match": field])
    #expect((change.failedPrecondition?.status == .preconditionFailed) == (field != "*"))
  }
}
