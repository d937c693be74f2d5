import ModelFiles
import Tensors
import Testing

@Suite("SafeTensors refuses")
struct SafeTensorsRefusalTests {
  /// A file that must not load, and what the error must say.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]
    let reason: ModelFileError.Reason
    let field: String
    let given: String

    init(_ name: String, _ bytes: [UInt8], _ reason: ModelFileError.Reason = .malformed, field: String, given: String) {
      testDescription = name
      self.bytes = bytes
      self.reason = reason
      self.field = field
      self.given = given
    }
  }

  /// A container of one tensor `t`, 8 bytes of data.
  private static func tensor(_ dtype: String, _ shape: String, _ span: String, data: Int = 8) -> [UInt8] {
    container("{\"t\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(span)}}", data: [UInt8](repeating: 0, count: data))
  }

  private static func pair(_ first: String, _ second: String, data: Int) -> [UInt8] {
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":\#(first)},"b":{"dtype":"F32","shape":[2],"data_offsets":\#(second)}}"#
    return container(header, data: [UInt8](repeating: 0, count: data))
  }

  static let framing = [
    Case("an empty file", [], field: "the file", given: "0 bytes"),
    Case("seven bytes", [2, 0, 0, 0, 0, 0, 0], field: "the file", given: "7 bytes"),
    Case("a header longer than the file", container("{}", length: 3), field: "header", given: "3 bytes"),
    Case("a header length of 2^64 - 1", container("{}", length: .max), .malformed, field: "header", given: "18446744073709551615 bytes"),
    Case("a header length of 2^63", container("{}", length: 1 << 63), .malformed, field: "header", given: "9223372036854775808 bytes"),
    Case("a header over 100 MB", container("{}", length: 100_000_001), .malformed, field: "header", given: "100000001 bytes"),
    Case("a header of 100 MB that is not there", container("{}", length: 100_000_000), field: "header", given: "100000000 bytes"),
    Case("an empty header", container(""), field: "header", given: "empty"),
    Case("a header of spaces", container("        "), field: "header", given: "something else"),
    Case("a header that is an array", container("[]"), field: "header", given: "something else"),
    Case("a header that is a number", container("1"), field: "header", given: "something else"),
    Case("a space before the header", container(" {}"), field: "header", given: "something else"),
    Case("a byte order mark", container("\u{FEFF}{}"), field: "header", given: "something else"),
    Case("a newline behind the header", container("{}\n"), field: "header", given: "something else"),
    Case("a zero behind the header", container("{}\0"), field: "header", given: "something else"),
    Case("two headers", container("{}{}"), field: "header", given: "'{'"),
    Case("text behind the header", container("{}x }"), field: "header", given: "'x'"),
    Case("a header that is cut off", container("{\"t\":{\"dtype\":\"F32\"}"), field: "header", given: "cut off"),
    Case("a comma too many", container("{\"t\":1,}"), field: "header", given: "'}'"),
    Case("a name that is not UTF-8", container([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]), field: "header", given: "not UTF-8"),
    Case("a name with an overlong zero", container([0x7B, 0x22, 0xC0, 0x80, 0x22, 0x3A, 0x31, 0x7D]), field: "header", given: "not UTF-8"),
    Case("half a surrogate pair", container(#"{"\ud800":1}"#), field: "header", given: "surrogate"),
    Case("data without tensors", container("{}", data: [0]), field: "the file", given: "1 bytes of data"),
    Case(
      "brackets without end", container("{\"t\":" + String(repeating: "[", count: 100_000) + "}"), .tooLarge, field: "header.t[0][0][0]",
      given: "levels"),
  ]

  static let fields = [
    Case("a tensor that is a number", container("{\"t\":1}"), field: #"header["t"]"#, given: "1"),
    Case("no dtype", container(#"{"t":{"shape":[0],"data_offsets":[0,0]}}"#), field: #"header["t"]"#, given: "without dtype"),
    Case("no shape", container(#"{"t":{"dtype":"F32","data_offsets":[0,0]}}"#), field: #"header["t"]"#, given: "without shape"),
    Case("no data_offsets", container(#"{"t":{"dtype":"F32","shape":[0]}}"#), field: #"header["t"]"#, given: "without data_offsets"),
    Case(
      "an unknown field", container(#"{"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":0}}"#), field: #"header["t"]"#, given: #"with "x""#),
    Case(
      "a tensor there twice",
      container(#"{"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#),
      field: "header.t", given: "twice"),
    Case(
      "a field there twice", container(#"{"t":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#), field: "header.t.dtype",
      given: "twice"),
    Case("metadata there twice", container(#"{"__metadata__":{},"__metadata__":{}}"#), field: "header.__metadata__", given: "twice"),
    Case("a metadata key there twice", container(#"{"__metadata__":{"a":"","a":""}}"#), field: "header.__metadata__.a", given: "twice"),
    Case("metadata that are a text", container(#"{"__metadata__":"a"}"#), field: "header.__metadata__", given: #""a""#),
    Case("metadata that hold a number", container(#"{"__metadata__":{"a":"","b":1}}"#), field: #"header.__metadata__["b"]"#, given: "1"),
    Case("metadata that hold an object", container(#"{"__metadata__":{"b":{}}}"#), field: #"header.__metadata__["b"]"#, given: "{}"),
    Case("metadata that hold null", container(#"{"__metadata__":{"b":null}}"#), field: #"header.__metadata__["b"]"#, given: "null"),
    Case("an unknown dtype", tensor(#""F31""#, "[2]", "[0,8]"), field: #"header["t"].dtype"#, given: #""F31""#),
    Case("a dtype in small letters", tensor(#""f32""#, "[2]", "[0,8]"), field: #"header["t"].dtype"#, given: #""f32""#),
    Case("a dtype of less than a byte", tensor(#""F4""#, "[2]", "[0,8]"), field: #"header["t"].dtype"#, given: #""F4""#),
    Case("a dtype that is a number", tensor("32", "[2]", "[0,8]"), field: #"header["t"].dtype"#, given: "32"),
    Case("a shape that is a number", tensor(#""F32""#, "2", "[0,8]"), field: #"header["t"].shape"#, given: "2"),
    Case("a shape with a text", tensor(#""F32""#, #"["2"]"#, "[0,8]"), field: #"header["t"].shape"#, given: #"["2"]"#),
    Case("a negative extent", tensor(#""F32""#, "[-2]", "[0,8]"), field: #"header["t"].shape"#, given: "[-2]"),
    Case("two negative extents", tensor(#""F32""#, "[-2,-1]", "[0,8]"), field: #"header["t"].shape"#, given: "[-2,-1]"),
    Case("an extent with a point", tensor(#""F32""#, "[2.0]", "[0,8]"), field: #"header["t"].shape"#, given: "[2.0]"),
    Case("an extent with an exponent", tensor(#""F32""#, "[2e0]", "[0,8]"), field: #"header["t"].shape"#, given: "[2.0]"),
    Case("an extent of 2^63", tensor(#""F32""#, "[9223372036854775808]", "[0,8]"), field: #"header["t"].shape"#, given: "[9.2"),
    Case("an extent of null", tensor(#""F32""#, "[null]", "[0,8]"), field: #"header["t"].shape"#, given: "[null]"),
    Case("nested extents", tensor(#""F32""#, "[[2]]", "[0,8]"), field: #"header["t"].shape"#, given: "[[2]]"),
    Case(
      "65 extents", tensor(#""F32""#, "[2\(String(repeating: ",1", count: 64))]", "[0,8]"), .tooLarge, field: #"header["t"].shape"#,
      given: "65 extents"),
    Case(
      "a name of 1025 bytes", container("{\"\(String(repeating: "n", count: 1025))\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
      .tooLarge,
      field: "a tensor's name", given: "1025 bytes"),
  ]

  static let spans = [
    Case("a shape too small", tensor(#""F32""#, "[1]", "[0,8]"), field: #"header["t"].shape"#, given: "[1] of F32, which is 4 bytes"),
    Case("a shape too large", tensor(#""F32""#, "[3]", "[0,8]"), field: #"header["t"].shape"#, given: "[3] of F32, which is 12 bytes"),
    Case("a scalar of eight bytes", tensor(#""F32""#, "[]", "[0,8]"), field: #"header["t"].shape"#, given: "[] of F32, which is 4 bytes"),
    Case("a shape of the right count and the wrong type", tensor(#""F64""#, "[2]", "[0,8]"), field: #"header["t"].shape"#, given: "16 bytes"),
    Case(
      "a product of 2^64", tensor(#""F32""#, "[4294967296,4294967296]", "[0,0]", data: 0), field: #"header["t"].shape"#, given: "more than 64 bits"),
    Case(
      "a product that wraps around to 8", tensor(#""F32""#, "[4611686018427387906]", "[0,8]"), field: #"header["t"].shape"#,
      given: "more than 64 bits"),
    Case(
      "an overflow behind an extent of 0", tensor(#""F32""#, "[0,4294967296,4294967296]", "[0,0]", data: 0), field: #"header["t"].shape"#,
      given: "more than 64 bits"),
    Case(
      "an overflow before an extent of 0", tensor(#""F32""#, "[4294967296,4294967296,0]", "[0,0]", data: 0), field: #"header["t"].shape"#,
      given: "more than 64 bits"),
    Case("one offset", tensor(#""F32""#, "[2]", "[8]"), field: #"header["t"].data_offsets"#, given: "[8]"),
    Case("three offsets", tensor(#""F32""#, "[2]", "[0,4,8]"), field: #"header["t"].data_offsets"#, given: "[0,4,8]"),
    Case("negative offsets", tensor(#""F32""#, "[2]", "[-8,0]"), field: #"header["t"].data_offsets"#, given: "[-8,0]"),
    Case("offsets backwards", tensor(#""F32""#, "[2]", "[8,0]"), field: #"header["t"].data_offsets"#, given: "[8, 0]"),
    Case("offsets with a point", tensor(#""F32""#, "[2]", "[0,8.0]"), field: #"header["t"].data_offsets"#, given: "[0,8.0]"),
    Case("offsets as an object", tensor(#""F32""#, "[2]", "{}"), field: #"header["t"].data_offsets"#, given: "{}"),
    Case("offsets past the end", tensor(#""F32""#, "[3]", "[0,12]"), field: #"header["t"].data_offsets"#, given: "[0, 12]"),
    Case(
      "offsets far past the end", tensor(#""U8""#, "[9223372036854775807]", "[0,9223372036854775807]"), field: #"header["t"].data_offsets"#,
      given: "[0, 9223372036854775807]"),
    Case("a tensor that does not start at 0", tensor(#""F32""#, "[1]", "[4,8]"), field: #"header["t"].data_offsets"#, given: "gap"),
    Case("data behind the last tensor", tensor(#""F32""#, "[1]", "[0,4]"), field: "the file", given: "8 bytes of data"),
    Case("one byte of data too few", tensor(#""F32""#, "[2]", "[0,8]", data: 7), field: #"header["t"].data_offsets"#, given: "[0, 8]"),
    Case("two tensors that overlap", pair("[0,8]", "[4,12]", data: 12), field: #"header["b"].data_offsets"#, given: "overlaps"),
    Case("two tensors in one place", pair("[0,8]", "[0,8]", data: 8), field: #"header["b"].data_offsets"#, given: "overlaps"),
    Case("a gap between two tensors", pair("[0,8]", "[12,20]", data: 20), field: #"header["b"].data_offsets"#, given: "gap"),
    Case("a gap between two tensors, the later one first", pair("[12,20]", "[0,8]", data: 20), field: #"header["a"].data_offsets"#, given: "gap"),
    Case(
      "an empty tensor inside another",
      container(
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}"#,
        data: [UInt8](repeating: 0, count: 8)), field: #"header["b"].data_offsets"#, given: "overlaps"),
  ]

  @Test("unsound files with the place, what was given and what was expected", arguments: framing + fields + spans)
  func refuses(_ row: Case) throws {
    let error = try #require(throws: ModelFileError.self) { try SafeTensors(bytes: row.bytes) }
    #expect(error.reason == row.reason)
    #expect(error.field == row.field, "\(error)")
    #expect(error.given.contains(row.given), "\(error)")
    #expect(!error.expected.isEmpty)
    #expect(error.detail == "\(error.field) is \(error.given), expected \(error.expected)")
  }

  @Test("the same files from disk with the same errors", arguments: framing + fields + spans)
  func refusesOnDisk(_ row: Case) throws {
    try withTemporaryFolder { folder in
      try ModelFile.write(row.bytes, to: folder + "/file")
      let memory = try #require(throws: ModelFileError.self) { try SafeTensors(bytes: row.bytes) }
      let disk = try #require(throws: ModelFileError.self) { try SafeTensors(path: folder + "/file") }
      #expect(disk == memory)
    }
  }

  @Test("more tensors than the limit")
  func tooManyTensors() throws {
    let header = { (count: Int) in
      "{" + (0..<count).map { #""t\#($0)":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"# }.joined(separator: ",") + "}"
    }
    #expect(try SafeTensors(bytes: container(header(100_000))).entries.count == 100_000)
    let error = try #require(throws: ModelFileError.self) { try SafeTensors(bytes: container(header(100_001))) }
    #expect(error.reason == .tooLarge)
    #expect(error.given == "an object of 100001 tensors")
  }

  @Test("a text of more than 16 MiB, without repeating it in the error")
  func longText() throws {
    let bytes = SafeTensors.encode(tensors: [], metadata: ["a": String(repeating: "x", count: 16 << 20 + 1)])
    let error = try #require(throws: ModelFileError.self) { try SafeTensors(bytes: bytes) }
    #expect(error.reason == .tooLarge)
    #expect(error.detail.utf8.count < 300)
  }

  @Test("a name that is one character of a megabyte, without repeating it in the error")
  func longCharacter() throws {
    let name = "e" + String(repeating: "\u{301}", count: 400_000)
    let error = try #require(throws: ModelFileError.self) { try SafeTensors(bytes: container("{\"__metadata__\":{\"\(name)\":1}}")) }
    #expect(error.field.hasPrefix("header.__metadata__"))
    #expect(error.detail.utf8.count < 1000)
  }

  @Test("a smaller limit where one is set")
  func ownLimits() throws {
    var limits = SafeTensors.Limits()
    limits.tensors = 1
    limits.headerBytes = 120
    #expect(throws: ModelFileError.self) {
      try SafeTensors(bytes: SafeTensors.encode(tensors: [("a", Tensor(1)), ("b", Tensor(2))]), limits: limits)
    }
    #expect(throws: ModelFileError.self) {
      try SafeTensors(bytes: SafeTensors.encode(tensors: [], metadata: ["a": String(repeating: "x", count: 99)]), limits: limits)
    }
    #expect(throws: Never.self) { try SafeTensors(bytes: SafeTensors.encode(tensors: [("a", Tensor(1))]), limits: limits) }
  }
}
