internal import Formats
internal import Locking
internal import ModelFiles
internal import Modelling
internal import Registry

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
    var trace: String?
  }

  init(_ operation: String, recorder: InferenceRecorder) {
    self.operation = operation
    self.recorder = recorder
  }

  func note(_ trace: TraceContext?) {
    guard let trace else { return }
    state.withLock { $0.trace = trace.trace }
  }

  func note(_ model: LoadedModel) {
    state.withLock { $0.model = model }
  }

  /// Hashes the body: on a lane, beside reading it.
  func note(_ input: SentRequest) {
    guard !input.body.isEmpty else { return }
    let digest = SHA256.digest(input.body)
    let keeps = input.body.count <= recorder.options.keptInputBytes
    state.withLock { state in
      state.body = input.body
      state.input = InferenceRecord.Input(digest: digest, type: input.contentType?.name, body: keeps ? input.body : nil)
    }
  }

  func note(_ asked: any CheckedRequest) { note(asked, items: asked.count) }

  /// Takes what is known of a streamed request when all of its items were read.
  /// - Throws: where the client wants its input kept, and it is more than a record holds.
  func note(_ asked: any CheckedRequest, on source: ItemSource, _ input: InferenceRecord.Input, items: Int) throws {
    try note(input, from: source, keeping: asked.keepsInput)
    note(asked, items: items)
  }

  /// Takes what came with a request.
  /// - Parameter keeping: whether the client wants it kept.
  /// - Throws: where that is more than a record holds.
  func note(_ input: InferenceRecord.Input, from source: ItemSource, keeping isWanted: Bool) throws {
    let keeps = isWanted || source.byteCount <= recorder.options.keptInputBytes
    let most = recorder.options.queueBytes / 2
    guard !isWanted || source.byteCount <= most else {
      throw Problem(
        .impossible, "The body has \(source.byteCount) bytes, a record keeps an input of at most \(most): leave out record, and keep it yourself.",
        field: "record", given: "\(source.byteCount) bytes", expected: "at most \(most)")
    }
    let body = keeps ? try source.whole() : nil
    state.withLock { $0.body = body ?? [] }
    state.withLock { $0.input = InferenceRecord.Input(digest: input.digest, type: input.type, body: body) }
  }

  private func note(_ asked: any CheckedRequest, items: Int) {
    note(parameters: asked.parameters, seed: asked.receipt.seed, items: items, keepsInput: asked.keepsInput)
  }

  /// Takes what was asked, as it was understood.
  func note(parameters: JSONValue, seed: Int, items: Int, keepsInput: Bool) {
    let options = InferenceRecord.Options(parameters: String(decoding: parameters.text, as: UTF8.self), seed: seed, items: items)
    state.withLock { state in
      state.options = options
      guard keepsInput else { return }
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

  /// Takes the digest of a streamed answer when its last byte is out.
  func note(_ answer: Digest, as type: MediaType) {
    state.withLock { $0.output = InferenceRecord.Output(digest: answer, type: type.name) }
  }

  /// Whether an answer will be recorded, as far as can be told before it is out: a full queue still drops it.
  var willRecord: Bool {
    let state = state.withLock { $0 }
    return state.model?.registered != nil && recorder.wants(failed: false, isAskedFor: state.isAskedFor)
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
        options: state.options, input: state.input, output: state.output, failure: failure.map { String($0.prefix(1000)) },
        trace: state.trace))
  }
}
