import ArgumentParser
import Formats
import Foundation
import Registry
import Service

extension RunsCommand {
  struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows runs side by side: parameters and builds that differ, and every metric.")

    @Argument(help: "Two or more identifiers.") var ids: [String]
    @Flag(help: "As JSON, like GET /v1/runs/compare.") var json = false
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let comparison = try await registry.connect().get("runs", "compare", query: ["ids": ids.joined(separator: ",")])
        if json { return comparison.print() }
        TextTable([""] + ids, Self.rows(comparison)).print()
        for line in Self.rankings(comparison["robustness"]) { print(line) }
      }
    }

    /// Of audits: who is the most robust by what can be compared, and what can't.
    private static func rankings(_ robustness: JSONValue?) -> [String] {
      guard case .object(let ranked)? = robustness?["most_robust_first"], case .object(let refused)? = robustness?["not_ranked"] else { return [] }
      let orders = ranked.map { "most robust first by \($0.name): \($0.value.entries.map(\.word).joined(separator: ", "))" }
      let reasons = Dictionary(grouping: refused, by: \.value.word).sorted { $0.key < $1.key }
      return orders + reasons.map { reason, metrics in "not ranked by \(metrics.map(\.name).joined(separator: ", ")): \(reason)" }
    }

    private static func rows(_ comparison: JSONValue) -> [[String]] {
      func members(_ value: JSONValue?) -> [JSONValue.Member] { if case .object(let members)? = value { members } else { [] } }
      func row(_ name: String, _ values: [String?]) -> [String] { [name] + values.map { $0.map(shortened) ?? "-" } }
      func texts(_ prefix: String, _ lines: JSONValue?) -> [[String]] {
        members(lines).map { line in
          row(prefix + line.name, line.value.entries.map { if case .string(let text) = $0 { text } else { nil } })
        }
      }
      func numbers(_ name: String, _ values: JSONValue?) -> [String] {
        row(name, (values?.entries ?? []).map { $0.double.map { String(format: "%.6g", $0) } })
      }
      let differences = comparison["differences"]
      var rows = texts("", differences?["facts"]) + texts("params.", differences?["parameters"])
      for metric in members(comparison["metrics"]) {
        rows.append(numbers("metrics.\(metric.name)", metric.value["last"]))
        // One value has no range worth a line.
        guard metric.value["min"] != metric.value["max"] else { continue }
        rows += [numbers("  smallest", metric.value["min"]), numbers("  largest", metric.value["max"])]
      }
      return rows + texts("build.", differences?["build"])
    }

    private static func shortened(_ text: String) -> String {
      let width = 40
      return text.count > width ? "\(text.prefix(width - 3))..." : text
    }
  }
}

extension JSONValue {
  fileprivate var entries: [JSONValue] { if case .array(let values) = self { values } else { [] } }
  fileprivate var word: String { if case .string(let text) = self { text } else { "" } }
}
