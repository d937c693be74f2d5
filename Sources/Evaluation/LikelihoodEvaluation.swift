package import Data
internal import Foundation
package import ModelFiles
package import Modelling
internal import Tensors

/// What a model says of how likely a data set is: means over the items with their standard errors.
package struct LikelihoodEvaluation: Findings {
  package let items: Int
  package let dimensions: Int
  package let draws: Int
  package let seed: UInt64
  package let observationModel: String
  /// What the family's scores are made of, in its order.
  package let terms: [(term: Scores.Term, estimate: Estimate)]
  /// Numbers of an item that were scored, on average; of texts their characters.
  private let scored: Double
  private let bitsName: String
  private let isText: Bool

  /// Scores every item; item i uses the noise of (seed, i), so the numbers do not depend on blocks or threads.
  package init(of model: any Scoring, on data: DataSet, draws: Int, seed: UInt64, progress: (Int) -> Void = { _ in }) {
    let keys = RandomKey(seed: seed)
    var columns = model.scoreTerms.map { _ in [Double]() }
    let block = 500
    isText = data.signature.space.tokens != nil
    var characters = 0
    for start in stride(from: 0, to: data.count, by: block) {
      let rows = start..<min(start + block, data.count)
      let x = data.batch(rows)
      if isText { characters += x.scalars.count { !$0.isNaN } }
      let scores = model.score(x, draws: draws, keys: RowKeys(keys, rows: rows))
      for (index, term) in scores.values.enumerated() { columns[index] += term.values.scalars.map(Double.init) }
      progress(rows.upperBound)
    }
    items = data.count
    dimensions = data.signature.width
    self.draws = draws
    self.seed = seed
    observationModel = model.observationModel
    // What each layer costs is `LatentUseEvaluation`'s to say, or `CodeUseEvaluation`'s.
    terms = zip(model.scoreTerms, columns).filter { $0.0.layer == nil }.map { ($0, Estimate($1)) }
    scored = isText ? Double(characters) / Double(data.count) : Double(dimensions)
    bitsName = data.signature.space.bitsName
  }

  /// As in the answers of `/score`: of the term that is known best.
  package var bits: Double { terms.last.map { bits(of: $0.estimate) } ?? .nan }

  private func bits(of estimate: Estimate) -> Double { nats(of: estimate) / Foundation.log(2) }

  /// A number that was scored costs so many.
  private func nats(of estimate: Estimate) -> Double { -estimate.mean / scored }

  private var natsPerCharacter: Double? { isText ? terms.last.map { nats(of: $0.estimate) } : nil }

  private func estimate(_ term: Scores.Term) -> Estimate? { terms.first { $0.term == term }?.estimate }

  package var metrics: [RunMetric] {
    terms.flatMap { $0.estimate.metrics($0.term.name) } + [RunMetric(name: bitsName, value: bits, step: 0)]
      + (estimate(.elbo).map { [RunMetric(name: "elbo_\(bitsName)", value: bits(of: $0), step: 0)] } ?? [])
      + (natsPerCharacter.map { [RunMetric(name: "nats_per_character", value: $0, step: 0)] } ?? [])
  }

  package var lines: [String] {
    let titles: [(Scores.Term, String)] = [
      (.exact, "ln p(x)"), (.elbo, "ELBO"), (.reconstruction, "  reconstruction"), (.kl, "  KL"), (.iwae, "IWAE, k = \(draws)"),
    ]
    let lines = ["observation model: \(observationModel)"] + titles.compactMap { term, title in estimate(term).map { $0.line(title) } }
    guard let elbo = estimate(.elbo) else {
      func line(_ title: String, _ value: Double) -> String {
        title.padding(toLength: 33, withPad: " ", startingAt: 0) + String(format: "%10.4f", value)
      }
      return lines + (natsPerCharacter.map { [line("nats per character", $0)] } ?? []) + [line(bitsName.replacing("_", with: " "), bits)]
    }
    let title = (isText ? "bits per character" : "bits per dimension").padding(toLength: 33, withPad: " ", startingAt: 0)
    guard terms.last?.term != .elbo else { return lines + [title + String(format: "%10.4f by the ELBO", bits)] }
    return lines + [title + String(format: "%10.4f by IWAE, %.4f by the ELBO", bits, bits(of: elbo))]
  }
}
