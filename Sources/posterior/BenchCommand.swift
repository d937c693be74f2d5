import ArgumentParser

/// `posterior bench`: what this machine can do, measured in one run.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure this build on this machine.", subcommands: [ArithmeticBenchmark.self])
}
