internal import Formats
package import Modelling
package import Tensors

/// Items mapped to the parameters of q(z|x).
package struct EncodeRequest: OperationRequest {
  package let seed: Int?

  private enum Key: String, CodingKey { case seed }

  package init(from decoder: any Decoder) throws {
    seed = try decoder.container(keyedBy: Key.self).decodeIfPresent(Int.self, forKey: .seed)
  }

  package static let name = "encode"
  package static let summary = "Maps items to q(z|x): a mean and a scale (standard deviation) for every latent variable of every layer."
  package static let takesItems = true
  package static let answersItems = false
  package static let fields: [RequestField] = [.seed]

  package static func isSupported(by family: any ModelFamily.Type) -> Bool { family is any Encoding.Type }

  /// Every row is encoded alike.
  package var rowOptions: Bool { true }

  package func answerWidth(_ model: LoadedModel) -> Int { 2 * ((model.family as? any Encoding)?.latentWidths.reduce(0, +) ?? 0) }

  package func check(_ model: LoadedModel, items: Items?, limits: ServiceLimits) {}

  package func count(_ items: Items?) -> Int { items?.count ?? 0 }

  /// The layers side by side, in each the means before the scales.
  package func compute(_ model: LoadedModel, _ rows: Rows) -> Tensor {
    guard let family = model.family as? any Encoding, let items = rows.items else { preconditionFailure("support was checked") }
    return Tensor.concatenated(family.encode(model.signature.toModel(items)).flatMap { [$0.mean, $0.deviation] }, axis: 1)
  }

  package func answer(_ values: Tensor, to items: Items?, from model: LoadedModel) -> Answer {
    guard let family = model.family as? any Encoding else { preconditionFailure("support was checked") }
    var (layers, columns): ([JSONValue], [String]) = ([], [])
    var start = 0
    for (layer, width) in family.latentWidths.enumerated() {
      func part(_ offset: Int) -> JSONValue {
        .floats(values.slice(1, start + offset..<start + offset + width).scalars, shape: [values.shape[0], width])
      }
      layers.append(.record(["mean": part(0), "scale": part(width)]))
      columns += (0..<width).map { "mean_\(layer)_\($0)" } + (0..<width).map { "scale_\(layer)_\($0)" }
      start += 2 * width
    }
    return Answer(values, columns: columns, members: [.init(name: "layers", value: .array(layers))])
  }
}
