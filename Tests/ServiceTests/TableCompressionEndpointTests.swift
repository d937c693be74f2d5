import Formats
import HTTP
import Modelling
import Service
import Testing

@Suite("Compression of tables over HTTP")
struct TableCompressionEndpointTests {
  private static let bits = "application/vnd.posterior.bits"
  private let table = Array(TypedTable.csv(rows: 60, seed: 3).utf8)

  private func fixture(_ limits: ServiceLimits = ServiceLimits(), directory: String? = nil) throws -> ServiceFixture {
    let fixture = try ServiceFixture(directory: directory, limits: limits)
    if directory == nil { try fixture.publish(TypedTable.file, as: "typed") }
    return fixture
  }

  private func compress(
    _ fixture: ServiceFixture, _ query: String = "?seed=4&chunk=7", _ body: [UInt8]? = nil, type: String = "text/csv", accept: String? = nil
  ) async throws -> Exchange {
    try await fixture.post("/v1/models/typed/compress\(query)", body ?? table, type: type, accept: accept)
  }

  private func decompress(_ fixture: ServiceFixture, _ stream: [UInt8], _ query: String = "", accept: String? = "text/csv") async throws -> Exchange {
    try await fixture.post("/v1/models/typed/decompress\(query)", stream, type: Self.bits, accept: accept)
  }

  private static func sorted(_ row: JSONValue) -> JSONValue {
    guard case .object(let members) = row else { return row }
    return .object(members.sorted { $0.name < $1.name })
  }

  @Test("a stream has the bytes of the command line, however large the blocks that are kept, read and written, and after a restart")
  func sameBytes() async throws {
    var limits = ServiceLimits()
    (limits.unspooledBytes, limits.streamedAnswerNumbers, limits.longBodyBytes) = (64, 10, 16)
    let usual = try fixture()
    let model = try await usual.application.models.model(named: "typed")
    let expected = try TypedTable.compress(table, for: model, chunk: 7).bytes
    for fixture in [usual, try fixture(limits), try ServiceFixture(directory: usual.directory)] {
      let stream = try await compress(fixture)
      #expect(stream.status == 200 && stream.body == expected, "\(stream.text)")
      #expect(stream.headers["Content-Type"] == Self.bits && stream.headers["Posterior-Shape"] == "60,9" && stream.headers["Posterior-Seed"] == "4")
      let back = try await decompress(fixture, stream.body)
      #expect(back.status == 200 && back.body == table, "\(back.text)")
      #expect(fixture.application.memory.bytes == 0)
    }
  }

  @Test("rows that were answered as JSON are the same rows when they are sent again")
  func objects() async throws {
    let fixture = try fixture()
    let stream = try await compress(fixture).body
    let document = try await decompress(fixture, stream, "?seed=9", accept: nil)
    let rows = try #require(try document.member("rows"))
    #expect(try document.member("seed")?.integer == 9 && rows.elements.count == 60)
    let body = JSONValue.record(["rows": rows, "seed": .integer(4), "chunk": .integer(7)]).text
    let again = try await compress(fixture, "", body, type: "application/json")
    #expect(again.status == 200, "\(again.text)")
    let csv = try await decompress(fixture, again.body).text
    let twice = try await decompress(fixture, again.body, accept: "application/json")
    let members = try #require(try twice.member("rows")).elements.map(Self.sorted)
    #expect(members == rows.elements.map(Self.sorted))
    // The very cells, in the order of the model's columns.
    #expect(csv.hasPrefix("price,kind,day,x,whole,positive,count,grade,smokes,id,note\r\n"))
  }

  @Test("doubles come back as doubles, as nested numbers too, and in the order of rows where columns came first")
  func arrays() async throws {
    let fixture = try fixture()
    try fixture.publish(ModelFiles.table, as: "typed")
    let numbers: [Double] = (0..<30).map { 123_456_789 + Double($0 * 37 % 191) / 10 }
    func bytes(_ numbers: [Double]) -> [UInt8] { numbers.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } } }
    let doubles = NPY.header(shape: [10, 3], isDouble: true) + bytes(numbers)
    let stream = try await compress(fixture, "?seed=4", doubles, type: "application/x-npy")
    #expect(stream.status == 200, "\(stream.text)")
    #expect(try await decompress(fixture, stream.body, accept: "application/x-npy").body == doubles)
    let nested = (0..<10).map { JSONValue.array(numbers[3 * $0..<3 * $0 + 3].map(JSONValue.number)) }
    let document = JSONValue.record(["inputs": .array(nested), "seed": .integer(4), "record": .bool(true)]).text
    let sent = try await compress(fixture, "", document, type: "application/json")
    #expect(sent.body == stream.body)
    let run = try #require(sent.headers["Posterior-Run"])
    #expect(try await fixture.exchange(.post, "/v1/runs/\(run)/replay").member("equal") == .bool(true))
    var columns: [Double] = []
    for column in 0..<3 { for row in 0..<10 { columns.append(numbers[3 * row + column]) } }
    let header = String(decoding: NPY.header(shape: [10, 3], isDouble: true), as: Unicode.ASCII.self)
    let fortran = Array(doubles[..<10]) + Array(header.dropFirst(10).replacing("False", with: "True ").utf8) + bytes(columns)
    #expect(try await compress(fixture, "?seed=4", fortran, type: "application/x-npy").body == stream.body)
  }

  @Test("a float32 is the double of its shortest text, whatever it came in")
  func floats() async throws {
    let fixture = try fixture()
    try fixture.publish(ModelFiles.table, as: "typed")
    let numbers: [Double] = (0..<30).map { Double($0 * 37 % 191) / 10 }
    let rows = (0..<10).map { row in numbers[3 * row..<3 * row + 3].map { "\($0)" }.joined(separator: ",") + "\r\n" }
    let csv = try await compress(fixture, "?seed=4", Array(("age,height,weight\r\n" + rows.joined()).utf8)).body
    var floats: [UInt8] = []
    FloatBytes.append(numbers.map { Float($0) }, to: &floats)
    #expect(try await compress(fixture, "?seed=4", floats, type: "application/octet-stream").body == csv)
    #expect(try await compress(fixture, "?seed=4", NPY.header(shape: [10, 3]) + floats, type: "application/x-npy").body == csv)
  }

  @Test("options say how a table is read, and stand in its record")
  func options() async throws {
    let fixture = try fixture()
    let csv = try await decompress(fixture, compress(fixture).body).text
    let other = csv.replacing("NA", with: "-99")
    let stream = try await compress(fixture, "?seed=4&chunk=7&missing=-99&record=true", Array(other.utf8))
    #expect(stream.status == 200, "\(stream.text)")
    #expect(try await decompress(fixture, stream.body).text == other)
    let run = try #require(stream.headers["Posterior-Run"])
    #expect(try await fixture.exchange(.post, "/v1/runs/\(run)/replay").member("equal") == .bool(true))
  }

  @Test("some of the rows are those of the whole, and their numbers are told", arguments: ["0-59", "6-7", "13", "20-"])
  func some(_ range: String) async throws {
    let fixture = try fixture()
    let stream = try await compress(fixture).body
    let rows = try DecompressOptions(items: range).range(of: 60)
    let lines = String(decoding: table, as: UTF8.self).split(separator: "\r\n").map { $0 + "\r\n" }
    let answer = try await decompress(fixture, stream, "?items=\(range)")
    #expect(answer.text == lines[0] + lines[rows.lowerBound + 1..<rows.upperBound + 1].joined())
    #expect(answer.headers["Posterior-First-Item"] == (rows.lowerBound == 0 ? nil : "\(rows.lowerBound)"))
  }

  @Test("both can be replayed: the same bytes again", arguments: ["text/csv", "application/json"])
  func replays(accept: String) async throws {
    let fixture = try fixture()
    let stream = try await compress(fixture, "?seed=4&chunk=7&record=true")
    let back = try await decompress(fixture, stream.body, "?record=true&items=3-12", accept: accept)
    for answer in [stream, back] {
      let replay = try await fixture.exchange(.post, "/v1/runs/\(try #require(answer.headers["Posterior-Run"]))/replay")
      #expect(try replay.member("equal") == .bool(true), "\(replay.text)")
    }
  }

  @Test("the rate is told by itself, and is null where no cell is there")
  func rates() async throws {
    let fixture = try fixture()
    let rates = try await compress(fixture, accept: "application/json")
    #expect(try await rates.member("bytes")?.integer == compress(fixture).body.count)
    guard case .number(let net)? = try rates.member("bits_per_dim", "net") else { return #expect(Bool(false), "\(rates.text)") }
    #expect(net > 0)
    let holes = Array((TypedTable.columns.map(\.name).joined(separator: ",") + "\n,,,,,,,,\n").utf8)
    #expect(try await compress(fixture, "", holes, accept: "application/json").member("bits_per_dim") == .null)
    #expect(try await compress(fixture, "", holes).headers["Posterior-Rate"] == nil)
  }

  @Test("a flipped bit and a missing end are refused, wherever they are, and no row is answered")
  func damage() async throws {
    let fixture = try fixture()
    let stream = try await compress(fixture).body
    for place in stride(from: 0, to: stream.count, by: 5) {
      var flipped = stream
      flipped[place] ^= 1 << UInt8(place % 8)
      let answer = try await decompress(fixture, flipped)
      #expect([400, 413, 415, 422].contains(answer.status) && answer.text.contains("detail"), "byte \(place): \(answer.status)")
    }
    for count in stride(from: 0, to: stream.count, by: 29) {
      #expect(try await decompress(fixture, Array(stream[..<count])).status == 400, "\(count) bytes")
    }
  }

  @Test(
    "requests that make no sense are told what is wrong",
    arguments: [
      ("compress", "application/json", #"{"inputs": [[1, 2, 3]]}"#, 422, "inputs[0]"),
      ("compress", "application/json", #"{"inputs": [[1, 2, 3, 4, 9007199254740993, 6, 7, 8, 0]]}"#, 422, "inputs[0][4]"),
      ("compress", "application/json", #"{"inputs": [[1, 2, 3, 0.30000000000000004, 5, 6, 7, 2, 0]]}"#, 422, "inputs[0][3]"),
      ("compress", "application/json", #"{"inputs": 7}"#, 422, "inputs"),
      ("compress", "application/json", #"{"rows": [{"price": 1}]}"#, 422, "kind"), ("compress", Self.bits, "x", 415, "Content-Type"),
      ("compress?lenient=true", "text/csv", "price\n", 422, "lenient"), ("compress?chunk=0", "text/csv", "price\n", 422, "chunk"),
      ("compress", "text/csv", "price\n", 422, "kind"), ("decompress", "text/csv", "price\n", 415, "Content-Type"),
    ])
  func nonsense(_ target: String, _ type: String, _ body: String, _ status: Int, _ field: String) async throws {
    let answer = try await fixture().post("/v1/models/typed/\(target)", Array(body.utf8), type: type)
    #expect(answer.status == status, "\(answer.text)")
    #expect(try answer.member("field")?.string == field, "\(answer.text)")
  }

  @Test("members that would not come back are refused by their place")
  func members() async throws {
    let fixture = try fixture()
    func row(_ more: String) -> String {
      #"{"price": 1, "kind": "a", "day": "01.01.2000", "x": 1, "whole": 1, "positive": 1, "count": 1, "grade": "low", "smokes": null\#(more)}"#
    }
    for (rows, field) in [
      ([row(#", "id": "a""#), row(#", "id": 5"#)], "rows[1].id"), ([row(#", "id": "a""#), row("")], "rows[1].id"),
      ([row(""), row(#", "id": "a""#)], "rows[1].id"), ([row("").replacing("\"whole\": 1", with: "\"whole\": 9007199254740993")], "rows[0].whole"),
    ] {
      let answer = try await compress(fixture, "", Array(#"{"rows": [\#(rows.joined(separator: ","))]}"#.utf8), type: "application/json")
      #expect(try answer.status == 422 && answer.member("field")?.string == field, "\(answer.text)")
    }
  }

  @Test("rows are answered as CSV, JSON and arrays, and texts in no array")
  func types() async throws {
    let fixture = try fixture()
    let stream = try await compress(fixture).body
    for (accept, status) in [("application/x-npy", 406), ("application/octet-stream", 406), ("image/png", 406), ("application/json", 200)] {
      #expect(try await decompress(fixture, stream, accept: accept).status == status)
    }
  }
}
