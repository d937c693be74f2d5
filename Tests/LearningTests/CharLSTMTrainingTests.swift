import Data
import Families
import Foundation
import Learning
import ModelFiles
import Modelling
import Optimisation
import Synchronization
import TemporaryFolders
import Tensors
import Testing

@Suite("Training of char_lstm")
struct CharLSTMTrainingTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  private func recipe(_ text: String, format: String = "text", window: String = #", "window": {"length": 8}"#, epochs: Int = 3, validation: Int = 4)
    throws -> Recipe
  {
    let path = try bench.folder.file("t.txt", text)
    return try bench.recipe(
      #"""
      {"family": "char_lstm", "data": {"source": "\#(path)", "format": "\#(format)"\#(window)}, "configuration": {"hidden": 12, "layers": 2},
       "optimiser": {"kind": "rmsprop", "rate": 0.02, "alpha": 0.95}, "clip": {"value": 5}, "schedule": {"kind": "step", "every": 1, "after": 2, "factor": 0.97},
       "epochs": \#(epochs), "batch_size": 3, "validation": \#(validation), "seed": 2}
      """#)
  }

  private static let rhyme = String(repeating: "she sells sea shells; ", count: 14)

  private func reports(_ recipe: Recipe) throws -> [EpochReport] {
    let reports = Mutex<[EpochReport]>([])
    _ = try bench.run(recipe) { if case .epochFinished(let report) = $0 { reports.withLock { $0.append(report) } } }
    return reports.withLock { $0 }
  }

  @Test("a rhyme is learnt by heart, from its first character on; the loss begins near ln V")
  func learns() throws {
    let held = try #require(try reports(recipe(Self.rhyme, epochs: 1)).last)
    #expect(held.validation.map(\.name) == ["nats_per_character", "bits_per_character"] && held.criterion == held.validation[0].value)
    #expect(abs(held.validation[1].value - held.validation[0].value / log(2)) < 1e-9)
    let reports = try reports(recipe(Self.rhyme, epochs: 40, validation: 0))
    let first = try #require(reports.first?.terms.first)
    #expect(first.name == "nats_per_character" && first.value < log(9.0) + 0.1 && first.value > 1)
    #expect(reports.last.map { $0.terms[0].value < 0.1 } == true)
    let model = try #require(ModelFile.load(path: bench.output, families: Catalogue.families).model as? CharLSTM)
    #expect(model.signature.space.tokens?.atMost == 10_000 && model.signature.space.tokens?.vocabulary == Vocabulary(of: Self.rhyme))
    let prompt = try #require(model.signature.space.tokens).codes(of: "she sells sea", field: "text")
    let sample = try model.sample(RowKeys(RandomKey(seed: 1), rows: 0..<1), SampleOptions(temperature: 0, given: .text(prompt), length: 8))
    #expect(model.signature.space.tokens?.text(of: sample.scalars) == " shells;")
  }

  @Test("a run that was stopped in the midst of a text goes on to the same bytes", arguments: ["text", "lines"])
  func resumes(format: String) throws {
    let lines = (0..<14).map { String(repeating: "ab c", count: $0 % 4 + 1) }.joined(separator: "\n")
    let recipe = try recipe(format == "text" ? Self.rhyme : lines, format: format, window: format == "text" ? #", "window": {"length": 8}"# : "")
    let whole = try bench.run(recipe).digest
    for stop in [0, 1, 3, 4, 5, 9] {
      try bench.clear()
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop) }
      #expect(try bench.run(recipe, resumes: true).digest == whole, "stopped after \(stop) steps")
    }
  }

  @Test("a text that is shorter than a piece, and one that is no UTF-8, are refused by what is wrong with them")
  func refusals() throws {
    func sentence(_ recipe: Recipe) -> String { #expect(throws: (any Error).self) { try bench.run(recipe) }.map { "\($0)" } ?? "" }
    #expect(try sentence(recipe("short")).contains("has 5 characters, expected at least the 8 of a window"))
    var damaged = try recipe(Self.rhyme)
    damaged.data.source = try bench.folder.file("bad.txt", [0x61, 0xFF] + [UInt8](repeating: 0x61, count: 100))
    #expect(sentence(damaged).contains("byte 1 is 255, expected UTF-8"))
    var images = try recipe(Self.rhyme)
    images.data = DataSource(source: try bench.bars(20))
    #expect(sentence(images).contains("expected tokens"))
  }

  @Test("the rate falls for the first time after as many epochs as the schedule says")
  func schedule() {
    let late = Schedule(.step, every: 1, factor: 0.97, after: 10)
    #expect([0, 9.99].allSatisfy { late.factor(at: $0, of: 50) == 1 } && late.factor(at: 10, of: 50) == 0.97)
    #expect(abs(late.factor(at: 12.5, of: 50) - 0.912673) < 1e-6)
    let plain = Schedule(.step, every: 4, factor: 0.5)
    #expect([0, 3.9, 4, 8.1].map { plain.factor(at: $0, of: 50) } == [1, 1, 0.5, 0.25])
    #expect(Schedule(.step, every: 4, factor: 0.5, after: 4).factor(at: 8.1, of: 50) == 0.25)
  }
}
