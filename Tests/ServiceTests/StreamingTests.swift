import FamilyExamples
import Formats
import Foundation
import HTTP
import Locking
import Modelling
import Service
import Tensors
import Testing

@Suite("Items and answers in blocks")
struct StreamingTests {
  /// Limits under which a dozen rows are many.
  private static func limits(rows: Int) -> ServiceLimits {
    var limits = ServiceLimits()
    limits.streamedRows = rows
    limits.longBodyBytes = 1
    limits.unspooledBytes = 100
    return limits
  }

  private static func encoded(_ raw: Tensor, as type: MediaType, signature: Signature) -> [UInt8]? {
    switch type {
    case .npy: return NPY.encode(raw.scalars, shape: raw.shape.dimensions)
    case .floats:
      var bytes: [UInt8] = []
      FloatBytes.append(raw.scalars, to: &bytes)
      return bytes
    case .arrow:
      guard let names = signature.space.names, signature.space.picture == nil else { return nil }
      let columns = names.indices.map { column -> (ArrowType, ArrowColumn) in
        let values = (0..<raw.shape[0]).map { raw.scalars[$0 * signature.width + column] }
        guard let categories = signature.space.categories(at: column) else { return (.float32, .floats(values)) }
        return (.utf8, ArrowColumn(.texts(values.map { $0.isNaN ? "" : categories[Int($0)] }), nulls: values.map(\.isNaN)))
      }
      let writer = ArrowStreamWriter(zip(names, columns).map { ArrowField($0, $1.0) })
      let batch = ArrowBatch(count: raw.shape[0], columns: columns.map(\.1))
      // Batches are no blocks.
      return writer.schema + writer.batch(batch.rows(0..<2)) + writer.batch(batch.rows(2..<raw.shape[0])) + ArrowStreamWriter.end
    default:
      guard let names = signature.space.names else { return nil }
      var writer = CSVWriter()
      writer.append(names)
      for row in 0..<raw.shape[0] {
        writer.append(
          (0..<signature.width).map { column in
            let value = raw.scalars[row * signature.width + column]
            if value.isNaN { return "" }
            return signature.space.categories(at: column).map { $0[Int(value)] } ?? "\(value)"
          })
      }
      return writer.bytes
    }
  }

  @Test(
    "of every kind of request and family, in every format: whatever the blocks, the bytes are those of all items together",
    arguments: FamilyExample.all)
  func cuts(_ example: FamilyExample) throws {
    // Texts come whole.
    guard example.signature.space.tokens == nil else { return }
    let model = LoadedModel(family: try example.model(), digest: SHA256.digest([1]))
    let count = 7
    var compared = 0
    for kind in model.requestKinds where kind.items != .references {
      let (raw, signature) = (kind.rows(example.signature.toRaw(example.items(count)), count: count, of: model), kind.signature(of: model))
      if example.holes > 0, kind.items != .completed, Capability.conditionalScoring.of(model.family) == nil || kind.name != "score" { continue }
      let variants: [[(String, String)]] =
        switch kind.name {
        case "cluster": [[("draws", "2")], [("responsibilities", "false")]]
        // Codes without a scale or probabilities are what they are.
        case "decode": [[("sampling", "\(model.codes?.layers.allSatisfy { !$0.spread.isEmpty } ?? true)"), ("mean", "false")], []]
        case "impute": [[("draws", "2")], [("mode", "point"), ("draws", "2")]]
        case "reconstruct": [[("sampling", "true")], []]
        case "score": [[("k", "3")]]
        default: [[]]
        }
      for (variant, format) in variants.flatMap({ variant in ItemReader.types.map { (variant, $0) } }) {
        guard let body = Self.encoded(raw, as: format, signature: signature) else { continue }
        let options = (variant + [("seed", "11")]).map { SentRequest.Option(name: $0.0, value: $0.1) }
        let sent = SentRequest(body: body, contentType: format, options: options)
        let whole = try kind.ask(sent, of: model, limits: ServiceLimits())
        let answer = try whole.perform()
        for type in whole.mediaTypes where type != .png && type != .json {
          let expected = try answer.bytes(as: type, receipt: whole.receipt)
          #expect(try answer.pieces(as: type, receipt: whole.receipt).flatMap { $0 } == expected)
          for rows in [1, 3, 7] {
            let limits = Self.limits(rows: rows)
            let asked = try kind.ask(sent.fields(of: kind), of: model, limits)
            guard let stream = StreamedRequest(asked, items: format, as: type, limits: limits) else {
              // The numbers of several completed tables stand table by table.
              #expect(kind.name == "impute" && variant.count == 1 && type != .csv)
              continue
            }
            var bytes: [UInt8] = []
            try stream.perform(on: .bytes(body)) { bytes += $0 }
            #expect(bytes == expected, "\(kind.name) \(variant) from \(format) to \(type) in blocks of \(rows)")
            compared += 1
          }
        }
      }
    }
    if model.requestKinds.contains(where: { $0.items != .references }) { #expect(compared >= 6) }
  }

  @Test("blocks of items are the same whatever the pieces are that they come in", arguments: [MediaType.csv, .arrow, .npy, .floats], [1, 4, 7])
  func pieces(type: MediaType, rows: Int) throws {
    let signature = Signature.vector(3)
    let raw = Tensor(shape: [9, 3], scalars: (0..<27).map { $0 == 4 ? .nan : Float($0) / 3 })
    let bytes = try #require(Self.encoded(raw, as: type, signature: signature))
    func blocks(_ pieces: [ArraySlice<UInt8>]) throws -> [String] {
      var (reader, found) = (try ItemReader(type, signature: signature, blockRows: rows, keepingText: true), [String]())
      func take() throws {
        while let items = try reader.next() {
          found.append("\(items.firstRow) \(items.raw.scalars.map(\.bitPattern)) \(String(describing: items.sent))")
        }
      }
      for piece in pieces {
        try reader.feed(Array(piece))
        try take()
      }
      try reader.finish()
      try take()
      return found
    }
    let whole = try blocks([bytes[...]])
    #expect(whole.count == (9 + rows - 1) / rows)
    for cut in bytes.indices { #expect(try blocks([bytes[..<cut], bytes[cut...]]) == whole, "cut at \(cut)") }
    #expect(try blocks(bytes.indices.map { bytes[$0...$0] }) == whole)
  }

  /// A table with holes.
  private static func table(rows: Int, replacing fault: (row: Int, text: String)? = nil) -> [UInt8] {
    var text = "weight,colour,answer,age\r\n"
    for row in 0..<rows {
      if let fault, fault.row == row {
        text += fault.text + "\r\n"
        continue
      }
      let (weight, colour) = (row % 3 == 0 ? "" : "7\(row % 10).50", row % 3 == 1 ? "?" : "green")
      text += "\(weight),\(colour),\(row % 5 == 2 ? "NA" : "1"),\(row % 7 == 0 ? "" : "\(20 + row % 50)")\r\n"
    }
    return Array(text.utf8)
  }

  private static func fixture(rows: Int = 100, directory: String? = nil) throws -> ServiceFixture {
    let fixture = try ServiceFixture(directory: directory, limits: limits(rows: rows))
    try fixture.publish(ModelFiles.mixed, as: "mixed")
    return fixture
  }

  private static let target = "/v1/models/mixed/impute"

  @Test("a long table over HTTP is answered in blocks with the bytes of the whole, is recorded, and is replayed from its body")
  func overHTTP() async throws {
    let fixture = try Self.fixture()
    let whole = try ServiceFixture()
    try whole.publish(ModelFiles.mixed, as: "mixed")
    try await compare(fixture, whole)
    // What an answer holds goes with it.
    #expect(fixture.application.memory.bytes == 0)
  }

  private func compare(_ fixture: ServiceFixture, _ whole: ServiceFixture) async throws {
    let body = Self.table(rows: 350)
    for query in ["?mode=point&seed=3", "?draws=2&seed=3"] {
      let request = try Request(.post, Self.target + query, headers: ["Content-Type": "text/csv", "Accept": "text/csv"], body: body)
      let response = await fixture.handler.respond(to: request)
      guard case .stream(nil, _) = response.body else { return #expect(Bool(false), "\(response.status)") }
      let answer = try await response.body.collect()
      let expected = try await whole.post(Self.target + query, body, type: "text/csv", accept: "text/csv")
      #expect(expected.status == 200 && answer == expected.body)
      #expect(response.headers["Posterior-Shape"] == expected.headers["Posterior-Shape"])

      let id = try #require(response.headers["Posterior-Run"])
      let run = try await fixture.get("/v1/runs/\(id)")
      #expect(try run.member("output_digest")?.string == SHA256.digest(answer).description)
      #expect(try run.member("inference", "input_digest")?.string == SHA256.digest(body).description)
      #expect(try run.member("inference", "items")?.integer == 350)
      let replay = try await fixture.exchange(.post, "/v1/runs/\(id)/replay", ["Content-Type": "text/csv"], body: body)
      #expect(try replay.member("equal") == .bool(true), "\(replay.text)")
    }
    // Raw floats have a length that is known at once.
    var floats: [UInt8] = []
    FloatBytes.append((0..<300).flatMap { [Float($0 % 90), .nan, 70, 1] }, to: &floats)
    let request = try Request(
      .post, Self.target + "?mode=point&seed=1", headers: ["Content-Type": "application/octet-stream", "Accept": "application/x-npy"], body: floats)
    let response = await fixture.handler.respond(to: request)
    guard case .stream(let length?, _) = response.body else { return #expect(Bool(false)) }
    let array = try await response.body.collect()
    #expect(array.count == length && response.headers["Posterior-Shape"] == "300,4")
    #expect(try NPY.decode(array).shape == [300, 4])
  }

  @Test("a fault in row 90 001 is an answer that names the row, not half a table")
  func lateFault() async throws {
    let fixture = try Self.fixture(rows: 4096)
    let cases = [
      ("70,purple,1,20", "rows[90001].colour"), ("70,green,1,1e60", "rows[12].age"), ("70,green,1", "line 14"), ("x,green,1,2", "line 14"),
    ]
    for (index, (text, place)) in cases.enumerated() {
      // One with 90 001 rows before it, the others with a dozen.
      let row = index == 0 ? 90_001 : 12
      let body = Self.table(rows: row + 20, replacing: (row, text))
      let answer = try await fixture.post(Self.target + "?mode=point", body, type: "text/csv", accept: "text/csv")
      #expect((400..<500).contains(answer.status) && answer.text.contains(place), "\(answer.text.prefix(300))")
      let run = try await fixture.get("/v1/runs/\(try #require(answer.headers["Posterior-Run"]))")
      #expect(try run.member("failure") == answer.member("detail"))
    }
    #expect(fixture.application.memory.bytes == 0)
  }

  @Test("limits of a request that is read whole do not bind one that streams; its own are told by name")
  func limits() async throws {
    var limits = Self.limits(rows: 50)
    (limits.inputItems, limits.bodyBytes, limits.streamedBodyBytes) = (100, 4096, 40_000)
    let fixture = try ServiceFixture(limits: limits)
    try fixture.publish(ModelFiles.mixed, as: "mixed")
    let body = Self.table(rows: 1000)
    #expect(body.count > 4096 && body.count < 40_000)
    let streamed = try await fixture.post(Self.target + "?mode=point&seed=1", body, type: "text/csv", accept: "text/csv")
    #expect(streamed.status == 200)
    let whole = try await fixture.post(Self.target + "?mode=point&seed=1", body, type: "text/csv", accept: "application/json")
    #expect(whole.status == 413)
    let long = try await fixture.post(Self.target, Self.table(rows: 3000), type: "text/csv", accept: "text/csv")
    #expect(long.status == 413)
    for (query, field) in [("?draws=0", "draws"), ("?draws=1001", "draws"), ("?mode=x", "mode"), ("?seed=-1", "seed"), ("?k=1", "k")] {
      let answer = try await fixture.post(Self.target + query, body, type: "text/csv", accept: "text/csv")
      #expect(try answer.status == 422 && answer.member("field")?.string == field, "\(answer.text)")
    }
    for nothing in ["weight,colour,answer,age\n", "weight,colour\n1,2\n"] {
      let body = Array((nothing + String(repeating: "\n", count: 200)).utf8)
      #expect(try await fixture.post(Self.target, body, type: "text/csv", accept: "text/csv").status == 422)
    }
  }

  @Test("a large answer of any format goes out in pieces with the bytes that it has in one, and its record has their digest")
  func largeAnswers() async throws {
    var limits = ServiceLimits()
    limits.streamedAnswerNumbers = 100
    let (fixture, whole) = (try ServiceFixture(limits: limits), try ServiceFixture())
    for accept in ["application/json", "text/csv", "application/x-npy", "application/octet-stream"] {
      let body = Array(#"{"n": 500, "seed": 8}"#.utf8)
      let request = try Request(
        .post, "/v1/models/table/sample", headers: ["Content-Type": "application/json", "Accept": accept], body: body)
      let response = await fixture.handler.respond(to: request)
      guard case .stream(let length, _) = response.body else { return #expect(Bool(false)) }
      let bytes = try await response.body.collect()
      let expected = try await whole.post("/v1/models/table/sample", json: #"{"n": 500, "seed": 8}"#, accept: accept)
      #expect(bytes == expected.body && (length == nil || length == bytes.count))
      let run = try await fixture.get("/v1/runs/\(try #require(response.headers["Posterior-Run"]))")
      #expect(try run.member("output_digest")?.string == SHA256.digest(bytes).description)
    }
  }
}
