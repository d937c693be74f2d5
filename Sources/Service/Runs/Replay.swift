package import Formats
package import ModelFiles
package import Registry

/// What came of doing a run again: whether the bytes are the same, and where the two were computed differently.
package struct Replay: Sendable {
  package let of: Run
  package let actual: Digest
  /// Parts of the build that have changed since the run; each may be why the bytes differ.
  package let differences: [(name: String, expected: String, actual: String)]
  package let expected: Digest
  /// The version since which the answer has another form; the bytes compared are those of the form before it.
  package let correctedIn: String?

  /// - Throws: `Problem` for a run that left nothing to compare with.
  package init(of run: Run, actual: Digest, correctedIn: String? = nil, build: BuildInformation = .current) throws {
    self.of = run
    (self.actual, self.correctedIn) = (actual, correctedIn)
    expected = try Self.expectation(of: run)
    differences = zip(run.description.build.parts, build.parts).compactMap { then, now in
      then.value == now.value ? nil : (then.name, then.value, now.value)
    }
  }

  package var isEqual: Bool { actual == expected }

  /// What a replay has to make again.
  @discardableResult
  package static func expectation(of run: Run) throws -> Digest {
    guard let digest = run.outputDigest else {
      let reason = run.status == .finished ? "it was recorded without the digest of what it made" : "it is \(run.status.rawValue)"
      throw Problem(
        .impossible, "Run \(run.id) can't be replayed: \(reason), so there is nothing to compare with.", field: "id", given: run.status.rawValue,
        expected: "a finished run with an output_digest")
    }
    return digest
  }

  /// Writes the replay down as a run of its own.
  package func record(in store: ModelStore) throws -> RunID {
    let run = of.description
    let id = try store.start(
      RunDescription(
        kind: .replay, family: run.family, model: run.model, version: run.version, modelDigest: run.modelDigest, configuration: run.configuration,
        parameters: ["replay_of": of.id.description, "replayed_kind": run.kind.rawValue, "expected": expected.description],
        tags: ["equal": "\(isEqual)"],
        seed: run.seed, dataDigest: run.dataDigest, build: .current))
    try store.finish(id, .finished(output: actual))
    return id
  }

  package func json(run: RunID) -> JSONValue {
    .record([
      "run": .string(run.description), "replay_of": .string(of.id.description), "equal": .bool(isEqual),
      "expected": .string(expected.description), "actual": .string(actual.description), "corrected_in": correctedIn.map(JSONValue.string),
      "differences": .record([
        "build": .object(
          differences.map {
            .init(name: $0.name, value: .record(["expected": .string($0.expected), "actual": .string($0.actual)]))
          })
      ]),
    ])
  }

  /// One sentence for people.
  package var sentence: String {
    if isEqual {
      let form = correctedIn.map { " That is the answer as builds before \($0) wrote it; it was corrected then." }
      return "The same bytes: \(actual)." + (form ?? "")
    }
    let builds = differences.map { "\($0.name) was \"\($0.expected)\" and is \"\($0.actual)\"" }
    let cause = builds.isEmpty ? "The build and the processor are the same." : "What it is computed with differs: \(builds.joined(separator: "; "))."
    return "Other bytes: \(actual), expected \(expected). \(cause)"
  }
}
