import Formats
import Foundation
import Testing

@Suite struct JSONValueTests {
  static func parse(_ text: String, numericFields: Set<String> = [], limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
    try JSONValue(parsing: Array(text.utf8), numericFields: numericFields, limits: limits)
  }

  static func error(_ text: String, numericFields: Set<String> = [], limits: JSONLimits = .default) -> JSONError? {
    do throws(JSONError) {
      _ = try parse(text, numericFields: numericFields, limits: limits)
      return nil
    } catch { return error }
  }

  @Test(
    "Texts of RFC 8259 are accepted",
    arguments: [
      ("null", .null), (" true\n", .bool(true)), ("\t[ ]\r\n", .array([])), ("{ }", .object([])), ("0", .integer(0)), ("-0", .number(-0.0)),
      ("-12", .integer(-12)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(0x1p63)),
      ("1.0", .number(1)), ("1e2", .number(100)),
      ("1E-2", .number(0.01)), ("-0.5e+1", .number(-5)), ("123456789012345678901234567890", .number(1.2345678901234568e29)), ("1e-999", .number(0)),
      (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\t""#, .string("a\"\\/\u{8}\u{c}\n\r\t")), (#""\u0000\u00e9\uD83D\ude00""#, .string("\0é😀")),
      (#""é😀""#, .string("é😀")),
      (#""\uFFFF""#, .string("\u{FFFF}")), ("\"\u{7F}\u{2028}\"", .string("\u{7F}\u{2028}")),
      ("[1,\"a\",[null]]", .array([.integer(1), .string("a"), .array([.null])])),
      (
        #"{"":1,"a":{"b":[]}}"#,
        .object([.init(name: "", value: .integer(1)), .init(name: "a", value: .object([.init(name: "b", value: .array([]))]))])
      ),
    ] as [(String, JSONValue)])
  func accepted(text: String, value: JSONValue) throws {
    let parsed = try Self.parse(text)
    #expect(parsed == value)
    #expect(try JSONValue(parsing: parsed.text) == parsed, "and its own text reads back")
  }

  @Test(
    "Everything else is refused",
    arguments: [
      "", " ", "nul", "True", "nan", "NaN", "Infinity", "-Infinity", "undefined", "'a'", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]",
      "[1,,2]", "[1}", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1",
      "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\",1}", "{\"a\":1}}", "[1]]", "1 2",
      "null x", "[]//c", "/*c*/1", "\u{FEFF}1", "\u{A0}1", "1\0", "\0",
      "+1", "01", "-01", "00", "-", "--1", "1.", ".5", "-.5", "1.e1", "1e", "1e+", "1eE2", "0x10", "1_0", "1,5", "１", "1e999", "-1e999", "0.1.2",
      "1a", "[1a]", "[-]", "2.", "[0e]",
      "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\uD800\"", "\"\\uD800a\"", "\"\\uD800\\n\"", "\"\\uD800\\uD800\"",
      "\"\\uDC00\"", "\"\\", "\"\\u\"", "\"\n\"", "\"\t\"", "\"\0\"", "\"a\"b",
      "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[{\"b\":{\"a\":1,\"a\":1}}]",
    ])
  func refused(text: String) {
    let error = Self.error(text)
    #expect(error?.reason == .malformed)
    #expect(error?.position != nil)
  }

  @Test("Bytes that are not UTF-8 are refused, in strings and out of them")
  func utf8() {
    for bytes: [UInt8] in [
      [0xFF], [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xF8, 0x88, 0x80, 0x80, 0x80],
    ] {
      #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
      #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22] + bytes + Array("\\n\"".utf8)) }
      #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array("{\"".utf8) + bytes + Array("\":1}".utf8)) }
    }
  }

  @Test("Errors carry the path, the line and the column")
  func places() {
    let error = Self.error("{\"layers\": [{\"size\": 3},\n  {\"size\": x}]}")
    #expect(error?.field == "layers[1].size")
    #expect(error?.position == .init(offset: 36, line: 2, column: 12))
    #expect(error?.given == "'x'" && error?.expected == "a value")
    #expect(Self.error("{\"a\":{\"b.c\":[1,{\"d\":01}]}}")?.field == "a[\"b.c\"][1].d")
    #expect(Self.error("{\"a\": [1, 2], \"a\": 3}")?.field == "a")
    #expect(Self.error("[1,2")?.position?.offset == 4)
  }

  @Test("Depth, length, strings and the number of values have limits")
  func limits() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(Self.error(nested(64)) == nil)
    #expect(Self.error(nested(65))?.reason == .tooLarge)
    #expect(Self.error(String(repeating: "[", count: 1_000_000))?.reason == .tooLarge)
    #expect(Self.error(String(repeating: "{\"a\":", count: 1_000_000))?.reason == .tooLarge)
    #expect(Self.error("{\"x\":\(nested(63))}", numericFields: ["x"]) == nil)
    #expect(Self.error("{\"x\":\(nested(64))}", numericFields: ["x"])?.reason == .tooLarge)
    #expect(Self.error("[1,2,3]", limits: JSONLimits(bytes: 6))?.reason == .tooLarge)
    #expect(Self.error("\"abc\"", limits: JSONLimits(stringBytes: 3)) == nil)
    #expect(Self.error("\"abcd\"", limits: JSONLimits(stringBytes: 3))?.reason == .tooLarge)
    #expect(Self.error("[1,2,3]", limits: JSONLimits(values: 4)) == nil)
    #expect(Self.error("[1,2,3]", limits: JSONLimits(values: 3))?.reason == .tooLarge)
  }

  @Test(
    "Numeric fields come flat with their shape; null and the bare words are missing",
    arguments: [
      ("[]", [0], []), ("[[],[]]", [2, 0], []), ("[1]", [1], [1]), ("[ 1 , -2.5e0\n]", [2], [1, -2.5]),
      ("[[1,2],[3,4],[5,6]]", [3, 2], [1, 2, 3, 4, 5, 6]),
      ("[[[1],[2]]]", [1, 2, 1], [1, 2]), ("[[null,NaN],[Infinity,-Infinity]]", [2, 2], [.nan, .nan, .nan, .nan]),
      ("[-0,0.1,3.4028235e38,1e-45]", [4], [-0.0, 0.1, .greatestFiniteMagnitude, .leastNonzeroMagnitude]),
    ] as [(String, [Int], [Float])])
  func numeric(text: String, shape: [Int], scalars: [Float]) throws {
    guard case .numbers(let array)? = try Self.parse("{\"seed\":1,\"x\":\(text)}", numericFields: ["x"])["x"] else {
      Issue.record("\(text) is no flat array")
      return
    }
    #expect(array.shape == shape)
    #expect(array.scalars.map(\.bitPattern) == scalars.map(\.bitPattern))
  }

  @Test(
    "Arrays that are not rectangular name the place",
    arguments: [
      ("[[1,2,3,4],[1,2,3,4],[1,2,3,4],[1,2,3,4,5]]", "x[3]", "x[3] has 5 values, expected 4"),
      ("[[1,2],[]]", "x[1]", "x[1] has 0 values, expected 2"), ("[[],[1]]", "x[1]", "x[1] has 1 value, expected 0"),
      ("[[1],2]", "x[1]", nil), ("[1,[2]]", "x[1]", nil), ("[[1,2],null]", "x[1]", nil),
      ("[[[1],[2]],[[3],[4],[5]]]", "x[1]", "x[1] has 3 values, expected 2"),
      ("[[[1]],[[2,3]]]", "x[1][0]", nil), ("[[[1]],[2]]", "x[1][0]", nil), ("[1,1e39]", "x[1]", nil), ("[[1],[-3.5e38]]", "x[1][0]", nil),
      ("[[1],[01]]", "x[1][0]", nil),
      ("[1,nul]", "x[1]", nil), ("[1,]", "x[1]", nil), ("[1 2]", "x", nil), ("[[1][2]]", "x", nil), ("[1", "x", nil),
    ] as [(String, String, String?)])
  func ragged(text: String, field: String, detail: String?) {
    let error = Self.error("{\"x\":\(text)}", numericFields: ["x"])
    #expect(error?.reason == .malformed)
    #expect(error?.field == field)
    if let detail { #expect(error?.detail == detail) }
  }

  @Test("A numeric field with anything else in it is an ordinary value, and ordinary fields keep their numbers exact")
  func ordinary() throws {
    #expect(try Self.parse("{\"x\":[1,\"a\"]}", numericFields: ["x"])["x"] == .array([.integer(1), .string("a")]))
    #expect(
      try Self.parse("{\"x\":[[1,2],[{}]]}", numericFields: ["x"])["x"] == .array([.array([.integer(1), .integer(2)]), .array([.object([])])]))
    #expect(try Self.parse("{\"x\":3}", numericFields: ["x"])["x"] == .integer(3))
    #expect(try Self.parse("{\"y\":[16777217,[0.1]]}", numericFields: ["x"])["y"] == .array([.integer(16_777_217), .array([.number(0.1)])]))
    #expect(
      try Self.parse("{\"a\":[{\"data\":[1,2]}]}", numericFields: ["data"])["a"]
        == .array([.object([.init(name: "data", value: .numbers(.init(shape: [2], scalars: [1, 2])))])]))
    #expect(Self.error("{\"y\":[NaN]}", numericFields: ["x"])?.reason == .malformed)
  }

  @Test("Truncated texts are errors; damaged ones an error or a value whose text reads back")
  func damage() throws {
    let bytes = Array(#"{"inputs":[[1,-2.5e3,null],[0.1,3,4]],"seed":9007199254740993,"a":{"é\n\ud83d\ude00":[true,"x",[1,2]]}}"#.utf8)
    #expect(try JSONValue(parsing: bytes, numericFields: ["inputs"])["seed"] == .integer(9_007_199_254_740_993))
    for prefix in Damage.truncations(of: bytes) {
      #expect(throws: JSONError.self) { try JSONValue(parsing: prefix, numericFields: ["inputs"]) }
    }
    for damaged in Damage.mutations(of: bytes, count: 10_000, seed: 31) {
      guard let value = try? JSONValue(parsing: damaged, numericFields: ["inputs"]) else { continue }
      let again = try JSONValue(parsing: value.text, numericFields: ["inputs"])
      #expect(again.text == value.text)
    }
  }

  @Test("Whatever Foundation refuses of damaged texts is refused here too")
  func foundation() throws {
    let bytes = Array(#"{"a":[1,-2.5e3,null],"b":{"é\n\ud83d\ude00":[true,"x"]},"c":""}"#.utf8)
    for damaged in Damage.mutations(of: bytes, count: 5000, seed: 37) where (try? JSONValue(parsing: damaged)) != nil {
      #expect(throws: Never.self, "\(String(decoding: damaged, as: UTF8.self))") {
        try JSONSerialization.jsonObject(with: Data(damaged), options: .fragmentsAllowed)
      }
    }
  }

  @Test("A name that is there twice is refused in small objects and in large ones, wherever the two stand", arguments: [2, 15, 16, 17, 18, 40])
  func duplicates(count: Int) throws {
    func text(_ names: [Int]) -> [UInt8] { Array("{\(names.map { "\"n\($0)\":\($0)" }.joined(separator: ","))}".utf8) }
    let names = Array(0..<count)
    #expect(try JSONValue(parsing: text(names))["n\(count - 1)"] == .integer(count - 1))
    #expect(try StrictJSON.decode([String: Int].self, from: text(names)).count == count)
    for twice in [0, count / 3, count - 2] {
      let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text(Array(names.dropLast()) + [twice])) }
      #expect(error?.field == "n\(twice)")
    }
  }

  @Test("Numbers are the same however they are spaced, with missing entries anywhere among them")
  func spacing() throws {
    var generator = SplitMix(state: 41)
    for _ in 0..<300 {
      let (rows, columns) = (Int.random(in: 1...4, using: &generator), Int.random(in: 1...9, using: &generator))
      var expected: [Float] = []
      var text = "{\"x\":["
      for row in 0..<rows {
        text += row == 0 ? "[" : ["],[", "] , [", "],\n ["].randomElement(using: &generator)!
        for column in 0..<columns {
          if column > 0 { text += [",", ", ", " ,", " , ", ",  ", ",\n\t"].randomElement(using: &generator)! }
          let value = Float.random(in: -300...300, using: &generator)
          let entry = ["null", "NaN", "-Infinity", "\(value)", "\(Int(value))", "\(value)e-3", "\(value)"].randomElement(using: &generator)!
          expected.append(Float(entry).flatMap { $0.isFinite ? $0 : nil } ?? .nan)
          text += entry
        }
      }
      guard case .numbers(let array) = try JSONValue(parsing: Array((text + "]]}").utf8), numericFields: ["x"])["x"] else {
        Issue.record("no numbers: \(text)")
        continue
      }
      #expect(array.shape == [rows, columns])
      #expect(zip(array.scalars, expected).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }, "\(text)")
    }
  }

  @Test(
    "What is wrong within a run of numbers is said with its place",
    arguments: [
      ("[1,2,3,x]", "x[3]"), ("[1,2,3,1e39,5]", "x[3]"), ("[[1,2],[3,4],[5,6,7]]", "x[2]"), ("[[1,2],[3,[4]]]", "x[1][1]"),
      ("[[1,2],[3,4],5]", "x[2]"),
      ("[1,2,,3]", "x[2]"), ("[1,2,01,3]", "x[2]"), ("[1, 2, -]", "x[2]"),
    ])
  func places(text: String, field: String) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array("{\"x\":\(text)}".utf8), numericFields: ["x"]) }
    #expect(error?.field == field, "\(error?.detail ?? "")")
  }

  @Test("indented JSON is the same value, a member a line")
  func indented() throws {
    let value = try JSONValue(parsing: Array(#"{"a":[1,2.5,null],"b":{"c":"x","d":[{"e":1},true]},"f \"":[]}"#.utf8))
    let expected = #"""
      {
        "a": [1, 2.5, null],
        "b": {
          "c": "x",
          "d": [
            {
              "e": 1
            },
            true
          ]
        },
        "f \"": []
      }
      """#
    #expect(value.indented() == expected)
    #expect(try JSONValue(parsing: Array(value.indented().utf8)) == value)
  }
}
