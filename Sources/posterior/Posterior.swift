import ArgumentParser

@main
struct Posterior: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "posterior", abstract: "Trains, registers and serves generative latent-variable models.",
    subcommands: [
      BenchCommand.self,
      EncodeCommand.self,
      EvaluateCommand.self,
      ModelsCommand.self,
      ReconstructCommand.self,
      RunsCommand.self,
      SampleCommand.self,
      ScoreCommand.self,
      ServeCommand.self,
      TrainCommand.self,
    ])
}
