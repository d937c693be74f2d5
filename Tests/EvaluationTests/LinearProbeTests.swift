import Data
import Evaluation
import Families
import Formats
import ModelFiles
import Modelling
import Networks
import Tensors
import Testing

@Suite("Linear probes")
struct LinearProbeTests {
  private let key = RandomKey(seed: 8)

  /// Three classes around corners of a triangle that overlap a little.
  private func items(_ n: Int, seed: UInt64) -> (features: Tensor, classes: [Int]) {
    let classes = (0..<n).map { $0 % 3 }
    let centres: [[Float]] = [[0, 0], [3, 0], [0, 3]]
    let noise = RandomKey(seed: seed).normal([n, 2])
    return (Tensor(rows: classes.map { centres[$0] }) + noise, classes)
  }

  @Test("at the optimum every class has as much probability as items, and its features the mean of their own but for the penalty")
  func optimum() throws {
    let (x, classes) = items(900, seed: 1)
    let n = 900
    let p = LinearProbe(x, classes, classCount: 3).logProbabilities(of: x).exp()
    let y = Tensor(rows: classes.map { own in (0..<3).map { $0 == own ? 1 : 0 } })
    let excess = (p - y).columnSums() / Float(n)
    #expect(excess.scalars.allSatisfy { abs($0) < 2e-4 })
    // The penalty moves these by the weights over n.
    let moments = (p - y).matrixProduct(x, transposingSelf: true) / Float(n)
    #expect(moments.scalars.allSatisfy { abs($0) < 0.02 })
  }

  @Test("classes of new items are told apart as well as their overlap allows, whatever the units of the features")
  func accuracy() throws {
    let (x, classes) = items(900, seed: 1)
    let (test, right) = items(3000, seed: 2)
    let units = Tensor(rows: [[1000, 0.001]])
    for scale in [Tensor(rows: [[1, 1]]), units] {
      let told = LinearProbe(x * scale - 5 * scale, classes, classCount: 3).classes(of: test * scale - 5 * scale)
      let accuracy = Double(zip(told, right).count { $0 == $1 }) / 3000
      // The nearest corner is the best answer there is: 0.908 of them by numerical integration.
      #expect(abs(accuracy - 0.908) < 0.02, "\(accuracy)")
    }
  }

  @Test("a column that does not vary, and one class in four quadrants, are no surprise")
  func degenerate() throws {
    let x = key.normal([2000, 2])
    let quadrants = (0..<2000).map { (x.scalars[2 * $0] > 0) == (x.scalars[2 * $0 + 1] > 0) ? 1 : 0 }
    let features = Tensor.concatenated([x, .full([2000, 1], 7)], axis: 1)
    let told = LinearProbe(features, quadrants, classCount: 2).classes(of: features)
    let accuracy = Double(zip(told, quadrants).count { $0 == $1 }) / 2000
    #expect(accuracy > 0.4 && accuracy < 0.6)
  }

  private func data(_ x: Tensor, _ signature: Signature, _ labels: [Int]) -> DataSet {
    DataSet(
      name: "noise", rows: FloatRows(x.scalars, width: signature.width), signature: signature, digest: SHA256.digest([]),
      labels: Labels(names: ["a", "b", "c"], codes: labels, digest: SHA256.digest([])))
  }

  @Test("layers are probed one by one and together: one that copies the items tells their sign, an unused one nothing; unknown classes are left out")
  func layers() throws {
    let text = #"{"latents": [2, 1], "hidden": [], "decoder_hidden": [], "layer_depth": 0, "scale": "exp", "likelihood": "gaussian", "deviation": 1}"#
    var model = try LadderVAE(
      StrictJSON.decode(LadderVAE.Configuration.self, from: Array(text.utf8)), signature: .vector(2), key: key)
    let identity = Tensor(rows: [[1, 0], [0, 1]])
    model.network = try model.network.loading([
      "data.mean.weight": identity, "data.mean.bias": Tensor([0, 0]), "data.scale.weight": .zeros([2, 2]), "data.scale.bias": Tensor([0, 0]),
      "data.output.weight": identity, "data.output.bias": Tensor([0, 0]), "up.0.mean.weight": .zeros([1, 2]), "up.0.mean.bias": Tensor([0]),
      "up.0.scale.weight": .zeros([1, 2]), "up.0.scale.bias": Tensor([0]), "prior.0.mean.weight": .zeros([2, 1]),
      "prior.0.mean.bias": Tensor([0, 0]),
      "prior.0.scale.weight": .zeros([2, 1]), "prior.0.scale.bias": Tensor([0, 0]),
    ])
    func labelled(_ n: Int, _ seed: UInt64) -> DataSet {
      let x = RandomKey(seed: seed).normal([n, 2])
      return data(x, model.signature, (0..<n).map { $0 % 10 == 0 ? -1 : x.scalars[2 * $0] > 0 ? 1 : 0 })
    }
    let (fit, test) = (labelled(1500, 1), labelled(1000, 2))
    let (fitLabels, labels) = (try #require(fit.labels), try #require(test.labels))
    let found = try ProbeEvaluation(of: model, on: test, labels, fit: fit, fitLabels)
    #expect(found.fitted == 1350 && found.tested == 900 && found.classCount == 2)
    #expect(found.probes.map(\.layer) == [0, 1, nil] && found.probes.map(\.features) == [2, 1, 3])
    let accuracies = try found.probes.map { try #require($0.accuracy).mean }
    #expect(accuracies[0] > 0.97 && accuracies[1] < 0.6 && accuracies[2] == accuracies[0])
    #expect(found.metrics.map(\.name).contains("layer_0.probe_accuracy") && found.metrics.map(\.name).contains("probe_accuracy"))
    let unknown = Labels(names: ["a", "b", "c"], codes: [Int](repeating: 0, count: 1500), digest: SHA256.digest([]))
    let error = #expect(throws: DataError.self) { try ProbeEvaluation(of: model, on: test, labels, fit: fit, unknown) }
    #expect(error?.description.contains("the class a alone") == true)
  }

  @Test("maps of codes are read as choices; a layer with more of them than a probe takes says so")
  func maps() throws {
    func model(_ codes: Int) throws -> RRVQ {
      try RRVQ(.init(strides: [2, 2], codes: codes, codeWidth: 3, channels: 4), signature: .image(height: 8, width: 8), key: key)
    }
    for (codes, isTooWide) in [(5, false), (300, true)] {
      let model = try model(codes)
      let x = key.uniform([200, 64]).scalars.map { ($0 * 255).rounded() }
      let data = data(Tensor(shape: [200, 64], scalars: x), model.signature, (0..<200).map { $0 % 3 })
      let labels = try #require(data.labels)
      let found = try ProbeEvaluation(of: model, on: data, labels, fit: data, labels)
      #expect(found.probes.map(\.features).prefix(2) == [16 * codes, 4 * codes])
      #expect((found.probes[0].accuracy == nil) == isTooWide && found.probes.count == (isTooWide ? 2 : 3))
      #expect(found.lines.contains { $0.contains("at most 4096") } == isTooWide)
    }
  }
}
