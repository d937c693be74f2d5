internal import Distributions
package import Formats
internal import Foundation
package import Models
internal import Tensors

/// The bounds of a model on a data set: means over the items with their standard errors.
package struct Evaluation: Sendable {
  package struct Estimate: Sendable, Equatable {
    package let mean: Double
    /// Standard deviation over the items divided by the square root of their number; noise of the model's draws is part of it.
    package let standardError: Double
  }

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

  /// Every number under its full name.
  package var metrics: [RunMetric] {
    let named: [(String, Double)] = [
      ("elbo_nats", elbo.mean), ("elbo_nats.standard_error", elbo.standardError), ("kl_nats", kl.mean), ("kl_nats.standard_error", kl.standardError),
      ("reconstruction_nats", reconstruction.mean), ("reconstruction_nats.standard_error", reconstruction.standardError),
      ("iwae_nats", iwae.mean), ("iwae_nats.standard_error", iwae.standardError), ("bits_per_dim", bitsPerDimension),
      ("elbo_bits_per_dim", elboBitsPerDimension),
    ]
    return named.map { RunMetric(name: $0.0, value: $0.1, step: 0) }
  }
}

extension Evaluation {
  /// Of every number to the last bit: two evaluations with equal digests found the same.
  package var digest: Digest {
    var bytes: [UInt8] = []
    for metric in metrics {
      bytes += Array(metric.name.utf8) + [0]
      withUnsafeBytes(of: metric.value.bitPattern.littleEndian) { bytes += $0 }
    }
    return SHA256.digest(bytes)
  }
}

extension Evaluation.Estimate {
  init(_ values: [Double]) {
    let n = Double(max(values.count, 1))
    let mean = values.reduce(0, +) / n
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(n - 1, 1)
    self.init(mean: mean, standardError: (variance / n).squareRoot())
  }
}
