internal import Formats
internal import Locking
internal import Models
internal import Registry
internal import Training

/// What is learnt of one request while it is answered; with the answer it becomes a record.
final class InferenceAccount: Sendable {
  /// Known before anything is on disk, so that the answer can carry it.
  let id = RunID.generate()
  private let operation: String
  private let recorder: InferenceRecorder
  private let start = ContinuousClock.now
  private let state = Protected(State())

  private struct State {
    var model: LoadedModel?
    var body: [UInt8] = []
    var input: InferenceRecord.Input?
    var options: InferenceRecord.Options?
    var isAskedFor = false
    var output: InferenceRecord.Output?
  }

  init(_ operation: String, recorder: InferenceRecorder) {
    self.operation = operation
    self.recorder = recorder
  }

  func note(_ model: LoadedModel) {
    state.withLock { $0.model = model }
  }

  /// Hashes the body: on a lane, beside reading it.
  func note(_ input: OperationInput) {
    guard !input.body.isEmpty else { return }
    let digest = SHA256.digest(input.body)
    let keeps = input.body.count <= recorder.options.keptInputBytes
    state.withLock { state in
      state.body = input.body
      state.input = InferenceRecord.Input(digest: digest, type: input.contentType?.name, body: keeps ? input.body : nil)
    }
  }

  func note(_ prepared: PreparedOperation) {
    let options = InferenceRecord.Options(
      parameters: String(decoding: prepared.parameters.text, as: UTF8.self), seed: prepared.receipt.seed, items: prepared.count)
    state.withLock { state in
      state.options = options
      guard prepared.keepsInput else { return }
      state.isAskedFor = true
      state.input = state.input.map { InferenceRecord.Input(digest: $0.digest, type: $0.type, body: state.body) }
    }
  }

  /// Hashes the answer: on a lane, beside writing it.
  func note(_ answer: [UInt8], as type: MediaType) {
    guard recorder.wants(failed: false, isAskedFor: state.withLock { $0.isAskedFor }) else { return }
    let output = InferenceRecord.Output(digest: SHA256.digest(answer), type: type.name)
    state.withLock { $0.output = output }
  }

  /// Hands the record over; a request for a model that isn't there leaves none.
  /// - Returns: whether there will be one.
  func record(status: Int, failure: String? = nil) -> Bool {
    let state = state.withLock { $0 }
    guard let model = state.model, let registered = model.registered else { return false }
    guard recorder.wants(failed: failure != nil, isAskedFor: state.isAskedFor) else { return false }
    return recorder.record(
      InferenceRecord(
        id: id, model: registered.name, version: registered.version, digest: model.digest, family: type(of: model.family).name,
        build: .current, operation: operation, status: status, microseconds: Int((ContinuousClock.now - start) / .microseconds(1)),
        options: state.options, input: state.input, output: state.output, failure: failure.map { String($0.prefix(1000)) }))
  }
}
