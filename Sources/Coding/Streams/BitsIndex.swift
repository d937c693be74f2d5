internal import Formats

/// Where the chunks of a stream are.
struct BitsIndex: Sendable, Equatable {
  struct Chunk: Sendable, Equatable {
    let start: Int
    let items: Int
  }

  private static let chunkSize = 12
  private static let trailerSize = 12

  let chunks: [Chunk]

  /// The checksum that a chunk's begins with.
  static func checksum(of chunk: Int, after header: UInt32) -> UInt32 {
    var number = WordWriter()
    number.append(UInt64(chunk))
    var sum = CRC32C(after: header)
    sum.update(number.bytes)
    return sum.value
  }

  /// Index and trailer, as they stand behind `start` bytes.
  func bytes(at start: Int, after header: UInt32) -> [UInt8] {
    var writer = WordWriter()
    writer.append(UInt32(chunks.count))
    for chunk in chunks {
      writer.append(UInt64(chunk.start))
      writer.append(UInt32(chunk.items))
    }
    var sum = CRC32C(after: header)
    sum.update(writer.bytes)
    writer.append(sum.value)
    var trailer = WordWriter()
    trailer.append(UInt64(start))
    sum = CRC32C(after: header)
    sum.update(trailer.bytes)
    trailer.append(sum.value)
    return writer.bytes + trailer.bytes
  }
}

extension BitsIndex {
  /// Reads what `bytes` writes at the end of a stream whose header has `headerSize` bytes.
  /// - Returns: also where the last chunk ends.
  static func read(
    _ stream: any BitsSource, headerSize: Int, after header: UInt32, limits: BitsLimits
  ) throws(CodingError) -> (BitsIndex, end: Int) {
    let size = stream.byteCount
    let trailerStart = size - trailerSize
    guard trailerStart >= headerSize else {
      throw CodingError(.malformed, "trailer", given: "\(size - headerSize) bytes after the header", expected: "\(trailerSize) at least")
    }
    var trailer = WordReader(try stream.bytes(in: trailerStart..<size), "trailer", checksum: header)
    let place = try trailer.next(UInt64.self)
    try trailer.checkSum()
    guard let start = Int(exactly: place), (headerSize...trailerStart).contains(start) else {
      throw CodingError(.malformed, "start of the index", given: "\(place)", expected: "\(headerSize) to \(trailerStart)")
    }

    // Before any of it is read.
    guard trailerStart - start <= limits.chunks * chunkSize + 8 else {
      throw CodingError(.tooLarge, "index", given: "\(trailerStart - start) bytes", expected: "those of at most \(limits.chunks) chunks")
    }
    var reader = WordReader(try stream.bytes(in: start..<trailerStart), "index", checksum: header)
    let count = try reader.next(UInt32.self)
    // Before any room is made for so many.
    guard reader.remaining == Int(count) * chunkSize + 4 else {
      throw CodingError(.malformed, "index", given: "\(reader.remaining) bytes for \(count) chunks", expected: "\(Int(count) * chunkSize + 4)")
    }
    var chunks: [Chunk] = []
    for number in 0..<Int(count) {
      let place = try reader.next(UInt64.self)
      let items = try limits.checked(Int(reader.next(UInt32.self)), "items of chunk \(number)", 1...limits.items)
      guard let place = Int(exactly: place), place < start, chunks.last.map({ $0.start < place }) ?? (place == headerSize) else {
        throw CodingError(.malformed, "start of chunk \(number)", given: "\(place)", expected: "one behind the chunk before and within the stream")
      }
      chunks.append(Chunk(start: place, items: items))
    }
    try reader.checkSum()
    guard !chunks.isEmpty || start == headerSize else {
      throw CodingError(.malformed, "index", given: "no chunk", expected: "one, as there are \(start - headerSize) bytes between header and index")
    }
    return (BitsIndex(chunks: chunks), start)
  }
}
