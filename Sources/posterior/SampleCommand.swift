import ArgumentParser
import Service

struct SampleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: SampleRequest.name, abstract: SampleRequest.summary)

  @OptionGroup var arguments: OperationArguments
  @Option(help: "How many items. (default: 1)")
  var n: Int?
  @Option(help: "Multiplies the prior's deviation. (default: 1)")
  var temperature: Double?
  @Flag(help: "The mean of p(x|z) instead of a draw from it.")
  var mean = false
  @Option(
    help: ArgumentHelp(
      "What to condition on, as JSON: {\"label\": 3}, {\"cluster\": 4, \"layer\": 0} or {\"layers\": [{\"from_item\": 0}, {\"cluster\": 2}]}.",
      valueName: "json"))
  var given: String?
  @OptionGroup var inputArguments: InputArguments
  @Option(
    help: "The items that from_item counts: a .csv, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String?

  func run() async throws {
    try await arguments.perform(
      RequestKind(SampleRequest.self),
      ["n": n.map { "\($0)" }, "temperature": temperature.map { "\($0)" }, "mean": mean ? "true" : nil, "given": given], input: input,
      as: inputArguments)
  }
}
