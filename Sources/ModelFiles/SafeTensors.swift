internal import Foundation
package import Tensors

/// A file of named tensors: an 8-byte little-endian header length, a JSON header, raw little-endian data.
///
/// The container of model files and of training checkpoints; see github.com/huggingface/safetensors for the format. All that the header declares is
/// compared with the bytes that are there before a tensor is read, so a declared size never decides about memory.
package struct SafeTensors: Sendable {
  /// Free texts of the header's `__metadata__`.
  package let metadata: [String: String]
  /// In the order of the data.
  package let entries: [Entry]
  private let places: [String: Int]
  private let source: Source
  /// Where the data begin in the source.
  private let start: Int

  /// One tensor of the file.
  package struct Entry: Sendable, Equatable {
    package let name: String
    package let type: ScalarType
    package let shape: Shape
    /// Counted from the first byte after the header.
    package let bytes: Range<Int>
  }

  /// How large a file's header may be.
  package struct Limits: Sendable {
    /// The limit of the reference implementation.
    package var headerBytes = 100_000_000
    package var tensors = 100_000
    package var rank = 64
    /// UTF-8 bytes of a tensor's name.
    package var nameBytes = 1024
    /// UTF-8 bytes of a text in the metadata; the description of a table of 100,000 scaled columns has about ten million.
    package var stringBytes = 16 << 20

    package init() {}

    package static let `default` = Limits()
  }

  package init(bytes: [UInt8], limits: Limits = .default) throws(ModelFileError) { try self.init(.memory(bytes), limits) }

  /// Opens a regular file and reads its header; tensors are read when they are asked for, straight into their own memory.
  ///
  /// The file is not memory-mapped: a tensor owns its numbers, so a mapping would save nothing and would end the program when somebody truncates the file.
  package init(path: String, limits: Limits = .default) throws(ModelFileError) { try self.init(.file(ReadableFile(path: path)), limits) }

  private init(_ source: Source, _ limits: Limits) throws(ModelFileError) {
    let count = source.count
    try Self.refuseForeign(source)
    guard count >= 8 else { throw ModelFileError(.malformed, "the file", given: "\(count) bytes long", expected: "at least 8 bytes") }
    let declared = try source.read(0..<8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) }
    guard declared <= UInt64(count - 8) else {
      throw ModelFileError(
        .malformed, "header", given: "\(declared) bytes long by its own account", expected: "at most the \(count - 8) bytes that follow")
    }
    guard declared <= UInt64(limits.headerBytes) else {
      throw ModelFileError(.tooLarge, "header", given: "\(declared) bytes long by its own account", expected: "at most \(limits.headerBytes) bytes")
    }
    start = 8 + Int(declared)
    let header = try SafeTensorsHeader(parsing: source.read(8..<start), dataBytes: count - start, limits: limits)
    metadata = header.metadata
    entries = header.entries
    places = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($0.element.name, $0.offset) })
    self.source = source
  }

  /// Names a file of another kind, which has no object where a header would begin or tells of a header beyond its end.
  private static func refuseForeign(_ source: Source) throws(ModelFileError) {
    let bytes = try source.read(0..<min(source.count, ForeignFile.startBytes))
    let declared = bytes.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) }
    let isContainer = bytes.count > 8 && bytes[8] == UInt8(ascii: "{") && declared <= UInt64(source.count - 8)
    guard !isContainer, let file = ForeignFile(startingWith: bytes) else { return }
    throw ModelFileError(.malformed, "the file", given: file.kind, expected: file.remedy)
  }

  /// One tensor as float32; see `ScalarType` for what conversion does.
  package func tensor(named name: String) throws(ModelFileError) -> Tensor {
    guard let place = places[name] else {
      throw ModelFileError(.malformed, "tensors", given: "without \"\(name)\"", expected: "a tensor of that name")
    }
    return try tensor(entries[place])
  }

  /// Every tensor by its name; all types that do not become float32 are named in one error.
  package var tensors: [String: Tensor] { get throws(ModelFileError) { try tensors { _ in true } } }

  /// The same of some names.
  func tensors(where isWanted: (String) -> Bool) throws(ModelFileError) -> [String: Tensor] {
    let wanted = entries.filter { isWanted($0.name) }
    try refuseUnreadable(wanted)
    var tensors: [String: Tensor] = [:]
    for entry in wanted { tensors[entry.name] = try tensor(entry) }
    return tensors
  }

  private func tensor(_ entry: Entry) throws(ModelFileError) -> Tensor {
    try refuseUnreadable([entry])
    let range = start + entry.bytes.lowerBound..<start + entry.bytes.upperBound
    // Float32 of this machine's byte order goes from the file to its place without a copy between.
    if entry.type == .f32, Int(littleEndian: 1) == 1 {
      var isComplete = false
      let scalars = [Float](unsafeUninitializedCapacity: entry.shape.count) { buffer, initialized in
        isComplete = source.read(range, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: range.count))
        initialized = isComplete ? entry.shape.count : 0
      }
      guard isComplete else { throw source.cutShort }
      return Tensor(shape: entry.shape, scalars: scalars)
    }
    guard let scalars = entry.type.floats(try source.read(range)) else { preconditionFailure("\(entry.type) was refused above") }
    return Tensor(shape: entry.shape, scalars: scalars)
  }

  private func refuseUnreadable(_ entries: [Entry]) throws(ModelFileError) {
    let unreadable = entries.filter { !$0.type.isReadable }
    guard let first = unreadable.first else { return }
    let list = unreadable.prefix(100).map { "\($0.name) is \($0.type.rawValue)" }.joined(separator: ", ")
    throw ModelFileError(
      .scalarType, "header[\"\(first.name)\"].dtype", given: first.type.rawValue, expected: "F32, F16, BF16 or F64",
      detail: "\(list)\(unreadable.count > 100 ? " and \(unreadable.count - 100) more" : ""), expected F32, F16, BF16 or F64: convert or leave out")
  }
}
