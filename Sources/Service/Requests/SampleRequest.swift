package import Modelling
internal import Tensors

/// New items: `n` draws from the model.
package struct SampleRequest: ModelRequest {
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
  package static let items = ItemRole.references
  package static var capability: Capability<any Sampling> { .sampling }
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

  package var rowOptions: SampleOptions { SampleOptions(temperature: temperature, mean: mean, given: condition) }

  package var needsItems: Bool { given.needsItems }

  package func referring(to items: Items, of model: any Sampling) throws -> SampleRequest {
    var request = self
    request.condition = try given.condition(items, model.signature)
    return request
  }

  package func check(_ model: any Sampling, rows: Int, limits: ServiceLimits) throws {
    let most = min(limits.sampledItems, limits.answerNumbers / model.signature.width)
    guard (1...max(most, 1)).contains(n) else {
      throw Problem(
        .impossible, "n is \(n), expected 1 to \(max(most, 1)) for this model; ask for more in several requests with seeds of their own.", field: "n",
        given: "\(n)", expected: "1 to \(max(most, 1))")
    }
    guard temperature.isFinite, temperature >= 0 else {
      throw Fault(field: "temperature", given: "\(temperature)", expected: "a number from 0")
    }
    try given.check(model)
  }

  package func rowCount(_ items: Items) -> Int { n }

  package func mediaTypes(_ model: any Sampling) -> [MediaType] { MediaType.ofItems(model.signature) }

  package func answerWidth(_ model: any Sampling) -> Int { model.signature.width }

  package func compute(_ model: any Sampling, _ rows: Rows) throws -> RowAnswers {
    RowAnswers(model.signature.toRaw(try model.sample(rows.keys, rowOptions)))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Sampling) -> Answer {
    .items(found.numbers, signature: model.signature, field: "samples")
  }
}
