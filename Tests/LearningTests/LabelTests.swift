import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import TemporaryFolders
import Tensors
import Testing

@Suite("Labels: where they stand, which are kept, and learning from them")
struct LabelTests {
  private static let build = BuildInformation(gitRevision: "none", compiler: "none", cpu: "none", blas: "none")
  private static let labels = Labels(
    names: ["a", "b", "c"], codes: (0..<90).map { $0 % 10 == 9 ? -1 : $0 % 3 }, digest: SHA256.digest([]))

  @Test("labels kept: counts and fractions of every class, classes without any, items of unknown class never")
  func selection() throws {
    let all = Array(0..<90)
    let byCount = try LabelSelection(perClass: 4, without: ["b"], seed: 3).kept(of: Self.labels, among: all)
    #expect(byCount.classes == ["a", "c"])
    #expect(byCount.items.count == 8 && byCount.items == byCount.items.sorted() && Set(byCount.items).count == 8)
    for (item, code) in zip(byCount.items, byCount.codes) { #expect(Self.labels.names[Self.labels.codes[item]] == byCount.classes[code]) }
    #expect(try LabelSelection(perClass: 4, without: ["b"], seed: 3).kept(of: Self.labels, among: all) == byCount)
    #expect(try LabelSelection(perClass: 4, without: ["b"], seed: 4).kept(of: Self.labels, among: all).items != byCount.items)

    let byFraction = try LabelSelection(fraction: 0.02, seed: 1).kept(of: Self.labels, among: all)
    #expect(byFraction.items.count == 3 && byFraction.classes == ["a", "b", "c"])
    let some = try LabelSelection(counts: ["c": 2]).kept(of: Self.labels, among: all)
    #expect(some.classes == ["c"] && some.items.count == 2)
    let mixed = try LabelSelection(perClass: 1, counts: ["c": 5, "a": 0]).kept(of: Self.labels, among: all)
    #expect(mixed.classes == ["b", "c"] && mixed.items.count == 6)
    // Only items to learn from.
    #expect(try LabelSelection(fraction: 1).kept(of: Self.labels, among: Array(0..<30)).items.allSatisfy { $0 < 30 })
  }

  @Test("label noise names another class that keeps labels, at the rate asked for")
  func noise() throws {
    let labels = Labels(names: ["a", "b", "c", "d"], codes: (0..<4000).map { $0 % 4 }, digest: SHA256.digest([]))
    let clean = try LabelSelection(fraction: 1, without: ["d"]).kept(of: labels, among: Array(0..<4000))
    let noisy = try LabelSelection(fraction: 1, without: ["d"], noise: 0.2).kept(of: labels, among: Array(0..<4000))
    #expect(noisy.items == clean.items && noisy.codes.allSatisfy { (0..<3).contains($0) })
    let wrong = zip(clean.codes, noisy.codes).count { $0 != $1 }
    // 3000 draws of 0.2: sd 22.
    #expect(abs(wrong - 600) < 110)
  }

  @Test(
    "selections that can't be are refused",
    arguments: [
      LabelSelection(), LabelSelection(perClass: 2, fraction: 0.1), LabelSelection(perClass: -1), LabelSelection(fraction: 1.5),
      LabelSelection(perClass: 1, noise: 1), LabelSelection(perClass: 1, without: ["z"]), LabelSelection(counts: ["z": 1]),
      LabelSelection(perClass: 28), LabelSelection(perClass: 1, seed: -1), LabelSelection(perClass: 1, batchSize: 0),
    ])
  func refusals(_ selection: LabelSelection) {
    #expect(throws: Fault.self) { try selection.kept(of: Self.labels, among: Array(0..<90)) }
  }

  @Test("labels from IDX, NPY and a CSV column; numbers before names by their value")
  func sources() throws {
    let folder = try TemporaryFolder()
    let idx = try folder.file("labels-idx1-ubyte", IDX.encode([2, 0, 1], dimensions: [3]))
    #expect(try LabelSource(source: idx).load(table: nil).names == ["0", "1", "2"])
    #expect(try LabelSource(source: idx, names: ["x", "y", "z"]).load(table: nil).codes == [2, 0, 1])
    #expect(throws: DataError.self) { try LabelSource(source: idx, names: ["x"]).load(table: nil) }
    let npy = try folder.file("labels.npy", NPY.encode([1, -1, 0], shape: [3]))
    #expect(try LabelSource(source: npy).load(table: nil).codes == [1, -1, 0])
    let half = try folder.file("half.npy", NPY.encode([0.5], shape: [1]))
    #expect(throws: DataError.self) { try LabelSource(source: half).load(table: nil) }
    let csv = try folder.file("t.csv", Array("x,class,y\n1,10,3\n4,2,6\n7,,9\n".utf8))
    let column = try LabelSource(column: "class").load(table: csv)
    #expect(column.names == ["2", "10"] && column.codes == [1, 0, -1])
    #expect(throws: DataError.self) { try LabelSource(column: "z").load(table: csv) }
    // The column of classes is not learnt from.
    let data = try DataSource(source: csv, labels: LabelSource(column: "class")).load(withLabels: true)
    #expect(data.signature.space.table?.columns.map(\.name) == ["x", "y"] && data.labels == column)
    #expect(data.prefix(2).labels?.codes == [1, 0])
    let short = try folder.file("short-idx1-ubyte", IDX.encode([0], dimensions: [1]))
    #expect(throws: DataError.self) {
      try DataSource(source: csv, columns: [.init(name: "x", type: .real)], labels: LabelSource(source: short)).load(withLabels: true)
    }
  }

  private struct DataMissing: Error {}

  /// Three blobs in the plane, 120 rows, the third class never labelled.
  private static func blobs(_ folder: TemporaryFolder) throws -> String {
    let centres: [(Double, Double)] = [(-4, 0), (4, 0), (0, 6)]
    var text = "x,y,class\n"
    for row in 0..<240 {
      let (centre, angle, radius) = (centres[row % 3], Double(row) * 2.399963, 0.05 * Double(row % 20))
      text += "\(centre.0 + radius * cos(angle)),\(centre.1 + radius * sin(angle)),\(["left", "right", "top"][row % 3])\n"
    }
    return try folder.file("blobs.csv", text)
  }

  private static func recipe(_ path: String, family: String = "gmdgm", labels: String) throws -> Recipe {
    try Recipe(
      parsing: Array(
        """
        {"family": "\(family)", "name": "blobs", "data": {"source": "\(path)", "labels": {"column": "class"}}, \(labels)
         "configuration": {"latent": 2, "hidden": [16, 16], "components": 1, "likelihood": "gaussian", "deviation": 0.3},
         "optimiser": {"rate": 0.005}, "epochs": 30, "batch_size": 40, "seed": 5}
        """.utf8))
  }

  @Test("a few labels of two classes and none of the third: the classes are known and the rest is the new component")
  func semiUnsupervised() throws {
    let folder = try TemporaryFolder()
    let recipe = try Self.recipe(Self.blobs(folder), labels: #""labels": {"per_class": 3, "without": ["top"], "seed": 1},"#)
    let path = folder.path + "/m.safetensors"
    let recorder = RecorderDouble()
    let options = Training.Options(output: path, checkpoint: path + ".checkpoint")
    _ = try Training(recipe, families: Catalogue.families, options: options, recorder: recorder, build: Self.build).run(observe: { _ in })
    // The split is kept with the run, so that anyone can see which labels it was shown.
    let split = try JSONValue(parsing: try #require(recorder.account.documents["labels.json"]))
    #expect(split["classes"] == .array([.string("left"), .string("right")]))
    guard case .array(let items)? = split["items"], case .array(let labels)? = split["labels"] else { throw DataMissing() }
    #expect(items.count == 6 && labels.count == 6)
    let loaded = try ModelFile.load(path: path, families: Catalogue.families)
    let model = try #require(loaded.model as? any Classifying)
    #expect(model.signature.classes == ["left", "right"])
    #expect(loaded.provenance.notes?["labels"]?.hasSuffix("6 kept") == true)
    let data = try recipe.loadData(families: Catalogue.families).adopting(model.signature)
    let chosen = model.logits(data.batch(0..<data.count)).argmaxRows()
    let right = zip(chosen, try #require(data.labels).codes).count { $0 == $1 }
    #expect(right >= 228, "\(right) of 240")
  }

  @Test("components that begin as a fitted mixture stand in the order of their labelled classes")
  func pretrained() throws {
    let folder = try TemporaryFolder()
    var recipe = try Self.recipe(Self.blobs(folder), labels: #""labels": {"per_class": 3, "without": ["left"], "seed": 1},"#)
    recipe.training = try JSONValue(parsing: Array(#"{"pretraining_epochs": 20, "frozen_epochs": 15}"#.utf8))
    (recipe.epochs, recipe.batchSize) = (50, 20)
    let path = folder.path + "/m.safetensors"
    _ = try Training(recipe, families: Catalogue.families, options: .init(output: path, checkpoint: path + ".checkpoint"), build: Self.build).run(
      observe: { _ in })
    let model = try #require(try ModelFile.load(path: path, families: Catalogue.families).model as? any Classifying)
    #expect(model.signature.classes == ["right", "top"])
    let data = try recipe.loadData(families: Catalogue.families).adopting(model.signature)
    let chosen = model.logits(data.batch(0..<data.count)).argmaxRows()
    let right = zip(chosen, try #require(data.labels).codes).count { ["right", "top", "left"][$0] == ["left", "right", "top"][$1] }
    #expect(right >= 228, "\(right) of 240")
  }

  @Test("stopped and resumed, a run with labels ends in the same bytes")
  func resumed() throws {
    let folder = try TemporaryFolder()
    var recipe = try Self.recipe(Self.blobs(folder), labels: #""labels": {"fraction": 0.1, "noise": 0.1, "seed": 1, "batch_size": 7},"#)
    recipe.epochs = 3
    func run(_ name: String, resumes: Bool = false, stopAfter: Int = .max) throws -> Digest? {
      let options = Training.Options(output: folder.path + "/\(name)", checkpoint: folder.path + "/\(name).checkpoint", resumes: resumes)
      var calls = 0
      do {
        return try Training(recipe, families: Catalogue.families, options: options, build: Self.build).run(
          observe: { _ in },
          shouldStop: {
            calls += 1
            return calls > stopAfter
          }
        ).digest
      } catch TrainingError.stopped { return nil }
    }
    let whole = try run("whole")
    #expect(try run("parts", stopAfter: 8) == nil)
    #expect(try run("parts", resumes: true) == whole)
  }

  @Test("a family that learns from no labels refuses a recipe with some")
  func refusedByFamily() throws {
    let folder = try TemporaryFolder()
    var recipe = try Self.recipe(Self.blobs(folder), family: "vae", labels: #""labels": {"per_class": 1},"#)
    recipe.configuration = try JSONValue(parsing: Array(#"{"latent": 2, "likelihood": "gaussian"}"#.utf8))
    #expect(throws: TrainingError.self) {
      try Training(
        recipe, families: Catalogue.families, options: .init(output: folder.path + "/m", checkpoint: folder.path + "/c"), build: Self.build
      ).run(observe: { _ in })
    }
  }
}
