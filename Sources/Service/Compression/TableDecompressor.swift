internal import Coding
internal import Formats
internal import Modelling

/// The rows of a stream of a table.
struct TableDecompressor: ItemDecompressor {
  private let chain: TableChain
  private let reader: BitsReader
  let signature: Signature
  let chunks: [Range<Int>]

  /// - Throws: `CodingError` for a stream that is damaged, of another version or of another model.
  init(_ stream: some BitsSource, of able: any TableCompressing, digest: Digest) throws {
    (chain, signature) = (try TableChain(able), able.signature)
    reader = try BitsReader(stream, model: digest, codec: TableChain.version, limits: BitsLimits(for: able.signature))
    guard reader.header.shape == chain.space.shape else {
      throw CodingError(.malformed, "shape", given: "\(reader.header.shape)", expected: "\(chain.space.shape), which the model's rows have")
    }
    chunks = reader.chunks
  }

  func check(chunk: Int) throws { try reader.check(chunk: chunk) }

  func items(of chunk: Int) throws -> StreamedItems {
    let symbols = try reader.read(chunk: chunk, with: { chain.of($0) }, bytes: { $0.bytes })
    guard let content = symbols.content(chain.space) else {
      throw CodingError(.malformed, "layout of chunk \(chunk)", given: "other columns", expected: "those of the model, each once")
    }
    return .rows(content)
  }

  func answer(_ parts: [StreamedItems]) throws -> Answer {
    try .rows(
      parts.map { part in
        guard case .rows(let table) = part else { preconditionFailure("numbers in a stream of rows") }
        return table
      }, of: chain.space)
  }
}
