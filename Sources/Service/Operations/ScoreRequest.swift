internal import Formats
internal import Foundation
package import Models
package import Tensors

/// Bounds of ln p(x) an item, with the parts that they are made of.
package struct ScoreRequest: OperationRequest {
  package let k: Int
  package let seed: Int?

  private enum Key: String, CodingKey { case k, seed }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    k = try fields.decodeIfPresent(Int.self, forKey: .k) ?? 100
    seed = try fields.decodeIfPresent(Int.self, forKey: .seed)
  }

  package static let name = "score"
  package static let summary = "Bounds ln p(x) of every item: the ELBO with its parts, and the importance-weighted bound of k draws."
  package static let takesItems = true
  package static let answersItems = false
  package static let fields: [RequestField] = [
    RequestField("k", .integer, default: "100", "Draws of the importance-weighted bound (Burda et al. 2016)."),
    .seed,
  ]

  package static func isSupported(by family: any ModelFamily.Type) -> Bool { family is any Scoring.Type }

  package var rowOptions: Int { k }
  package var rowWeight: Double { Double(k) }

  package func check(_ model: LoadedModel, items: Items?, limits: ServiceLimits) throws {
    let most = max(1, min(limits.scoreDraws, limits.scoreDrawsTotal / max(count(items), 1)))
    guard (1...most).contains(k) else {
      throw Problem(
        .impossible, "k is \(k), expected 1 to \(most) for \(count(items)) items.", field: "k", given: "\(k)", expected: "1 to \(most)")
    }
  }

  package func count(_ items: Items?) -> Int { items?.count ?? 0 }

  package func compute(_ model: LoadedModel, _ rows: Rows) -> Tensor {
    guard let family = model.family as? any Scoring, let items = rows.items else { preconditionFailure("support was checked") }
    let scores = family.score(model.signature.toModel(items), draws: k, keys: rows.keys)
    let count = items.shape[0]
    // bits/dim: -iwae / (dimensions · ln 2)
    let bits = scores.iwae * (-1 / (Float(model.signature.width) * Float(M_LN2)))
    let columns = [scores.elbo, scores.kl, scores.reconstruction, scores.iwae, bits]
    return Tensor.concatenated(columns.map { $0.reshaped([count, 1]) }, axis: 1)
  }

  private static let names = ["elbo_nats", "kl_nats", "reconstruction_nats", "iwae_nats", "bits_per_dim"]

  package func answer(_ values: Tensor, to items: Items?, from model: LoadedModel) -> Answer {
    guard let family = model.family as? any Scoring else { preconditionFailure("support was checked") }
    let width = Self.names.count
    let count = values.shape[0]
    let items = (0..<count).map { row in
      JSONValue.object(Self.names.enumerated().map { .init(name: $1, value: .float(values.scalars[row * width + $0])) })
    }
    func summary(_ statistic: ([Double]) -> Double) -> JSONValue {
      .object(
        Self.names.enumerated().map { column, name in
          .init(name: name, value: .number(statistic((0..<count).map { Double(values.scalars[$0 * width + column]) })))
        })
    }
    return Answer(
      values, columns: Self.names,
      members: [
        .init(name: "items", value: .array(items)), .init(name: "k", value: .integer(k)),
        .init(name: "observation_model", value: .string(family.observationModel)),
        .init(name: "dimensions", value: .integer(model.signature.width)),
        .init(name: "mean", value: summary(Self.mean)), .init(name: "standard_error", value: summary(Self.standardError)),
      ])
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// s / √n with Bessel's correction; no number, which JSON shows as null, for a single item.
  private static func standardError(_ values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    let mean = mean(values)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    return (variance / Double(values.count)).squareRoot()
  }
}
