import Coding
import Families
import Formats
import Modelling
import Service
import Tensors
import Testing

@Suite("Compressed tables")
struct TableCompressionTests {
  private static let columns: [TableSpace.Column] = [
    .init(name: "x", type: .real), .categorical("k", ["a", "b", "c"]), .init(name: "n", type: .count), .init(name: "p", type: .positive),
  ]

  private func model(seed: UInt64 = 1) throws -> LoadedModel {
    let signature = Signature.table(Self.columns, scaling: .init(exactOffset: [50, 0, 2, 1], scale: [20, 1, 1, 0.5]))
    let family = try VAEAC(.init(latent: 3, hidden: 8, blocks: 1), signature: signature, key: RandomKey(seed: seed))
    return LoadedModel(family: family, digest: SHA256.digest(Array("\(seed)".utf8)))
  }

  private let table: TableContent = {
    let values = (0..<60).flatMap { row -> [Double] in
      let x: Double = row % 7 == 0 ? .nan : Double(row * 37 % 101) + 0.125
      let p: Double = Double(1 + row * 13 % 500) / 1000
      return [x, Double(row % 3), Double(row * row % 90), p]
    }
    let layout = TableLayout(columns: [.text("id"), .known(1), .known(0), .known(2), .known(3)], mark: "NA")
    return TableContent(layout: layout, values: values, texts: [(0..<60).map { "R\($0)" }], width: 4)
  }()

  private func stream(_ model: LoadedModel, chunk: Int, seed: UInt64 = 4) throws -> (bytes: [UInt8], rate: TableRate) {
    var compressor = try TableCompressor(model, seed: seed)
    var bytes = compressor.beginning
    for first in stride(from: 0, to: 60, by: chunk) { bytes += try compressor.append(table.rows(first..<min(first + chunk, 60))) }
    bytes += compressor.finish()
    return (bytes, compressor.rate)
  }

  private func rows(_ stream: [UInt8], _ model: LoadedModel) throws -> [TableContent] {
    let decompressor = try TableDecompressor(stream, of: model)
    return try decompressor.chunks.indices.map { try decompressor.rows(of: $0) }
  }

  private func reason(_ stream: [UInt8], _ model: LoadedModel) -> CodingError.Reason? {
    do { _ = try rows(stream, model) } catch { return (error as? CodingError)?.reason }
    return nil
  }

  @Test("Rows come back with their texts, however they are cut into chunks", arguments: [1, 7, 30, 60])
  func chunks(size: Int) throws {
    let model = try model()
    #expect(TableCompressor.takes(model))
    let (bytes, rate) = try stream(model, chunk: size)
    let parts = try rows(bytes, model)
    #expect(parts == stride(from: 0, to: 60, by: size).map { table.rows($0..<min($0 + size, 60)) })
    #expect(rate.rows == 60 && rate.cells == 240 - 9 && rate.bytes == bytes.count)
    #expect(rate.rowBits > 0 && rate.numberBits > 0 && rate.patternBits > 0 && rate.textBits > 0 && rate.frameBits > 0)
  }

  @Test("One seed, one stream; another seed other bytes of the same rows")
  func seeds() throws {
    let model = try model()
    let first = try stream(model, chunk: 60).bytes
    #expect(try stream(model, chunk: 60).bytes == first)
    let other = try stream(model, chunk: 60, seed: 5).bytes
    #expect(other != first)
    #expect(try rows(other, model) == [table])
  }

  @Test("A stream of another model, and any flipped bit or missing end, is refused")
  func damage() throws {
    let model = try model()
    let bytes = try stream(model, chunk: 30).bytes
    #expect(try reason(bytes, self.model(seed: 2)) == .otherModel)
    let impostor = LoadedModel(family: try self.model(seed: 2).family, digest: model.digest)
    #expect(reason(bytes, impostor) != nil)
    for place in bytes.indices {
      var flipped = bytes
      flipped[place] ^= 1 << UInt8(place % 8)
      #expect(reason(flipped, model) != nil, "a bit of byte \(place)")
    }
    for count in stride(from: 0, to: bytes.count, by: 7) { #expect(reason(Array(bytes[..<count]), model) != nil, "\(count) bytes") }
  }

  @Test("Images and tables of zeros and ones have codecs of their own")
  func others() throws {
    func loaded(_ signature: Signature, _ likelihood: Observation.Likelihood) throws -> LoadedModel {
      let family = try VAE(.init(latent: 2, hidden: [3], observation: .init(likelihood)), signature: signature, key: RandomKey(seed: 1))
      return LoadedModel(family: family, digest: SHA256.digest([]))
    }
    let table = Signature.table([.init(name: "a", type: .real)], scaling: .init(offset: [0], scale: [1]))
    #expect(try TableCompressor.takes(loaded(table, .gaussianLearned)))
    #expect(try !TableCompressor.takes(loaded(table, .bernoulli)))
    #expect(try !TableCompressor.takes(loaded(.image(height: 2, width: 2), .bernoulli)))
  }
}
