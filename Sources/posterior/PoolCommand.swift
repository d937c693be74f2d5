import ArgumentParser
import Foundation
import Service

struct PoolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pool", abstract: "Pools estimates from several completed tables by Rubin's rules.",
    discussion: """
      A CSV file has the columns term, estimate and std_error (or variance), one row for every term and completed table; \
      a JSON file is the body of POST /v1/pool. Names of the answer are those of R's mice: qbar, ubar, b, t, df, riv, lambda, fmi.
      """)

  @Argument(help: "Estimates: a .csv or .json file.", completion: .file()) var input: String
  @OptionGroup(title: "With CSV") var options: SettingArguments<PoolOptions>
  @Option(help: "json or csv. (default: by the output's extension, else json)") var format: OutputFormat?
  @Option(name: .shortAndLong, help: "Where to write the answer. (default: standard output)", completion: .file()) var output: String?

  func run() async throws {
    try await reporting {
      guard let data = FileManager.default.contents(atPath: input) else { throw CommandError("\(input) can't be read.") }
      guard let given = OutputFormat(path: input), given == .csv || given == .json else {
        throw CommandError("\(input): estimates come as .csv or .json; the extension says which.")
      }
      let type = (format ?? output.flatMap(OutputFormat.init(path:)) ?? .json).mediaType
      guard PoolRequest.mediaTypes.contains(type) else { throw CommandError("This answer can be had as json or csv.") }
      let bytes = try PoolRequest(Array(data), type: given.mediaType, options: options.given).answer(as: type)
      if let output { return try Data(bytes).write(to: URL(fileURLWithPath: output), options: .atomic) }
      FileHandle.standardOutput.write(Data(bytes))
    }
  }
}
