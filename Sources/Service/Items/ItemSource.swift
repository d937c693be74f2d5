internal import Locking
package import Modelling

/// Bytes that hold items and can be read from the start as often as is needed.
package enum ItemSource: Sendable {
  case bytes([UInt8])
  case file(ItemFile)

  package var byteCount: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .file(let file): file.byteCount
    }
  }

  /// Bytes from an offset on; fewer at the end, none after it.
  func read(at offset: Int, upTo size: Int) throws -> [UInt8] {
    switch self {
    case .bytes(let bytes): Array(bytes[min(offset, bytes.count)...].prefix(size))
    case .file(let file): try file.read(at: offset, upTo: size)
    }
  }

  /// Some 256 KB from an offset on.
  func piece(at offset: Int) throws -> [UInt8] { try read(at: offset, upTo: 256 << 10) }

  /// Its first bytes.
  package func start(_ count: Int) throws -> [UInt8] { try read(at: 0, upTo: count) }

  /// All of it.
  package func whole() throws -> [UInt8] {
    switch self {
    case .bytes(let bytes): bytes
    case .file(let file): try file.read(at: 0, upTo: file.byteCount)
    }
  }
}

/// The items of a source, block by block, pulled by one reader after the other.
package final class ItemBlocks: Sendable {
  private let source: ItemSource
  private let state: Protected<State>

  private struct State {
    var reader: ItemReader
    var offset = 0
    var isAtEnd = false
    var rows = 0
    var hasMissing = false
    var survey = ItemsSurvey()
  }

  init(_ source: ItemSource, _ reader: ItemReader) {
    self.source = source
    state = Protected(State(reader: reader))
  }

  /// Bytes and rows read so far.
  package var progress: (bytes: Int, rows: Int) { state.withLock { ($0.offset, $0.rows) } }

  /// What a user should know of how they were read.
  package var notes: [String] { state.withLock { $0.reader.notes } }

  /// The columns of a table as its cells so far are written.
  var written: [TableSpace.Column]? { state.withLock { $0.reader.written } }

  /// Whether any of the items that `note` took lacks a number.
  var hasMissing: Bool { state.withLock { $0.hasMissing } }

  /// What is doubtful about the items that `note` took, a sentence each.
  package func warnings(_ signature: Signature) -> [String] { state.withLock { $0.survey.warnings(signature) } }

  /// - Parameter completing: whether missing numbers are to be filled in.
  func note(_ items: Items, _ signature: Signature, completing: Bool) {
    let hasMissing = completing && items.hasMissing
    state.withLock { state in
      if hasMissing { state.hasMissing = true }
      state.survey.note(items, signature)
    }
  }

  /// The next block; nil at the end.
  func next() throws -> Items? {
    try state.withLock { state in
      while true {
        if let items = try state.reader.next() {
          state.rows += items.count
          return items
        }
        guard !state.isAtEnd else { return nil }
        let piece = try source.piece(at: state.offset)
        state.offset += piece.count
        if piece.isEmpty {
          state.isAtEnd = true
          try state.reader.finish()
        } else {
          try state.reader.feed(piece)
        }
      }
    }
  }
}
