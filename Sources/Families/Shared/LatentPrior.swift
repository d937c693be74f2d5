package import Distributions
package import Networks
package import Tensors

/// A mixture of Gaussians as the prior of one layer; without `logits` its components are equally likely, without `regressions` diagonal.
package struct MixturePrior: Module {
  /// [components]
  package var logits: Tensor?
  /// [components, latent]
  package var means: Tensor
  package var logDeviations: Tensor
  /// Of every latent variable on those before it, row after row of the triangle: [components, latent (latent - 1) / 2].
  package var regressions: Tensor?

  package static let fields: [Field<Self>] = [
    .parameter("logits", \.logits), .parameter("means", \.means), .parameter("log_deviations", \.logDeviations),
    .parameter("regressions", \.regressions),
  ]

  /// Means drawn from N(0, I), deviations of 1, latent variables that do not go together, and equal weights.
  init(components: Int, latent: Int, learnsWeights: Bool, isFull: Bool, _ source: ParameterSource) {
    logits = learnsWeights ? source.tensor([components], .constant(0)) : nil
    means = source.tensor([components, latent], .normal(deviation: 1))
    logDeviations = source.tensor([components, latent], .constant(0))
    // One latent variable has none before it.
    regressions = isFull && latent > 1 ? source.tensor([components, latent * (latent - 1) / 2], .constant(0)) : nil
  }

  /// The same prior with the components of a mixture, and its weights where they are learned.
  func taking(_ mixture: GaussianMixture) -> MixturePrior {
    var copy = self
    if logits != nil { copy.logits = mixture.logits.reshaped([mixture.logits.count]) }
    copy.means = mixture.means.reshaped(means.shape)
    copy.logDeviations = mixture.deviations.log().reshaped(means.shape)
    if let regressions = mixture.regressions, self.regressions != nil {
      let (k, d) = (means.shape[0], means.shape[1])
      let places = (0..<d).flatMap { j in (0..<j).map { j * d + $0 } }
      copy.regressions = regressions.reshaped([k, d * d]).transposed().gather(places).transposed()
    }
    return copy
  }

  /// Shared by all rows.
  package var mixture: GaussianMixture {
    let (k, d) = (means.shape[0], means.shape[1])
    return GaussianMixture(
      logits: logits?.reshaped([1, k]) ?? .zeros([1, k]), means: means.reshaped([1, k, d]),
      deviations: logDeviations.clamped(low: -80, high: 80).exp().reshaped([1, k, d]), regressions: triangles)
  }

  /// [1, components, latent, latent]
  private var triangles: Tensor? {
    guard let regressions else { return nil }
    let (k, d) = (means.shape[0], means.shape[1])
    // The rows of the triangles, then one of zeros for what is not below the diagonal.
    let rows = Tensor.concatenated([regressions.transposed(), .zeros([1, k])])
    let places = (0..<d).flatMap { j in (0..<d).map { $0 < j ? j * (j - 1) / 2 + $0 : d * (d - 1) / 2 } }
    return rows.gather(places).transposed().reshaped([1, k, d, d])
  }
}

/// What a layer's latent variables are drawn from.
package enum LatentPrior: Sendable {
  case normal
  case mixture(GaussianMixture)

  /// ln p(z): [n].
  func logProbability(of z: Tensor) -> Tensor {
    switch self {
    case .normal: Normal.standard(rows: z.shape[0], dimensions: z.shape[1]).logProbability(of: z)
    case .mixture(let mixture): mixture.logProbability(of: z)
    }
  }

  /// KL(q || p): [n]. Of a mixture, which has no closed form, ln q(z) - ln p(z) at the draw z ~ q; of a single Gaussian it is exact.
  func divergence(of q: Normal, at z: Tensor) -> Tensor {
    switch self {
    case .normal: q.standardKL.rowSums()
    case .mixture(let mixture) where mixture.means.shape[1] == 1: mixture.divergenceBound(of: q)
    case .mixture(let mixture): q.logProbability(of: z) - mixture.logProbability(of: z)
    }
  }

  /// KL(q || p), or of a mixture an upper bound on it that needs no draw: [n].
  func divergenceBound(of q: Normal) -> Tensor {
    switch self {
    case .normal: q.standardKL.rowSums()
    case .mixture(let mixture): mixture.divergenceBound(of: q)
    }
  }

  /// One draw a key, deviations multiplied by `temperature`: [keys, latent].
  func sample(_ keys: RowKeys, latent: Int, temperature: Float) -> Tensor {
    switch self {
    case .normal: keys.normal(latent) * temperature
    case .mixture(let mixture): mixture.widened(by: temperature).sample(keys)
    }
  }
}
