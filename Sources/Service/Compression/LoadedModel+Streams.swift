package import Coding
package import Modelling

extension LoadedModel {
  /// - Parameters:
  ///   - items: what the items are where not what the model learnt from: images of another size.
  ///   - seed: of the random words that chunks begin with.
  /// - Throws: where the model, or this processor, can't, or not with such items.
  package func compressor(of items: Signature? = nil, seed: UInt64) throws -> any ItemCompressor {
    switch try BitsOperation.compress.codec(of: self) {
    case .levels(let able): try Compressor(able, digest: digest, of: items, seed: seed)
    case .rows(let able): try TableCompressor(able, digest: digest, seed: seed)
    }
  }

  /// - Parameter ofAnySize: reads images of other sizes than the model learnt from, where it codes those; what they take is theirs to say.
  /// - Throws: `CodingError` for a stream that is damaged, of another version or of another model; else where the model, or this processor, can't.
  package func decompressor(of stream: some BitsSource, ofAnySize: Bool = false) throws -> any ItemDecompressor {
    switch try BitsOperation.decompress.codec(of: self) {
    case .levels(let able): try Decompressor(stream, of: able, digest: digest, ofAnySize: ofAnySize)
    case .rows(let able): try TableDecompressor(stream, of: able, digest: digest)
    }
  }
}
