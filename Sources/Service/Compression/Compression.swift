internal import Locking
internal import Modelling

/// Items on their way into a stream, of which every chunk is a job of its own.
package final class Compression: Sendable {
  private let signature: Signature
  private let items: ItemChunks
  private let state: Protected<State>

  private struct State {
    var compressor: any ItemCompressor
    var survey = ItemsSurvey()
    var isFinished = false
  }

  init(of items: ItemChunks, with compressor: any ItemCompressor, signature: Signature) {
    (self.items, self.signature) = (items, signature)
    state = Protected(State(compressor: compressor))
  }

  /// Rate of the stream so far; of all of it behind its last bytes.
  package var rate: any StreamRate { state.withLock { $0.compressor.rate } }

  /// What is doubtful about the items so far, a sentence each.
  package var warnings: [String] { state.withLock { $0.survey.warnings(signature) } }

  /// What a user should know of how they were read.
  package var notes: [String] { items.notes }

  /// The next bytes of the stream: as many chunks as make a job, or what stands behind them; nil at the end.
  /// - Throws: `Problem` or `Fault` for an item that can't be coded, by its place in the request.
  package func next() throws -> [UInt8]? {
    try state.withLock { state in
      guard !state.isFinished else { return nil }
      let start = state.compressor.rate.items
      var bytes = start == 0 ? state.compressor.beginning : []
      while state.compressor.rate.items < start + ItemChunks.itemsOfAJob {
        guard let chunk = try items.next(from: state.compressor.rate.items) else {
          guard state.compressor.rate.items > 0 else { throw Items.empty("the body") }
          state.isFinished = true
          return bytes + state.compressor.finish()
        }
        bytes += try state.compressor.append(chunk)
        state.survey.note(chunk, signature)
      }
      return bytes
    }
  }
}
