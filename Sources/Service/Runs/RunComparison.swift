package import Formats
internal import ModelFiles
package import Registry

/// Runs side by side: what they were given differently, what they measured, and what they were computed with.
package struct RunComparison: Sendable {
  package struct Line: Sendable, Equatable {
    package let name: String
    /// One a run, in the order asked for; nil where a run has none.
    package let values: [String?]
  }

  package let runs: [Run]
  /// Facts and parameters that are not the same in all runs.
  package let facts: [Line]
  package let parameters: [Line]
  package let builds: [Line]
  /// Every metric that one of them has.
  package let metrics: [Metric]

  package struct Metric: Sendable {
    package let name: String
    package let last: [Double?]
    package let smallest: [Double?]
    package let largest: [Double?]
  }

  /// How many runs can stand side by side.
  package static let limits = 2...20

  package init(of ids: [String], in store: ModelStore) throws {
    guard Self.limits.contains(ids.count), Set(ids).count == ids.count else {
      let expected = "\(Self.limits.lowerBound) to \(Self.limits.upperBound) different identifiers"
      throw Problem(.malformed, "ids has \(ids.count) identifiers, expected \(expected).", field: "ids", given: "\(ids.count)", expected: expected)
    }
    let runs = try ids.map(store.run)
    self.runs = runs
    func line(_ name: String, _ value: (Run) -> String?) -> Line { Line(name: name, values: runs.map(value)) }
    func differing(_ lines: [Line]) -> [Line] { lines.filter { Set($0.values).count > 1 } }

    facts = differing([
      line("kind") { $0.description.kind.rawValue }, line("status") { $0.status.rawValue }, line("family") { $0.description.family },
      line("model") { $0.description.model }, line("version") { $0.description.version.map(String.init) },
      line("model_digest") { $0.description.modelDigest?.description }, line("seed") { $0.seed.map { String($0) } },
      line("data_digest") { $0.description.dataDigest?.description }, line("configuration") { $0.description.configuration },
      line("operation") { $0.inference?.operation }, line("items") { $0.inference?.options.map { String($0.items) } },
      line("input_digest") { $0.inference?.inputDigest?.description }, line("output_digest") { $0.outputDigest?.description },
      line("duration_seconds") { $0.duration.map { String($0 / .seconds(1)) } }, line("failure") { $0.failure },
    ])
    let names = Set(runs.flatMap(\.description.parameters.keys)).sorted()
    parameters = differing(names.map { name in line(name) { $0.description.parameters[name] } })
    builds = differing(
      runs[0].description.build.parts.map(\.name).enumerated().map { index, name in line(name) { $0.description.build.parts[index].value } })

    let latest = try store.latestValues(of: runs.map(\.id))
    let ranges = try runs.map { try store.metricRanges(of: $0.id) }
    metrics = Set(latest.values.flatMap(\.keys)).sorted().map { name in
      Metric(
        name: name, last: runs.map { latest[$0.id]?[name] }, smallest: ranges.map { $0[name]?.lowerBound },
        largest: ranges.map { $0[name]?.upperBound })
    }
  }

  package var json: JSONValue {
    get throws {
      func object(_ lines: [Line]) -> JSONValue {
        .object(lines.map { .init(name: $0.name, value: .array($0.values.map(JSONValue.string(orNull:)))) })
      }
      func numbers(_ values: [Double?]) -> JSONValue { .array(values.map { $0.map(JSONValue.number) ?? .null }) }
      return .record([
        "runs": .array(try runs.map(RunJSON.run)),
        "differences": .record(["facts": object(facts), "parameters": object(parameters), "build": object(builds)]),
        "metrics": .object(
          metrics.map { metric in
            .init(
              name: metric.name,
              value: .record(["last": numbers(metric.last), "min": numbers(metric.smallest), "max": numbers(metric.largest)]))
          }),
        "robustness": AuditComparison(runs, values: metrics.map { ($0.name, $0.last) })?.json(runs),
      ])
    }
  }
}
