internal import Distributions
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
    Setting("sampling", \.sampling, "Draws z from the mean and scale of a code instead of taking its mean.")
    Setting("mean", \.mean, "The mean of p(x|z) instead of a draw from it.")
    Setting("temperature", \.temperature, in: 0..., "Multiplies the prior's deviation in the layers that are left out.")
    Setting.seed
    Setting.firstItem
  }

  package func acceptsMissing(_ model: any Decoding) -> Bool { true }

  package func mediaTypes(_ model: any Decoding) -> [MediaType] { MediaType.ofItems(model.signature) }

  package func answerWidth(_ model: any Decoding) -> Int { model.signature.width }

  package func check(_ codes: Items, _ layout: CodeLayout) throws { try layout.check(codes, needsScales: sampling) }

  package func compute(_ model: any Decoding, _ rows: Rows) -> RowAnswers {
    let layout = CodeLayout(widths: model.latentWidths)
    let codes = layout.widths.indices.map { layer in
      let (means, scales) = layout.places(of: layer)
      let mean = rows.items.slice(1, means)
      guard sampling else { return mean }
      return mean + rows.items.slice(1, scales) * rows.keys.split("code").split(layer).normal(means.count)
    }
    let options = SampleOptions(temperature: temperature, mean: mean)
    return RowAnswers(model.signature.answered(model.decode(codes, keys: rows.keys, options)))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Decoding) -> Answer {
    .items(found.numbers, signature: model.signature, field: "items")
  }
}
