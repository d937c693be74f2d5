import ArgumentParser
import Coding
import Foundation
import Tensors

struct BenchCodingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coding", abstract: "Measures how many symbols a second the codecs of compressed streams push and pop, on one thread.",
    discussion: "The best of several passes over a million symbols. No model takes part.")

  @Option(help: "Passes of each measurement; the best one counts.") var passes = 10
  @Option(help: "Heads of a message side by side.") var lanes = 256

  func validate() throws {
    guard (1...10_000).contains(passes) else { throw ValidationError("--passes is \(passes), expected 1 to 10000") }
    guard (1...4096).contains(lanes) else { throw ValidationError("--lanes is \(lanes), expected 1 to 4096") }
  }

  /// Millions of symbols a second.
  struct Row {
    let name: String
    let pushed, popped: Double
  }

  func run() throws {
    TextTable(
      ["CODEC", "PUSHED M/s", "POPPED M/s"],
      try rows(count: 1 << 20).map { [$0.name] + [$0.pushed, $0.popped].map(LoadReport.text) }
    ).print()
  }

  func rows(count: Int) throws -> [Row] {
    let key = RandomKey(seed: 7)
    let means = (key.split("means").uniform([count]) - Tensor(0.5)).scalars
    let logits = key.split("logits").normal([count]).scalars
    let weights = key.split("weights").uniform([256]).scalars
    let total = weights.reduce(0, +)
    let table = try FrequencyTable(probabilities: weights.map { $0 / total })
    return [
      try measure("one table of 256", count) { () throws(CodingError) in try Categorical(count: count, table: table) },
      try measure("bernoulli", count) { () throws(CodingError) in try Bernoulli(logits: logits) },
      try measure("bernoulli, its frequencies from floats", count, remaking: true) { () throws(CodingError) in try Bernoulli(logits: logits) },
      try measure("logistic over 256 levels, its frequencies from floats", count) { () throws(CodingError) in
        try ClosedLogistic(means: means, scale: 0.08)
      },
    ]
  }

  /// The symbols are those that a message of random bits gives: what the codec itself finds likely.
  ///
  /// - Parameter remaking: whether each push and pop makes its codec anew.
  private func measure<C: Codec>(
    _ name: String, _ count: Int, remaking: Bool = false, _ make: () throws(CodingError) -> C
  ) throws -> Row where C.Symbol == [Int] {
    var codec = try make()
    var message = try Message(.lanes(lanes), startingWords: count, key: 1)
    let symbols = try codec.pop(from: &message)
    var (pushed, popped) = (Double.infinity, Double.infinity)
    let clock = ContinuousClock()
    for _ in 0..<passes {
      let push = try clock.measure {
        if remaking { codec = try make() }
        try codec.push(symbols, onto: &message)
      }
      var found: [Int] = []
      let pop = try clock.measure {
        if remaking { codec = try make() }
        found = try codec.pop(from: &message)
      }
      guard found == symbols else { throw CommandError("The codec \(name) gave back other symbols than it was given.") }
      (pushed, popped) = (min(pushed, push / .seconds(1)), min(popped, pop / .seconds(1)))
    }
    return Row(name: name, pushed: Double(count) / 1e6 / pushed, popped: Double(count) / 1e6 / popped)
  }
}
