import Formats
import Registry
import Testing

@Suite("Filters of runs as text")
struct RunFilterParserTests {
  @Test(
    "a filter is read as written",
    arguments: [
      (
        "metrics.elbo > -240 and params.beta = 4 and tags.team = 'x'",
        [.init(.metric("elbo"), .greater, .integer(-240)), .init(.parameter("beta"), .equal, .integer(4)), .init(.tag("team"), .equal, .text("x"))]
      ),
      ("metrics.elbo_nats.standard_error<=1e-3", [.init(.metric("elbo_nats.standard_error"), .lessOrEqual, .number(0.001))]),
      ("params.\"a b\" != 'it''s'", [.init(.parameter("a b"), .notEqual, .text("it's"))]),
      ("params.`a \"b\"` = '\"'", [.init(.parameter("a \"b\""), .equal, .text("\""))]),
      ("params.mean = true", [.init(.parameter("mean"), .equal, .text("true"))]),
      (
        "params.and = 'and' AND status = 'failed'",
        [.init(.parameter("and"), .equal, .text("and")), .init(.attribute(.status), .equal, .text("failed"))]
      ),
      ("duration >= 0.5", [.init(.attribute(.duration), .greaterOrEqual, .number(0.5))]),
      ("seed = 9223372036854775807", [.init(.attribute(.seed), .equal, .integer(.max))]),
      ("kind = inference", [.init(.attribute(.kind), .equal, .text("inference"))]),
      ("started < '1970-01-01T00:00:01Z'", [.init(.attribute(.started), .less, .time(1000..<1001))]),
      ("tags.x = ''", [.init(.tag("x"), .equal, .text(""))]),
    ] as [(String, [RunCondition])])
  func read(_ text: String, _ conditions: [RunCondition]) throws {
    #expect(try RunFilterParser.predicate(text).conditions.map { RunCondition($0.field, $0.test) } == conditions)
  }

  @Test("or binds less than and, brackets bind most; every test is read")
  func hangTogether() throws {
    func one(_ name: String, _ test: RunCondition.Test, _ column: Int) -> RunPredicate { .condition(.init(.parameter(name), test, column: column)) }
    #expect(
      try RunFilterParser.predicate("params.a in (1, 'x') or params.b like 'a%' and params.c is not null")
        == .any([
          one("a", .isIn([.integer(1), .text("x")], isNegated: false), 1),
          .all([one("b", .isLike("a%", isNegated: false), 25), one("c", .isNull(false), 48)]),
        ]))
    #expect(
      try RunFilterParser.predicate("(params.a not in (.5) OR params.b is null) AND params.c not contains '50%_\\'")
        == .all([
          .any([one("a", .isIn([.number(0.5)], isNegated: true), 2), one("b", .isNull(true), 26)]),
          one("c", .isLike("%50\\%\\_\\\\%", isNegated: true), 48),
        ]))
    #expect(
      try RunFilterParser.predicate("started = '2026-01-31'")
        == .condition(.init(.attribute(.started), .equal, .time(1_769_817_600_000..<1_769_904_000_000))))
  }

  @Test(
    "a fault is named by its column, with what stands there and what could",
    arguments: [
      ("", 1, "the end", "params.NAME"),
      ("   ", 4, "the end", "params.NAME"),
      ("params.n = 2 xor model = 'x'", 14, "'xor'", "'and', 'or' or the end"),
      ("(params.n = 2", 14, "the end", "'and', 'or' or ')'"),
      ("params.n = 2)", 13, "')'", "'and', 'or' or the end"),
      ("()", 2, "')'", "params.NAME"),
      ("params.n in 2", 13, "'2'", "'(' and values"),
      ("params.n in ()", 14, "')'", "a number, true, false or a text"),
      ("params.n in (1 2)", 16, "'2'", "',' or ')'"),
      ("params.n not = 2", 14, "'='", "in, like or contains"),
      ("params.n is 2", 13, "'2'", "null or not null"),
      ("metrics.n like 'a'", 11, "'like'", "is no text"),
      ("params.n like 3", 15, "'3'", "single quotes"),
      ("params.n = 2 and", 17, "the end", "params.NAME"),
      ("params = 2", 8, "'='", "a dot and a name"),
      ("params.\"\" = 2", 8, "''", "a name"),
      ("colour = 2", 1, "'colour'", "metrics.NAME"),
      ("metrics.elbo > 'x'", 16, "'x'", "a number"),
      ("metrics.elbo > nan", 16, "'nan'", "a number"),
      ("metrics.elbo > 1e999", 16, "'1e999'", "a number"),
      ("metrics.elbo ! 1", 14, "'!'", "!="),
      ("metrics.elbo 1", 14, "'1'", "=, !=,"),
      ("tags.x = y", 10, "'y'", "single quotes"),
      ("tags.x = 'y", 10, "not closed", "a second '"),
      ("status = 'done'", 10, "'done'", "'finished'"),
      ("status < 'failed'", 8, "'<'", "no order"),
      ("started > 'yesterday'", 11, "'yesterday'", "RFC 3339"),
      ("model_digest = 'sha256:00'", 16, "'sha256:00'", "64 hexadecimal digits"),
      ("params.n = 2; DROP TABLE runs", 13, "';'", "a name, a value or a comparison"),
      (String(repeating: "(", count: 21) + "seed = 1", 21, "'('", "at most 20 brackets"),
      (String(repeating: "x", count: 4001), 4001, "4001 characters", "at most 4000"),
      (Array(repeating: "seed = 1", count: 51).joined(separator: " and "), 651, "'seed'", "at most 50 conditions"),
    ] as [(String, Int, String, String)])
  func refused(_ text: String, _ column: Int, _ given: String, _ expected: String) throws {
    let error = try #require(throws: RunQueryError.self) { try RunFilterParser.predicate(text) }
    #expect(error.parameter == "filter" && error.column == column)
    #expect(error.given.contains(given) && error.expected.contains(expected), "\(error)")
  }

  @Test("no text makes the parser stop the program")
  func anyText() {
    let pieces = [
      "params", ".", "\"", "'", "`", "metrics.x", "=", "<", "!", "and", " ", "1", "-", "é\u{301}", "\n", "\0", "tags.", "started", "'a'", "(", ")",
      ",", "in", "not", "or", "is", "null", "like",
    ]
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      let text = (0..<Int.random(in: 0...9, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      do throws(RunQueryError) {
        #expect(try !RunFilterParser.predicate(text).conditions.isEmpty)
      } catch {
        #expect((1...text.count + 1).contains(error.column), "\(text): \(error)")
      }
    }
  }

  @Test("an order is a key and a direction, ascending where none is said")
  func orders() throws {
    #expect(try RunFilterParser.order("started_at") == .oldestFirst)
    #expect(try RunFilterParser.order("started desc") == .newestFirst)
    #expect(try RunFilterParser.order("metrics.elbo DESC") == RunOrder(by: .field(.metric("elbo")), isDescending: true))
    #expect(try RunFilterParser.order("metrics.\"a b\" asc") == RunOrder(by: .field(.metric("a b")), isDescending: false))
    #expect(try RunFilterParser.order("duration desc") == RunOrder(by: .field(.attribute(.duration)), isDescending: true))
    #expect(try RunFilterParser.order("params.x") == RunOrder(by: .field(.parameter("x")), isDescending: false))
    for (text, column) in [("colour", 1), ("started up", 9), ("started desc please", 14), ("", 1)] {
      let error = try #require(throws: RunQueryError.self) { try RunFilterParser.order(text) }
      #expect(error.parameter == "order_by" && error.column == column, "\(text): \(error)")
    }
  }
}
