import ArgumentParser
import Formats
import Foundation
import Models
import Training

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Looks at data before anything is learnt from it.", subcommands: [Describe.self])
}

extension DataCommand {
  struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows the columns that a CSV file is taken to have.",
      discussion: "What --json prints can be edited and put under `data` of a recipe, where `columns` says what to learn from.")

    @Argument(help: "A CSV file.", completion: .file()) var file: String
    @Option(name: .customLong("missing"), parsing: .upToNextOption, help: "Marks of a missing cell, instead of \"\", NA, NaN, nan, ? and null.")
    var missing: [String] = []
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
      try await reporting {
        let data = try DataSource(source: file, format: .csv, missing: missing.isEmpty ? nil : missing).load(isMixed: true)
        guard let columns = data.signature.columns, let summaries = data.columnSummaries(over: Array(0..<data.count)) else {
          throw CommandError("\(file) is no table.")
        }
        if json { return try printJSON(columns) }
        TextTable(
          ["COLUMN", "TYPE", "OBSERVED", "MISSING", "CONTENT", "NOTE"],
          zip(columns, summaries).map { [$0.name, $0.type.rawValue, "\($1.observed)", "\($1.missing)", content($0, $1), note($1)] }
        ).print()
      }
    }

    private func content(_ column: Signature.Column, _ summary: DataSet.ColumnSummary) -> String {
      if let categories = column.categories {
        return categories.prefix(8).joined(separator: ", ") + (categories.count > 8 ? ", ... (\(categories.count))" : "")
      }
      guard summary.observed > 0 else { return "" }
      return "\(summary.smallest) to \(summary.largest), mean \(Float(summary.mean)), sd \(Float(summary.deviation))"
    }

    private func note(_ summary: DataSet.ColumnSummary) -> String {
      if summary.observed == 0 { return "no value: can't be learnt from" }
      return summary.smallest == summary.largest ? "constant" : ""
    }

    private func printJSON(_ columns: [Signature.Column]) throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes, .sortedKeys]
      var fields = ["columns": try JSONValue(parsing: Array(encoder.encode(columns)))]
      if !missing.isEmpty { fields["missing"] = .array(missing.map(JSONValue.string)) }
      JSONValue.object(fields.sorted { $0.key < $1.key }.map { JSONValue.Member(name: $0.key, value: $0.value) }).print()
    }
  }
}
