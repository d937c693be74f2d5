internal import Distributions
internal import Modelling
internal import Networks
internal import Tensors

/// Items and what their model should make of them, as whoever made the file computed it: under `check` in the description.
///
///     {"inputs": [[0, 12, 255, ...]], "layers": [{"mean": [[...]], "scale": [[...]]}], "reconstructions": [[...]],
///      "kl_nats": [...], "reconstruction_nats": [...], "tolerance": 0.0001}
///
/// `inputs` and `reconstructions` are in the units that clients send, a flat row an item. The code is q(z|x) with its standard deviations, the
/// reconstruction the mean of p(x|z) at the mean of q, and `reconstruction_nats` ln p(x|z) there. Any of the four may be left out.
struct ModelCheck: Sendable, Equatable, Decodable {
  let inputs: [[Float]]
  let layers: [Layer]?
  let reconstructions: [[Float]]?
  let klNats: [Float]?
  let reconstructionNats: [Float]?
  let tolerance: Float?

  struct Layer: Sendable, Equatable, Decodable {
    let mean: [[Float]]
    let scale: [[Float]]?
  }

  private enum CodingKeys: String, CodingKey {
    case inputs, layers, reconstructions, tolerance
    case klNats = "kl_nats"
    case reconstructionNats = "reconstruction_nats"
  }

  /// Items of a check at most: a file is checked while its sender waits.
  static let mostItems = 64
  /// Of a number, beside its size or 1, whichever is more; reconstructions are compared in model units.
  static let usualTolerance: Float = 1e-4
  static let field = "\(ModelDescription.metadataKey).check"
}

extension ModelCheck {
  /// Refuses a model that makes something else of the items.
  func verify(_ model: any ModelFamily) throws(ModelFileError) {
    let signature = model.signature
    guard (1...Self.mostItems).contains(inputs.count) else { throw Self.refusal("inputs", "\(inputs.count) items", "1 to \(Self.mostItems)") }
    let x = try tensor(inputs, width: signature.width, "inputs")
    if let place = signature.space.firstRefused(in: x) {
      throw Self.refusal(
        "inputs[\(place / signature.width)][\(place % signature.width)]", "\(x.scalars[place])",
        signature.space.expectation(at: place % signature.width))
    }
    guard layers != nil || reconstructions != nil || klNats != nil || reconstructionNats != nil else {
      throw Self.refusal("", "without anything to compare", "layers, reconstructions, kl_nats or reconstruction_nats")
    }
    if let tolerance, !(tolerance > 0 && tolerance <= 0.1) { throw Self.refusal("tolerance", "\(tolerance)", "more than 0, at most 0.1") }
    let items = signature.toModel(x)
    if let layers { try compare(layers, items, model) }
    if let reconstructions { try compare(reconstructions, items, model) }
    if klNats != nil || reconstructionNats != nil { try compareNats(items, model) }
  }

  private func compare(_ layers: [Layer], _ items: Tensor, _ model: any ModelFamily) throws(ModelFileError) {
    guard let able = Capability.encoding.of(model) else { throw Self.refusal("layers", "there", "no such field: this family doesn't encode") }
    let codes = able.encode(items)
    guard codes.count == layers.count else { throw Self.refusal("layers", "\(layers.count) layers", "\(codes.count)") }
    for (index, (code, layer)) in zip(codes, layers).enumerated() {
      let place = "layers[\(index)]"
      try compare(layer.mean, with: code.parts[0], "\(place).mean", hint: "its tensors, their order, and the settings of the encoder")
      guard let scale = layer.scale else { continue }
      guard let normal = code.normal else { throw Self.refusal("\(place).scale", "there", "no such field: the code has none") }
      try compare(scale, with: normal.deviation, "\(place).scale", hint: "how `scale` reads the scale head, and `scale_floor`")
    }
  }

  private func compare(_ reconstructions: [[Float]], _ items: Tensor, _ model: any ModelFamily) throws(ModelFileError) {
    guard let able = Capability.reconstructing.of(model) else {
      throw Self.refusal("reconstructions", "there", "no such field: this family doesn't reconstruct")
    }
    let keys = RowKeys(RandomKey(seed: 0), rows: 0..<inputs.count)
    let expected = model.signature.toModel(try tensor(reconstructions, width: model.signature.width, "reconstructions"))
    try compare(
      expected, with: able.reconstruct(items, sampling: false, keys: keys), "reconstructions",
      hint: "the settings of the decoder, and of `likelihood`, which reads its heads; both in units of the model")
  }

  private func compareNats(_ items: Tensor, _ model: any ModelFamily) throws(ModelFileError) {
    guard let able = Capability.inferring.of(model) else {
      throw Self.refusal(klNats == nil ? "reconstruction_nats" : "kl_nats", "there", "no such field: this family has no bound of this kind")
    }
    let inference = able.inference(items, noise: nil)
    if let klNats { try compare([klNats], with: row(able.divergence(inference)), "kl_nats", hint: "`scale`, and the prior") }
    guard let reconstructionNats else { return }
    let likelihood = able.logLikelihood(of: items, given: inference.draws) - able.logVolume
    try compare(
      [reconstructionNats], with: row(likelihood), "reconstruction_nats",
      hint: "`likelihood` and what belongs to it; a density is one of the units that clients send")
  }

  private func row(_ values: Tensor) -> Tensor { values.reshaped([1, values.count]) }

  private func compare(_ expected: [[Float]], with found: Tensor, _ field: String, hint: String) throws(ModelFileError) {
    try compare(try tensor(expected, width: found.shape[1], field, rows: found.shape[0]), with: found, field, hint: hint)
  }

  /// Names the number that differs most.
  private func compare(_ expected: Tensor, with found: Tensor, _ field: String, hint: String) throws(ModelFileError) {
    let (expected, found, width) = (expected.scalars, found.scalars, max(found.shape[1], 1))
    let tolerance = tolerance ?? Self.usualTolerance
    let differences = zip(expected, found).map { abs($0 - $1) / max(1, abs($0)) }
    // NaN is no agreement.
    let isAgreed = differences.allSatisfy { $0 <= tolerance }
    guard !isAgreed,
      let worst = differences.indices.max(by: { differences[$0].isNaN ? false : differences[$1].isNaN || differences[$0] < differences[$1] })
    else { return }
    let place = field.hasSuffix("_nats") ? "\(field)[\(worst)]" : "\(field)[\(worst / width)][\(worst % width)]"
    let differing = differences.count { !($0 <= tolerance) }
    throw ModelFileError(
      .check, "\(Self.field).\(place)", given: "\(expected[worst])", expected: "\(found[worst]), which the model makes of it",
      detail: "\(Self.field).\(place) is \(expected[worst]), and the model makes \(found[worst]) of it; \(differing) of \(differences.count) numbers "
        + "differ by more than \(tolerance): look at \(hint)")
  }

  private func tensor(_ rows: [[Float]], width: Int, _ field: String, rows count: Int? = nil) throws(ModelFileError) -> Tensor {
    let count = count ?? inputs.count
    let isOfItems = !field.hasSuffix("_nats")
    guard rows.count == count else { throw Self.refusal(field, "\(rows.count) rows", "\(count), one an item") }
    for (index, row) in rows.enumerated() where row.count != width {
      throw Self.refusal(isOfItems ? "\(field)[\(index)]" : field, "\(row.count) numbers", "\(width)")
    }
    return Tensor(shape: [count, width], scalars: rows.flatMap { $0 })
  }

  private static func refusal(_ place: String, _ given: String, _ expected: String) -> ModelFileError {
    ModelFileError(.metadata, place.isEmpty ? field : "\(field).\(place)", given: given, expected: expected)
  }
}
