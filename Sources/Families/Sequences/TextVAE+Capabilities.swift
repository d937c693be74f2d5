internal import Distributions
package import Modelling
package import Optimisation
package import Tensors

extension TextVAE: Sampling {
  /// z ~ p(z), or what is given, and the text that the decoder writes of it; of `mean` the likeliest character at every step.
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let source = try options.given.sources(widths: latentWidths, items: itemWidth(options.given))[0]
    let given = source.code(rows: keys.count, latent: code.width) { inference($0, noise: nil).draws[0] }
    let z = given.filled { code.sample(noise: keys.split("latent").normal(code.width) * options.temperature) }
    return draw(z, length: options.length ?? space.sampleLength, temperature: options.mean ? 0 : options.temperature, keys: keys)
  }

  /// Texts that are given are as wide as the longest of them.
  private func itemWidth(_ condition: SampleCondition) -> Int {
    if case .layers(let sources) = condition, case .item(let item)? = sources.first { min(item.count, signature.width) } else { signature.width }
  }
}

extension TextVAE: Scoring {
  package var observationModel: String { "categorical, every character given z and all before it" }

  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let texts = space.codes(of: x)
    return code.score(posterior(network, texts), draws: draws, keys: keys) { logLikelihood(network, texts, $0) }
  }
}

extension TextVAE: Inferring {
  package var latentWidths: [Int] { [code.width] }

  package func inference(_ x: Tensor, noise: RowKeys?) -> Inference {
    let q = posterior(network, space.codes(of: x))
    return Inference(posteriors: [q], draws: [noise.map { q.sample($0.split("latent")) } ?? q.mean])
  }

  package func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor { logLikelihood(network, space.codes(of: x), z[0]) }

  package func divergence(_ inference: Inference) -> Tensor { code.divergence(inference.posteriors[0]) }

  package var logVolume: Float { 0 }

  package var committedNats: Double? { code.committedNats }
}

extension TextVAE: GradientTrainable {
  package typealias TrainingOptions = BoundTraining

  package func check(items: Tensor) throws(Fault) {}

  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let texts = space.codes(of: batch.values)
    return code.objective(posterior(network, texts), offset: 0, options, pass) { z, draws in
      logLikelihood(network, (0..<draws).flatMap { _ in texts }, z)
    }
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    score(batch, draws: options.importanceSamples, keys: keys)
      .validationBound(importanceSamples: options.importanceSamples, beta: options.beta, rateTarget: options.rateTarget)
  }
}
