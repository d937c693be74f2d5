internal import Formats
package import Modelling
internal import Tensors

/// Items assigned to the components of a model's mixtures: one clustering a layer of latent variables.
package struct ClusterRequest: ModelRequest {
  /// nil for all layers.
  package let layer: Int?
  package let draws: Int
  package let responsibilities: Bool
  package let seed: Int?

  private enum Key: String, CodingKey { case draws, layer, responsibilities, seed }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    layer = try fields.decodeIfPresent(Int.self, forKey: .layer)
    draws = try fields.decodeIfPresent(Int.self, forKey: .draws) ?? 0
    responsibilities = try fields.decodeIfPresent(Bool.self, forKey: .responsibilities) ?? true
    seed = try fields.decodeIfPresent(Int.self, forKey: .seed)
  }

  package static let name = "cluster"
  package static let summary =
    "Assigns items to the clusters of a model, in every layer that has some: the likeliest one, the probability of each, and how unsure it is."
  package static let items = ItemRole.rows
  package static var capability: Capability<any Clustering> { .clustering }
  package static let fields: [RequestField] = [
    RequestField("layer", .integer, "The layer whose clusters are meant, the one nearest the data being 0; all layers where absent."),
    RequestField(
      "draws", .integer, default: "0", "Draws of z that probabilities are averaged over; 0 takes the mean of q(z|x), and no random number."),
    RequestField("responsibilities", .boolean, default: "true", "Whether JSON and CSV list the probability of every cluster."),
    .seed,
  ]

  package struct RowOptions: Hashable, Sendable {
    let layer: Int?
    let draws: Int
  }

  package var rowOptions: RowOptions { RowOptions(layer: layer, draws: draws) }
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
      throw Fault(field: "draws", given: "\(draws)", expected: "0 to \(most) for \(rows) items")
    }
    let width = answerWidth(model)
    guard n * width <= limits.answerNumbers else {
      throw Fault(field: "items", given: "\(n)", expected: "at most \(limits.answerNumbers / width) for \(width) clusters in one request")
    }
  }

  /// The layers' probabilities side by side.
  package func compute(_ model: any Clustering, _ rows: Rows) -> RowAnswers {
    let found = model.responsibilities(model.signature.toModel(rows.items), draws: draws, keys: rows.keys)
    return RowAnswers(layer.map { found[$0] } ?? Tensor.concatenated(found, axis: 1))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Clustering) -> Answer {
    let table = ClusterTable(found.numbers, layers: layers(of: model), listsProbabilities: responsibilities)
    return Answer(found.numbers, table: { table.csv }, members: [.init(name: "layers", value: .array(table.json))])
  }

  private func layers(of model: any Clustering) -> [ClusterTable.Layer] {
    let layers = model.componentCounts.enumerated().map { ClusterTable.Layer(number: $0, components: $1) }
    return layer.map { [layers[$0]] } ?? layers
  }
}
