import ArgumentParser
import Service

struct ImputeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: ImputeRequest.name, abstract: ImputeRequest.summary,
    discussion: """
      With a CSV file in and -o OUT.csv, observed cells come out byte for byte as they stood; \
      mode draws writes every row's draws one below the other, numbered in a first column "imputation". \
      Such files may be of any size: they are checked first, then computed block by block, and OUT.csv appears when it is whole. \
      --mask may also name a .png of the same size, white where pixels are hidden. \
      Of images, -o OUT.png shows every image with its hole, what it was completed to, and, where --mask hid some of it, what was there.
      """)

  @OptionGroup var arguments: RequestArguments
  @OptionGroup var inputArguments: InputArguments
  @Argument(help: "Items with holes: a .csv, .json, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String
  @OptionGroup var options: SettingArguments<ImputeRequest>

  func run() async throws {
    // A picture of the same size, white where pixels are hidden, comes beside the input instead of as an option.
    let mask = options["mask"].flatMap { $0.lowercased().hasSuffix(".png") ? $0 : nil }
    try await arguments.perform(
      RequestKind(ImputeRequest.self), options.given.filter { mask == nil || $0.name != "mask" }, input: input, as: inputArguments, mask: mask)
  }
}
