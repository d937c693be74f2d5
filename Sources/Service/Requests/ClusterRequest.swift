internal import Formats
package import Modelling
internal import Tensors

/// Items assigned to the components of a model's mixtures: one clustering a layer of latent variables.
package struct ClusterRequest: ModelRequest {
  /// nil for all layers.
  package var layer: Int?
  package var draws = 0
  package var responsibilities = true
  package var seed: Int?
  package var firstItem = 0

  package init() {}

  package static let name = "cluster"
  package static let summary =
    "Assigns items to the clusters of a model, in every layer that has some: the likeliest one, the probability of each, and how unsure it is."
  package static let items = ItemRole.rows
  package static var capability: Capability<any Clustering> { .clustering }
  package static let table = Table<Self> {
    Setting("layer", \.layer, in: 0..., "The layer whose clusters are meant, the one nearest the data being 0; all layers where absent.")
    Setting(
      "draws", \.draws, in: 0...10_000, "Draws of z that probabilities are averaged over; 0 takes the mean of q(z|x), and no random number.")
    Setting("responsibilities", \.responsibilities, ofRows: false, "Whether JSON and CSV list the probability of every cluster.")
    Setting.seed
    Setting.firstItem
  }

  /// What can be filled in can be clustered without it.
  package func acceptsMissing(_ model: any Clustering) -> Bool { Capability.imputing.of(model) != nil }

  package var rowWeight: Double { Double(max(draws, 1)) }

  package func answerWidth(_ model: any Clustering) -> Int { layers(of: model).reduce(0) { $0 + $1.components } }

  package func check(_ model: any Clustering, rows: Int, limits: ServiceLimits) throws {
    let known = model.componentCounts.count
    if let layer, !(0..<known).contains(layer) {
      throw Fault(field: "layer", given: "\(layer)", expected: known == 1 ? "0, the only layer" : "0 to \(known - 1)")
    }
    let n = max(rows, 1)
    let most = max(1, min(limits.scoreDraws, limits.scoreDrawsTotal / n))
    guard (0...most).contains(draws) else {
      throw Fault(field: "draws", given: "\(draws)", expected: "0 to \(most)\(Self.words(rows))")
    }
    let width = answerWidth(model)
    guard n * width <= limits.answerNumbers else {
      throw Fault(field: "items", given: "\(n)", expected: "at most \(limits.answerNumbers / width) for \(width) clusters in one request")
    }
  }

  /// The layers' probabilities side by side.
  package func compute(_ model: any Clustering, _ rows: Rows) -> RowAnswers {
    let found = model.responsibilities(rows.inModelUnits(model.signature), draws: draws, keys: rows.keys)
    return RowAnswers(layer.map { found[$0] } ?? Tensor.concatenated(found, axis: 1))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Clustering) -> Answer {
    let table = ClusterTable(found.numbers, layers: layers(of: model), listsProbabilities: responsibilities)
    return Answer(found.numbers, table: { table.table }, members: [.init(name: "layers", content: .array(table.json))])
  }

  func layers(of model: any Clustering) -> [ClusterTable.Layer] {
    let layers = model.componentCounts.enumerated().map { ClusterTable.Layer(number: $0, components: $1) }
    return layer.map { [layers[$0]] } ?? layers
  }
}
