/// The chunked transfer coding (RFC 9112 §7.1): size, data, CRLF, ... 0, trailers.
extension RequestParser {
  /// The data of every chunk that has come, in one piece: a body of a thousand one-byte chunks is still one event.
  ///
  /// Nil when no data has come; `state` then says whether the chunks ended, failed, or are still to come. An error waits in
  /// `state` until the data before it has been taken.
  mutating func takeChunks() -> [UInt8]? {
    var data: [UInt8] = []
    do throws(ParseError) {
      scan: while true {
        switch state {
        case .chunkSize:
          guard let line = try takeLine(limit: 16 + limits.chunkExtensionBytes, tooLong: .chunkExtensionsTooLong) else { break scan }
          let bytes = buffer
          let size = try readChunkSize(bytes.span.extracting(line))
          state = size == 0 ? .trailers : .chunkData(remaining: size)
          sectionBytes = 0
          if size == 0 { break scan }
        case .chunkData(let remaining):
          let count = min(remaining, buffer.count - start)
          guard count > 0 else { break scan }
          data.append(contentsOf: buffer[start..<start + count])
          start += count
          state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
        case .chunkEnd:
          guard start < buffer.count else { break scan }
          guard buffer[start] == .carriageReturn else { throw .missingChunkEnd }
          guard start + 1 < buffer.count else { break scan }
          guard buffer[start + 1] == .lineFeed else { throw .missingChunkEnd }
          start += 2
          state = .chunkSize
        case .requestLine, .fields, .body, .trailers, .end, .failed:
          break scan
        }
      }
    } catch {
      state = .failed(error)
    }
    return data.isEmpty ? nil : data
  }

  /// `chunk-size [ BWS ";" chunk-ext ]`: hexadecimal digits alone, extensions skipped within a bound (RFC 9112 §7.1.1).
  private mutating func readChunkSize(_ line: Span<UInt8>) throws(ParseError) -> Int {
    var size = 0
    var index = 0
    while index < line.count, let digit = line[index].hexDigit {
      guard index < 16, size <= Int.max >> 4 else { throw .chunkSizeOverflow }
      size = size << 4 | digit
      index += 1
    }
    guard index > 0 else { throw .invalidChunkSize }
    guard index < line.count else { return size }
    extensionBytes += line.count - index
    guard extensionBytes <= limits.chunkExtensionBytes else { throw .chunkExtensionsTooLong }
    let skipped = line.trimmingBlanks(index..<line.count)
    guard !skipped.isEmpty, line[skipped.lowerBound] == .semicolon else { throw .invalidChunkSize }
    for index in skipped where !line[index].isFieldByte { throw .invalidChunkExtension }
    return size
  }
}
