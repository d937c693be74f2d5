internal import Formats
internal import HTTP
internal import Locking

/// How a streamed answer ends, told to the record of its request: whole, with the digest of its bytes, or cut.
final class StreamEnding: Sendable {
  private let account: InferenceAccount?
  private let type: MediaType
  /// nil where no record is kept.
  private let digest: RunningDigest?
  private let state = Protected(State.unsent)

  private enum State { case unsent, begun, over }

  /// The status under which a request is recorded whose client left before its answer was out; nginx writes the same.
  private static let clientLeft = 499

  init(_ account: InferenceAccount?, type: MediaType) {
    self.account = account
    self.type = type
    digest = account?.willRecord == true ? RunningDigest() : nil
  }

  deinit {
    // The client was gone before the body's turn came.
    if state.withLock({ $0 }) == .begun { _ = account?.record(status: Self.clientLeft, failure: Self.sentence(0, "the client left")) }
  }

  /// Takes the next bytes of the answer, on a lane.
  func note(_ bytes: [UInt8]) { digest?.update(bytes) }

  /// All bytes are noted and sent as one; the sender makes the record.
  func noteWhole() {
    if let digest { account?.note(digest.finish(), as: type) }
  }

  /// From here on the record is made here.
  func begin() { state.withLock { $0 = .begun } }

  func finish() {
    noteWhole()
    state.withLock { $0 = .over }
    _ = account?.record(status: Status.ok.code)
  }

  /// - Returns: what happened, as a sentence.
  func cut(by error: any Error) -> String {
    state.withLock { $0 = .over }
    let hasLeft = error is CancellationError || error as? BodyError == .disconnected
    let problem = Problem(error)
    let reason = hasLeft ? "the client left" : problem?.detail ?? "\(error)"
    let sentence = Self.sentence(digest?.byteCount, reason)
    _ = account?.record(status: hasLeft ? Self.clientLeft : (problem ?? Problem.unexpected).kind.status.code, failure: sentence)
    return sentence
  }

  private static func sentence(_ bytes: Int?, _ reason: String) -> String {
    "The answer was cut\(bytes.map { " after at most \($0) bytes" } ?? ""): \(reason)"
  }
}
