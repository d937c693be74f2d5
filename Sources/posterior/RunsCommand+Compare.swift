import ArgumentParser
import Formats
import Foundation
import Registry
import Service
import Training

extension RunsCommand {
  struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows runs side by side: parameters and builds that differ, and every metric.")

    @Argument(help: "Two or more identifiers.") var ids: [String]
    @Flag(help: "As JSON, like GET /v1/runs/compare.") var json = false
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        let comparison = try RunComparison(of: ids, in: store.openExisting())
        if json {
          print(String(decoding: try comparison.json.text, as: UTF8.self))
        } else {
          TextTable([""] + ids, Self.rows(comparison)).print()
        }
      }
    }

    private static func rows(_ comparison: RunComparison) -> [[String]] {
      let width = 40
      func row(_ name: String, _ values: [String?]) -> [String] {
        [name] + values.map { $0.map { $0.count > width ? "\($0.prefix(width - 3))..." : $0 } ?? "-" }
      }
      func number(_ value: Double?) -> String? { value.map { String(format: "%.6g", $0) } }
      var rows = comparison.facts.map { row($0.name, $0.values) }
      rows += comparison.parameters.map { row("params.\($0.name)", $0.values) }
      for metric in comparison.metrics {
        rows.append(row("metrics.\(metric.name)", metric.last.map(number)))
        // One value has no range worth a line.
        guard metric.smallest != metric.largest else { continue }
        rows.append(row("  smallest", metric.smallest.map(number)))
        rows.append(row("  largest", metric.largest.map(number)))
      }
      return rows + comparison.builds.map { row("build.\($0.name)", $0.values) }
    }
  }
}
