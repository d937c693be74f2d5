import Data
import Families
import Foundation
import Learning
import ModelFiles
import Modelling
import TemporaryFolders
import Testing

@Suite("Training a mixture")
struct MixtureTrainingTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  /// A number, a category that follows it and a number with a long tail, holes in each.
  private func table(_ rows: Int) throws -> String {
    var text = "a,k,tail\n"
    for row in 0..<rows {
      let a = Double(row * 37 % 101) / 50 - 1
      text += row % 7 == 0 ? "," : "\(a),"
      text += row % 5 == 0 ? "," : a > 0 ? "up," : "down,"
      text += row % 4 == 0 ? "\n" : "\(exp(2 * a + 0.1 * Double(row % 3)))\n"
    }
    return try bench.folder.file("table.csv", text)
  }

  @Test("stopped and resumed, a run ends in the same bytes, sums included", arguments: ["gaussian", "normal_scores", "categorical", "factors"])
  func resumed(_ kind: String) throws {
    let recipe = try bench.recipe(
      #"""
      {"family": "mixture", "data": {"source": "\#(table(90))"}, "epochs": 3, "batch_size": 20, "validation": 10, "seed": 4,
       "configuration": {"kind": "\#(kind)", "components": 2, "factors": 1, "knots": 16}, "training": {"restarts": 2}}
      """#)
    let whole = try bench.run(recipe).digest
    try bench.clear()
    #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: 2) }
    #expect(throws: TrainingError.stopped) { try bench.run(recipe, resumes: true, steps: 5) }
    #expect(try bench.run(recipe, resumes: true).digest == whole)
  }

  @Test("a table alone comes to a recipe of 30 passes without rows held out")
  func suggestion() throws {
    let path = try table(90)
    let recipe = Recipe(
      family: "mixture", settings: Catalogue.settings(of: "mixture", forRows: 90), source: .init(source: path), rows: 90)
    #expect(recipe.epochs == 30 && recipe.validation == 0 && recipe.batchSize == 1024)
    let result = try bench.run(recipe)
    let model = try #require(try ModelFile.load(path: result.path, families: Catalogue.families).model as? Mixture)
    #expect(model.configuration.components == 2 && model.signature.space.type(at: 1) == .binary)
  }
}
