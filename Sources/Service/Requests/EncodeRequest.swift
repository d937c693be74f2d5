internal import Formats
package import Modelling
internal import Tensors

/// Items mapped to the parameters of q(z|x).
package struct EncodeRequest: ModelRequest {
  package var seed: Int?

  package init() {}

  package static let name = "encode"
  package static let summary = "Maps items to q(z|x): a mean and a scale (standard deviation) for every latent variable of every layer."
  package static let items = ItemRole.rows
  package static var capability: Capability<any Encoding> { .encoding }
  package static let table = Table<Self> { Setting.seed }

  package func answerWidth(_ model: any Encoding) -> Int { 2 * model.latentWidths.reduce(0, +) }

  /// The layers side by side, in each the means before the scales.
  package func compute(_ model: any Encoding, _ rows: Rows) -> RowAnswers {
    RowAnswers(Tensor.concatenated(model.encode(model.signature.toModel(rows.items)).flatMap { [$0.mean, $0.deviation] }, axis: 1))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Encoding) -> Answer {
    let values = found.numbers
    var (layers, columns): ([JSONValue], [String]) = ([], [])
    var start = 0
    for (layer, width) in model.latentWidths.enumerated() {
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
