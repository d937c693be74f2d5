import Data
import Families
import Foundation
import Learning
import ModelFiles
import Modelling
import Optimisation
import Tensors
import TemporaryFolders
import Testing

@Suite("Training of text_vae")
struct TextVAETrainingTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  /// Two kinds of lines: a code of one bit says everything.
  private func recipe(_ code: String, epochs: Int) throws -> Recipe {
    let path = try bench.folder.file("t.txt", (0..<60).map { $0 % 2 == 0 ? "abababab" : "cdcdcdcdcdcd" }.joined(separator: "\n"))
    return try bench.recipe(
      #"""
      {"family": "text_vae", "data": {"source": "\#(path)", "format": "lines"}, "configuration": {\#(code), "hidden": 16},
       "optimiser": {"kind": "adam", "rate": 0.02}, "epochs": \#(epochs), "batch_size": 10, "validation": 10, "seed": 2}
      """#)
  }

  @Test("a committed code tells two kinds of texts apart, and each is written from it")
  func learns() throws {
    _ = try bench.run(recipe(#""latent": 2, "code": "constrained", "delta": 0.4"#, epochs: 40))
    let model = try #require(ModelFile.load(path: bench.output, families: Catalogue.families).model as? TextVAE)
    let space = try #require(model.signature.space.tokens)
    #expect(space.atMost == 12 && space.vocabulary.count == 4)
    for text in ["abababab", "cdcdcdcdcdcd"] {
      let item = try space.rows(of: [text]).values
      #expect(model.score(item, draws: 1, keys: RowKeys(RandomKey(seed: 1), rows: 0..<1))[.reconstruction].scalar > -1)
      let options = SampleOptions(mean: true, given: .layers([.item(item.scalars)]), length: 8)
      let written = try model.sample(RowKeys(RandomKey(seed: 1), rows: 0..<1), options)
      #expect(space.text(of: written.scalars) == text.prefix(8))
    }
  }

  @Test("a run that was stopped goes on to the same bytes")
  func resumes() throws {
    let recipe = try recipe(#""latent": 2"#, epochs: 3)
    let whole = try bench.run(recipe).digest
    for stop in [1, 5, 8] {
      try bench.clear()
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop) }
      #expect(try bench.run(recipe, resumes: true).digest == whole, "stopped after \(stop) steps")
    }
  }
}
