import Data
import Evaluation
import Formats
import ModelFiles
import Modelling
import Tensors
import Testing

@Suite("Evaluations of clusters")
struct ClusteringEvaluationTests {
  /// Items that are surely in the components named, one a layer.
  private static func items(_ components: [[Int]], of counts: [Int], _ labels: Labels? = nil, signature: Signature? = nil, sureness: [Float] = [])
    -> DataSet
  {
    let width = counts.reduce(0, +)
    let values = components.enumerated().flatMap { row, own in
      var (item, start) = ([Float](repeating: 0, count: width), 0)
      for (layer, component) in own.enumerated() {
        item[start + component] = sureness.isEmpty ? 9 : sureness[row]
        start += counts[layer]
      }
      return item
    }
    let signature = signature ?? .vector(width)
    return DataSet(
      name: "items", rows: FloatRows(values, width: signature.width), signature: signature, digest: SHA256.digest([1]), labels: labels)
  }

  private static func labels(_ names: [String], _ codes: [Int]) -> Labels { Labels(names: names, codes: codes, digest: SHA256.digest([2])) }

  private static func model(_ counts: [Int], _ signature: Signature? = nil, classes: [String]? = nil) throws -> GivenComponents {
    var signature = signature ?? .vector(counts.reduce(0, +))
    signature.classes = classes
    return try GivenComponents(.init(components: counts), signature: signature, key: RandomKey(seed: 1))
  }

  private static func value(_ findings: any Findings, _ name: String) -> Double? { findings.metrics.first { $0.name == name }?.value }

  @Test("the honest map is fitted on other items, whose classes may be listed in another order; the other one says that it is not")
  func maps() throws {
    let model = try Self.model([3])
    let data = Self.items([[0], [0], [0], [1], [1], [2], [2], [2]], of: [3], Self.labels(["a", "b"], [0, 0, 1, 1, 1, 0, 0, -1]))
    // Here cluster 2 is "b", and nothing is in cluster 1.
    let fit = Self.items([[0], [0], [2], [2]], of: [3], Self.labels(["b", "c", "a"], [2, 2, 0, 0]))
    let (labels, fitLabels) = (try #require(data.labels), try #require(fit.labels))
    let found = try ClusteringEvaluation(
      ClusterAssignments(of: model, on: data), of: labels, fit: (ClusterAssignments(of: model, on: fit), fitLabels))
    // a, a right; b wrong; cluster 1 is taken for nothing; a, a of cluster 2 wrong.
    #expect(Self.value(found, "accuracy.majority.train_map") == 2.0 / 7)
    #expect(Self.value(found, "accuracy.majority.test_map") == 6.0 / 7)
    // One of clusters 0 and 2 is "a", the other is left without a class or is worse than cluster 1 at "b".
    #expect(Self.value(found, "accuracy.hungarian.test_map") == 4.0 / 7)
    #expect(Self.value(found, "components") == 3 && Self.value(found, "components_used") == 3)
    #expect(found.metrics.map(\.name).contains("nmi") && found.metrics.map(\.name).contains("ari"))
    #expect(found.lines[0].contains("7 items") && found.lines[1].contains("K = 3"))

    let alone = try ClusteringEvaluation(ClusterAssignments(of: model, on: data), of: labels)
    #expect(!alone.metrics.contains { $0.name.contains("train_map") } && alone.lines[0].contains("these very items"))
    #expect(Self.value(alone, "accuracy.majority.test_map") == 6.0 / 7 && alone.digest != found.digest)
  }

  @Test("layers are told apart by their numbers, and each has its own agreement")
  func layers() throws {
    let model = try Self.model([2, 3])
    let data = Self.items([[0, 0], [0, 1], [1, 2], [1, 0]], of: [2, 3], Self.labels(["a", "b"], [0, 0, 1, 1]))
    let found = try ClusteringEvaluation(ClusterAssignments(of: model, on: data), of: try #require(data.labels))
    #expect(Self.value(found, "layer_0.accuracy.majority.test_map") == 1 && abs((Self.value(found, "layer_0.nmi") ?? 0) - 1) < 1e-12)
    #expect(Self.value(found, "layer_1.accuracy.majority.test_map") == 0.75 && Self.value(found, "layer_1.components") == 3)
  }

  @Test("the tables are kept as CSV and JSON, with what each cluster is taken for")
  func documents() throws {
    let model = try Self.model([3])
    let data = Self.items([[0], [0], [2]], of: [3], Self.labels(["T-shirt, top", "b"], [0, 1, 1]))
    let found = try ClusteringEvaluation(ClusterAssignments(of: model, on: data), of: try #require(data.labels))
    let documents = found.documents
    #expect(documents.map(\.name) == ["confusion.json", "confusion-0.csv"])
    let csv = String(decoding: documents[1].bytes, as: UTF8.self)
    #expect(
      csv == """
        cluster,majority.test_map,hungarian.test_map,"T-shirt, top",b\r
        0,"T-shirt, top","T-shirt, top",1,1\r
        1,,,0,0\r
        2,b,b,0,1\r\n
        """)
    let json = try JSONValue(parsing: documents[0].bytes)
    guard case .array(let layers)? = json["layers"] else { return #expect(Bool(false)) }
    #expect(String(decoding: (layers[0]["table"] ?? .null).text, as: UTF8.self) == "[[1,1],[0,0],[0,1]]")
    #expect(String(decoding: (layers[0]["maps"]?["majority"] ?? .null).text, as: UTF8.self) == #"{"test_map":["T-shirt, top",null,"b"]}"#)
  }

  @Test("a classifier is tried on the classes that it knows; others are counted, and taking an item for a new cluster is wrong")
  func classifier() throws {
    let model = try Self.model([3], classes: ["b", "a"])
    let data = Self.items([[0], [1], [2], [0], [0]], of: [3], Self.labels(["a", "b", "c"], [1, 0, 1, 0, 2]))
    let found = try ClassificationEvaluation(of: model, on: data, labels: try #require(data.labels))
    #expect(found.items == 4 && found.strangers == 1 && found.accuracy == 0.5 && found.takenForNew == 0.25)
    #expect(found.classCount == 2 && found.componentCount == 3)
    // Two answers cost -ln s, two cost 9 more, where s is the softmax of a sure component.
    let s = 1 / (1 + 2 * 0.00012340980408667956)
    #expect(abs(found.negativeLogLikelihood - (4.5 - (s > 0 ? -0.00024678915 : 0))) < 1e-4)
    #expect(abs(found.calibrationError - (s - 0.5)) < 1e-4)
    let strangers = Self.items([[0]], of: [3], Self.labels(["x"], [0]))
    #expect(throws: DataError.self) { try ClassificationEvaluation(of: model, on: strangers, labels: try #require(strangers.labels)) }
  }

  @Test("the picture has a row a cluster: its mean, then its surest items; white where there are none")
  func grid() throws {
    let signature = Signature.image(height: 1, width: 3, range: 0...10)
    let model = try Self.model([3], signature)
    let data = Self.items([[2], [0], [2], [2]], of: [3], signature: signature, sureness: [7, 9, 8, 6])
    let assignments = ClusterAssignments(of: model, on: data)
    #expect(assignments.layers[0].surest(of: 2, atMost: 2) == [2, 0] && assignments.layers[0].surest(of: 1, atMost: 2).isEmpty)
    let grid = try #require(try ClusterGrid(assignments, layer: 0, of: model, on: data, itemsPerRow: 2))
    let raster = try PNG.decode(try grid.png)
    // Three cells of 3 pixels with 1 between them; three rows of 1 with 6 between them.
    #expect(raster.width == 11 && raster.height == 15)
    func line(_ row: Int) -> [UInt8] { Array(raster.pixels[row * 7 * 11..<row * 7 * 11 + 11]) }
    #expect(line(0) == [255, 0, 0, 255, 230, 0, 0, 255, 255, 255, 255])
    #expect(line(1) == [0, 255, 0, 255, 255, 255, 255, 255, 255, 255, 255])
    #expect(line(2) == [0, 0, 255, 255, 0, 0, 204, 255, 0, 0, 179])
    let rows = Self.items([[0]], of: [3])
    #expect(try ClusterGrid(ClusterAssignments(of: model, on: rows), layer: 0, of: model, on: rows) == nil)
  }

  @Test("without one known class there is nothing to say")
  func unknown() throws {
    let model = try Self.model([2])
    let data = Self.items([[0], [1]], of: [2], Self.labels(["a"], [-1, -1]))
    let assignments = ClusterAssignments(of: model, on: data)
    let labels = try #require(data.labels)
    #expect(throws: DataError.self) { try ClusteringEvaluation(assignments, of: labels) }
    #expect(throws: DataError.self) { try ClusteringEvaluation(assignments, of: Self.labels(["a"], [0, 0]), fit: (assignments, labels)) }
  }

  @Test("several findings are one, whose digest is that of all numbers")
  func joined() throws {
    let model = try Self.model([2])
    let data = Self.items([[0], [1]], of: [2], Self.labels(["a", "b"], [0, 1]))
    let one = try ClusteringEvaluation(ClusterAssignments(of: model, on: data), of: try #require(data.labels))
    #expect(JoinedFindings([one]).digest == one.digest && JoinedFindings([one, one]).metrics.count == 2 * one.metrics.count)
  }
}
