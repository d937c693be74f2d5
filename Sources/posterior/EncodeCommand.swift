import ArgumentParser
import Service

struct EncodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: EncodeRequest.name, abstract: EncodeRequest.summary)

  @OptionGroup var arguments: OperationArguments
  @OptionGroup var inputArguments: InputArguments
  @Option(help: "Items: a .json, .csv, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String

  func run() async throws {
    try await arguments.perform(RequestKind(EncodeRequest.self), [:], input: input, as: inputArguments)
  }
}
