internal import Formats
package import Modelling
package import Tensors

/// Items assigned to the components of a model's mixtures: one clustering a layer of latent variables.
package struct ClusterRequest: OperationRequest {
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
  package static let takesItems = true
  package static let answersItems = false
  package static let fields: [RequestField] = [
    RequestField("layer", .integer, "The layer whose clusters are meant, the one nearest the data being 0; all layers where absent."),
    RequestField(
      "draws", .integer, default: "0", "Draws of z that probabilities are averaged over; 0 takes the mean of q(z|x), and no random number."),
    RequestField("responsibilities", .boolean, default: "true", "Whether JSON and CSV list the probability of every cluster."),
    .seed,
  ]

  package static func isSupported(by family: any ModelFamily.Type) -> Bool { family is any Clustering.Type }

  package struct RowOptions: Hashable, Sendable {
    let layer: Int?
    let draws: Int
  }

  package var rowOptions: RowOptions { RowOptions(layer: layer, draws: draws) }
  package var rowWeight: Double { Double(max(draws, 1)) }

  package func answerWidth(_ model: LoadedModel) -> Int { layers(of: model).reduce(0) { $0 + $1.components } }

  package func check(_ model: LoadedModel, items: Items?, limits: ServiceLimits) throws {
    let known = Self.family(of: model).componentCounts.count
    if let layer, !(0..<known).contains(layer) {
      throw RequestError(field: "layer", given: "\(layer)", expected: known == 1 ? "0, the only layer" : "0 to \(known - 1)")
    }
    let n = max(count(items), 1)
    let most = max(1, min(limits.scoreDraws, limits.scoreDrawsTotal / n))
    guard (0...most).contains(draws) else {
      throw RequestError(field: "draws", given: "\(draws)", expected: "0 to \(most) for \(count(items)) items")
    }
    let width = answerWidth(model)
    guard n * width <= limits.answerNumbers else {
      throw RequestError(field: "items", given: "\(n)", expected: "at most \(limits.answerNumbers / width) for \(width) clusters in one request")
    }
  }

  package func count(_ items: Items?) -> Int { items?.count ?? 0 }

  /// The layers' probabilities side by side.
  package func compute(_ model: LoadedModel, _ rows: Rows) -> Tensor {
    guard let items = rows.items else { preconditionFailure("cluster takes items") }
    let found = Self.family(of: model).responsibilities(model.signature.toModel(items), draws: draws, keys: rows.keys)
    return layer.map { found[$0] } ?? Tensor.concatenated(found, axis: 1)
  }

  package func answer(_ values: Tensor, to items: Items?, from model: LoadedModel) -> Answer {
    let table = ClusterTable(values, layers: layers(of: model), listsProbabilities: responsibilities)
    return Answer(values, csv: table.csv, members: [.init(name: "layers", value: .array(table.json))])
  }

  private static func family(of model: LoadedModel) -> any Clustering {
    guard let family = model.family as? any Clustering else { preconditionFailure("support was checked") }
    return family
  }

  private func layers(of model: LoadedModel) -> [ClusterTable.Layer] {
    let layers = Self.family(of: model).componentCounts.enumerated().map { ClusterTable.Layer(number: $0, components: $1) }
    return layer.map { [layers[$0]] } ?? layers
  }
}

/// The clusters of items as JSON and as CSV.
struct ClusterTable: Sendable {
  struct Layer: Sendable {
    let number: Int
    let components: Int
  }

  private struct Part: Sendable {
    let layer: Layer
    let responsibilities: Tensor
    let assignment: ComponentAssignment
  }
  private let parts: [Part]
  private let count: Int
  private let listsProbabilities: Bool

  /// - Parameter values: the layers' probabilities side by side.
  init(_ values: Tensor, layers: [Layer], listsProbabilities: Bool) {
    var (parts, start) = ([Part](), 0)
    for layer in layers {
      let own = values.slice(1, start..<start + layer.components)
      parts.append(Part(layer: layer, responsibilities: own, assignment: ComponentAssignment(own)))
      start += layer.components
    }
    (self.parts, count, self.listsProbabilities) = (parts, values.shape[0], listsProbabilities)
  }

  /// One object a layer; sizes and the mean entropy are over all items of the request.
  var json: [JSONValue] {
    parts.map { part in
      let assignment = part.assignment
      return .record([
        "layer": .integer(part.layer.number), "components": .integer(part.layer.components),
        "assignments": .array(assignment.components.map(JSONValue.integer)),
        "responsibilities": listsProbabilities ? .floats(part.responsibilities.scalars, shape: part.responsibilities.shape.dimensions) : nil,
        "sizes": .array(assignment.sizes.map(JSONValue.integer)), "entropy_nats": .floats(assignment.entropies, shape: [count]),
        "mean_entropy_nats": .number(assignment.meanEntropy),
      ])
    }
  }

  /// A line an item: of every layer its cluster, the entropy, and the probabilities.
  var csv: AnswerTable {
    var header = CSVWriter()
    header.append(
      parts.flatMap { part in
        let layer = part.layer
        let probabilities = listsProbabilities ? (0..<layer.components).map { "p_\(layer.number)_\($0)" } : []
        return ["cluster_\(layer.number)", "entropy_\(layer.number)"] + probabilities
      })
    return AnswerTable(count: count, header: header.bytes, rows: rows)
  }

  private func rows(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    for row in range {
      for (index, part) in parts.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += Array("\(part.assignment.components[row]),".utf8)
        FloatText.append(part.assignment.entropies[row], to: &bytes)
        guard listsProbabilities else { continue }
        bytes.append(UInt8(ascii: ","))
        let width = part.layer.components
        part.responsibilities.withScalars { r in
          FloatText.appendList(UnsafeBufferPointer(start: r + row * width, count: width), to: &bytes)
        }
      }
      bytes += [0x0D, 0x0A]
    }
    return bytes
  }
}
