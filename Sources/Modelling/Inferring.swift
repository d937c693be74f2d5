package import Distributions
package import Tensors

/// q(z|x) and p(x|z) of items: what tells how much of its code a model uses.
package protocol Inferring: Encoding, Scoring {
  /// Latent variables of each layer, in the order of `inference`.
  var latentWidths: [Int] { get }

  /// q(z|x), layer by layer, the one nearest the data first; of an attackable family differentiable in x, also through the draws of the layers below.
  ///
  /// - Parameter noise: of every layer's draw; where nil the mean of a layer is taken for its draw.
  func inference(_ x: Tensor, noise: RowKeys?) -> Inference

  /// ln p(x|z) in nats of model units: [n]; of an attackable family differentiable in x and z.
  func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor

  /// What ln p(x|z) loses from model units to raw ones; nothing where it is no density.
  var logVolume: Float { get }

  /// KL(q(z|x) || p(z)) in nats, summed over the layers; of layers whose prior depends on other layers at the draws of `inference`: [n].
  func divergence(_ inference: Inference) -> Tensor

  /// The same of each layer, the one nearest the data first: [n] each.
  func divergences(_ inference: Inference) -> [Tensor]

  /// Items as `logLikelihood` is to take them where it can't take them as they are, such as pixels drawn as bits; as they are where a family doesn't say.
  func observed(_ x: Tensor, keys: RowKeys) -> Tensor

  /// The least that the code of an item can cost, in nats; nil where a family does not say.
  var committedNats: Double? { get }
}

/// q(z|x) of every layer with the draw that the layers beyond it were shown.
package struct Inference: Sendable {
  package let posteriors: [Normal]
  package let draws: [Tensor]

  package init(posteriors: [Normal], draws: [Tensor]) {
    self.posteriors = posteriors
    self.draws = draws
  }
}

// What follows from them.
extension Inferring {
  package var codeForms: [Code.Form] { latentWidths.map { .gaussian(width: $0) } }

  package func divergences(_ inference: Inference) -> [Tensor] { [divergence(inference)] }

  package func encode(_ x: Tensor) -> [Code] { inference(x, noise: nil).posteriors.map(Code.gaussian) }

  package func observed(_ x: Tensor, keys: RowKeys) -> Tensor { x }

  package var committedNats: Double? { nil }
}
