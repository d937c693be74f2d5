import ArgumentParser
import ModelFiles

@main
struct Posterior: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "posterior", abstract: "Trains, registers and serves generative latent-variable models.", version: BuildInformation.current.title,
    subcommands: [
      AttackCommand.self,
      BenchCommand.self,
      ChangesCommand.self,
      ClassifyCommand.self,
      ClusterCommand.self,
      DataCommand.self,
      DisentanglementCommand.self,
      EncodeCommand.self,
      EvaluateCommand.self,
      ImputeCommand.self,
      KeysCommand.self,
      ModelsCommand.self,
      PoolCommand.self,
      ReconstructCommand.self,
      RunsCommand.self,
      SampleCommand.self,
      ScoreCommand.self,
      ServeCommand.self,
      StoreCommand.self,
      TrainCommand.self,
    ])
}
