package import Modelling
package import Networks
package import Optimisation
package import Tensors

/// A family that has the networks and the answers of another and learns with a penalty on the total correlation of its latent variables.
package protocol TotalCorrelationPenalised: Sampling, Decoding, Attackable, GradientTrainable
where Configuration == Base.Configuration, Network == Base.Network, TrainingOptions == TotalCorrelationPenalty {
  associatedtype Base: EvidenceBounded
  var base: Base { get set }
  init(_ base: Base)
}

extension TotalCorrelationPenalised {
  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    self.init(try Base(configuration, signature: signature, source: source))
  }

  package var configuration: Configuration { base.configuration }
  package var signature: Signature { base.signature }
  package var network: Network {
    get { base.network }
    set { base.network = newValue }
  }

  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor { try base.sample(keys, options) }
  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor { base.decode(codes, keys: keys, options) }
  package var latentWidths: [Int] { base.latentWidths }
  package var observationModel: String { base.observationModel }
  package var scoreTerms: [Scores.Term] { base.scoreTerms }
  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores { base.score(x, draws: draws, keys: keys) }

  package func inference(_ x: Tensor, noise: RowKeys?) -> Inference { base.inference(x, noise: noise) }
  package var logVolume: Float { base.logVolume }
  package func decodedMean(_ z: [Tensor]) -> Tensor { base.decodedMean(z) }
  package func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor { base.logLikelihood(of: x, given: z) }
  package func divergence(_ inference: Inference) -> Tensor { base.divergence(inference) }
  package func divergences(_ inference: Inference) -> [Tensor] { base.divergences(inference) }

  package func check(items: Tensor) throws(Fault) { try base.check(items: items) }
  package func objective(_ network: Network, batch: Batch, options: TotalCorrelationPenalty, pass: Pass) -> Objective {
    base.bound(network, batch.values, pass).objective(options, pass)
  }

  /// The ELBO, whatever beta is: the quality of a model without its penalty.
  package func validationBound(_ batch: Tensor, options: TotalCorrelationPenalty, keys: RowKeys) -> Tensor {
    score(batch, draws: 1, keys: keys)[.elbo]
  }
}
