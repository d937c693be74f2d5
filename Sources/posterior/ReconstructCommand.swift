import ArgumentParser
import Service

struct ReconstructCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: ReconstructRequest.name, abstract: ReconstructRequest.summary)

  @OptionGroup var arguments: OperationArguments
  @OptionGroup var inputArguments: InputArguments
  @Option(help: "Items: a .json, .csv, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String
  @Flag(help: "Draw z from q(z|x) instead of taking its mean.")
  var sampling = false

  func run() async throws {
    try await arguments.perform(RequestKind(ReconstructRequest.self), ["sampling": sampling ? "true" : nil], input: input, as: inputArguments)
  }
}
