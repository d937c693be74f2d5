import ArgumentParser
import Data
import Evaluation
import Formats
import Foundation
import ModelFiles
import Modelling
import Registry
import Tensors

/// `posterior disentanglement FILE`: whether each latent dimension stands for one factor of the pictures.
struct DisentanglementCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disentanglement", abstract: "Measure how far a model's latent dimensions stand each for one factor: MIG, SAP and DCI.",
    discussion: "Measured on sprites, whose factors are known: shape, scale, angle and position. The model takes grey images of 64 x 64.")

  @Argument(help: "A model file.") var model: String
  @Option(help: "A data set whose factors are known: sprites.") var data: String = "sprites"
  @Option(help: "Of the data set: train or test.") var split: DataSource.Split = .test
  @Option(help: "Items to measure on, a random sample of the split.") var items: Int = 5000
  @Option(help: "A layer of latent variables, 0 being nearest the data. (default: all of them side by side)") var layer: Int?
  @Option(help: "Of the draws that the total correlation is taken of.") var seed: UInt64 = 0
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @Flag(help: "Leaves no record of the run in the store.") var noRecord = false
  @OptionGroup var store: StoreArguments

  func run() async throws { try await reporting(measure) }

  private func measure() throws {
    guard data == NamedDataSet.sprites.name else { throw CommandError("--data is \(data), expected sprites: of other data no factors are known") }
    Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let task = DisentanglementTask(split: split, items: items, layer: layer, seed: seed)
    let (model, data) = try task.load(modelFile: self.model)
    let recorder = noRecord ? nil : try store.open()
    let run = try recorder?.start(
      RunDescription(
        kind: .evaluate, family: type(of: model).name, modelDigest: SHA256.digest(ofFile: self.model), configuration: "{}",
        parameters: task.parameters(modelFile: self.model), seed: seed, dataDigest: data.digest, build: .current))
    let evaluation = task.evaluate(model, on: data) { done in
      if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K\(done)/\(items)".utf8)) }
    }
    if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    if let run { try recorder?.record(evaluation.metrics, in: run) }
    if let run { try recorder?.finish(run, .finished(output: evaluation.digest)) }
    print("\(data.name): \(data.count) items, \(evaluation.dimensions) latent dimensions, seed \(seed)")
    for line in evaluation.lines { print(line) }
  }
}
