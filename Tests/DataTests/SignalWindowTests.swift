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

@Suite("Windows of recordings")
struct SignalWindowTests {
  @Test("windows overlap by their stride, keep moments together, and take the class that most moments have")
  func cutting() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("r.csv", "x,y,class\n0,0,a\n1,10,a\n2,20,b\n3,30,b\n4,40,b\n5,50,\n6,60,\n")
    func windows(_ length: Int, _ stride: Int?) throws -> DataSet {
      try DataSource(source: path, labels: LabelSource(column: "class"), window: SignalWindows(length: length, stride: stride)).load(withLabels: true)
    }
    let data = try windows(3, 2)
    #expect(data.signature == .vector(6))
    #expect(data.raw(0..<data.count).scalars == [0, 0, 1, 10, 2, 20, 2, 20, 3, 30, 4, 40, 4, 40, 5, 50, 6, 60])
    #expect(data.labels?.names == ["a", "b"] && data.labels?.codes == [0, 1, -1])
    #expect(try windows(3, nil).count == 2)
    for (length, stride) in [(0, 1), (8, 1), (2, 0)] { #expect(throws: DataError.self) { try windows(length, stride) } }
    let images = try folder.file("i.npy", NPY.encode([Float](repeating: 0, count: 8), shape: [2, 2, 2]))
    #expect(throws: DataError.self) { try DataSource(source: images, range: [0, 1], window: SignalWindows(length: 1)).load() }
  }

  /// A tri-axial recording in g of three activities, each for stretches of 64 moments: rest, slow and fast swings, with noise of deviation 0.05.
  private static func recording(_ folder: TemporaryFolder, stretches: Int) throws -> String {
    let noise = RandomKey(seed: 11).normal([stretches * 64, 3]).scalars
    let phases = RandomKey(seed: 12).uniform([stretches, 1]).scalars
    var text = "x,y,z,activity\n"
    for moment in 0..<stretches * 64 {
      let (stretch, t) = (moment / 64, Double(moment))
      let (amplitude, frequency) = [(0.0, 0.0), (0.6, 0.05), (1.2, 0.2)][stretch % 3]
      let swing = amplitude * sin(2 * .pi * (frequency * t + Double(phases[stretch])))
      let values = [swing, 0.5 * swing, 1 + 0.3 * swing].enumerated().map { $1 + 0.05 * Double(noise[3 * moment + $0]) }
      text += values.map { "\($0)" }.joined(separator: ",") + ",\(["rest", "slow", "fast"][stretch % 3])\n"
    }
    return try folder.file("recording.csv", text)
  }

  @Test("activities in windows of a tri-axial recording are found without labels")
  func activities() throws {
    let folder = try TemporaryFolder()
    let path = try Self.recording(folder, stretches: 240)
    let recipe = try Recipe(
      parsing: Array(
        """
        {"family": "gmdgm", "name": "activities",
         "data": {"source": "\(path)", "labels": {"column": "activity"}, "window": {"length": 32}},
         "configuration": {"latent": 4, "hidden": [48], "components": 9, "likelihood": "gaussian_learned"},
         "training": {"pretraining_epochs": 40, "frozen_epochs": 10}, "optimiser": {"rate": 0.003}, "epochs": 60, "batch_size": 20, "seed": 2}
        """.utf8))
    let output = folder.path + "/m.safetensors"
    let build = BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b")
    _ = try Training(recipe, families: Catalogue.families, options: .init(output: output, checkpoint: output + ".checkpoint"), build: build).run(
      observe: { _ in })
    let model = try #require(try ModelFile.load(path: output, families: Catalogue.families).model as? any Clustering)
    let data = try recipe.data.load(withLabels: true).adopting(model.signature)
    let codes = try #require(data.labels).codes
    let chosen = model.responsibilities(data.batch(0..<data.count), draws: 0, keys: RowKeys(RandomKey(seed: 1), rows: 0..<data.count))[0].argmaxRows()
    // Every component votes on the first half, and names the second.
    var votes = [[Int]](repeating: [0, 0, 0], count: 9)
    for item in 0..<data.count / 2 { votes[chosen[item]][codes[item]] += 1 }
    let names = votes.map { counts in counts.firstIndex(of: counts.max() ?? 0) ?? 0 }
    let right = (data.count / 2..<data.count).count { names[chosen[$0]] == codes[$0] }
    #expect(right >= data.count / 2 * 9 / 10, "\(right) of \(data.count / 2)")
  }
}
