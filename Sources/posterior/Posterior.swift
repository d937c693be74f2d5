import ArgumentParser

@main
struct Posterior: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains, registers and serves generative latent-variable models.", subcommands: [EvaluateCommand.self, TrainCommand.self])
}

struct CLIError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
