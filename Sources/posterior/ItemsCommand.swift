import ArgumentParser
import Service

/// A request about items, as a command: its flags are those of its table.
struct ItemsCommand<Request: ModelRequest>: AsyncParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration(commandName: Request.name, abstract: Request.summary) }

  @OptionGroup var arguments: RequestArguments
  @OptionGroup var inputArguments: InputArguments
  @Option(
    help: "Items: a .json, .csv, .arrow, .png, .npy, .raw (float32, little-endian) or .txt (one text) file; - is standard input.", completion: .file()
  )
  var input: String
  @OptionGroup var options: SettingArguments<Request>

  func run() async throws { try await arguments.perform(RequestKind(Request.self), options.given, input: input, as: inputArguments) }
}
