import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures how fast answers come, and where the time goes.",
    subcommands: [BenchLoadCommand.self], defaultSubcommand: BenchLoadCommand.self)
}
