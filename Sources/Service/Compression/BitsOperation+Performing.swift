internal import Formats

extension BitsOperation {
  /// Answers a request as a server does, all of it on this thread.
  /// - Parameter write: takes the answer's bytes, piece by piece.
  func perform(_ sent: SentRequest, on model: LoadedModel, as type: MediaType, _ limits: ServiceLimits, write: ([UInt8]) throws -> Void) throws {
    _ = try codec(of: model)
    switch self {
    case .compress:
      let request = try CompressRequest(sent, on: model, limits: limits)
      let isRead = sent.contentType.map(ItemReader.types.contains) ?? false
      let items = isRead ? try request.items(sent.contentType ?? .floats, in: .bytes(sent.body)) : try request.items(of: sent)
      let compression = try request.compression(of: items)
      while let bytes = try compression.next() { if type == .bits { try write(bytes) } }
      if type == .json { try write(request.document(compression.rate, compression.warnings).text) }
    case .decompress:
      let reading = try DecompressRequest(sent, on: model, as: type, limits: limits).decompression(of: .bytes(sent.body))
      if reading.isStreamed(limits) {
        for chunk in reading.chunks { try write(reading.bytes(of: chunk..<chunk + 1)) }
      } else {
        let answer = try reading.answer(reading.items(of: reading.chunks))
        for piece in try answer.pieces(as: type, receipt: reading.receipt) { try write(piece) }
      }
    }
  }
}
