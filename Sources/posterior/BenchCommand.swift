import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures how fast answers come, and where the time goes.",
    subcommands: [
      ArithmeticBenchmark.self, BenchAttackCommand.self, BenchCodingCommand.self, BenchEncodingCommand.self, BenchImputationCommand.self,
      BenchLoadCommand.self,
      BenchTrainingCommand.self,
    ],
    defaultSubcommand: BenchLoadCommand.self)
}
