import ArgumentParser
import Data
import Formats
import Foundation

extension DataCommand {
  struct SpritesFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sprites", abstract: "Writes pictures of the data set sprites, and the factors that they were drawn from.",
      discussion: "The first n of a split, which are a random sample of it: [n, 64, 64], 0 or 255 a pixel. Factors are whole numbers from 0.")

    @Option(name: [.short, .long], help: "The .npy file to write.", completion: .file()) var output: String
    @Option(help: "A .csv file to write the factors to.", completion: .file()) var factors: String?
    @Option(help: "Pictures.") var n: Int = 1000
    @Option(help: "Train or test.") var split: DataSource.Split = .train

    func run() async throws {
      try await reporting {
        guard (1...65_536).contains(n) else { throw CommandError("--n is \(n), expected 1 to 65536") }
        let sprites = Sprites(split)
        let numbers = (0..<n).map(sprites.number)
        if let factors {
          let header = Sprites.factors.map(\.name).joined(separator: ",")
          let rows = numbers.map { Sprites.factors(of: $0).map(String.init).joined(separator: ",") }
          let file = try OutputFile(factors)
          try file.write(Array(([header] + rows).map { $0 + "\n" }.joined().utf8))
          try file.finish()
        }
        let file = try OutputFile(output)
        try file.write(NPY.encode(numbers.flatMap { Sprites.image($0).map(Float.init) }, shape: [n, Sprites.side, Sprites.side]))
        try file.finish()
      }
    }
  }
}
