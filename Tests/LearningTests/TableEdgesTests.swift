import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import Synchronization
import TemporaryFolders
import Tensors
import Testing

/// Tables at the edge of what can be learnt from, and training that is given nothing but a table.
@Suite("Edges of tables")
struct TableEdgesTests {
  private let bench: TrainingBench
  private let small = #""epochs": 2, "configuration": {"latent": 1, "hidden": 4, "blocks": 1}"#

  init() throws { bench = try TrainingBench() }

  private func refusal(_ text: String, _ parts: String...) throws {
    let data = try bench.folder.file("t.csv", text)
    do {
      _ = try bench.run(bench.recipe(#"{"family": "vaeac", "data": {"source": "\#(data)"}, \#(small)}"#))
      Issue.record("it was trained")
    } catch { for part in parts { #expect("\(error)".contains(part), "\(error)") } }
    #expect(!FileManager.default.fileExists(atPath: bench.output) && !FileManager.default.fileExists(atPath: bench.checkpoint))
  }

  /// Trains on a table, and gives the model with what was said of the data.
  private func train(_ text: String, _ rest: String = "") throws -> (model: VAEAC, notes: [String]) {
    let data = try bench.folder.file("t.csv", text)
    let notes = Mutex<[String]>([])
    _ = try bench.run(bench.recipe(#"{"family": "vaeac", "data": {"source": "\#(data)"}, \#(small)\#(rest)}"#)) { event in
      if case .started(let summary) = event { notes.withLock { $0 = summary.notes } }
    }
    let model = try #require(ModelFile.load(path: bench.output, families: Catalogue.families).model as? VAEAC)
    try bench.clear()
    return (model, notes.withLock { $0 })
  }

  private func isFinite(_ model: VAEAC) -> Bool {
    let x = Tensor.full([3, model.signature.width], .nan)
    let imputation = model.impute(x, draws: 3, keys: RowKeys(RandomKey(seed: 1), rows: 0..<3))
    return (imputation.draws + [imputation.point]).allSatisfy { model.signature.toRaw($0).isFinite }
      && imputation.marginals.allSatisfy(\.values.isFinite)
  }

  @Test("an all-missing column, a header alone, an empty file and names used twice are refused in a sentence, and leave nothing behind")
  func refused() throws {
    try refusal("a,b\n,\n,NA\n", "no column to learn from", "\"a\" it holds no value", "\"b\"")
    try refusal("a,b\n", "no items to learn from")
    try refusal("", "an empty table", "a header row")
    try refusal("a,b,a\n1,2,3\n", "used before", "distinct names", "column 3")
    try refusal("a,b\n1\n", "line 2", "1 fields", "2")
  }

  @Test("constant columns of every type are learnt as what they are, and named")
  func constant() throws {
    let data = try bench.folder.file("c.csv", "a,p,n,c,b\n5,2,7,x,1\n5,2,7,x,0\n5,2,7,,1\n")
    let notes = Mutex<[String]>([])
    _ = try bench.run(
      bench.recipe(
        #"""
        {"family": "vaeac", "data": {"source": "\#(data)", "columns": [{"name": "a", "type": "real"}, {"name": "p", "type": "positive"},
         {"name": "n", "type": "count"}, {"name": "c", "type": "categorical"}, {"name": "b", "type": "binary"}]}, \#(small)}
        """#)
    ) { event in if case .started(let summary) = event { notes.withLock { $0 = summary.notes } } }
    #expect(notes.withLock { $0 } == ["the same value in every row that has one: a, p, n, c"])
    let model = try #require(ModelFile.load(path: bench.output, families: Catalogue.families).model as? VAEAC)
    #expect(model.signature.space.scaling?.scale == [1, 1, 1, 1, 1] && isFinite(model))
  }

  @Test("rows without any value teach nothing and are counted; a row can be imputed that has none")
  func emptyRows() throws {
    let (model, notes) = try train("a,b\n1,2\n,\n3,1\nNA,?\n")
    #expect(notes == ["rows without any value, which teach nothing: 2 of 4"] && isFinite(model))
  }

  @Test("one row is learnt from, with a word about it")
  func oneRow() throws {
    let (model, notes) = try train("a,b\n1,x\n")
    #expect(notes.count == 1 && notes[0].contains("one row") && isFinite(model))
  }

  @Test("training stops when the bound of the rows held out has not risen for as long as the recipe waits, also when it is resumed")
  func patience() throws {
    let z = RandomKey(seed: 3).normal([60, 2]).scalars
    let data = try bench.folder.file("p.csv", "a,b\n" + (0..<60).map { "\(z[2 * $0]),\(z[2 * $0 + 1])\n" }.joined())
    let text = #"""
      {"family": "vaeac", "data": {"source": "\#(data)"}, "epochs": 400, "validation": 20, "patience": 3, "batch_size": 8, "seed": 4,
       "configuration": {"latent": 2, "hidden": 16, "blocks": 1}, "optimiser": {"rate": 0.05}}
      """#
    let epochs = Mutex<[(epoch: Int, isBest: Bool)]>([])
    let stop = Mutex<(epoch: Int, best: Int)?>(nil)
    let whole = try bench.run(bench.recipe(text)) { event in
      switch event {
      case .epochFinished(let report): epochs.withLock { $0.append((report.epoch, report.isBest)) }
      case .stoppedEarly(let epoch, let best): stop.withLock { $0 = (epoch, best) }
      case .started, .step, .finished: break
      }
    }
    let (last, end) = (epochs.withLock { $0 }, stop.withLock { $0 })
    #expect(last.count < 400 && last.suffix(3).allSatisfy { !$0.isBest })
    #expect(end?.epoch == last.count && end?.best == last.count - 3 && whole.bestEpoch == last.count - 3)
    try bench.clear()
    #expect(throws: TrainingError.stopped) { try bench.run(bench.recipe(text), steps: 7) }
    #expect(try bench.run(bench.recipe(text), resumes: true).digest == whole.digest)
    #expect(throws: (any Error).self) { try bench.recipe(#"{"family": "vaeac", "data": {"source": "x.csv"}, "patience": 3}"#) }
  }

  @Test("a table alone comes to a recipe by its size")
  func chosen() throws {
    func recipe(_ rows: Int) -> Recipe {
      Recipe(
        family: "vaeac", settings: Catalogue.settings(of: "vaeac", forRows: rows), source: DataSource(source: "/data/White Wine.csv"), rows: rows)
    }
    let wine = recipe(4898)
    #expect(wine.name == "white-wine" && wine.validation == 735 && wine.epochs == 120 && wine.patience == nil && wine.batchSize == 64)
    #expect(recipe(10).validation == 0 && recipe(10).patience == nil && recipe(10).epochs == 3000)
    #expect(recipe(100_000).validation == 2000 && recipe(100_000).batchSize == 256 && recipe(100_000).epochs == 52)
    for rows in [1, 19, 20, 500, 4898, 20_001, 1_000_000] {
      let recipe = recipe(rows)
      try recipe.validate()
      #expect(try Recipe(parsing: Array(recipe.canonicalText().utf8)).canonicalText() == recipe.canonicalText() && recipe.validation < rows)
    }
  }

  @Test("a schema is read back as it was written, and a stranger in it is refused")
  func schema() throws {
    let schema = TableSchema(
      columns: [
        .init(name: "a", type: .positive, minimum: 1, maximum: 2.5), .init(name: "o", type: .ordinal, categories: ["x", "y"]),
        .categorical("c", ["p", "other"], unknown: .other),
      ], missing: ["-"], delimiter: .tab)
    #expect(try TableSchema(parsing: schema.json.text) == schema)
    #expect(DataSource(source: "t.csv").reading(schema).delimiter == .tab)
    #expect(throws: (any Error).self) { try TableSchema(parsing: Array(#"{"columns": [{"name": "a", "type": "real", "unit": "m"}]}"#.utf8)) }
    #expect(throws: (any Error).self) { try TableSchema(parsing: Array(#"{"columns": [{"name": "a", "type": "integer"}]}"#.utf8)) }
  }
}
