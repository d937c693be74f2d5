import ArgumentParser
import Formats
import Foundation
import Modelling
import Service

struct PoolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pool", abstract: "Pools estimates from several completed tables by Rubin's rules.",
    discussion: """
      A CSV file has the columns term, estimate and std_error (or variance), one row for every term and completed table; \
      a JSON file is the body of POST /v1/pool. Names of the answer are those of R's mice: qbar, ubar, b, t, df, riv, lambda, fmi.
      """)

  @Argument(help: "Estimates: a .csv or .json file; - is standard input.", completion: .file()) var input: String
  @OptionGroup var table: InputArguments
  @OptionGroup(title: "With CSV") var options: SettingArguments<PoolOptions>
  @Option(help: "json or csv. (default: by the output's extension, else json)") var format: OutputFormat?
  @Option(name: .shortAndLong, help: "Where to write the answer. (default: standard output)", completion: .file()) var output: String?

  func run() async throws {
    try await reporting {
      let given = try table.format(of: input)
      guard given == .csv || given == .json else { throw CommandError("\(input): estimates come as .csv or .json; the extension says which.") }
      let data = try table.source(input).whole()
      let type = (format ?? output.flatMap(OutputFormat.init(path:)) ?? .json).mediaType
      guard PoolRequest.mediaTypes.contains(type) else { throw CommandError("This answer can be had as json or csv.") }
      // The source has brought the text to UTF-8.
      var reading = try table.table.values()
      reading.encoding = .utf8
      let bytes = try PoolRequest(data, type: given.mediaType, options: options.given, table: reading).answer(as: type)
      if let output { return try Data(bytes).write(to: output.fileURL, options: .atomic) }
      FileHandle.standardOutput.write(Data(bytes))
    }
  }
}
