package import Modelling
package import Tensors

/// Items passed through the latent code and back.
package struct ReconstructRequest: OperationRequest {
  package let sampling: Bool
  package let seed: Int?

  private enum Key: String, CodingKey { case sampling, seed }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    sampling = try fields.decodeIfPresent(Bool.self, forKey: .sampling) ?? false
    seed = try fields.decodeIfPresent(Int.self, forKey: .seed)
  }

  package static let name = "reconstruct"
  package static let summary = "Passes items through the latent code and back: the mean of p(x|z)."
  package static let takesItems = true
  package static let answersItems = true
  package static let fields: [RequestField] = [
    RequestField("sampling", .boolean, default: "false", "Draws z from q(z|x) instead of taking its mean."),
    .seed,
  ]

  package static func isSupported(by family: any ModelFamily.Type) -> Bool { family is any Reconstructing.Type }

  package var rowOptions: Bool { sampling }

  package func check(_ model: LoadedModel, items: Items?, limits: ServiceLimits) {}

  package func count(_ items: Items?) -> Int { items?.count ?? 0 }

  package func compute(_ model: LoadedModel, _ rows: Rows) -> Tensor {
    guard let family = model.family as? any Reconstructing, let items = rows.items else { preconditionFailure("support was checked") }
    return model.signature.toRaw(family.reconstruct(model.signature.toModel(items), sampling: sampling, keys: rows.keys))
  }

  package func answer(_ values: Tensor, to items: Items?, from model: LoadedModel) -> Answer {
    .items(values, signature: model.signature, field: "reconstructions")
  }
}
