package import Coding
package import Modelling
package import Tensors

/// The items of a stream, chunk by chunk; only the chunks that are asked for are read.
package struct Decompressor: Sendable {
  private let chain: ItemChain
  private let reader: BitsReader
  /// The items of each chunk, by their numbers in the stream.
  package let chunks: [Range<Int>]

  /// - Parameter ofAnySize: reads images of other sizes than the model learnt from, where it codes those; what they take is theirs to say.
  /// - Throws: `CodingError` for a stream that is damaged, of another version or of another model; else where the model, or this processor, can't.
  package init(_ stream: some BitsSource, of model: LoadedModel, ofAnySize: Bool = false) throws {
    let able = try BitsOperation.decompress.able(model)
    var signature = able.signature
    if able.takesAnySize {
      let shape = try BitsReader(stream, model: model.digest, codec: ItemChain.version).header.shape
      guard ofAnySize || shape == signature.space.shape else {
        throw Fault(
          field: "shape", given: "\(shape)", expected: "\(signature.space.shape): images of other sizes are read by `posterior decompress` alone")
      }
      if let resized = signature.resized(to: shape) { signature = resized }
      try signature.check()
    }
    chain = try ItemChain(able, of: signature)
    reader = try BitsReader(stream, model: model.digest, codec: ItemChain.version, limits: BitsLimits(for: chain))
    guard reader.header.shape == signature.space.shape else {
      throw CodingError(.malformed, "shape", given: "\(reader.header.shape)", expected: "\(signature.space.shape), which the model's items have")
    }
    chunks = reader.chunks
  }

  /// Memory that reading the index takes, of a stream of so many bytes: entries as they came, and twice as numbers.
  static func indexBytes(ofStream byteCount: Int) -> Int {
    // A chunk has more than twice the bytes of its entry.
    min(byteCount / 3, BitsLimits.standard.chunks * 12) * 4
  }

  /// What the items are.
  package var signature: Signature { chain.levels.signature }

  /// Items of the whole stream.
  package var count: Int { chunks.last?.upperBound ?? 0 }

  /// The chunks that hold some of the items.
  package func chunks(holding items: Range<Int>) -> Range<Int> {
    guard !items.isEmpty else { return 0..<0 }
    return chunk(holding: items.lowerBound)..<chunk(holding: items.upperBound - 1) + 1
  }

  private func chunk(holding item: Int) -> Int {
    var (low, high) = (0, chunks.count)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if chunks[middle].lowerBound <= item { low = middle } else { high = middle }
    }
    return low
  }

  /// Refuses a chunk whose bytes are not those that were written.
  package func check(chunk: Int) throws { try reader.check(chunk: chunk) }

  /// The items of a chunk: [items, width], as clients get them.
  package func items(of chunk: Int) throws -> Tensor {
    let items = try reader.read(
      chunk: chunk, with: { chain.of($0) }, bytes: { items in items.flatMap { $0.map { UInt8($0) } } })
    return chain.levels.raw(items)
  }

  /// Those of the items of a chunk that are among these.
  package func items(of chunk: Int, within items: Range<Int>) throws -> Tensor {
    let (all, range) = (try self.items(of: chunk), chunks[chunk])
    let rows = items.clamped(to: range)
    return rows == range ? all : all.slice(0, rows.lowerBound - range.lowerBound..<rows.upperBound - range.lowerBound)
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
