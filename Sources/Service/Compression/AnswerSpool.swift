internal import Locking

/// An answer that is there before its first byte is sent: in memory while it is short, then in a file without a name.
final class AnswerSpool: Sendable {
  private let memory: MemoryBudget.Lease
  private let disk: MemoryBudget.Lease
  private let limits: ServiceLimits
  private let folder: String
  private let state = Protected(State())

  private struct State {
    var bytes: [UInt8] = []
    var file: ItemFile?
  }

  /// - Parameters:
  ///   - memory: the account that bytes in memory are taken of, and `disk` that of bytes in the file.
  ///   - folder: on the disk that takes the file.
  init(memory: MemoryBudget.Lease, disk: MemoryBudget.Lease, _ limits: ServiceLimits, folder: String) {
    (self.memory, self.disk, self.limits, self.folder) = (memory, disk, limits, folder)
  }

  /// What was appended so far.
  var source: ItemSource { state.withLock { state in state.file.map(ItemSource.file) ?? .bytes(state.bytes) } }

  /// Takes the next bytes; may wait for the disk.
  func append(_ bytes: [UInt8]) throws {
    try state.withLock { state in
      if let file = state.file {
        try disk.take(bytes.count)
        try file.append(bytes)
      } else if state.bytes.count + bytes.count <= limits.unspooledBytes {
        // Twice, because an array that grows stands in two places.
        try memory.take(2 * bytes.count)
        state.bytes += bytes
      } else {
        try disk.take(state.bytes.count + bytes.count)
        let file = try ItemFile.temporary(in: folder)
        try file.append(state.bytes)
        try file.append(bytes)
        memory.giveBack(2 * state.bytes.count)
        (state.bytes, state.file) = ([], file)
      }
    }
  }
}
