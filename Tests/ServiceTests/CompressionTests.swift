import Coding
import Families
import Formats
import Modelling
import Service
import Tensors
import Testing

@Suite("Compressed streams")
struct CompressionTests {
  private static let signature = Signature.image(height: 4, width: 5)

  private func model(_ likelihood: Observation.Likelihood = .betaBinomial, seed: UInt64 = 1) throws -> LoadedModel {
    let family = try VAE(.init(latent: 3, hidden: [8], observation: Observation(likelihood)), signature: Self.signature, key: RandomKey(seed: seed))
    return LoadedModel(family: family, digest: SHA256.digest(Array("\(likelihood) \(seed)".utf8)))
  }

  private let items = Tensor(shape: [50, 20], scalars: (0..<1000).map { Float($0 * 97 % 256) })

  private func items(_ raw: Tensor, from first: Int = 0) -> Items {
    Items(raw: raw, layout: .nested(field: "items", shape: [4, 5]), firstRow: first)
  }

  private func stream(_ model: LoadedModel, chunk: Int, seed: UInt64 = 4) throws -> (bytes: [UInt8], rate: any StreamRate) {
    var compressor = try model.compressor(seed: seed)
    var bytes = compressor.beginning
    for first in stride(from: 0, to: 50, by: chunk) {
      bytes += try compressor.append(items(items.slice(0, first..<min(first + chunk, 50)), from: first))
    }
    bytes += compressor.finish()
    return (bytes, compressor.rate)
  }

  private func values(_ stream: [UInt8], _ model: LoadedModel) throws -> [Float] {
    let decompressor = try model.decompressor(of: stream)
    return try decompressor.chunks.indices.flatMap { chunk -> [Float] in
      guard case .numbers(let items) = try decompressor.items(of: chunk) else { return [] }
      return items.scalars
    }
  }

  private func reason(_ stream: [UInt8], _ model: LoadedModel) -> CodingError.Reason? {
    do { _ = try values(stream, model) } catch { return (error as? CodingError)?.reason }
    return nil
  }

  @Test("Items come back value for value, however they are cut into chunks", arguments: [1, 7, 25, 50])
  func chunks(size: Int) throws {
    let model = try model()
    let (bytes, rate) = try stream(model, chunk: size)
    #expect(try values(bytes, model) == items.scalars)
    let bits = try #require(rate.perDimension)
    #expect(rate.items == 50 && rate.bytes == bytes.count && bits.gross == Double(8 * bytes.count) / 1000)
    // What is not the items': the frame and the random words that stay in the stream.
    #expect(bits.net < bits.gross && bits.net > 0)
  }

  @Test("One seed, one stream; another seed other bytes of the same items")
  func seeds() throws {
    let model = try model()
    let first = try stream(model, chunk: 10).bytes
    #expect(try stream(model, chunk: 10).bytes == first)
    let other = try stream(model, chunk: 10, seed: 5).bytes
    #expect(other != first)
    #expect(try values(other, model) == items.scalars)
  }

  @Test("A stream of another model is refused, also of the same family and shape")
  func otherModel() throws {
    let bytes = try stream(model(), chunk: 50).bytes
    #expect(try reason(bytes, model(seed: 2)) == .otherModel)
    #expect(try reason(bytes, model(.discretisedLogistic)) == .otherModel)
  }

  @Test("A model that computes other numbers under the same digest gives an error, and no items")
  func otherNumbers() throws {
    let own = try model()
    let bytes = try stream(own, chunk: 50).bytes
    let impostor = LoadedModel(family: try model(seed: 2).family, digest: own.digest)
    #expect(reason(bytes, impostor) != nil)
  }

  @Test("Any flipped bit and any missing end is refused")
  func damage() throws {
    let model = try model()
    let bytes = try stream(model, chunk: 20).bytes
    for place in bytes.indices {
      var flipped = bytes
      flipped[place] ^= 1 << UInt8(place % 8)
      #expect(reason(flipped, model) != nil, "a bit of byte \(place)")
    }
    for count in stride(from: 0, to: bytes.count, by: 7) { #expect(reason(Array(bytes[..<count]), model) != nil, "\(count) bytes") }
  }

  @Test("An unknown version is refused as such")
  func versions() throws {
    let model = try model()
    var bytes = try stream(model, chunk: 50).bytes
    bytes[8] = 9
    #expect(reason(bytes, model) == .unsupported)
  }

  @Test("A family without codecs is refused with what it can")
  func otherFamilies() throws {
    let gan = LoadedModel(
      family: try UnrolledGAN(.init(latent: 2), signature: Self.signature, key: RandomKey(seed: 1)), digest: SHA256.digest(Array("gan".utf8)))
    #expect { try gan.compressor(seed: 1) } throws: { ($0 as? Problem)?.kind == .unsupportedOperation }
  }

  @Test("A number that is no level is refused by its place, counted through all chunks")
  func strangers() throws {
    var compressor = try model().compressor(seed: 1)
    _ = try compressor.append(items(items))
    var scalars = items.scalars
    scalars[27] = 3.5
    #expect { try compressor.append(items(Tensor(shape: [50, 20], scalars: scalars), from: 50)) } throws: {
      ($0 as? Fault)?.field == "items[51][1][2]"
    }
  }
}
