internal import Formats
internal import ModelFiles
package import Registry

/// A recorded request, ready to be computed again on the same weights.
package struct InferenceReplay: Sendable {
  /// The model file that answered then, under whatever name it is registered now.
  package let version: ModelVersion
  private let run: Run
  private let operation: Operation
  private let sent: SentRequest
  private let type: MediaType

  private enum Operation {
    case rows(RequestKind)
    case bits(BitsOperation)

    init?(named name: String) {
      if let kind = RequestKind.named(name) {
        self = .rows(kind)
      } else if let operation = BitsOperation(rawValue: name) {
        self = .bits(operation)
      } else {
        return nil
      }
    }

    func needsItems(_ sent: SentRequest) throws -> Bool {
      switch self {
      case .rows(let kind): try kind.needsItems(sent)
      case .bits: true
      }
    }
  }

  /// - Parameter sent: the request's body, sent again by the client; nil or empty where the store kept it.
  /// - Throws: `Problem` where the request can't be repeated, saying what is missing.
  package init(of run: Run, sent: [UInt8]?, in store: ModelStore) throws {
    guard let facts = run.inference, let digest = run.description.modelDigest else {
      throw Problem(
        .impossible, "Run \(run.id) of kind \(run.description.kind.rawValue) is no recorded request.", field: "id",
        given: run.description.kind.rawValue, expected: "inference")
    }
    guard let options = facts.options, let type = facts.outputType, facts.httpStatus < 400 else {
      throw Problem(
        .impossible, "Run \(run.id) was refused with status \(facts.httpStatus): it has no answer to compare with.", field: "id",
        given: "\(facts.httpStatus)", expected: "a request that was answered")
    }
    guard let operation = Operation(named: facts.operation) else {
      throw Problem(.impossible, "This build has no operation \(facts.operation).", field: "id", given: facts.operation)
    }
    guard let version = store.version(holding: digest, preferring: run.description.model, run.description.version) else {
      throw Problem(
        .conflict, "The model file \(digest) of run \(run.id) is no longer in the store; upload it again.", field: "id", given: digest.description)
    }
    let needsItems = try operation.needsItems(SentRequest.repeating(options, body: [], type: nil))
    let body = try Self.body(of: run, facts, takesItems: needsItems, sent: sent, in: store)
    // Rows of a stream are doubles, also where they came as nested numbers.
    let numeric: Set = facts.operation == BitsOperation.compress.name ? [] : ["inputs"]
    self.sent = try SentRequest.repeating(options, body: body, type: facts.inputType, numeric: numeric)
    (self.run, self.operation, self.version, self.type) = (run, operation, version, MediaType(type))
  }

  /// What came with the request then: kept by the store, or sent again and proved equal by its digest.
  private static func body(of run: Run, _ facts: InferenceFacts, takesItems: Bool, sent: [UInt8]?, in store: ModelStore) throws -> [UInt8] {
    if let sent, !sent.isEmpty {
      let digest = SHA256.digest(sent)
      guard digest == facts.inputDigest else {
        let expected = facts.inputDigest?.description ?? "no body"
        throw Problem(
          .conflict, "The body is \(digest), but the request of run \(run.id) had \(expected): send the same bytes.", field: "body",
          given: digest.description, expected: expected)
      }
      return takesItems ? sent : []
    }
    guard takesItems else { return [] }
    guard let kept = try store.input(of: run.id) else {
      throw Problem(
        .conflict,
        "The input of run \(run.id) was not kept. Send the same body again with this request; to keep inputs from now on, put \"record\": true "
          + "into a request or start the server with --record-inputs BYTES.", field: "body", given: "nothing",
        expected: facts.inputDigest?.description)
    }
    return kept
  }

  /// Computes it again; `model` holds the weights of `version`.
  package func perform(on model: LoadedModel, limits: ServiceLimits) throws -> Replay { try perform(on: model, limits: limits, memory: nil) }

  /// - Parameter memory: the account that it takes memory of.
  func perform(on model: LoadedModel, limits: ServiceLimits, memory: MemoryBudget.Lease?) throws -> Replay {
    var sent = sent
    sent.memory = memory
    let replay = try perform(sent, on: model, limits)
    guard !replay.isEqual, sent.table != nil else { return replay }
    // Tables were read and written otherwise before.
    var earlier = sent
    earlier.table = nil
    let again = try perform(earlier, on: model, limits, correctedIn: "0.2.0")
    return again.isEqual ? again : replay
  }

  private func perform(_ sent: SentRequest, on model: LoadedModel, _ limits: ServiceLimits, correctedIn correction: String? = nil) throws -> Replay {
    let description = run.description
    // The names of then are part of a JSON answer, whatever the file is called now.
    let named = description.model.flatMap { name in description.version.map { LoadedModel.Registration(name: name, version: $0) } }
    let model = model.named(named)
    switch operation {
    case .rows(let kind): return try perform(kind, sent, on: model, limits, correctedIn: correction)
    case .bits(let operation):
      let digest = RunningDigest()
      try operation.perform(sent, on: model, as: type, limits) { digest.update($0) }
      return try Replay(of: run, actual: digest.finish(), correctedIn: correction)
    }
  }

  private func perform(
    _ kind: RequestKind, _ sent: SentRequest, on model: LoadedModel, _ limits: ServiceLimits, correctedIn correction: String?
  ) throws -> Replay {
    let fields = try sent.fields(of: kind)
    let asked = try kind.ask(fields, of: model, limits)
    if let stream = StreamedRequest(asked, items: sent.contentType, as: type, limits: limits, table: fields.table) {
      try sent.memory?.take(stream.blockBytes)
      let digest = RunningDigest()
      try stream.perform(on: .bytes(sent.body)) { digest.update($0) }
      return try Replay(of: run, actual: digest.finish(), correctedIn: correction)
    }
    func digest(_ answer: Answer) throws -> Digest {
      let digest = RunningDigest()
      for piece in try answer.pieces(as: type, receipt: asked.receipt) { digest.update(piece) }
      return digest.finish()
    }
    let whole = try asked.answered(in: type).about(sent, fields, limits)
    try sent.memory?.take(whole.answerBytes(as: type))
    let answer = try whole.perform()
    let replay = try Replay(of: run, actual: digest(answer), correctedIn: correction)
    guard !replay.isEqual, let (before, version) = answer.beforeCorrection else { return replay }
    let earlier = try Replay(of: run, actual: digest(before), correctedIn: version)
    return earlier.isEqual ? earlier : replay
  }
}

extension SentRequest {
  /// The request that a record is of: its options as they were understood, the items from its body.
  /// - Parameter numeric: fields of a JSON body that hold arrays of float32.
  static func repeating(
    _ options: InferenceRecord.Options, body: [UInt8], type: String?, numeric: Set<String> = ["inputs"]
  ) throws -> SentRequest {
    guard case .object(let members) = try JSONValue(parsing: Array(options.parameters.utf8)) else { preconditionFailure("parameters are an object") }
    let parameters = members + [JSONValue.Member(name: seedName, value: .integer(options.seed))]
    let asked = SentRequest(body: body, contentType: type.map { MediaType($0) })
    guard !body.isEmpty, asked.isJSON else {
      return SentRequest(
        body: body, contentType: asked.contentType,
        options: parameters.map { member in
          if case .string(let text) = member.value { return Option(name: member.name, value: text) }
          return Option(name: member.name, value: String(decoding: member.value.text, as: UTF8.self))
        })
    }
    guard case .object(let sent) = try JSONValue(parsing: body, numericFields: numeric) else { preconditionFailure("it was read before") }
    let items = sent.filter { SentRequest.itemFields.union(SentRequest.codeFields).contains($0.name) }
    return SentRequest(body: JSONValue.object(items + parameters).text, contentType: .json)
  }
}
