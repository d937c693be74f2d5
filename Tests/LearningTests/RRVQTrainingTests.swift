import Learning
import Modelling
import TemporaryFolders
import Tensors
import Testing

@Suite("Training maps of codes")
struct RRVQTrainingTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  /// So many codes that some are never chosen.
  private func recipe(_ quantiser: String, training: String = #"{"revival": 0.5}"#) throws -> Recipe {
    try bench.recipe(
      #"""
      {"family": "rrvq", "data": {"source": "\#(bench.bars(60))"}, "epochs": 3, "batch_size": 10, "validation": 16, "seed": 5,
       "configuration": {"strides": [4, 2], "codes": 12, "code_width": 3, "channels": 4, "quantiser": "\#(quantiser)", "binarisation": "dynamic"},
       "training": \#(training), "optimiser": {"rate": 0.01}, "clip": {"norm": 50}}
      """#)
  }

  @Test(
    "a run that was stopped between any two steps and resumed ends in the same bytes, revived codes and all",
    arguments: ["responsibility", "nearest"])
  func resumes(_ quantiser: String) throws {
    let recipe = try recipe(quantiser)
    let whole = try bench.run(recipe).digest
    for stop in stride(from: 1, to: 15, by: 2) {
      try bench.clear()
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop) }
      #expect(try bench.run(recipe, resumes: true).digest == whole, "stopped after \(stop) steps")
    }
    #expect(try bench.run(self.recipe(quantiser, training: #"{"revival": 0}"#)).digest != whole)
    defer { Parallelism.width = 1 }
    Parallelism.width = 2
    #expect(try bench.run(recipe).digest == whole)
  }

  @Test("the bound of hard codes rises", arguments: ["responsibility", "relaxed", "nearest"])
  func learns(_ quantiser: String) throws {
    func best(_ epochs: Int) throws -> Double {
      let recipe = try bench.recipe(
        #"""
        {"family": "rrvq", "data": {"source": "\#(bench.bars(300))"}, "epochs": \#(epochs), "batch_size": 20, "validation": 60, "seed": 5,
         "configuration": {"strides": [4, 2], "codes": 12, "code_width": 4, "channels": 12, "quantiser": "\#(quantiser)"},
         "optimiser": {"rate": 0.01}, "clip": {"norm": 50}}
        """#)
      return try #require(bench.run(recipe).bestValue)
    }
    let (start, end) = (try best(1), try best(40))
    // 64 pixels of which none is known cost 44 nats.
    #expect(end > start + 2 && end > -42, "from \(start) to \(end)")
  }
}
