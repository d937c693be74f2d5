package import Tensors

/// White-box access for audits: both halves of a model as differentiable functions of an item, under noise that is frozen by its keys.
///
/// Gradients are exact for packed models as well; `packedBothWays` spares every backward pass the unpacking of the weights.
/// Where x passes a step, such as pixels binarised at one half or taken as one of 256 levels, nothing flows back through the step: a result that
/// depends on x in no other way is not watched, and its gradient is zero almost everywhere. A pixel of dynamic binarisation stands for its probability.
package protocol Attackable: Inferring, Reconstructing {
  /// E p(x|z) in model units: [n, width]; `z` is one draw a layer, in the order of `inference`.
  func decodedMean(_ z: [Tensor]) -> Tensor
}

// What follows from white-box access.
extension Attackable {
  package func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor {
    decodedMean(inference(x, noise: sampling ? keys : nil).draws)
  }
}
