import ArgumentParser
import Service

struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: ClusterRequest.name, abstract: ClusterRequest.summary)

  @OptionGroup var arguments: OperationArguments
  @OptionGroup var inputArguments: InputArguments
  @Option(help: "Items: a .json, .csv, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String
  @Option(help: "The layer whose clusters are meant, the one nearest the data being 0. (default: all)")
  var layer: Int?
  @Option(help: "Draws of z that probabilities are averaged over; 0 takes the mean of q(z|x). (default: 0)")
  var draws: Int?
  @Flag(help: "Leaves the probability of every cluster out of JSON and CSV.")
  var noResponsibilities = false

  func run() async throws {
    try await arguments.perform(
      RequestKind(ClusterRequest.self),
      ["layer": layer.map { "\($0)" }, "draws": draws.map { "\($0)" }, "responsibilities": noResponsibilities ? "false" : nil], input: input,
      as: inputArguments)
  }
}
