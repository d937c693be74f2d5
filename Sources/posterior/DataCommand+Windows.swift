import ArgumentParser
import Data
import Formats
import Foundation
import Modelling
import Tensors

extension DataCommand {
  struct Windows: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Cuts a recording, a row a moment and a column a channel, into windows as an NPY file.",
      discussion: """
        Every window is one item of length x channels numbers, as a recipe's `data.window` makes them for training; send the file to a model's endpoints.
        With --label-column and --labels-output the class of every window, the one that most of its moments have, is written too: by name into a CSV \
        file, which posterior evaluate takes as --labels FILE.csv#COLUMN, or by number into an NPY file.
        """)

    @Argument(help: "A CSV or NPY file.", completion: .file()) var file: String
    @Option(help: "Moments of a window.") var length: Int
    @Option(help: "Moments from one window's start to the next one's. Default: the length.") var stride: Int?
    @Option(name: [.short, .long], help: "The NPY file to write.") var output: String
    @Option(help: "The column of a CSV that holds the classes; it becomes no channel.") var labelColumn: String?
    @Option(help: "The file of the windows' classes: NAME.csv, empty where unknown, or an NPY file, -1 where unknown.") var labelsOutput: String?

    func run() async throws {
      try await reporting {
        guard (labelColumn == nil) == (labelsOutput == nil) else { throw CommandError("--label-column and --labels-output go together.") }
        let labels = labelColumn.map { LabelSource(column: $0) }
        let data = try DataSource(source: file, labels: labels, window: SignalWindows(length: length, stride: stride)).load(withLabels: labels != nil)
        try write(NPY.encode(data.raw(0..<data.count).scalars, shape: [data.count, data.signature.width]), to: output)
        if let labelsOutput, let labelColumn, let labels = data.labels {
          let isNamed = labelsOutput.lowercased().hasSuffix(".csv")
          try write(isNamed ? labels.table(labelColumn) : NPY.encode(labels.codes.map(Float.init), shape: [data.count]), to: labelsOutput)
          print("classes: \(labels.names.enumerated().map { "\($0) \($1)" }.joined(separator: ", "))")
        }
        print("\(data.count) windows of \(data.signature.width) numbers")
      }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
      do { try Data(bytes).write(to: path.fileURL, options: .atomic) } catch {
        throw CommandError("\(path) can't be written: \(error.localizedDescription)")
      }
    }
  }
}

extension Labels {
  /// A line an item: its number, and the name of its class, which is empty where it is unknown.
  fileprivate func table(_ column: String) -> [UInt8] {
    var writer = CSVWriter()
    writer.append(["window", column])
    for (item, code) in codes.enumerated() { writer.append(["\(item)", names.indices.contains(code) ? names[code] : ""]) }
    return writer.bytes
  }
}
