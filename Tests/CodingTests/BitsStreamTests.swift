import Coding
import Formats
import Locking
import Testing

@Suite struct BitsStreamTests {
  private static let model = SHA256.digest(Array("a model".utf8))
  private static let shape = [2, 3]
  private static let codec: UInt32 = 7

  private static func header(lanes: Int = 4, startingWords: Int = 3) throws -> BitsHeader {
    try BitsHeader(codec: codec, model: model, key: 99, lanes: lanes, startingWords: startingWords, shape: shape)
  }

  private static func items(_ count: Int, _ logit: Float = 1) throws(CodingError) -> Bernoulli {
    try Bernoulli(logits: [Float](repeating: logit, count: 6 * count))
  }

  private static func bytes(_ symbols: [Int]) -> [UInt8] { symbols.map { UInt8(truncatingIfNeeded: $0) } }

  private static func stream(_ chunks: [[Int]], _ header: BitsHeader) throws -> [UInt8] {
    var writer = BitsWriter(header)
    var stream = writer.beginning
    for chunk in chunks { stream += try writer.append(chunk, items: chunk.count / 6, with: items(chunk.count / 6), bytes: bytes(chunk)) }
    return stream + writer.finish()
  }

  private static func read(
    _ stream: [UInt8], model: Digest = model, codec: UInt32 = codec, logit: Float = 1, limits: BitsLimits = .standard
  ) throws(CodingError) -> [[Int]] {
    let reader = try BitsReader(stream, model: model, codec: codec, limits: limits)
    var chunks: [[Int]] = []
    for chunk in reader.chunks.indices {
      chunks.append(try reader.read(chunk: chunk, with: { count throws(CodingError) in try items(count, logit) }, bytes: bytes))
    }
    return chunks
  }

  private static func chunks() -> [[Int]] {
    var random = SplitMix(state: 41)
    return [5, 1, 3].map { random.integers(6 * $0, below: 2) }
  }

  @Test("A stream gives back its items, in any order of chunks", arguments: [1, 4, 100], [0, 3, 50])
  func roundTrip(lanes: Int, startingWords: Int) throws {
    let header = try Self.header(lanes: lanes, startingWords: startingWords)
    let chunks = Self.chunks()
    let stream = try Self.stream(chunks, header)
    #expect(try Self.read(stream) == chunks)
    let reader = try BitsReader(stream, model: Self.model, codec: Self.codec)
    #expect(reader.header == header)
    #expect(reader.chunks == [0..<5, 5..<6, 6..<9])
    for chunk in [2, 0, 1] {
      #expect(try reader.read(chunk: chunk, with: { count throws(CodingError) in try Self.items(count) }, bytes: Self.bytes) == chunks[chunk])
    }
    for chunk in [-1, 3] {
      #expect(
        failure { () throws(CodingError) in
          try reader.read(chunk: chunk, with: { count throws(CodingError) in try Self.items(count) }, bytes: Self.bytes)
        }?.reason == .parameter)
    }
    #expect(try Self.read(Self.stream([], header)) == [])
  }

  @Test("Starting words that weren't used take no place")
  func untouchedWords() throws {
    let few = try Self.stream(Self.chunks(), Self.header(startingWords: 0))
    let many = try Self.stream(Self.chunks(), Self.header(startingWords: 10_000))
    #expect(few.count == many.count)
  }

  @Test("Any flipped bit is found")
  func flips() throws {
    let stream = try Self.stream(Self.chunks(), Self.header())
    for place in stream.indices {
      for bit in 0..<8 {
        var damaged = stream
        damaged[place] ^= 1 << UInt8(bit)
        let error = failure { () throws(CodingError) in try Self.read(damaged) }
        #expect(error != nil && error?.reason != .otherItems && error?.description.isEmpty == false, "bit \(bit) of byte \(place)")
      }
    }
  }

  @Test("Missing and surplus bytes are found, wherever they are")
  func truncations() throws {
    let stream = try Self.stream(Self.chunks(), Self.header())
    for count in stream.indices {
      #expect(failure { () throws(CodingError) in try Self.read(Array(stream[..<count])) } != nil, "the first \(count)")
      #expect(failure { () throws(CodingError) in try Self.read(Array(stream[(count + 1)...])) } != nil, "without the first \(count + 1)")
      #expect(failure { () throws(CodingError) in try Self.read(Array(stream[..<count] + stream[(count + 1)...])) } != nil, "without byte \(count)")
      #expect(failure { () throws(CodingError) in try Self.read(Array(stream[...count] + stream[count...])) } != nil, "byte \(count) twice")
    }
  }

  @Test("Streams of another model, codec or version are refused, and say which")
  func others() throws {
    let stream = try Self.stream(Self.chunks(), Self.header())
    let other = SHA256.digest(Array("another model".utf8))
    #expect(
      failure { () throws(CodingError) in try Self.read(stream, model: other) }
        == CodingError(.otherModel, "model", given: "\(other)", expected: "\(Self.model)"))
    #expect(
      failure { () throws(CodingError) in try Self.read(stream, codec: 8) }
        == CodingError(.unsupported, "codec version", given: "7", expected: "8"))
    for (place, field) in [(8, "format version"), (10, "arithmetic version")] {
      var future = stream
      future[place] = 2
      #expect(
        failure { () throws(CodingError) in try Self.read(future) } == CodingError(.unsupported, field, given: "2", expected: "1"))
    }
  }

  @Test("A model that computes other numbers than where the stream was written is found out")
  func otherNumbers() throws {
    let chunks = Self.chunks()
    let stream = try Self.stream(chunks, Self.header(startingWords: 50))
    for logit in [1 + 0x1p-10, 0.5, -3] as [Float] {
      #expect(failure { () throws(CodingError) in try Self.read(stream, logit: logit) }?.reason == .otherItems)
    }
  }

  @Test("Chunks of another stream or in another place are refused")
  func exchanged() throws {
    let chunk = Self.chunks()[0]
    let first = BitsWriter(try Self.header()).beginning.count
    let same = try Self.stream([chunk, chunk], Self.header(startingWords: 0))
    // Behind the chunks, of one length: an index of 32 bytes and a trailer of 12.
    let length = (same.count - first - 32 - 12) / 2
    let (a, b) = (first..<first + length, first + length..<first + 2 * length)
    #expect(same[a] != same[b])
    let exchanged = Array(same[..<first] + same[b] + same[a] + same[b.upperBound...])
    #expect(failure { () throws(CodingError) in try Self.read(exchanged) }?.reason == .damaged)
    let elsewhere = try Self.stream([chunk, chunk], BitsHeader(codec: 7, model: Self.model, key: 98, lanes: 4, startingWords: 0, shape: Self.shape))
    let mixed = Array(same[..<first] + elsewhere[a] + same[a.upperBound...])
    #expect(failure { () throws(CodingError) in try Self.read(mixed) }?.reason == .damaged)
  }

  @Test(
    "Numbers beyond the limits are refused, by the writer and by the reader",
    arguments: [
      (0, 0, []), (1 << 30, 0, []), (1, -1, []), (1, 1 << 40, []), (1, 0, [0]), (1, 0, [1 << 62, 1 << 62]), (1, 0, [1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ] as [(Int, Int, [Int])])
  func limits(lanes: Int, startingWords: Int, shape: [Int]) throws {
    let header = failure { () throws(CodingError) in
      try BitsHeader(codec: 0, model: Self.model, key: 0, lanes: lanes, startingWords: startingWords, shape: shape)
    }
    #expect(header?.reason == .tooLarge)
    var writer = BitsWriter(try Self.header())
    #expect(failure { () throws(CodingError) in try writer.append([], items: 0, with: Self.items(0), bytes: []) }?.reason == .tooLarge)
  }

  /// Bytes that note which of them were looked at.
  private final class Watched: BitsSource {
    private let stream: [UInt8]
    private let seen = Protected(Set<Int>())

    init(_ stream: [UInt8]) { self.stream = stream }

    var byteCount: Int { stream.count }
    var places: Set<Int> { seen.withLock { $0 } }

    func bytes(in range: Range<Int>) -> [UInt8] {
      seen.withLock { $0.formUnion(range) }
      return Array(stream[range])
    }
  }

  @Test("Of a stream no more is read than header, index and the chunk that is asked for")
  func randomAccess() throws {
    let chunks = (0..<40).map { number in Self.chunks()[number % 3] }
    let stream = try Self.stream(chunks, Self.header())
    let watched = Watched(stream)
    let reader = try BitsReader(watched, model: Self.model, codec: Self.codec)
    let frame = watched.places.count
    #expect(frame < 108 + 40 * 12 + 20)
    let items = try reader.read(chunk: 20, with: { count throws(CodingError) in try Self.items(count) }, bytes: Self.bytes)
    #expect(items == chunks[20] && watched.places.count - frame < 60)
    try reader.check(chunk: 3)
    #expect(watched.places.count < stream.count / 2)
  }

  @Test("A reader may allow less than the writer")
  func lowerLimits() throws {
    let stream = try Self.stream(Self.chunks(), Self.header())
    for change in [
      { $0.lanes = 3 }, { $0.chunks = 2 }, { $0.startingWords = 2 }, { $0.items = 4 }, { $0.rank = 1 }, { $0.elements = 5 },
    ] as [(inout BitsLimits) -> Void] {
      var limits = BitsLimits.standard
      change(&limits)
      #expect(failure { () throws(CodingError) in try Self.read(stream, limits: limits) }?.reason == .tooLarge)
    }
  }

  /// A count that is forged together with every checksum that covers it.
  @Test("Absurd counts are refused before any room is made for them", arguments: [UInt32.max, 1 << 31, 1 << 25])
  func forged(count: UInt32) throws {
    let stream = try Self.stream(Self.chunks(), Self.header())
    let headerSize = BitsWriter(try Self.header()).beginning.count
    let header = Array(stream[..<headerSize])
    func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
    func replacing(_ bytes: [UInt8], at place: Int) -> [UInt8] { Array(bytes[..<place]) + word(count) + Array(bytes[(place + 4)...]) }
    func summed(_ bytes: [UInt8], after checksum: UInt32 = 0) -> [UInt8] {
      var sum = CRC32C(after: checksum)
      sum.update(bytes)
      return bytes + word(sum.value)
    }

    // lanes, starting words, rank and a size: bytes 56, 60, 64 and 68.
    for place in [56, 60, 64, 68] {
      let forged = summed(replacing(Array(header.dropLast(4)), at: place))
      let error = failure { () throws(CodingError) in try Self.read(forged + stream[headerSize...]) }
      #expect([.tooLarge, .malformed, .damaged].contains(error?.reason), "\(place): \(String(describing: error))")
    }

    let checksum = CRC32C.of(header.dropLast(4))
    let indexStart = stream.suffix(12).prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    // Chunks of the index, and items of its first one.
    let index = Array(stream[indexStart..<stream.count - 16])
    for place in [0, 12] {
      let forged = stream[..<indexStart] + summed(replacing(index, at: place), after: checksum) + stream.suffix(12)
      #expect([.tooLarge, .malformed].contains(failure { () throws(CodingError) in try Self.read(Array(forged)) }?.reason), "index, \(place)")
    }

    // Items, words and kept words of the last chunk.
    let last = Int(stream[indexStart + 4 + 24]) | Int(stream[indexStart + 4 + 25]) << 8
    let chunk = Array(stream[last..<indexStart - 4])
    var number = CRC32C(after: checksum)
    number.update([2, 0, 0, 0, 0, 0, 0, 0])
    #expect(stream[..<last] + summed(chunk, after: number.value) + stream[indexStart...] == stream[...])
    for place in [0, 4, 8] {
      let forged = stream[..<last] + summed(replacing(chunk, at: place), after: number.value) + stream[indexStart...]
      #expect(failure { () throws(CodingError) in try Self.read(Array(forged)) }?.reason == .malformed, "chunk, \(place)")
    }
  }
}
