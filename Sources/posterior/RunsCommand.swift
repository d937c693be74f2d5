import ArgumentParser
import Formats
import Registry
import Service
import Training

struct RunsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Shows recorded runs: training, evaluation, inference.", subcommands: [List.self, Show.self])
}

extension RunsCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the latest runs of a store.")

    @OptionGroup var store: StoreArguments
    @Option(help: "How many.") var limit = 20

    func run() async throws {
      try await reporting {
        let runs = try store.openExisting().runs(limit: limit).items
        TextTable(
          ["ID", "KIND", "STATUS", "FAMILY", "MODEL", "STARTED", "SEED"],
          runs.map { run in
            let model = run.description.model.map { name in run.description.version.map { "\(name)@\($0)" } ?? name }
            return [
              run.id.description, run.description.kind.rawValue, run.status.rawValue, run.description.family, model ?? "-", "\(run.startedAt)",
              "\(run.description.seed)",
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
        guard case .object(let members) = try RunJSON.run(run) else { preconditionFailure("a run is an object") }
        let metrics = try store.latestMetrics(of: run.id).map(RunJSON.metric)
        print(String(decoding: JSONValue.object(members + [.init(name: "latest_metrics", value: .array(metrics))]).text, as: UTF8.self))
      }
    }
  }
}
