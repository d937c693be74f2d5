import Coding
import Families
import Formats
import Modelling
import Service
import Tensors
import Testing

@Suite("Compressed tables")
struct TableCompressionTests {
  private let table = Array(TypedTable.csv(rows: 60, seed: 3).utf8)

  private func reason(_ stream: [UInt8], _ model: LoadedModel) -> CodingError.Reason? {
    do { _ = try TypedTable.decompress(stream, by: model) } catch { return (error as? CodingError)?.reason }
    return nil
  }

  @Test(
    "Rows come back byte for byte in the form of their columns, whatever is random about them",
    arguments: [(1, ";", "\n"), (2, ";", "\r\n"), (17, ",", "\r\n"), (90, "\t", "\n"), (200, "|", "\n")])
  func roundTrips(rows: Int, delimiter: String, lineEnd: String) throws {
    let model = try TypedTable.model()
    for (seed, mark) in [(1, "NA"), (2, "?"), (3, "")] {
      let csv = TypedTable.csv(rows: rows, seed: UInt64(seed + 7 * rows), delimiter: Character(delimiter), lineEnd: lineEnd, mark: mark)
      let (bytes, rate) = try TypedTable.compress(Array(csv.utf8), for: model, chunk: 64)
      #expect(try String(decoding: TypedTable.decompress(bytes, by: model), as: UTF8.self) == csv)
      #expect(rate.items == rows && rate.bytes == bytes.count)
    }
  }

  @Test("However rows are cut into chunks, they come back", arguments: [1, 7, 30, 60])
  func chunks(size: Int) throws {
    let model = try TypedTable.model()
    #expect(try TypedTable.decompress(TypedTable.compress(table, for: model, chunk: size).bytes, by: model) == table)
  }

  @Test("Some of the rows are those of the whole below its header", arguments: [0..<60, 6..<8, 13..<14, 20..<60, 59..<60])
  func some(_ rows: Range<Int>) throws {
    let model = try TypedTable.model()
    let (bytes, _) = try TypedTable.compress(table, for: model, chunk: 7)
    let lines = String(decoding: table, as: UTF8.self).components(by: "\r\n")
    let expected = ([lines[0]] + lines[rows.lowerBound + 1..<rows.upperBound + 1]).map { $0 + "\r\n" }.joined()
    let found = try TypedTable.decompress(bytes, by: model, items: "\(rows.lowerBound)-\(rows.upperBound - 1)")
    #expect(String(decoding: found, as: UTF8.self) == expected)
  }

  @Test("The parts of a stream are told, and what they come to")
  func rates() throws {
    let rate = try #require(TypedTable.compress(table, for: TypedTable.model()).rate as? TableRate)
    let bits = try #require(rate.perDimension)
    #expect(rate.cells > 400 && rate.cells < 540 && rate.distinct < 60)
    #expect(rate.rowBits > 0 && rate.numberBits > 0 && rate.patternBits > 0 && rate.textBits > 0 && rate.frameBits > 0)
    #expect(bits.net < bits.gross && bits.gross == Double(8 * rate.bytes) / Double(rate.cells))
  }

  @Test("A table of missing cells alone has no rate, and comes back")
  func nothing() throws {
    let model = try TypedTable.model()
    let csv = TypedTable.columns.map(\.name).joined(separator: ",") + "\n" + String(repeating: ",,,,,,,,\n", count: 5)
    let (bytes, rate) = try TypedTable.compress(Array(csv.utf8), for: model)
    #expect(rate.perDimension == nil && rate.items == 5)
    #expect(try TypedTable.decompress(bytes, by: model) == Array(csv.utf8))
  }

  @Test("One seed, one stream; another seed other bytes of the same rows")
  func seeds() throws {
    let model = try TypedTable.model()
    let first = try TypedTable.compress(table, for: model).bytes
    #expect(try TypedTable.compress(table, for: model).bytes == first)
    let other = try TypedTable.compress(table, for: model, seed: 5).bytes
    #expect(other != first)
    #expect(try TypedTable.decompress(other, by: model) == table)
  }

  @Test("A stream of another model, and any flipped bit or missing end, is refused")
  func damage() throws {
    let model = try TypedTable.model()
    let bytes = try TypedTable.compress(table, for: model, chunk: 30).bytes
    #expect(try reason(bytes, TypedTable.model(seed: 2)) == .otherModel)
    let impostor = LoadedModel(family: try TypedTable.family(seed: 2), digest: model.digest)
    #expect(reason(bytes, impostor) != nil)
    for place in bytes.indices {
      var flipped = bytes
      flipped[place] ^= 1 << UInt8(place % 8)
      #expect(reason(flipped, model) != nil, "a bit of byte \(place)")
    }
    for count in stride(from: 0, to: bytes.count, by: 7) { #expect(reason(Array(bytes[..<count]), model) != nil, "\(count) bytes") }
  }

  @Test("Arrays have the doubles of the table, and the codes of its categories")
  func arrays() throws {
    let model = try TypedTable.model()
    let csv = TypedTable.columns.map(\.name).joined(separator: ",") + "\n\"1.234567 €\",b;c,01.01.2000,0.1,NA,1e-7,3,high,yes\n"
    let options = [SentRequest.Option(name: "decimal", value: ".")]
    let asked = try CompressRequest(SentRequest(contentType: .csv, options: options), on: model, limits: ServiceLimits())
    let compression = try asked.compression(of: asked.items(.csv, in: .bytes(Array(csv.utf8))))
    var stream: [UInt8] = []
    while let more = try compression.next() { stream += more }
    let array = try TypedTable.decompress(stream, by: model, as: .npy)
    let doubles = array.suffix(72).withUnsafeBytes { data in (0..<9).map { data.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) } }
    #expect(doubles[..<4] == [1.234567, 1, 10957, 0.1] && doubles[4].isNaN && doubles[5...] == [1e-7, 3, 2, 1])
    #expect(array.count == NPY.header(shape: [1, 9], isDouble: true).count + 72)
    let texts = try TypedTable.compress(table, for: model).bytes
    #expect { try TypedTable.decompress(texts, by: model, as: .npy) } throws: { ($0 as? Problem)?.kind == .notAcceptable }
  }

  @Test(
    "What would come back as something else is refused by its place",
    arguments: [
      ("kind", "strange", "rows[1].kind"), ("x", "0.30000000000000004", "rows[1].x"), ("x", "1e300", "rows[1].x"),
      ("whole", "9007199254740993", "rows[1].whole"), ("x", "0.1000000000000000055", "rows[1].x"), ("x", "-51", "rows[1].x"),
      ("count", "1.5", "rows[1].count"), ("x", "?!", "x"), ("day", "31.02.2000", "day"), ("grade", "lowest", "rows[1].grade"),
    ])
  func strangers(_ column: String, _ text: String, _ field: String) throws {
    let names = TypedTable.columns.map(\.name)
    let usual = ["\"1,00 €\"", "a", "01.01.2000", "1", "2", "0.5", "3", "low", "no"]
    let rows = [usual, zip(names, usual).map { $0 == column ? text : $1 }].map { $0.joined(separator: ",") + "\n" }
    let csv = names.joined(separator: ",") + "\n" + rows.joined()
    #expect("\(column) \(text)") { try TypedTable.compress(Array(csv.utf8), for: TypedTable.model()) } throws: { error in
      Problem(error)?.field == field && Problem(error)?.kind == .impossible
    }
  }

  @Test("A column that the model doesn't know, and cells that are taken for missing, are refused")
  func columns() throws {
    let model = try TypedTable.model()
    let csv = TypedTable.csv(rows: 3, seed: 1).replacing("note", with: "new")
    #expect { try TypedTable.compress(Array(csv.utf8), for: model) } throws: { Problem($0)?.given == "new" }
    let lenient = SentRequest(contentType: .csv, options: [.init(name: "lenient", value: "true")])
    #expect { try CompressRequest(lenient, on: model, limits: ServiceLimits()) } throws: { Problem($0)?.field == "lenient" }
  }

  @Test("Images and tables of zeros and ones have codecs of their own")
  func others() throws {
    func codec(_ signature: Signature, _ likelihood: Observation.Likelihood) throws -> ItemCodec {
      let family = try VAE(.init(latent: 2, hidden: [3], observation: .init(likelihood)), signature: signature, key: RandomKey(seed: 1))
      return try BitsOperation.compress.codec(of: LoadedModel(family: family, digest: SHA256.digest([])))
    }
    let table = Signature.table([.init(name: "a", type: .real)], scaling: .init(offset: [0], scale: [1]))
    #expect(try codec(table, .gaussianLearned).keepsRows)
    #expect(try !codec(table, .bernoulli).keepsRows)
    #expect(try !codec(.image(height: 2, width: 2), .bernoulli).keepsRows)
    #expect { try codec(table, .laplace) } throws: { ($0 as? Problem)?.detail.contains("cells of a table") == true }
  }
}

extension String {
  fileprivate func components(by end: String) -> [Substring] { split(separator: end, omittingEmptySubsequences: false) }
}
