import ArgumentParser

struct RunsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Finds, compares and replays recorded runs: training, evaluation, inference.",
    subcommands: [Compare.self, Document.self, Export.self, List.self, Replay.self, Show.self, Tag.self])
}
