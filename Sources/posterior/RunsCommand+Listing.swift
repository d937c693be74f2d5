import ArgumentParser
import Formats
import Foundation
import Registry
import Service
import Training

extension RunsCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists runs of a store.")

    @OptionGroup var store: StoreArguments
    @OptionGroup var runs: RunSelectionArguments
    @Option(help: "How many.") var limit = 20
    @Flag(help: "Show how the store would look for them instead: SQLite's query plan.") var explain = false

    func run() async throws {
      try await reporting {
        let (filter, order) = try runs.selection
        if explain { return print(try store.openExisting().plan(of: filter, order: order).joined(separator: "\n")) }
        let found = try store.openExisting().runs(filter, order: order, limit: limit).items
        TextTable(
          ["ID", "KIND", "STATUS", "MODEL", "STARTED", "SECONDS", "SEED"],
          found.map { run in
            let model = run.description.model.map { name in run.description.version.map { "\(name)@\($0)" } ?? name }
            let kind = run.inference.map { "\(run.description.kind.rawValue) \($0.operation)" } ?? run.description.kind.rawValue
            return [
              run.id.description, kind, run.status.rawValue, model ?? run.description.family, "\(run.startedAt)",
              run.duration.map { String(format: "%.3f", $0 / .seconds(1)) } ?? "-", run.seed.map { "\($0)" } ?? "-",
            ]
          }
        ).print()
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows one run as JSON, with the last value of each metric.")

    @Argument(help: "The run's identifier.") var id: String
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        let store = try store.openExisting()
        let run = try store.run(id)
        print(String(decoding: try RunJSON.run(run, latest: store.latestMetrics(of: run.id)).text, as: UTF8.self))
      }
    }
  }

  struct Tag: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sets a tag of a run, over the value it had. Recorded requests have no tags.")

    @Argument(help: "The run's identifier.") var id: String
    @Argument(help: "The tag's name.") var name: String
    @Argument(help: "Its value.") var value: String
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        let store = try store.openExisting()
        let run = try store.run(id)
        guard run.inference == nil else { throw CommandError("\(id) is a recorded request, which has no tags.") }
        try store.setTag(name, to: value, of: run.id)
      }
    }
  }

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes all runs that pass a filter as a table, or as JSON with one run a line.",
      discussion: "Columns: what every run has, then params.*, metrics.* (last values) and tags.* by name.")

    enum Format: String, CaseIterable, ExpressibleByArgument { case csv, json }

    @OptionGroup var store: StoreArguments
    @OptionGroup var runs: RunSelectionArguments
    @Option(help: "csv or json.") var format = Format.csv
    @Option(name: .shortAndLong, help: "Where to. (default: standard output)", completion: .file()) var output: String?

    func run() async throws { try await reporting(export) }

    private func export() throws {
      let (filter, order) = try runs.selection
      let table = try RunTable(store.openExisting(), filter, order)
      let file = try output.map(Self.create) ?? .standardOutput
      if format == .csv { try file.write(contentsOf: Data(table.header)) }
      var token: String?
      repeat {
        switch format {
        case .csv:
          let page = try table.rows(pageToken: token)
          try file.write(contentsOf: Data(page.bytes))
          token = page.nextPageToken
        case .json:
          let page = try table.documents(pageToken: token)
          try file.write(contentsOf: Data(page.values.flatMap { $0.text + [UInt8(ascii: "\n")] }))
          token = page.nextPageToken
        }
      } while token != nil
    }

    private static func create(_ path: String) throws -> FileHandle {
      guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
        throw CommandError("\(path) can't be written.")
      }
      return file
    }
  }
}
