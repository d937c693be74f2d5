package import Distributions
package import Tensors

/// White-box access for audits: both halves of a model as differentiable functions of an item, under noise that is frozen by its keys.
///
/// Gradients are exact for packed models as well; `packedBothWays` spares every backward pass the unpacking of the weights.
/// Where x passes a step, such as pixels binarised at one half or taken as one of 256 levels, nothing flows back through the step: a result that
/// depends on x in no other way is not watched, and its gradient is zero almost everywhere. A pixel of dynamic binarisation stands for its probability.
package protocol Attackable: Encoding, Reconstructing, Scoring {
  /// Latent variables of each layer, in the order of `inference`.
  var latentWidths: [Int] { get }

  /// q(z|x), layer by layer, the one nearest the data first; differentiable in x, also through the draws of the layers below.
  ///
  /// - Parameter noise: of every layer's draw; where nil the mean of a layer is taken for its draw.
  func inference(_ x: Tensor, noise: RowKeys?) -> Inference

  /// E p(x|z) in model units: [n, width]; `z` is one draw a layer, in the order of `inference`.
  func decodedMean(_ z: [Tensor]) -> Tensor

  /// ln p(x|z) in nats of model units: [n]; differentiable in x and z.
  func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor

  /// What ln p(x|z) loses from model units to raw ones; nothing where it is no density.
  var logVolume: Float { get }

  /// KL(q(z|x) || p(z)) in nats, summed over the layers; of layers whose prior depends on other layers at the draws of `inference`: [n].
  func divergence(_ inference: Inference) -> Tensor

  /// The same of each layer, the one nearest the data first: [n] each.
  func divergences(_ inference: Inference) -> [Tensor]
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

// What follows from white-box access.
extension Attackable {
  package var codeForms: [Code.Form] { latentWidths.map { .gaussian(width: $0) } }

  package func divergences(_ inference: Inference) -> [Tensor] { [divergence(inference)] }

  package func encode(_ x: Tensor) -> [Code] { inference(x, noise: nil).posteriors.map(Code.gaussian) }

  package func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor {
    decodedMean(inference(x, noise: sampling ? keys : nil).draws)
  }
}
