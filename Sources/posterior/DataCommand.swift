import ArgumentParser
import Data
import Formats
import Foundation
import Modelling

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Looks at data, cuts recordings into items and draws named data sets, before anything is learnt from them.",
    subcommands: [Describe.self, RingFile.self, SpritesFile.self, Windows.self])
}

extension DataCommand {
  struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows the columns that a CSV file is taken to have.",
      discussion: """
        Numbers are real, except that a column of 0 and 1 is binary; texts are categories, two of them binary. Notes say what else a column could be.
        What --json prints and -o writes can be edited: the types are real, positive, count, ordinal, categorical and binary. Give it to
        `posterior train --schema`, or put its members under `data` of a recipe.
        """)

    @Argument(help: "A CSV file.", completion: .file()) var file: String
    @Option(name: .customLong("missing"), parsing: .upToNextOption, help: "Marks of a missing cell, instead of \"\", NA, NaN, nan, ? and null.")
    var missing: [String] = []
    @Option(help: "Between fields: comma, semicolon or tab. Default: the one that the header has most of.") var delimiter: DataSource.Delimiter?
    @Option(name: [.short, .long], help: "Writes the JSON to this file.") var output: String?
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
      try await reporting {
        let marks = missing.isEmpty ? nil : missing
        let data = try DataSource(source: file, format: .csv, missing: marks, delimiter: delimiter).load(isMixed: true)
        guard let columns = data.signature.space.table?.columns, let summaries = data.columnSummaries(over: Array(0..<data.count)) else {
          throw CommandError("\(file) is no table.")
        }
        let schema = TableSchema(columns: columns, missing: marks, delimiter: delimiter)
        if let output {
          do { try Data((schema.json.indented() + "\n").utf8).write(to: URL(fileURLWithPath: output), options: .atomic) } catch {
            throw CommandError("\(output) can't be written: \(error.localizedDescription)")
          }
        }
        if json { return print(try schema.json.indented()) }
        TextTable(
          ["COLUMN", "TYPE", "OBSERVED", "MISSING", "CONTENT", "NOTE"],
          zip(columns, summaries).map { [$0.name, $0.type.rawValue, "\($1.observed)", "\($1.missing)", content($0, $1), note($0, $1)] }
        ).print()
        print("\(data.count) rows" + ((data.emptyRows ?? 0) > 0 ? ", \(data.emptyRows ?? 0) of them without any value" : ""))
      }
    }

    private func content(_ column: TableSpace.Column, _ summary: DataSet.ColumnSummary) -> String {
      if let categories = column.categories {
        return categories.prefix(8).joined(separator: ", ") + (categories.count > 8 ? ", ... (\(categories.count))" : "")
      }
      guard summary.observed > 0 else { return "" }
      return "\(summary.smallest) to \(summary.largest), mean \(Float(summary.mean)), sd \(Float(summary.deviation))"
    }

    /// What can't be learnt from, and what else numbers could be.
    private func note(_ column: TableSpace.Column, _ summary: DataSet.ColumnSummary) -> String {
      if summary.observed == 0 { return "no value: can't be learnt from" }
      if summary.smallest == summary.largest { return "constant" }
      guard column.type == .real else { return "" }
      if summary.isWhole, summary.smallest >= 0 {
        let isFew = summary.distinct <= 20
        return isFew ? "whole, \(summary.distinct) different: could be a count, ordinal or categorical" : "whole, from 0 up: could be a count"
      }
      return summary.smallest > 0 && summary.deviation > summary.mean ? "above 0 with a long tail: could be positive" : ""
    }
  }
}

extension DataSource.Delimiter: ExpressibleByArgument {
  private static let names: [(name: String, value: DataSource.Delimiter)] = [("comma", .comma), ("semicolon", .semicolon), ("tab", .tab)]

  public init?(argument: String) {
    guard let value = Self.names.first(where: { $0.name == argument })?.value ?? Self(rawValue: argument) else { return nil }
    self = value
  }

  public static var allValueStrings: [String] { names.map(\.name) }
}
