import ArgumentParser
import Data
import Evaluation
import Formats
import Foundation
import ModelFiles
import Modelling
import Registry
import Tensors

/// `posterior disentanglement MODEL`: whether each latent dimension stands for one factor of the items.
struct DisentanglementCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disentanglement", abstract: "Measure how far a model's latent dimensions stand each for one factor: MIG, SAP and DCI.",
    discussion: """
      Of sprites the factors are known: shape, scale, angle and position; the model takes grey images of 64 x 64. Of other items they stand in a table \
      (--factors), a row an item and a column a factor: numbers are in order, categories are not.
      """)

  @Argument(help: "A model file; or name, name@3 or name@alias in the store, with --store or where no such file exists.", completion: .file())
  var model: String
  @Option(help: "A data set whose factors are known: sprites; or an IDX, CSV or NPY file, or a folder of PNGs, with --factors.") var data: String =
    "sprites"
  @Option(help: "A table of what the items were made of, a row an item in the order of the data.", completion: .file()) var factors: String?
  @Option(help: "Of a named data set: train or test.") var split: DataSource.Split = .test
  @Option(help: "Items to measure on: of a named data set a random sample, of a file the first.") var items: Int = 5000
  @Option(help: "A layer of latent variables, 0 being nearest the data. (default: all of them side by side)") var layer: Int?
  @Option(help: "Of the draws that the total correlation is taken of.") var seed: UInt64 = 0
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @Flag(help: "Leaves no record of the run in the store.") var noRecord = false
  @OptionGroup var store: StoreArguments

  func run() async throws {
    try await reporting { try store.reading(model) { try measure($0, $1) } }
  }

  private func measure(_ model: String, _ version: ModelVersion?) throws {
    Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let data = EvaluationData(data, split: split, limit: nil, labels: nil)
    let task = DisentanglementTask(data, factors: factors, items: items, layer: layer, seed: seed)
    let subject = try task.load(modelFile: model)
    let recorder = noRecord ? nil : try store.open()
    let run = try recorder?.start(
      .evaluation(
        of: model, version, family: type(of: subject.model).name, parameters: task.parameters(modelFile: model, subject: subject), seed: seed,
        data: subject.items.digest, in: recorder))
    let evaluation = task.evaluate(subject) { done in
      if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K\(done)/\(subject.items.count)".utf8)) }
    }
    if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    if let run { try recorder?.record(evaluation.metrics, in: run) }
    if let run { try recorder?.finish(run, .finished(output: evaluation.digest)) }
    print("\(subject.items.name): \(subject.items.count) items, \(evaluation.dimensions) latent dimensions, seed \(seed)")
    for line in evaluation.lines { print(line) }
  }
}
