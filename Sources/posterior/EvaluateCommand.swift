import ArgumentParser
import Formats
import Foundation
import Models
import Registry
import Tensors
import Training

/// `posterior evaluate FILE --data fashion-mnist`: the bounds of a model on a whole data set.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Bound a model's log-likelihood on a data set: ELBO, IWAE and bits per dimension, with standard errors.",
    discussion: "With --masks, for models that inpaint images: the log-likelihood of the hidden pixels given the others.")

  @Argument(help: "A model file.") var model: String
  @Option(help: "A data set's name (fashion-mnist, sprites), an IDX, CSV or NPY file, or a folder of PNGs.") var data: String
  @Option(help: "Of a named data set: train or test.") var split: DataSource.Split = .test
  @Option(help: "At most so many items, from the first.") var limit: Int?
  @Option(help: "Draws of the importance-weighted bound.") var k: Int = 100
  @Option(help: "What to hide of every image: \(PixelMask.grammar).") var masks: PixelMask?
  @Option(help: "Of the noise.") var seed: UInt64 = 0
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @Flag(help: "Leaves no record of the run in the store.") var noRecord = false
  @OptionGroup var store: StoreArguments

  func run() async throws { try await reporting(evaluate) }

  private func evaluate() throws {
    guard k >= 1 else { throw CommandError("--k is \(k), expected 1 or more") }
    Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let isNamed = NamedDataSet(rawValue: data) != nil
    let task = EvaluationTask(data: data, split: isNamed ? split : .train, limit: limit, draws: k, seed: seed, mask: masks)
    let (model, items) = try task.load(modelFile: self.model)
    let recorder = noRecord ? nil : try store.open()
    let run = try recorder?.start(
      RunDescription(
        kind: .evaluate, family: type(of: model).name, modelDigest: SHA256.digest(ofFile: self.model), configuration: "{}",
        parameters: task.parameters(modelFile: self.model, items: items), seed: seed, dataDigest: items.digest, build: .current))
    let evaluation = try task.evaluate(model, on: items) { done in
      if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K\(done)/\(items.count)".utf8)) }
    }
    if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    if let run { try recorder?.record(evaluation.metrics, in: run) }
    if let run { try recorder?.finish(run, .finished(output: evaluation.digest)) }
    print("\(items.name): \(items.count) items of \(items.signature.width) numbers, seed \(seed)")
    for line in evaluation.lines { print(line) }
  }
}

extension DataSource.Split: ExpressibleByArgument {}

extension PixelMask: ExpressibleByArgument {
  public init?(argument: String) {
    guard let mask = try? PixelMask(argument) else { return nil }
    self = mask
  }
}
