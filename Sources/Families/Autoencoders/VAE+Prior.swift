internal import Distributions
internal import Locking
internal import Modelling
package import Networks
package import Tensors

/// Learned inputs u_k, whose q(z|u_k) are the components of p(z) (Tomczak and Welling 2018, equation 9).
package struct VampPrior: Module {
  /// [components]; nil where all are equally likely.
  package var logits: Tensor?
  /// [components, width] in model units.
  package var pseudoInputs: Tensor

  package static let fields: [Field<Self>] = [.parameter("logits", \.logits), .parameter("pseudo_inputs", \.pseudoInputs)]

  /// Inputs near the middle of an image's range, or of numbers that are scaled.
  init(components: Int, _ signature: Signature, learnsWeights: Bool, _ source: ParameterSource) {
    logits = learnsWeights ? source["logits"].tensor([components], .constant(0)) : nil
    pseudoInputs = source["pseudo_inputs"].tensor([components, signature.width], .normal(deviation: 0.1))
    guard signature.space.picture != nil else { return }
    let count = pseudoInputs.shape.clampedCount
    source.revise(&pseudoInputs) { for index in 0..<count { $0[index] += 0.5 } }
  }
}

/// p(z) of one network, made when it is first asked for: a mixture of q(z|u) takes a pass through the encoder.
final class LearnedPrior: Sendable {
  private let prior = Protected<LatentPrior?>(nil)

  func value(_ make: () -> LatentPrior) -> LatentPrior {
    if let known = prior.withLock({ $0 }) { return known }
    // Made twice at worst, of the same numbers.
    let made = make()
    prior.withLock { $0 = made }
    return made
  }
}

extension VAE {
  /// p(z) of the model as it is.
  var prior: LatentPrior { configuration.isPriorLearned ? learnedPrior.value { prior(of: network, .evaluation) } : .normal }

  /// p(z) of a network, which may be watched.
  func prior(of network: Network, _ mode: Mode) -> LatentPrior {
    if let prior = network.prior { return .mixture(prior.mixture) }
    guard let vamp = network.vampPrior else { return .normal }
    // 1/K Σ_k q(z|u_k); pixels stay within their range.
    let isImage = signature.space.picture != nil && signature.space.scaling == nil
    let u = isImage ? vamp.pseudoInputs.clamped(low: 0, high: 1) : vamp.pseudoInputs
    let q = posterior(network, u, mode)
    let (k, d) = (u.shape[0], configuration.latent)
    return .mixture(
      GaussianMixture(
        logits: vamp.logits?.reshaped([1, k]) ?? .zeros([1, k]), means: q.mean.reshaped([1, k, d]), deviations: q.deviation.reshaped([1, k, d])))
  }
}
