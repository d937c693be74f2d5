package import Formats
internal import Foundation
package import ModelFiles
internal import Modelling
package import Registry
package import Robustness
internal import Tensors

// An audit as a run of kind robustness: its plan and, where they are kept, its items do it again.
extension AuditRequest {
  package static let (itemsDocument, targetsDocument, labelsDocument) = (RunDocument.resumableInput, "targets.npy", "item-labels.json")

  package func runDescription(data: String? = nil) throws -> RunDescription {
    var parameters = try Self.parameters(of: audit.plan)
    parameters["items"] = "\(audit.count)"
    if audit.firstItem > 0 { parameters[firstItemName] = "\(audit.firstItem)" }
    parameters["strengths"] = "\(audit.strengths)"
    parameters["latent_widths"] = "\(audit.latentWidths)"
    parameters["data"] = data
    return RunDescription(
      kind: .robustness, family: type(of: model.family).name, model: model.registered?.name, version: model.registered?.version,
      modelDigest: model.digest, configuration: try Self.text(of: audit.plan), parameters: parameters, seed: UInt64(audit.seed),
      dataDigest: inputDigest,
      build: .current)
  }

  /// Of the items, targets and labels as they are kept.
  package var inputDigest: Digest { SHA256.digest(kept.flatMap(\.bytes)) }

  /// The items and targets in raw units and the labels, for a replay.
  package var kept: [(name: String, type: MediaType, bytes: [UInt8])] {
    [(Self.itemsDocument, items), (Self.targetsDocument, targets)].compactMap { name, rows in
      rows.map { (name, .npy, NPY.encode($0.scalars, shape: $0.shape.dimensions)) }
    } + (labels.map { [(Self.labelsDocument, .json, JSONValue.strings($0).text)] } ?? [])
  }

  /// Of a plan, each by its name.
  static func parameters(of plan: AuditPlan) throws -> [String: String] {
    guard case .object(let members) = try JSONValue(parsing: Array(text(of: plan).utf8)) else { preconditionFailure("a plan is an object") }
    return Dictionary(
      uniqueKeysWithValues: members.map { member in
        if case .string(let text) = member.value { return (member.name, text) }
        return (member.name, String(decoding: member.value.text, as: UTF8.self))
      })
  }

  static func text(of plan: AuditPlan) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(plan), as: UTF8.self)
  }

  /// Starts the run, with its items where they are to be kept.
  package func start(in store: ModelStore, keepingInput: Bool, data: String? = nil) throws -> RunID {
    let run = try store.start(runDescription(data: data))
    // The items last: a server goes on with a run that has them, and must not find it without its targets or labels.
    if keepingInput {
      for document in kept.reversed() { try store.attach(document.name, mediaType: document.type.name, bytes: document.bytes, to: run) }
    }
    return run
  }

  /// The audit that a run is of, on the weights that it was of.
  ///
  /// - Throws: `Problem` where its items were not kept.
  package init(of run: Run, on model: LoadedModel, in store: ModelStore) throws {
    func document(_ name: String) throws -> [UInt8]? {
      try store.documents(of: run.id).contains { $0.name == name } ? store.document(name, of: run.id).bytes : nil
    }
    func tensor(_ name: String) throws -> Tensor? {
      guard let array = try document(name).map({ try NPY.decode($0) }) else { return nil }
      return Tensor(shape: Shape(array.shape), scalars: array.scalars)
    }
    guard let items = try tensor(Self.itemsDocument) else {
      throw Problem(
        .conflict, "The items of run \(run.id) were not kept, so it can't be done again; put \"record\": true into a request to keep them.",
        field: "id",
        given: "nothing", expected: run.description.dataDigest?.description)
    }
    let plan = try StrictJSON.decode(AuditPlan.self, from: Array(run.description.configuration.utf8))
    // The names of then are part of the answer, whatever the file is called now.
    let named = run.description.model.flatMap { name in run.description.version.map { LoadedModel.Registration(name: name, version: $0) } }
    try self.init(
      plan: plan, items: items, targets: tensor(Self.targetsDocument),
      labels: document(Self.labelsDocument).map { try StrictJSON.decode([String].self, from: $0) }, seed: Int(run.description.seed),
      firstItem: run.description.parameters[firstItemName].flatMap { Int($0) } ?? 0, on: model.named(named))
  }

  /// The model file that a run attacked, under whatever name it is registered now.
  package static func version(of run: Run, in store: ModelStore) throws -> ModelVersion {
    guard let digest = run.description.modelDigest,
      let version = store.version(holding: digest, preferring: run.description.model, run.description.version)
    else {
      let digest = run.description.modelDigest?.description ?? "none"
      throw Problem(.conflict, "The model file \(digest) of run \(run.id) is not in the store; upload it again.", field: "id", given: digest)
    }
    return version
  }

  /// Does a run again and compares the report.
  package static func replay(of run: Run, on model: LoadedModel, in store: ModelStore, pause: @escaping AttackTask.Pause = { _ in }) throws -> Replay
  {
    try Replay.expectation(of: run)
    let answer = try AuditRequest(of: run, on: model, in: store).perform(pause: pause)
    let before = SHA256.digest(answer.documentBefore.text)
    return try Replay(of: run, actual: before == run.outputDigest ? before : SHA256.digest(answer.document.text))
  }
}

extension AuditAnswer {
  /// Writes the answer down as what a run made, and ends the run.
  package func finish(_ run: RunID, in recorder: some RunRecorder, seconds: Double) throws {
    for (name, type, bytes) in try documents() { try recorder.attach(name, mediaType: type.name, bytes: bytes, to: run) }
    let metrics = report.metrics.map { RunMetric(name: $0.name, value: $0.value, step: 0) }
    try recorder.record(metrics + [RunMetric(name: "wall_seconds", value: seconds, step: 0)], in: run)
    try recorder.finish(run, .finished(output: SHA256.digest(document.text)))
  }
}
