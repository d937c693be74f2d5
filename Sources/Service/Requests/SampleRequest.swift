package import Modelling
internal import Tensors

/// New items: `n` draws from the model.
package struct SampleRequest: ModelRequest {
  package var n = 1
  package var seed: Int?
  package var firstItem = 0
  package var temperature: Float = 1
  package var mean = false
  package var given = SampleGiven()
  /// Characters of a text; nil for the model's own choice.
  package var length: Int?
  /// What `given` means, with the items that it names; not among the settings.
  private var condition = SampleCondition.nothing

  package init() {}

  package static let name = "sample"
  package static let summary = "Draws new items; item i depends on the seed and i alone, so n=3 is a prefix of n=64."
  package static let items = ItemRole.references
  package static var capability: Capability<any Sampling> { .sampling }
  package static let table = Table<Self> {
    Setting("n", \.n, in: 1...10_000, ofRows: false, "How many items.")
    Setting.seed
    Setting.firstItem
    Setting(
      "temperature", \.temperature, in: 0...,
      "Multiplies the prior's deviation; of texts it divides the logits of every character, so that 0 takes the likeliest.")
    Setting("mean", \.mean, "The mean of p(x|z) instead of a draw from it; of texts the likeliest character at every place.")
    // Rows depend on what it means.
    Setting(
      "given", \.given, ofRows: false,
      "What to condition on, where the family can: {\"label\": c}, {\"cluster\": k, \"layer\": l}, or where each layer comes from, nearest the data first: "
        + "{\"layers\": [{\"from_item\": i}, {\"cluster\": k}, {\"values\": [z, ...]}, {}]} with items beside it; a label or cluster beside "
        + "such layers is that class in the manner of the item; {\"text\": t} is what texts go on from."
    )
    Setting(
      "length", \.length, in: 1...,
      "Characters of every text, those of given.text not among them; absent: 200, or the most that the model draws where that is less.")
  }

  package var needsItems: Bool { given.needsItems }

  package func referring(to items: Items, of model: any Sampling) throws -> SampleRequest {
    var request = self
    request.condition = try given.condition(items, model.signature)
    request.length = length ?? model.signature.space.tokens?.sampleLength
    return request
  }

  package func check(_ model: any Sampling, rows: Int, limits: ServiceLimits) throws {
    try checkLength(model.signature.space)
    let isText = model.signature.space.tokens != nil
    let most = min(limits.sampledItems, (isText ? limits.sampledCharacters : limits.answerNumbers) / answerWidth(model), limits.drawnItems(of: model))
    guard (1...max(most, 1)).contains(n) else {
      throw Problem(
        .impossible, "n is \(n), expected 1 to \(max(most, 1)) for this model; ask for more in several requests with seeds of their own.", field: "n",
        given: "\(n)", expected: "1 to \(max(most, 1))")
    }
    try given.check(model)
    try DecodeRequest.check(temperature: temperature, Capability.encoding.of(model)?.codeForms ?? [])
  }

  private func checkLength(_ space: Space) throws(Fault) {
    guard let length else { return }
    guard let texts = space.tokens else {
      throw Fault(field: "length", given: "\(length)", expected: "no such field: this model makes \(space.summary)")
    }
    guard (1...texts.atMost).contains(length) else { throw Fault(field: "length", given: "\(length)", expected: "1 to \(texts.atMost)") }
  }

  package func rowCount(_ items: Items) -> Int { n }

  /// Only texts have a length.
  package var rowWeight: Double { Double(length ?? 1) }

  package func mediaTypes(_ model: any Sampling) -> [MediaType] { MediaType.ofItems(model.signature, count: n) }

  package func answerWidth(_ model: any Sampling) -> Int {
    model.signature.space.tokens.map { length ?? $0.sampleLength } ?? model.signature.width
  }

  package func compute(_ model: any Sampling, _ rows: Rows) throws -> RowAnswers {
    let options = SampleOptions(temperature: temperature, mean: mean, given: condition, length: length)
    return RowAnswers(model.signature.answered(try model.sample(rows.keys, options)))
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Sampling) -> Answer {
    .items(found.numbers, signature: model.signature, field: "samples")
  }
}
