import HTTP
import Testing

@Suite("A request's target")
struct RequestTargetTests {
  @Test(
    "is split first and decoded after",
    arguments: [
      ("/", []), ("/a", ["a"]), ("/a/", ["a", ""]), ("//", ["", ""]), ("/a%2fb/c%20d", ["a/b", "c d"]), ("/%61%C3%A9+", ["aé+"]),
      ("/...", ["..."]), ("/%252e%252e", ["%2e%2e"]), ("http://h/x", ["x"]), ("http://h?y", []),
    ])
  func segments(target: String, expected: [String]) throws {
    #expect(try Request(.get, target).segments == expected)
  }

  @Test(
    "has a query of decoded items",
    arguments: [
      ("/", []), ("/?", []), ("/?a", ["a="]), ("/?a=1&b=2&a=3", ["a=1", "b=2", "a=3"]), ("/?a=b%3Dc+d&&e=%0A", ["a=b=c d", "e=\n"]),
      ("/?q=a/b?c[0]", ["q=a/b?c[0]"]), ("/?=x", ["=x"]),
    ])
  func query(target: String, expected: [String]) throws {
    #expect(try Request(.get, target).query.items.map { "\($0.name)=\($0.value)" } == expected)
  }

  @Test("is looked up by name")
  func lookUp() throws {
    let query = try Request(.get, "/?seed=7&seed=8").query
    #expect(query["seed"] == "7" && query.values(of: "seed") == ["7", "8"] && query["other"] == nil)
  }

  @Test("is held to the same rules in memory")
  func refused() {
    #expect(throws: ParseError.dotSegment) { try Request(.get, "/a/..") }
    #expect(throws: ParseError.invalidTarget) { try Request(.get, "") }
  }
}
