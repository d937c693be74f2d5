/// Compresses a streamed answer on its way: every piece can be read as soon as it is sent.
actor GzipSink: BodySink {
  private let writer: BodyWriter
  private let deflater = StreamDeflater()
  private var count = 0

  init(_ writer: BodyWriter) { self.writer = writer }

  func write(_ bytes: [UInt8]) async throws {
    count += bytes.count
    try await writer.write(deflater.deflate(bytes))
  }

  /// - Parameter length: the number of plain bytes that was promised; another one cuts the answer off, as without compression.
  func finish(expecting length: Int?) async throws {
    if let length, count != length { throw ResponseStream.LengthMismatch() }
    try await writer.write(deflater.deflate([], isLast: true))
  }
}
