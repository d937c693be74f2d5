import ArgumentParser
import Service

struct ImputeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: ImputeRequest.name, abstract: ImputeRequest.summary,
    discussion: """
      With a CSV file in and -o OUT.csv, observed cells come out byte for byte as they stood; \
      mode draws writes all completed tables below each other, numbered in a first column "imputation".
      """)

  @OptionGroup var arguments: OperationArguments
  @Argument(help: "Items with holes: a .csv, .json, .npy or .raw (float32, little-endian) file.", completion: .file())
  var input: String
  @Option(help: "Latent draws; with mode draws as many completed tables. (default: 5)")
  var draws: Int?
  @Option(help: "draws (sampled values, for multiple imputation) or point (means and likeliest categories). (default: draws)")
  var mode: String?

  func run() async throws {
    try await arguments.perform(Operation(ImputeRequest.self), ["draws": draws.map { "\($0)" }, "mode": mode], input: input)
  }
}
