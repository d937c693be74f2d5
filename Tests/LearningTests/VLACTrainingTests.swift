import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import TemporaryFolders
import Tensors
import Testing

@Suite("Training VLAC")
struct VLACTrainingTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  /// Three blobs in two columns: 120 rows, 30 of them held out, five batches an epoch.
  private func recipe() throws -> Recipe {
    let noise = RandomKey(seed: 9).normal([120, 2]).scalars
    let centres: [(Float, Float)] = [(-4, -4), (4, -4), (0, 5)]
    let lines = (0..<120).map { "\(centres[$0 % 3].0 + 0.4 * noise[2 * $0]),\(centres[$0 % 3].1 + 0.4 * noise[2 * $0 + 1])\n" }
    let data = try bench.folder.file("blobs.csv", "u,v\n" + lines.joined())
    return try bench.recipe(
      #"""
      {"family": "vlac", "data": {"source": "\#(data)"}, "epochs": 12, "batch_size": 18, "validation": 30, "seed": 3,
       "configuration": {"layers": [{"latent": 1, "hidden": [8]}, {"latent": 2, "hidden": [8]}], "components": [2, 3], "likelihood": "gaussian",
                         "deviation": 0.3, "activation": "tanh"},
       "training": {"fade_in_batches": 4, "kl_warm_up_batches": 10, "pretraining_epochs": 5, "fit_items": 60}, "optimiser": {"rate": 0.01}}
      """#)
  }

  private func model() throws -> VLAC { try #require(try ModelFile.load(path: bench.output, families: Catalogue.families).model as? VLAC) }

  @Test(
    "a run stopped in pretraining, just before the mixtures are fitted or after ends in the bytes of one that was not",
    arguments: [[7], [25], [31], [24, 1, 1]])
  func resumed(_ stops: [Int]) throws {
    let recipe = try recipe()
    let whole = try bench.run(recipe).digest
    try bench.clear()
    for (index, steps) in stops.enumerated() {
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, resumes: index > 0, steps: steps) }
    }
    #expect(try bench.run(recipe, resumes: true).digest == whole)
  }

  @Test("mixtures are fitted once pretraining is over, and blobs become clusters")
  func fitted() throws {
    var recipe = try recipe()
    recipe.validation = 0
    recipe.epochs = 5
    _ = try bench.run(recipe)
    let before = try model()
    try bench.clear()
    recipe.epochs = 40
    _ = try bench.run(recipe)
    let after = try model()
    #expect(before.network.priors[1].means.scalars != after.network.priors[1].means.scalars)
    let raw = Tensor(rows: [[-4, -4], [4, -4], [0, 5]])
    let x = after.signature.toModel(raw)
    let clusters = after.responsibilities(x, draws: 0, keys: RowKeys(RandomKey(seed: 1), rows: 0..<3)).map { Set($0.argmaxRows()).count }
    #expect(clusters[1] == 3)
  }
}
