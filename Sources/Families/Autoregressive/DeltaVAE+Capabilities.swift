internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension DeltaVAE: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let source = try options.given.sources(widths: latentWidths, items: signature.width)[0]
    let z = source.code(rows: keys.count, latent: code.width) { inference($0, noise: nil).draws[0] }
    return decode([z], keys: keys, options)
  }
}

extension DeltaVAE: Decoding {
  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor {
    let z = codes[0].filled { code.sample(noise: keys.split("latent").normal(code.width) * options.temperature) }
    return draw(z, mean: options.mean, keys: options.mean ? nil : keys)
  }
}

extension DeltaVAE: Reconstructing {
  /// Means along a draw, as the decoder has no other way to an image.
  package func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor {
    draw(inference(x, noise: sampling ? keys : nil).draws[0], mean: true, keys: sampling ? keys : nil)
  }
}

extension DeltaVAE: PixelDrawing {
  package var multiplicationsPerDraw: Int { network.decoder.multiplications }
}

extension DeltaVAE: Scoring {
  package var observationModel: String { observation.description + ", every pixel given those before it" }

  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let observed = observed(x, keys: keys)
    return code.score(posterior(network, observed, .evaluation), draws: draws, keys: keys) {
      logLikelihood(network, observed, $0, .evaluation) - logVolume
    }
  }
}

extension DeltaVAE: Inferring {
  package var latentWidths: [Int] { [code.width] }

  package func observed(_ x: Tensor, keys: RowKeys) -> Tensor { observation.observed(x, keys: keys.split("binarise")) }

  package func inference(_ x: Tensor, noise: RowKeys?) -> Inference {
    let q = posterior(network, observation.shown(x), .evaluation)
    return Inference(posteriors: [q], draws: [noise.map { q.sample($0.split("latent")) } ?? q.mean])
  }

  package func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor { logLikelihood(network, observation.shown(x), z[0], .evaluation) }

  package func divergence(_ inference: Inference) -> Tensor { code.divergence(inference.posteriors[0]) }

  package var logVolume: Float { observation.logVolume(signature) }

  package var committedNats: Double? { code.committedNats }
}
