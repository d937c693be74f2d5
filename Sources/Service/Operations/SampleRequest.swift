package import Modelling
package import Tensors

/// New items: `n` draws from the model.
package struct SampleRequest: OperationRequest {
  package let n: Int
  package let seed: Int?
  package let temperature: Float
  package let mean: Bool
  package let given: SampleGiven
  /// What `given` means, with the items that it names.
  private var condition = SampleCondition.nothing

  private enum Key: String, CodingKey { case n, seed, temperature, mean, given }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    n = try fields.decodeIfPresent(Int.self, forKey: .n) ?? 1
    seed = try fields.decodeIfPresent(Int.self, forKey: .seed)
    temperature = try fields.decodeIfPresent(Float.self, forKey: .temperature) ?? 1
    mean = try fields.decodeIfPresent(Bool.self, forKey: .mean) ?? false
    given = try fields.decodeIfPresent(SampleGiven.self, forKey: .given) ?? .nothing
  }

  package static let name = "sample"
  package static let summary = "Draws new items; item i depends on the seed and i alone, so n=3 is a prefix of n=64."
  package static let takesItems = false
  package static let mayTakeItems = true
  package static let answersItems = true
  package static let fields: [RequestField] = [
    RequestField("n", .integer, default: "1", "How many items."),
    .seed,
    RequestField("temperature", .number, default: "1", "Multiplies the prior's deviation."),
    RequestField("mean", .boolean, default: "false", "The mean of p(x|z) instead of a draw from it."),
    RequestField(
      "given", .object, default: "{}",
      "What to condition on, where the family can: {\"label\": c}, {\"cluster\": k, \"layer\": l}, or where each layer comes from, nearest the data first: "
        + "{\"layers\": [{\"from_item\": i}, {\"cluster\": k}, {}]} with items beside it."),
  ]

  package static func isSupported(by family: any ModelFamily.Type) -> Bool { family is any Sampling.Type }

  package var rowOptions: SampleOptions { SampleOptions(temperature: temperature, mean: mean, given: condition) }

  package var needsItems: Bool { given.needsItems }

  package func bound(to items: Items?, of signature: Signature) throws -> SampleRequest {
    var request = self
    request.condition = try given.condition(items, signature)
    return request
  }

  package func check(_ model: LoadedModel, items: Items?, limits: ServiceLimits) throws {
    let most = min(limits.sampledItems, limits.answerNumbers / model.signature.width)
    guard (1...max(most, 1)).contains(n) else {
      throw Problem(
        .impossible, "n is \(n), expected 1 to \(max(most, 1)) for this model; ask for more in several requests with seeds of their own.", field: "n",
        given: "\(n)", expected: "1 to \(max(most, 1))")
    }
    guard temperature.isFinite, temperature >= 0 else {
      throw RequestError(field: "temperature", given: "\(temperature)", expected: "a number from 0")
    }
    try given.check(model)
  }

  package func count(_ items: Items?) -> Int { n }

  package func compute(_ model: LoadedModel, _ rows: Rows) throws -> Tensor {
    guard let family = model.family as? any Sampling else { preconditionFailure("support was checked") }
    return model.signature.toRaw(try family.sample(rows.keys, rowOptions))
  }

  package func answer(_ values: Tensor, to items: Items?, from model: LoadedModel) -> Answer {
    .items(values, signature: model.signature, field: "samples")
  }
}
