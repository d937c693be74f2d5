internal import Formats
package import Modelling
internal import Tensors

/// Items mapped to their codes, layer by layer.
package struct EncodeRequest: ModelRequest {
  package var seed: Int?
  package var firstItem = 0

  package init() {}

  package static let name = "encode"
  package static let summary =
    "Maps items to their codes: of a Gaussian layer a mean and a scale (standard deviation) for every latent variable of q(z|x), "
    + "of a map of codes the likeliest code of every place, row by row from the top left."
  package static let items = ItemRole.rows
  package static var capability: Capability<any Encoding> { .encoding }
  package static let table = Table<Self> {
    Setting.seed
    Setting.firstItem
  }

  package func answerWidth(_ model: any Encoding) -> Int { model.codeForms.reduce(0) { $0 + $1.count } }

  /// The layers side by side, in each the means before the scales, or the codes before the probabilities.
  package func compute(_ model: any Encoding, _ rows: Rows) -> RowAnswers {
    RowAnswers(Tensor.concatenated(model.encode(rows.inModelUnits(model.signature)).flatMap(\.parts), axis: 1))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Encoding) -> Answer {
    let values = found.numbers
    var (layers, columns): ([[JSONDocument.Member]], [String]) = ([], [])
    var start = 0
    for (layer, form) in model.codeForms.enumerated() {
      func part(_ width: Int, _ names: [String]) -> Tensor {
        columns += names
        defer { start += width }
        return values.slice(1, start..<start + width)
      }
      func names(_ name: String, _ width: Int) -> [String] { (0..<width).map { "\(name)_\(layer)_\($0)" } }
      func numbers(_ name: String, _ tensor: Tensor, _ extents: [Int]) -> JSONDocument.Member {
        .init(name: name, value: .floats(tensor.scalars, shape: [values.shape[0]] + extents))
      }
      func integers(_ name: String, _ tensor: Tensor) -> JSONDocument.Member {
        let (width, scalars) = (tensor.shape[1], tensor.scalars)
        return .init(
          name: name,
          content: .list(
            JSONList(count: values.shape[0], weight: width) { .array(scalars[$0 * width..<($0 + 1) * width].map { .integer(Int($0)) }) }))
      }
      switch form {
      case .gaussian(let width):
        layers.append([numbers("mean", part(width, names("mean", width)), [width]), numbers("scale", part(width, names("scale", width)), [width])])
      case .point(let width): layers.append([numbers("values", part(width, names("value", width)), [width])])
      case .categorical(let places, let choices):
        let codes = part(places, names("code", places))
        let probabilities = part(places * choices, names("probability", places).flatMap { name in (0..<choices).map { "\(name)_\($0)" } })
        layers.append([integers("codes", codes), numbers("probabilities", probabilities, [places, choices])])
      case .codes(let places, _): layers.append([integers("codes", part(places, names("code", places)))])
      }
    }
    func members(_ layers: [[JSONDocument.Member]]) -> [JSONDocument.Member] {
      [.init(name: "layers", content: .array(layers.map(JSONDocument.object)))]
    }
    let kinds = model.codeForms.map { JSONDocument.Member(name: "kind", value: .string($0.name)) }
    let answer = Answer(values, columns: columns, members: members(zip(kinds, layers).map { [$0] + $1 }))
    // Builds before 0.2.0 knew Gaussian codes alone and did not name their kind.
    return model.codeForms.allSatisfy(\.isGaussian) ? answer.corrected(in: "0.2.0", before: members(layers)) : answer
  }
}
