internal import Formats
internal import Foundation
package import Modelling
internal import Tensors

/// ln p(x) of every item or bounds of it, or of ln p(some columns | the others), with the parts that they are made of.
package struct ScoreRequest: ModelRequest {
  package var k = 100
  /// Columns to score given the others; nil for all of them.
  package var targets: [String]?
  package var estimator = ConditionalEstimator.proposal
  /// Whether the KL of every layer stands beside that of all.
  package var byLayer = false
  package var seed: Int?
  package var firstItem = 0

  package init() {}

  package static let name = "score"
  package static let summary =
    "Bounds ln p(x) of every item, or ln p(some columns | the others): the ELBO with its parts, and the importance-weighted bound of k draws; "
    + "ln p(x) itself where it is exact, as of texts."
  package static let items = ItemRole.rows
  package static var capability: Capability<any Scoring> { .scoring }
  package static let table = Table<Self> {
    Setting("k", \.k, in: 1...10_000, "Draws of the importance-weighted bound (Burda et al. 2016).")
    Setting("targets", \.targets, "Columns to score given the others, for families that can; all columns where absent.")
    Setting(
      "estimator", \.estimator,
      "With such families: proposal (importance sampling from q(z|x)) or prior (Monte Carlo from the prior given the other columns).")
    Setting("by_layer", \.byLayer, "With families of several layers of latent variables: the KL of each besides, layer_0_kl_nats nearest the data.")
    Setting.seed
    Setting.firstItem
  }

  /// The numbers of an item.
  func terms(of model: any Scoring) -> [Scores.Term] { model.scoreTerms.filter { byLayer || $0.layer == nil } }

  package func acceptsMissing(_ model: any Scoring) -> Bool { Capability.conditionalScoring.of(model) != nil }

  package var rowWeight: Double { Double(k) }

  package func answerWidth(_ model: any Scoring) -> Int { terms(of: model).count + 2 }

  package func check(_ model: any Scoring, rows: Int, limits: ServiceLimits) throws {
    let most = max(1, min(limits.scoreDraws, limits.scoreDrawsTotal / max(rows, 1)))
    // Nothing that is exact is drawn.
    guard (1...most).contains(k) || model.scoreTerms.allSatisfy({ $0.kind == .exact }) else {
      throw Problem(
        .impossible, "k is \(k), expected 1 to \(most)\(Self.words(rows)).", field: "k", given: "\(k)", expected: "1 to \(most)")
    }
    let isConditional = Capability.conditionalScoring.of(model) != nil
    for (field, isGiven) in [("targets", targets != nil), ("estimator", estimator != .proposal)]
    where isGiven && !isConditional {
      throw Fault(field: field, given: "there", expected: "no such field: the family \(type(of: model).name) only scores whole items")
    }
    if byLayer, !model.scoreTerms.contains(where: { $0.layer != nil }) {
      throw Fault(field: "by_layer", given: "true", expected: "false: this model has no layers that scores tell apart")
    }
    try checkTargets(model.signature)
  }

  private func checkTargets(_ signature: Signature) throws {
    guard let targets else { return }
    guard let columns = signature.space.names else {
      throw Fault(field: "targets", given: "there", expected: "no such field: images have no columns")
    }
    guard !targets.isEmpty else { throw Fault(field: "targets", given: "no column", expected: "at least one of \(Items.list(columns))") }
    var seen: Set<String> = []
    for (index, name) in targets.enumerated() {
      guard columns.contains(name) else {
        throw Fault(field: "targets[\(index)]", given: "\"\(name.prefix(80))\"", expected: "one of \(Items.list(columns))")
      }
      guard seen.insert(name).inserted else {
        throw Fault(field: "targets[\(index)]", given: "\"\(name)\" again", expected: "columns that differ")
      }
    }
  }

  package func compute(_ model: any Scoring, _ rows: Rows) -> RowAnswers {
    let (n, items, x) = (rows.items.shape[0], rows.items, rows.inModelUnits(model.signature))
    guard let conditional = Capability.conditionalScoring.of(model) else {
      return RowAnswers(table(model.score(x, draws: k, keys: rows.keys), scored: numbers(of: items, in: model.signature.space)))
    }
    let isTarget = targetMask(model.signature)
    let mask = Tensor(isTarget).reshaped([1, isTarget.count]).expanded(to: x.shape)
    // What is missing can't be scored.
    let scored = (0..<n).map { row in
      isTarget.indices.reduce(Float(0)) { $0 + (items.scalars[row * isTarget.count + $1].isNaN ? 0 : isTarget[$1]) }
    }
    let scores = conditional.score(x, targets: mask, draws: k, estimator: estimator, keys: rows.keys)
    return RowAnswers(Tensor.concatenated([table(scores, scored: scored), Tensor(scored).reshaped([n, 1])], axis: 1))
  }

  /// Numbers of every item that were scored: all of them, or the characters of a text.
  private func numbers(of items: Tensor, in space: Space) -> [Float] {
    let (n, width) = (items.shape[0], items.shape[1])
    guard space.tokens != nil else { return [Float](repeating: Float(width), count: n) }
    return (0..<n).map { row in items.withScalars { x in (0..<width).reduce(Float(0)) { $0 + (x[row * width + $1].isNaN ? 0 : 1) } } }
  }

  /// 1 for every number of an item that is a target.
  private func targetMask(_ signature: Signature) -> [Float] {
    guard let targets, let columns = signature.space.names else { return [Float](repeating: 1, count: signature.width) }
    let wanted = Set(targets)
    return columns.map { wanted.contains($0) ? 1 : 0 }
  }

  /// The terms of every row side by side, none where nothing was scored, and bits a number = -nats / (scored ln 2) of the last term at the end.
  private func table(_ scores: Scores, scored: [Float]) -> Tensor {
    let terms = scores.values.filter { byLayer || $0.term.layer == nil }.map { zip($0.values.scalars, scored).map { $1 > 0 ? $0 : .nan } }
    let bits = zip(terms.last ?? [], scored).map { $0 * (-1 / ($1 * Float(M_LN2))) }
    return Tensor.concatenated((terms + [bits]).map { Tensor($0).reshaped([scored.count, 1]) }, axis: 1)
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Scoring) -> Answer {
    let (values, isConditional) = (found.numbers, Capability.conditionalScoring.of(model) != nil)
    let known = self.terms(of: model)
    let terms = known.map(\.name) + [model.signature.space.bitsName]
    let names = terms + (isConditional ? ["scored"] : [])
    let (count, width) = (values.shape[0], names.count)
    let scalars = values.scalars
    let items = JSONList(count: count, weight: 2 * width) { row in
      .object(names.enumerated().map { .init(name: $1, value: .float(scalars[row * width + $0])) })
    }
    // Over the items of which something was scored.
    func summary(_ statistic: ([Double]) -> Double) -> JSONValue {
      .object(
        terms.enumerated().map { column, name in
          .init(name: name, value: .number(statistic((0..<count).map { Double(scalars[$0 * width + column]) }.filter { !$0.isNaN })))
        })
    }
    var members = [JSONDocument.Member(name: "items", content: .list(items))]
    // Nothing that is exact depends on k.
    if model.scoreTerms.contains(where: { $0.kind != .exact }) { members.append(.init(name: "k", value: .integer(k))) }
    if known != Scores.Term.bounds {
      members.append(.init(name: "kinds", value: .object(known.map { .init(name: $0.name, value: .string($0.kind.rawValue)) })))
    }
    if isConditional {
      members.append(.init(name: "targets", value: targets.map { .strings($0) } ?? .null))
      members.append(.init(name: "estimator", value: .string(estimator.rawValue)))
    }
    return Answer(
      values, columns: names,
      members: members + [
        .init(name: "observation_model", value: .string(model.observationModel)),
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
