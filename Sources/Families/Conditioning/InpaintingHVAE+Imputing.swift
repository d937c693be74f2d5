internal import Distributions
package import Modelling
internal import Networks
package import Tensors

/// Rows in memory at once: every number of a window has 256 probabilities.
private let blockRows = 32

extension InpaintingHVAE: HierarchicalImputing {
  package var imputationLevels: Int { configuration.levels }

  package func impute(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts, by choice: LevelChoice) -> Imputation {
    let blocks = stride(from: 0, to: x.shape[0], by: blockRows).map { start in
      let rows = start..<min(start + blockRows, x.shape[0])
      return filled(x.slice(0, rows), draws: max(draws, 1), keys: keys.slice(rows), wanted: wanted, by: choice)
    }
    guard blocks.count != 1 else { return blocks[0] }
    func joined(_ part: (Imputation) -> Tensor) -> Tensor { Tensor.concatenated(blocks.map(part)) }
    guard let first = blocks.first else { return filled(x, draws: max(draws, 1), keys: keys, wanted: wanted, by: choice) }
    let marginals = first.marginals.indices.map { index in
      let parts = blocks.map { $0.marginals[index].pixels }
      return Imputation.Marginal.pixels(mean: Tensor.concatenated(parts.map(\.mean)), deviation: Tensor.concatenated(parts.map(\.deviation)))
    }
    return Imputation(draws: first.draws.indices.map { draw in joined { $0.draws[draw] } }, point: joined(\.point), marginals: marginals)
  }

  private func filled(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts, by choice: LevelChoice) -> Imputation {
    let parts = HoleParts(x, hidden: nil, in: self)
    var (completed, mean, square) = ([RowNumbers](), RowNumbers(x.shape), RowNumbers(x.shape))
    let first = parts.rows(0)
    let start = first.isEmpty ? nil : evidence(network, parts.border(first, first.map { parts.windows[$0][0] }), .evaluation)
    let needsMoments = choice.meanPixels || !wanted.isDisjoint(with: [.point, .marginals])
    for draw in 0..<draws {
      var numbers = RowNumbers(x.shape)
      for round in 0..<parts.rounds {
        let rows = parts.rows(round)
        let holes = rows.map { parts.windows[$0][round] }
        let evidence = round == 0 ? start : nil
        let own = RowKeys.joined(rows.map { keys.slice($0..<$0 + 1) })
        let latent = own.split("latent").split(draw).split(round)
        let pixels = descent(network, evidence ?? self.evidence(network, parts.border(rows, holes), .evaluation), .evaluation) { level, prior in
          choice.samples(level) ? prior.sample(latent.split(level)) : prior.mean
        }.pixels
        let centre = needsMoments ? pixels.mean : nil
        let drawn = choice.meanPixels ? centre : nil
        // Later windows hang on what this one became.
        let value = drawn ?? (wanted.contains(.draws) || round + 1 < parts.rounds ? pixels.sample(own.split("pixels").split(draw).split(round)) : nil)
        if let centre, needsMoments {
          let second = pixels.variance + centre.squared()
          mean.add(centre, parts, rows, holes)
          square.add(second, parts, rows, holes)
        }
        if let value {
          numbers.add(value, parts, rows, holes)
          if round + 1 < parts.rounds { parts.fill(rows, holes, with: value) }
        }
      }
      parts.forget()
      if wanted.contains(.draws) { completed.append(numbers) }
    }
    let point = mean.tensor / Float(draws)
    // Var = E[σ² + μ²] - E[μ]²
    let variance = (square.tensor / Float(draws) - point.squared()).clamped(low: 0, high: .greatestFiniteMagnitude)
    return Imputation(
      draws: completed.map(\.tensor), point: point,
      marginals: wanted.contains(.marginals) ? [.pixels(mean: point, deviation: variance.squareRoot())] : [])
  }
}

/// Rows of numbers that those of windows are put into.
private struct RowNumbers {
  private let shape: Shape
  private var scalars: [Float]

  init(_ shape: Shape) { (self.shape, scalars) = (shape, [Float](repeating: 0, count: shape[0] * shape[1])) }

  var tensor: Tensor { Tensor(shape: shape, scalars: scalars) }

  /// - Parameter values: [rows, numbers of a window].
  mutating func add(_ values: Tensor, _ parts: HoleParts, _ rows: [Int], _ holes: [HoleWindow]) {
    let (width, count) = (shape[1], values.shape[1])
    values.withScalars { values in
      for (index, row) in rows.enumerated() {
        parts.forEachNumber(holes[index], row) { place, number in scalars[row * width + number] += values[index * count + place] }
      }
    }
  }
}

extension Imputation.Marginal {
  fileprivate var pixels: (mean: Tensor, deviation: Tensor) {
    guard case .pixels(let mean, let deviation) = self else { preconditionFailure("images have marginals of pixels") }
    return (mean, deviation)
  }
}

extension InpaintingHVAE: ConditionalScoring {
  package var observationModel: String { "bytes of a discretised Gaussian" }
  package var scoreTerms: [Scores.Term] { Scores.Term.bounds(layers: configuration.levels) }

  /// The sum over the windows of a hole of the bounds of each, given those before it.
  package func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Scores {
    let blocks = stride(from: 0, to: x.shape[0], by: blockRows).map { start in
      let rows = start..<min(start + blockRows, x.shape[0])
      return bounds(x.slice(0, rows), targets.slice(0, rows), draws: max(draws, 1), estimator, keys.slice(rows))
    }
    guard let first = blocks.first else { return bounds(x, targets, draws: max(draws, 1), estimator, keys) }
    return blocks.count == 1 ? first : Scores(first.values.map { term, _ in (term: term, values: Tensor.concatenated(blocks.map { $0[term] })) })
  }

  private func bounds(_ x: Tensor, _ targets: Tensor, draws: Int, _ estimator: ConditionalEstimator, _ keys: RowKeys) -> Scores {
    let (parts, n) = (HoleParts(x, hidden: targets, in: self), x.shape[0])
    var (costs, reconstruction, weighted) = ([[Float]](repeating: [Float](repeating: 0, count: n), count: configuration.levels), [Float](), [Float]())
    (reconstruction, weighted) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
    for round in 0..<parts.rounds {
      let rows = parts.rows(round)
      let holes = rows.map { parts.windows[$0][round] }
      let own = RowKeys.joined(rows.map { keys.slice($0..<$0 + 1) }).split("latent")
      let both = evidence(network, Tensor.concatenated([parts.whole(rows, holes), parts.border(rows, holes)]), .evaluation)
      let border = both.rows(rows.count..<2 * rows.count)
      let posteriors = posteriors(network, both.rows(0..<rows.count), .evaluation)
      let (target, weights) = parts.targets(rows, holes)
      var logWeights = LogMeanExp()
      for draw in 0..<draws {
        let key = own.split(draw).split(round)
        var ratio = Tensor.zeros([rows.count])
        func proposed(_ level: Int, _ prior: Normal) -> Tensor {
          let z = posteriors[level].sample(key.split(level))
          ratio = ratio + prior.logProbability(of: z) - posteriors[level].logProbability(of: z)
          return z
        }
        // The bound's parts are of the first draw of q whichever the estimator is.
        if draw == 0 || estimator == .proposal {
          let descent = descent(network, border, .evaluation, choose: proposed)
          let logLikelihood = descent.pixels.logProbability(of: target, weights: weights)
          if draw == 0 {
            for (level, (q, p)) in zip(posteriors, descent.priors).enumerated() { q.divergence(from: p).add(to: &costs[level], at: rows) }
            logLikelihood.add(to: &reconstruction, at: rows)
          }
          if estimator == .proposal { logWeights.add(logLikelihood + ratio) }
        }
        if estimator == .prior {
          let descent = descent(network, border, .evaluation) { level, prior in prior.sample(key.split("prior").split(level)) }
          logWeights.add(descent.pixels.logProbability(of: target, weights: weights))
        }
      }
      logWeights.value.add(to: &weighted, at: rows)
      for (index, row) in rows.enumerated() { parts.learn(holes[index], row) }
    }
    return Scores(layers: costs.map { Tensor($0) }, reconstruction: Tensor(reconstruction), iwae: Tensor(weighted))
  }
}

extension Tensor {
  /// Adds [rows] to some places of a list.
  fileprivate func add(to sums: inout [Float], at rows: [Int]) { for (index, value) in scalars.enumerated() { sums[rows[index]] += value } }
}
