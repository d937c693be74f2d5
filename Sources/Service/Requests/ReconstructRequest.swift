package import Modelling
internal import Tensors

/// Items passed through the latent code and back.
package struct ReconstructRequest: ModelRequest {
  package var sampling = false
  package var seed: Int?
  package var firstItem = 0

  package init() {}

  package static let name = "reconstruct"
  package static let summary = "Passes items through the latent code and back: the mean of p(x|z)."
  package static let items = ItemRole.rows
  package static var capability: Capability<any Reconstructing> { .reconstructing }
  package static let table = Table<Self> {
    Setting("sampling", \.sampling, "Draws z from q(z|x) instead of taking its mean.")
    Setting.seed
    Setting.firstItem
  }

  package func mediaTypes(_ model: any Reconstructing) -> [MediaType] { MediaType.ofItems(model.signature) }

  package func answerWidth(_ model: any Reconstructing) -> Int { model.signature.width }

  package func check(_ model: any Reconstructing, rows: Int, limits: ServiceLimits) throws { try limits.checkDrawn(rows, of: model) }

  package func compute(_ model: any Reconstructing, _ rows: Rows) -> RowAnswers {
    RowAnswers(model.signature.answered(model.reconstruct(rows.inModelUnits(model.signature), sampling: sampling, keys: rows.keys)))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Reconstructing) -> Answer {
    .items(found.numbers, signature: model.signature, field: "reconstructions")
  }
}
