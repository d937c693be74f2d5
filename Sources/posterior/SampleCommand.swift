import ArgumentParser
import Formats
import Service

struct SampleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: SampleRequest.name, abstract: SampleRequest.summary,
    discussion: "--given TEXT is short for --given '{\"text\": \"TEXT\"}'.")

  @OptionGroup var arguments: RequestArguments
  @OptionGroup var options: SettingArguments<SampleRequest>
  @OptionGroup var inputArguments: InputArguments
  @Option(
    help: "The items that from_item counts: a .csv, .arrow, .png, .npy or .raw (float32, little-endian) file; - is standard input.",
    completion: .file())
  var input: String?

  func run() async throws {
    // A text by itself is the one to go on from.
    let given = options.given.map { option in
      guard option.name == "given", !option.value.hasPrefix("{") else { return option }
      return SentRequest.Option(name: option.name, value: JSONValue.record(["text": .string(option.value)]).line)
    }
    try await arguments.perform(RequestKind(SampleRequest.self), given, input: input, as: inputArguments)
  }
}
