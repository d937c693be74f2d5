import ArgumentParser
import Service

struct SampleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: SampleRequest.name, abstract: SampleRequest.summary)

  @OptionGroup var arguments: RequestArguments
  @OptionGroup var options: SettingArguments<SampleRequest>
  @OptionGroup var inputArguments: InputArguments
  @Option(
    help: "The items that from_item counts: a .csv, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String?

  func run() async throws { try await arguments.perform(RequestKind(SampleRequest.self), options.given, input: input, as: inputArguments) }
}
