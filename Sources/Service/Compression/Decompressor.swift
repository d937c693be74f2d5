package import Coding
package import Formats
package import Modelling
internal import Tensors

/// The items of a stream whose numbers are levels of the model.
package struct Decompressor: ItemDecompressor {
  private let chain: ItemChain
  private let reader: BitsReader
  package let chunks: [Range<Int>]

  /// - Parameter ofAnySize: reads images of other sizes than the model learnt from, where it codes those; what they take is theirs to say.
  /// - Throws: `CodingError` for a stream that is damaged, of another version or of another model; else where the model can't.
  package init(_ stream: some BitsSource, of able: any Compressing, digest: Digest, ofAnySize: Bool = false) throws {
    var signature = able.signature
    if able.takesAnySize {
      let shape = try BitsReader(stream, model: digest, codec: ItemChain.version).header.shape
      guard ofAnySize || shape == signature.space.shape else {
        throw Fault(
          field: "shape", given: "\(shape)", expected: "\(signature.space.shape): images of other sizes are read by `posterior decompress` alone")
      }
      if let resized = signature.resized(to: shape) { signature = resized }
      try signature.check()
    }
    chain = try ItemChain(able, of: signature)
    reader = try BitsReader(stream, model: digest, codec: ItemChain.version, limits: BitsLimits(for: chain))
    guard reader.header.shape == signature.space.shape else {
      throw CodingError(.malformed, "shape", given: "\(reader.header.shape)", expected: "\(signature.space.shape), which the model's items have")
    }
    chunks = reader.chunks
  }

  package var signature: Signature { chain.levels.signature }

  package func check(chunk: Int) throws { try reader.check(chunk: chunk) }

  package func items(of chunk: Int) throws -> StreamedItems {
    let items = try reader.read(
      chunk: chunk, with: { chain.of($0) }, bytes: { items in items.flatMap { $0.map { UInt8($0) } } })
    return .numbers(chain.levels.raw(items))
  }

  package func answer(_ parts: [StreamedItems]) -> Answer {
    let values = parts.map { part in
      guard case .numbers(let values) = part else { preconditionFailure("rows in a stream of levels") }
      return values
    }
    return .items(.concatenated(values), signature: signature, field: "items")
  }
}

extension ItemSource: BitsSource {
  package func bytes(in range: Range<Int>) throws(CodingError) -> [UInt8] {
    let bytes: [UInt8]
    do { bytes = try read(at: range.lowerBound, upTo: range.count) } catch {
      throw CodingError(.unreadable, "bytes \(range)", given: "\(error)", expected: "bytes that can be read")
    }
    guard bytes.count == range.count else {
      throw CodingError(.unreadable, "bytes \(range)", given: "\(bytes.count) of them", expected: "all: the file changed while it was read")
    }
    return bytes
  }
}
