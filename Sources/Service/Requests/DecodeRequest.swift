internal import Distributions
internal import Formats
package import Modelling
internal import Tensors

/// Codes mapped to items: the way back of `encode`.
package struct DecodeRequest: ModelRequest {
  package var sampling = false
  package var mean = true
  package var temperature: Float = 1
  package var seed: Int?
  package var firstItem = 0

  package init() {}

  package static let name = "decode"
  package static let summary = "Maps codes to items: takes what encode answers, all layers or some; a layer that is left out is drawn from its prior."
  package static let items = ItemRole.codes
  package static var capability: Capability<any Decoding> { .decoding }
  package static let table = Table<Self> {
    Setting(
      "sampling", \.sampling, "Draws z from the mean and scale of a code instead of taking its mean; of categorical codes from their probabilities.")
    Setting("mean", \.mean, "The mean of p(x|z) instead of a draw from it.")
    Setting("temperature", \.temperature, in: 0..., "Multiplies the prior's deviation in the layers that are left out.")
    Setting.seed
    Setting.firstItem
  }

  package func acceptsMissing(_ model: any Decoding) -> Bool { true }

  package func mediaTypes(_ model: any Decoding) -> [MediaType] { MediaType.ofItems(model.signature) }

  package func answerWidth(_ model: any Decoding) -> Int { model.signature.width }

  package func check(_ codes: Items, _ layout: CodeLayout) throws { try layout.check(codes, needsScales: sampling) }

  package func check(_ model: any Decoding, rows: Int, limits: ServiceLimits) throws {
    try limits.checkDrawn(rows, of: model)
    try Self.check(temperature: temperature, model.codeForms)
  }

  /// Refuses a temperature that would change nothing.
  static func check(temperature: Float, _ forms: [Code.Form]) throws(Fault) {
    guard temperature != 1, !forms.isEmpty, forms.allSatisfy(\.isCategorical) else { return }
    throw Fault(
      field: "temperature", given: FloatText.text(temperature), expected: "1: under the prior of categorical codes all classes are as likely at any")
  }

  package func compute(_ model: any Decoding, _ rows: Rows) -> RowAnswers {
    let codes = CodeLayout(model.codeForms).layers.enumerated().map { number, layer in
      let values = rows.items.slice(1, layer.values)
      guard sampling else { return values }
      let keys = rows.keys.split("code").split(number)
      switch layer.form {
      case .gaussian, .point: return values + rows.items.slice(1, layer.spread) * keys.normal(values.shape[1])
      case .codes: preconditionFailure("codes without probabilities are not drawn, which was checked")
      case .categorical(let places, let choices):
        return values.drawnAnew(by: rows.items.slice(1, layer.spread).reshaped([values.shape[0], places, choices]), keys)
      }
    }
    let options = SampleOptions(temperature: temperature, mean: mean)
    return RowAnswers(model.signature.answered(model.decode(codes, keys: rows.keys, options)))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Decoding) -> Answer {
    .items(found.numbers, signature: model.signature, field: "items")
  }
}

extension Tensor {
  /// Codes drawn by the probabilities of the classes, [n, places, choices]; rows that are missing stay so: [n, places].
  fileprivate func drawnAnew(by probabilities: Tensor, _ keys: RowKeys) -> Tensor {
    // A row without a code has no probabilities either: any do for it.
    let known = Tensor(shape: probabilities.shape, scalars: probabilities.scalars.map { $0.isNaN ? 1 : $0 })
    let drawn = Categorical(logits: known.clamped(low: .leastNormalMagnitude, high: 1).log()).sampleIndices(keys)
    return Tensor(shape: shape, scalars: zip(scalars, drawn).map { $0.isNaN ? $0 : Float($1) })
  }
}
