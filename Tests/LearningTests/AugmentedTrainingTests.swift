import Formats
import Learning
import Modelling
import Optimisation
import TemporaryFolders
import Tensors
import Testing

@Suite("Training on augmented images")
struct AugmentedTrainingTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  private func recipe(_ augmentation: String?) throws -> Recipe {
    let maps = augmentation.map { #""augmentation": \#($0), "# } ?? ""
    return try bench.recipe(
      #"""
      {"family": "vae", "data": {"source": "\#(bench.bars(60))"}, "epochs": 3, "batch_size": 10, "validation": 16, "seed": 5, \#(maps)
       "configuration": {"latent": 2, "hidden": [12], "binarisation": "dynamic"}}
      """#)
  }

  @Test("a run that was stopped between any two steps and resumed ends in the same bytes, on one thread or two")
  func resumes() throws {
    defer { Parallelism.width = 1 }
    let recipe = try recipe(#"{"rotation": 20, "scale": 0.1, "shear": 0.1, "shift": 1, "flip": true, "fill": "edge"}"#)
    let whole = try bench.run(recipe).digest
    for stop in 0..<15 {
      try bench.clear()
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop) }
      #expect(try bench.run(recipe, resumes: true).digest == whole, "stopped after \(stop) steps")
    }
    Parallelism.width = 2
    #expect(try bench.run(recipe).digest == whole)
  }

  @Test("every map that a recipe names is learnt under")
  func used() throws {
    var digests = [try bench.run(recipe(nil)).digest]
    for maps in [
      #"{"rotation": 20}"#, #"{"scale": 0.2}"#, #"{"shear": 0.2}"#, #"{"shift": 2}"#, #"{"shift": 2, "fill": "edge"}"#, #"{"flip": true}"#,
    ] {
      digests.append(try bench.run(recipe(maps)).digest)
    }
    #expect(Set(digests).count == digests.count)
  }

  @Test("images that are held out are not mapped")
  func heldOut() throws {
    // Weights that stand still are judged by the items held out alone.
    var (plain, mapped) = (try recipe(nil), try recipe(#"{"rotation": 90, "shift": 3}"#))
    (plain.optimiser.rate, mapped.optimiser.rate) = (1e-30, 1e-30)
    #expect(try bench.run(plain).bestValue == bench.run(mapped).bestValue)
  }

  @Test("rows of a table can't be augmented")
  func tables() throws {
    let path = try bench.folder.file("t.csv", "a,b\n1,2\n3,4\n5,7\n")
    let recipe = try bench.recipe(
      #"""
      {"family": "vae", "data": {"source": "\#(path)"}, "augmentation": {"rotation": 5}, "epochs": 1,
       "configuration": {"latent": 1, "hidden": [2], "likelihood": "gaussian"}}
      """#)
    #expect { try bench.run(recipe) } throws: { ($0 as? Fault)?.field == "augmentation" }
  }
}
