package import Formats

/// What the first bytes of an `application/vnd.posterior.bits` stream say: who can read it, and of what shape the items are.
///
///     8F 50 4F 42 0D 0A 1A 0A | format UInt16 | arithmetic UInt16 | codec UInt32 | model 32 bytes | key UInt64
///     | lanes UInt32 | starting words UInt32 | rank UInt32 | rank x UInt32 | CRC-32C of all that
///
/// All numbers here and in the rest of a stream are little-endian.
package struct BitsHeader: Sendable, Equatable {
  package static let mediaType = "application/vnd.posterior.bits"
  /// The layout of streams.
  package static let format: UInt16 = 1
  /// The coder and the distributions of this library: changes with any bit that they make of the same symbols and parameters.
  package static let arithmetic: UInt16 = 1

  /// The version of the codec that symbols were pushed with, whose meaning is the caller's.
  package let codec: UInt32
  /// Of the model whose distributions the codec uses.
  package let model: Digest
  /// The bits of the random key of all starting words.
  package let key: UInt64
  /// Heads of a message while it is coded.
  package let lanes: Int
  /// Random words that the message of each chunk begins with.
  package let startingWords: Int
  /// The shape of an item.
  package let shape: [Int]

  package init(codec: UInt32, model: Digest, key: UInt64, lanes: Int, startingWords: Int, shape: [Int], limits: BitsLimits = .standard)
    throws(CodingError)
  {
    self.codec = codec
    self.model = model
    self.key = key
    self.lanes = try limits.checked(lanes, "lanes", 1...limits.lanes)
    self.startingWords = try limits.checked(startingWords, "starting words", 0...limits.startingWords)
    _ = try limits.checked(shape.count, "rank", 0...limits.rank)
    var elements = 1
    for size in shape {
      let (product, overflows) = elements.multipliedReportingOverflow(by: size)
      guard size >= 1, !overflows, product <= limits.elements else {
        throw CodingError(.tooLarge, "shape", given: "\(shape)", expected: "sizes of at least 1, with a product of at most \(limits.elements)")
      }
      elements = product
    }
    self.shape = shape
  }

  /// The message that a chunk is pushed onto, and that is left when it is popped.
  func start(of chunk: Int) throws(CodingError) -> Message {
    try Message(.lanes(lanes), startingWords: startingWords, key: key, row: chunk)
  }
}

extension BitsHeader {
  /// A byte above 127 and line ends of both kinds, as in PNG: what a transfer as text breaks.
  static let signature: [UInt8] = [0x8f, 0x50, 0x4f, 0x42, 0x0d, 0x0a, 0x1a, 0x0a]

  var bytes: [UInt8] {
    var writer = WordWriter()
    writer.bytes = checkedBytes
    writer.append(checksum)
    return writer.bytes
  }

  /// Signature, versions and checksum, with the longest shape between them.
  static func mostBytes(_ limits: BitsLimits) -> Int { signature.count + 2 * 2 + 4 + Digest.byteCount + 8 + 3 * 4 + 4 * limits.rank + 4 }

  /// Of all bytes but itself. The checksum of bytes and their checksum would be the same for all headers.
  var checksum: UInt32 { CRC32C.of(checkedBytes) }

  private var checkedBytes: [UInt8] {
    var writer = WordWriter()
    writer.bytes = Self.signature
    writer.append(Self.format)
    writer.append(Self.arithmetic)
    writer.append(codec)
    writer.bytes += model.bytes
    writer.append(key)
    writer.append(UInt32(lanes))
    writer.append(UInt32(startingWords))
    writer.append(UInt32(shape.count))
    for size in shape { writer.append(UInt32(size)) }
    return writer.bytes
  }

  /// Reads what `bytes` writes; versions are looked at before the checksum, whose place is theirs to say.
  init(_ reader: inout WordReader, limits: BitsLimits) throws(CodingError) {
    guard try reader.bytes(Self.signature.count).elementsEqual(Self.signature) else {
      throw CodingError(.malformed, "header", given: "other first bytes", expected: "the signature of \(Self.mediaType)")
    }
    try Self.check(reader.next(UInt16.self), is: Self.format, "format version")
    try Self.check(reader.next(UInt16.self), is: Self.arithmetic, "arithmetic version")
    let codec = try reader.next(UInt32.self)
    let model = try reader.bytes(Digest.byteCount)
    let key = try reader.next(UInt64.self)
    let lanes = try reader.next(UInt32.self)
    let startingWords = try reader.next(UInt32.self)
    let rank = try limits.checked(Int(reader.next(UInt32.self)), "rank", 0...limits.rank)
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(Int(try reader.next(UInt32.self))) }
    try reader.checkSum()
    guard let digest = Digest(bytes: Array(model)) else { preconditionFailure("\(model.count) bytes are no digest") }
    try self.init(
      codec: codec, model: digest, key: key, lanes: Int(lanes), startingWords: Int(startingWords), shape: shape, limits: limits)
  }

  private static func check(_ given: UInt16, is known: UInt16, _ field: String) throws(CodingError) {
    guard given == known else { throw CodingError(.unsupported, field, given: "\(given)", expected: "\(known)") }
  }
}
