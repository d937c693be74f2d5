import ArgumentParser
import Data
import Formats
import Tensors

extension DataCommand {
  struct RingFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ring", abstract: "Writes points of the data set ring, eight Gaussians of deviation 0.02 on a circle of radius 2.",
      discussion: "The first n of a split, [n, 2]; each is drawn anew from one of the modes, all as likely as another.")

    @Option(name: [.short, .long], help: "The .npy file to write.", completion: .file()) var output: String
    @Option(help: "Points.") var n: Int = 2500
    @Option(help: "Train or test.") var split: DataSource.Split = .train

    func run() async throws {
      try await reporting {
        let ring = Ring(split)
        guard (1...ring.count).contains(n) else { throw CommandError("--n is \(n), expected 1 to \(ring.count)") }
        let file = try OutputFile(output)
        try file.write(NPY.encode(Array(ring.points.scalars.prefix(2 * n)), shape: [n, 2]))
        try file.finish()
      }
    }
  }
}
