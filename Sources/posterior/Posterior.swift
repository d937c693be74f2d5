import ArgumentParser
import Foundation
import ModelFiles
import Service
import Tensors

@main
struct Posterior: AsyncParsableCommand {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let sentence = UnknownCommand.sentence(arguments, below: Self.self) {
      CommandError.note("Error: \(sentence)")
      Foundation.exit(64)
    }
    if let name = Machine.missingInstructionSet {
      let known = Machine.instructionSets.joined(separator: ", ")
      CommandError.note("Error: \(Machine.instructionSetVariable) is \"\(name)\", expected one of \(known), which this processor has.")
      Foundation.exit(64)
    }
    await main(arguments)
  }

  static let configuration = CommandConfiguration(
    commandName: "posterior", abstract: "Trains, registers and serves generative latent-variable models.", version: BuildInformation.current.title,
    subcommands: [
      AttackCommand.self,
      BenchCommand.self,
      ChangesCommand.self,
      ItemsCommand<ClassifyRequest>.self,
      ItemsCommand<ClusterRequest>.self,
      CompressCommand.self,
      DataCommand.self,
      ItemsCommand<DecodeRequest>.self,
      DecompressCommand.self,
      DisentanglementCommand.self,
      ItemsCommand<EncodeRequest>.self,
      EvaluateCommand.self,
      FamiliesCommand.self,
      ImputeCommand.self,
      KeysCommand.self,
      ModelsCommand.self,
      PoolCommand.self,
      ReadyCommand.self,
      ItemsCommand<ReconstructRequest>.self,
      RunsCommand.self,
      SampleCommand.self,
      ItemsCommand<ScoreRequest>.self,
      ServeCommand.self,
      StoreCommand.self,
      StudyCommand.self,
      TrainCommand.self,
      WorkCommand.self,
    ])
}
