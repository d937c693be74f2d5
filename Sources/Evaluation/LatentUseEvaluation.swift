package import Data
internal import Distributions
internal import Foundation
package import ModelFiles
package import Modelling
internal import Tensors

/// How much of its code a model uses: what every layer costs, and how many of its latent variables say anything of an item.
package struct LatentUseEvaluation: Findings {
  package struct Layer: Sendable {
    /// KL(q || p) of the layer, given the layers that its prior hangs on.
    package let kl: Estimate
    /// Latent variables whose posterior mean varies over the items by more than `threshold` (Burda et al. 2016); categorical ones that cost more nats
    /// than that on average.
    package let active: Int
    package let width: Int
  }

  /// Of the variance of a posterior mean, or of a categorical variable's mean KL in nats.
  package static let threshold = 0.01

  /// The one nearest the data first.
  package let layers: [Layer]
  /// What the code costs, and -ln p(x|z), by one draw an item (Alemi et al. 2018).
  package let rate: Estimate
  package let distortion: Estimate
  /// The least that a code can cost, where the model commits itself to one.
  package let committed: Double?

  /// Item i uses the noise of (seed, i), so the numbers do not depend on blocks or threads.
  package init(of model: any Inferring, on data: DataSet, seed: UInt64) {
    let key = RandomKey(seed: seed)
    let widths = model.latentWidths
    var costs = widths.map { _ in [Double]() }
    var distortions: [Double] = []
    var moments = widths.map { [Moments](repeating: Moments(), count: $0) }
    let block = 500
    for start in stride(from: 0, to: data.count, by: block) {
      let rows = start..<min(start + block, data.count)
      let keys = RowKeys(key, rows: rows)
      let x = model.observed(data.batch(rows), keys: keys)
      let drawn = model.inference(x, noise: keys)
      for (layer, cost) in model.divergences(drawn).enumerated() { costs[layer] += cost.scalars.map(Double.init) }
      distortions += model.logLikelihood(of: x, given: drawn.draws).scalars.map { Double(model.logVolume) - Double($0) }
      for (layer, q) in model.inference(x, noise: nil).posteriors.enumerated() {
        for (place, mean) in q.mean.scalars.enumerated() { moments[layer][place % widths[layer]].add(Double(mean)) }
      }
    }
    layers = widths.indices.map { layer in
      Layer(kl: Estimate(costs[layer]), active: moments[layer].count { $0.variance > Self.threshold }, width: widths[layer])
    }
    rate = Estimate(distortions.indices.map { item in costs.reduce(0) { $0 + $1[item] } })
    distortion = Estimate(distortions)
    committed = model.committedNats
  }

  /// The same of a layer of categorical variables, which have no mean that could vary.
  package init(of model: any CategoricallyEncoding, on data: DataSet, seed: UInt64) {
    let key = RandomKey(seed: seed)
    var (costs, distortions, sums): ([Double], [Double], [Double]) = ([], [], [])
    let block = 500
    for start in stride(from: 0, to: data.count, by: block) {
      let rows = start..<min(start + block, data.count)
      let use = model.use(of: data.batch(rows), keys: RowKeys(key, rows: rows))
      let (variables, each) = (use.costs.shape[1], use.costs.scalars)
      if sums.isEmpty { sums = [Double](repeating: 0, count: variables) }
      for row in 0..<rows.count {
        let own = each[row * variables..<(row + 1) * variables].map(Double.init)
        for place in own.indices { sums[place] += own[place] }
        costs.append(own.reduce(0, +))
      }
      distortions += use.logLikelihood.scalars.map { -Double($0) }
    }
    let active = sums.count { $0 / Double(max(data.count, 1)) > Self.threshold }
    layers = [Layer(kl: Estimate(costs), active: active, width: sums.count)]
    (rate, distortion, committed) = (Estimate(costs), Estimate(distortions), nil)
  }

  package var metrics: [RunMetric] {
    rate.metrics("rate_nats") + distortion.metrics("distortion_nats")
      + (committed.map { [RunMetric(name: "committed_nats", value: $0, step: 0)] } ?? [])
      + layers.enumerated().flatMap { index, layer in
        layer.kl.metrics("layer_\(index).kl_nats") + [RunMetric(name: "layer_\(index).active_units", value: Double(layer.active), step: 0)]
      }
  }

  package var lines: [String] {
    [rate.line("rate"), distortion.line("distortion")]
      + (committed.map { ["  committed".padding(toLength: 32, withPad: " ", startingAt: 0) + String(format: " %10.3f nats", $0)] } ?? [])
      + layers.enumerated().map { index, layer in
        layer.kl.line("  layer \(index), KL") + ", \(layer.active) of \(layer.width) units active"
      }
  }
}

/// A mean and a variance, number by number (Welford 1962).
private struct Moments {
  private var count = 0.0
  private var mean = 0.0
  private var sum = 0.0

  mutating func add(_ value: Double) {
    count += 1
    let change = value - mean
    mean += change / count
    sum += change * (value - mean)
  }

  var variance: Double { count > 0 ? sum / count : 0 }
}
