package import Data
internal import Distributions
internal import Foundation
package import ModelFiles
package import Modelling
internal import Tensors

/// How much of its maps of codes a model uses: what every layer costs, and how many of its codes are chosen.
package struct CodeUseEvaluation: Findings {
  package struct Layer: Sendable {
    /// KL(q || p) of the layer, given the layers that its prior hangs on, by one draw of these.
    package let kl: Estimate
    /// e to the entropy of the likeliest codes over all items and places: from 1 to `choices`.
    package let perplexity: Double
    /// Codes that are the likeliest somewhere.
    package let used: Int
    package let choices: Int
    package let places: Int
  }

  /// The one nearest the data first.
  package let layers: [Layer]
  /// What the codes cost, and -ln p(x|z), by one draw an item.
  package let rate: Estimate
  package let distortion: Estimate

  /// Of a model all of whose layers are maps of codes, and whose scores say what each of several costs; nil of others.
  ///
  /// Item i uses the noise of (seed, i), so the numbers do not depend on blocks or threads.
  package init?(of model: any Encoding & Scoring, on data: DataSet, seed: UInt64) {
    let forms = model.codeForms.compactMap { form -> (places: Int, choices: Int)? in
      if case .codes(let places, let choices) = form { (places, choices) } else { nil }
    }
    guard !forms.isEmpty, forms.count == model.codeForms.count, model.scoreTerms.contains(.kl), model.scoreTerms.contains(.reconstruction) else {
      return nil
    }
    let key = RandomKey(seed: seed)
    var costs = [[Double]](repeating: [], count: forms.count)
    var (rates, distortions): ([Double], [Double]) = ([], [])
    var counts = forms.map { [Double](repeating: 0, count: $0.choices) }
    let block = 500
    for start in stride(from: 0, to: data.count, by: block) {
      let rows = start..<min(start + block, data.count)
      let x = data.batch(rows)
      let scores = model.score(x, draws: 1, keys: RowKeys(key, rows: rows))
      for layer in forms.indices { costs[layer] += scores[forms.count > 1 ? .kl(layer: layer) : .kl].scalars.map(Double.init) }
      rates += scores[.kl].scalars.map(Double.init)
      distortions += scores[.reconstruction].scalars.map { -Double($0) }
      for (layer, code) in model.encode(x).enumerated() {
        for choice in code.parts[0].scalars { counts[layer][Int(choice)] += 1 }
      }
    }
    layers = forms.enumerated().map { layer, form in
      Layer(
        kl: Estimate(costs[layer]), perplexity: Double(Perplexity.of(counts[layer])), used: counts[layer].count { $0 > 0 }, choices: form.choices,
        places: form.places)
    }
    (rate, distortion) = (Estimate(rates), Estimate(distortions))
  }

  package var metrics: [RunMetric] {
    rate.metrics("rate_nats") + distortion.metrics("distortion_nats")
      + layers.enumerated().flatMap { index, layer in
        layer.kl.metrics("layer_\(index).kl_nats") + [
          RunMetric(name: "layer_\(index).perplexity", value: layer.perplexity, step: 0),
          RunMetric(name: "layer_\(index).codes_used", value: Double(layer.used), step: 0),
        ]
      }
  }

  package var lines: [String] {
    [rate.line("rate"), distortion.line("distortion")]
      + layers.enumerated().map { index, layer in
        layer.kl.line("  layer \(index), KL")
          + ", perplexity \(String(format: "%.1f", layer.perplexity)), \(layer.used) of \(layer.choices) codes at \(layer.places) places"
      }
  }
}
