package import Data
internal import Foundation
package import ModelFiles
package import Modelling
internal import Tensors

/// The log-likelihood of hidden pixels given the others: means over the images with their standard errors.
package struct HiddenPixelEvaluation: Findings {
  package let mask: PixelMask
  package let items: Int
  package let draws: Int
  package let seed: UInt64
  /// Hidden numbers an image, on average.
  package let hidden: Double
  /// By importance sampling with the proposal network (a lower bound in expectation).
  package let importance: Estimate
  /// By plain Monte Carlo from the prior network, far lower at the same number of draws.
  package let prior: Estimate

  /// Hides pixels of every image; image i uses the mask and the noise of (seed, i), so the numbers do not depend on blocks or threads.
  ///
  /// - Throws: `Fault` where the mask does not fit the images.
  package init(
    of model: any ConditionalScoring, under mask: PixelMask, on data: DataSet, draws: Int, seed: UInt64, progress: (Int) -> Void = { _ in }
  ) throws {
    guard let image = data.signature.space.picture else {
      throw Fault(field: "masks", given: "a data set of \(data.signature.space.kind.rawValue)s", expected: "images")
    }
    try mask.check(height: image.height, width: image.width)
    var (importance, prior, hidden): ([Double], [Double], Double) = ([], [], 0)
    let block = 500
    for start in stride(from: 0, to: data.count, by: block) {
      let rows = start..<min(start + block, data.count)
      let keys = RowKeys(RandomKey(seed: seed), rows: rows)
      let pixels = mask.hidden(height: image.height, width: image.width, keys: keys.split("mask"))
      // Channels come first in model units.
      let targets = Tensor.concatenated([Tensor](repeating: pixels, count: image.channels), axis: 1)
      hidden += Double(targets.sum().scalar)
      let x = data.batch(rows)
      func bounds(_ estimator: ConditionalEstimator, _ keys: RowKeys) -> [Double] {
        model.score(x, targets: targets, draws: draws, estimator: estimator, keys: keys)[.iwae].scalars.map(Double.init)
      }
      importance += bounds(.proposal, keys.split("importance"))
      prior += bounds(.prior, keys.split("prior"))
      progress(rows.upperBound)
    }
    (self.mask, items, self.draws, self.seed) = (mask, data.count, draws, seed)
    self.hidden = hidden / Double(max(data.count, 1))
    self.importance = Estimate(importance)
    self.prior = Estimate(prior)
  }

  package var metrics: [RunMetric] {
    importance.metrics("hidden_pixels_nats") + prior.metrics("hidden_pixels_prior_nats")
      + [RunMetric(name: "hidden_numbers", value: hidden, step: 0)]
      + (bitsPerDimension.map { [RunMetric(name: "hidden_pixels_bits_per_dim", value: $0, step: 0)] } ?? [])
  }

  /// What one hidden number takes by the importance-weighted bound; nil where nothing is hidden.
  private var bitsPerDimension: Double? { hidden > 0 ? -importance.mean / hidden / log(2) : nil }

  package var lines: [String] {
    [
      String(format: "log-likelihood of what %@ hides, %.1f numbers an image on average, given the others", "\(mask)", hidden),
      importance.line("importance sampling, k = \(draws)"), prior.line("prior Monte Carlo, k = \(draws)"),
    ] + (bitsPerDimension.map { [String(format: "bits a hidden number: %.4f", $0)] } ?? [])
  }
}
