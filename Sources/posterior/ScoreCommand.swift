import ArgumentParser
import Service

struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: ScoreRequest.name, abstract: ScoreRequest.summary)

  @OptionGroup var arguments: OperationArguments
  @OptionGroup var inputArguments: InputArguments
  @Option(help: "Items: a .json, .csv, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String
  @Option(help: "Draws of the importance-weighted bound. (default: 100)")
  var k: Int?
  @Option(help: "Columns to score given the others, parted by commas, for families that can. (default: all)")
  var targets: String?
  @Option(help: "With such families: proposal (importance sampling) or prior (Monte Carlo from the prior). (default: proposal)")
  var estimator: String?

  func run() async throws {
    try await arguments.perform(
      RequestKind(ScoreRequest.self), ["k": k.map { "\($0)" }, "targets": targets, "estimator": estimator], input: input, as: inputArguments)
  }
}
