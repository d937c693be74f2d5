package import Data
internal import Distributions
internal import Foundation
package import ModelFiles
package import Modelling
internal import Tensors

/// The bounds of a model on a data set: means over the items with their standard errors.
package struct LikelihoodEvaluation: Findings {
  package let items: Int
  package let dimensions: Int
  package let draws: Int
  package let seed: UInt64
  package let observationModel: String
  package let elbo: Estimate
  package let kl: Estimate
  package let reconstruction: Estimate
  package let iwae: Estimate
  /// Of the importance-weighted bound, as in the answers of `/score`.
  package let bitsPerDimension: Double
  package let elboBitsPerDimension: Double

  /// Scores every item; item i uses the noise of (seed, i), so the numbers do not depend on blocks or threads.
  package init(of model: any Scoring, on data: DataSet, draws: Int, seed: UInt64, progress: (Int) -> Void = { _ in }) {
    let keys = RandomKey(seed: seed)
    var columns: [[Double]] = [[], [], [], []]
    let block = 500
    for start in stride(from: 0, to: data.count, by: block) {
      let rows = start..<min(start + block, data.count)
      let scores = model.score(data.batch(rows), draws: draws, keys: RowKeys(keys, rows: rows))
      for (index, tensor) in [scores.elbo, scores.kl, scores.reconstruction, scores.iwae].enumerated() {
        columns[index] += tensor.scalars.map(Double.init)
      }
      progress(rows.upperBound)
    }
    items = data.count
    dimensions = data.signature.width
    self.draws = draws
    self.seed = seed
    observationModel = model.observationModel
    elbo = Estimate(columns[0])
    kl = Estimate(columns[1])
    reconstruction = Estimate(columns[2])
    iwae = Estimate(columns[3])
    bitsPerDimension = Distributions.bitsPerDimension(nats: iwae.mean, dimensions: dimensions)
    elboBitsPerDimension = Distributions.bitsPerDimension(nats: elbo.mean, dimensions: dimensions)
  }

  package var metrics: [RunMetric] {
    elbo.metrics("elbo_nats") + kl.metrics("kl_nats") + reconstruction.metrics("reconstruction_nats") + iwae.metrics("iwae_nats")
      + [
        RunMetric(name: "bits_per_dim", value: bitsPerDimension, step: 0),
        RunMetric(name: "elbo_bits_per_dim", value: elboBitsPerDimension, step: 0),
      ]
  }

  package var lines: [String] {
    [
      "observation model: \(observationModel)", elbo.line("ELBO"), reconstruction.line("  reconstruction"), kl.line("  KL"),
      iwae.line("IWAE, k = \(draws)"),
      String(format: "bits per dimension               %10.4f by IWAE, %.4f by the ELBO", bitsPerDimension, elboBitsPerDimension),
    ]
  }
}
