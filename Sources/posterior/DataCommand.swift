import ArgumentParser
import Data
import Formats
import Foundation
import Modelling

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Looks at data, cuts recordings into items and draws named data sets, before anything is learnt from them.",
    subcommands: [Describe.self, RingFile.self, SpritesFile.self, Upload.self, Windows.self])
}

extension DataCommand {
  struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows what the columns of a table are taken for, and why.",
      discussion: """
        Numbers are real, whole where all are, and binary where they are 0 and 1; days and times are dates; texts are categories, two of them binary.
        Columns that name rows or hold nothing are left out. Notes say what else a column could be, and which cells do not fit.
        What --json prints and -o writes can be edited: the types are real, whole, positive, count, date, ordinal, categorical and binary, and
        "role": "ignore" leaves a column out. Give it to `posterior train --schema`, or put its members under `data` of a recipe.
        """)

    @Argument(help: "A table: a .csv, .tsv or .txt file, also in gzip; - is standard input.", completion: .file()) var file: String
    @OptionGroup(title: "Reading tables") var reading: SettingArguments<TableOptions>
    @Option(name: [.short, .long], help: "Writes the JSON to this file.") var output: String?
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
      try await reporting {
        var options = try reading.values()
        // What does not fit is shown here, and refused where something is learnt from it.
        let isLenient = options.lenient
        options.lenient = true
        let data = try DataSource(source: file, format: .csv, reading: options).load(isMixed: true)
        options.lenient = isLenient
        guard let columns = data.signature.space.table?.columns, let summaries = data.columnSummaries(over: Array(0..<data.count)),
          let report = data.report
        else { throw CommandError("\(file) is no table.") }
        let known = Dictionary(zip(columns, summaries).map { ($0.name, ($0, $1)) }) { first, _ in first }
        let all = report.columns.map { entry in known[entry.name]?.0 ?? TableSpace.Column(name: entry.name, type: .real, role: .ignore) }
        let schema = TableSchema(columns: all, reading: reading.given.isEmpty ? nil : options)
        if let output {
          do { try Data((schema.json.indented() + "\n").utf8).write(to: output.fileURL, options: .atomic) } catch {
            throw CommandError("\(output) can't be written: \(error.localizedDescription)")
          }
        }
        if json { return print(try schema.json.indented()) }
        TextTable(
          ["COLUMN", "TYPE", "WHY", "OBSERVED", "MISSING", "CONTENT", "NOTE"],
          report.columns.map { entry in
            guard let (column, summary) = known[entry.name] else {
              return [entry.name, "left out", entry.reason, "\(entry.observed)", "\(entry.missing)", "", ""]
            }
            return [
              entry.name, column.type.rawValue, entry.reason, "\(entry.observed)", "\(entry.missing)", content(column, summary),
              odd(entry, isLenient) + note(column, summary),
            ]
          }
        ).print()
        print("\(data.count) rows" + ((data.emptyRows ?? 0) > 0 ? ", \(data.emptyRows ?? 0) of them without any value" : ""))
        for note in report.surroundings { print(note) }
        let marks = report.marks.filter { !$0.mark.isEmpty }
        if !marks.isEmpty { print("read as missing: " + marks.map { "\"\($0.mark)\" (\($0.count))" }.joined(separator: ", ")) }
      }
    }

    private func odd(_ entry: TableReport.Column, _ isLenient: Bool) -> String {
      guard let first = entry.odd.first else { return "" }
      let more = entry.oddCount > 1 ? " and \(entry.oddCount - 1) more" : ""
      return "\"\(first.text)\" at line \(first.line)\(more) does not fit: \(isLenient ? "read as missing" : "refused without --lenient"); "
    }

    private func content(_ column: TableSpace.Column, _ summary: DataSet.ColumnSummary) -> String {
      if let categories = column.categories {
        return categories.prefix(8).joined(separator: ", ") + (categories.count > 8 ? ", ... (\(categories.count))" : "")
      }
      guard summary.observed > 0 else { return "" }
      if column.type == .date { return "\(column.text(summary.smallest)) to \(column.text(summary.largest))" }
      func text(_ value: Double) -> String { NumberForm.plain.text(value, resolution: summary.deviation / 1e4) }
      return "\(NumberForm.plainText(summary.smallest)) to \(NumberForm.plainText(summary.largest)), mean \(text(summary.mean)), sd "
        + NumberForm.plain.text(summary.deviation, resolution: summary.deviation / 1e4)
    }

    /// What can't be learnt from, and what else numbers could be.
    private func note(_ column: TableSpace.Column, _ summary: DataSet.ColumnSummary) -> String {
      if summary.observed == 0 { return "no value: can't be learnt from" }
      if summary.smallest == summary.largest { return "constant" }
      guard column.type == .real || column.type == .whole else { return "" }
      if summary.isWhole, summary.smallest >= 0 {
        let isFew = summary.distinct <= 20
        return isFew ? "whole, \(summary.distinct) different: could be a count, ordinal or categorical" : "whole, from 0 up: could be a count"
      }
      return summary.smallest > 0 && summary.deviation > summary.mean ? "above 0 with a long tail: could be positive" : ""
    }
  }
}
