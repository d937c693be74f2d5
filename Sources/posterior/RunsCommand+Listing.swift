import ArgumentParser
import Formats
import Foundation
import HTTP
import Registry
import Service

extension RunsCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists runs.")

    @OptionGroup var registry: RegistryArguments
    @OptionGroup var runs: RunSelectionArguments
    @Option(help: "How many.") var limit = 20
    @Flag(help: "As JSON.") var json = false
    @Flag(help: "Show how the store would look for them instead: SQLite's query plan.") var explain = false

    func validate() throws {
      guard limit > 0 else { throw ValidationError("--limit is \(limit), expected 1 or more") }
      if explain, registry.namesServer { throw ValidationError("--explain looks into a store, which a server does not show: name one with --store") }
    }

    func run() async throws {
      try await reporting {
        if explain {
          let (filter, order) = try runs.selection
          return print(try registry.store.openExisting().plan(of: filter, order: order).joined(separator: "\n"))
        }
        let found = try await registry.connect().all("runs", "runs", query: runs.query, atMost: limit)
        if json { return JSONValue.array(found).print() }
        TextTable(["ID", "KIND", "STATUS", "MODEL", "STARTED", "SECONDS", "SEED"], found.map(Self.row)).print()
      }
    }

    private static func row(_ run: JSONValue) -> [String] {
      let model = run.text("model").map { name in run.integer("version").map { "\(name)@\($0)" } ?? name }
      let operation = run["inference"].flatMap { $0.text("operation") }
      return [
        run.cell("id"), ([run.cell("kind")] + (operation.map { [$0] } ?? [])).joined(separator: " "), run.cell("status"), model ?? run.cell("family"),
        run.cell("started_at"), run.number("duration_seconds").map { String(format: "%.3f", $0) } ?? "-", run.cell("seed"),
      ]
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows one run as JSON, with the last value of each metric.")

    @Argument(help: "The run's identifier.") var id: String
    @OptionGroup var registry: RegistryArguments

    func run() async throws { try await reporting { try await registry.connect().get("runs", id).print() } }
  }

  struct Tag: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sets and removes tags of a run. Recorded requests have no tags.")

    @Argument(help: "The run's identifier.") var id: String
    @OptionGroup var changes: TagChanges
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let answer = try await registry.connect().send(.patch, "admin", "runs", id, json: .object([.init(name: "tags", value: changes.patch)]))
        print(([id] + answer.pairs("tags")).joined(separator: "  "))
      }
    }
  }

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes all runs that pass a filter as a table, or as JSON with one run a line.",
      discussion: "Columns: what every run has, then params.*, metrics.* (last values) and tags.* by name.")

    enum Format: String, CaseIterable, ExpressibleByArgument { case csv, json }

    @OptionGroup var registry: RegistryArguments
    @OptionGroup var runs: RunSelectionArguments
    @Option(help: "csv or json; of a server, csv.") var format = Format.csv
    @Option(name: .shortAndLong, help: "Where to. (default: standard output)", completion: .file()) var output: String?

    func validate() throws {
      if registry.namesServer, format == .json { throw ValidationError("a server has this table as csv; for JSON, use posterior runs list --json") }
    }

    func run() async throws {
      try await reporting {
        guard registry.namesServer else { return try export() }
        let target = ServerConnection.target(["runs"], runs.query)
        let table = try await registry.connect().send(.get, target, body: [], accepting: "text/csv").content
        try (try output.map(Self.create) ?? .standardOutput).write(contentsOf: Data(table))
      }
    }

    private func export() throws {
      let (filter, order) = try runs.selection
      let table = try RunTable(registry.store.openExisting(), filter, order)
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
