import ArgumentParser
import Service

struct ClassifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: ClassifyRequest.name, abstract: ClassifyRequest.summary)

  @OptionGroup var arguments: OperationArguments
  @OptionGroup var inputArguments: InputArguments
  @Option(help: "Items: a .json, .csv, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String
  @Option(help: "How many probabilities JSON lists for an item, the greatest first. (default: all)")
  var top: Int?

  func run() async throws {
    try await arguments.perform(RequestKind(ClassifyRequest.self), ["top": top.map { "\($0)" }], input: input, as: inputArguments)
  }
}
