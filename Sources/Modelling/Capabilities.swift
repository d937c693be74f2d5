package import Tensors

// What a family can do. Items are rows of a tensor [n, width] in model units (see `Signature`). Every function keeps two laws:
// a row's result depends on that row and its key alone, never on its neighbours; and the same arguments give the same bits.

/// Draws new items.
package protocol Sampling: ModelFamily {
  /// One item a key: [keys, width].
  func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor
}

package struct SampleOptions: Sendable, Hashable {
  /// Multiplies the prior's deviation.
  package var temperature: Float
  /// The mean of p(x|z) instead of a draw from it.
  package var mean: Bool
  package var given: SampleCondition

  package init(temperature: Float = 1, mean: Bool = false, given: SampleCondition = .nothing) {
    self.temperature = temperature
    self.mean = mean
    self.given = given
  }
}

/// What samples are conditioned on.
package enum SampleCondition: Sendable, Hashable {
  case nothing
  /// A class by its name.
  case label(String)
  /// A component of a layer's mixture, the layer nearest the data being 0; the other layers are drawn from their priors.
  case component(Int, layer: Int?)
  /// Where each layer's latent variables come from, the layer nearest the data first.
  case layers([LayerSource])
}

package enum LayerSource: Sendable, Hashable {
  case prior
  case component(Int)
  /// The posterior mean of an item: [width] in model units.
  case item([Float])
}

/// Maps items to the parameters of q(z|x).
package protocol Encoding: ModelFamily {
  /// Latent variables of each layer, in the order of `encode`.
  var latentWidths: [Int] { get }
  /// One entry a layer of latent variables, the one nearest the data first.
  func encode(_ x: Tensor) -> [LatentPosterior]
}

/// A diagonal Gaussian a row; `mean` and `deviation` are [n, latent].
package struct LatentPosterior: Sendable {
  package let mean: Tensor
  package let deviation: Tensor

  package init(mean: Tensor, deviation: Tensor) {
    self.mean = mean
    self.deviation = deviation
  }
}

/// Passes items through the latent code and back.
package protocol Reconstructing: ModelFamily {
  /// E p(x|z) with z the posterior mean, or with z drawn where `sampling`: [n, width].
  func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor
}

/// Bounds ln p(x).
package protocol Scoring: ModelFamily {
  /// The observation model in words, such as "bernoulli, pixels binarised by sampling".
  var observationModel: String { get }
  /// Single-draw bound and its parts, and the importance-weighted bound of `draws` draws.
  func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores
}

/// One value an item, in nats, about the item in raw units: densities carry the scaling's Jacobian.
package struct Scores: Sendable {
  /// E_q[ln p(x|z)] - KL(q || p), one draw of z: [n].
  package let elbo: Tensor
  /// KL(q(z|x) || p(z)): [n].
  package let kl: Tensor
  /// ln p(x|z) at that draw: [n].
  package let reconstruction: Tensor
  /// ln 1/k Σ p(x, z_k) / q(z_k | x), Burda et al. 2016: [n].
  package let iwae: Tensor

  package init(elbo: Tensor, kl: Tensor, reconstruction: Tensor, iwae: Tensor) {
    self.elbo = elbo
    self.kl = kl
    self.reconstruction = reconstruction
    self.iwae = iwae
  }
}
