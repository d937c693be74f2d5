package import Tensors

/// Batch normalisation of channels; x: [n, c] or [n, c, h, w]. Names, momentum and epsilon as in PyTorch (Ioffe and Szegedy 2015).
///
/// Training uses the batch's own moments; evaluation uses the running averages, so that a row's answer does not depend on its neighbours.
package struct BatchNorm: Layer {
  package var weight: Tensor
  package var bias: Tensor
  package var runningMean: Tensor
  package var runningVariance: Tensor
  package let epsilon: Float
  package let momentum: Float

  package init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, _ source: ParameterSource) {
    weight = source.tensor([channels], .constant(1))
    bias = source.tensor([channels], .constant(0))
    runningMean = source.tensor([channels], .constant(0))
    runningVariance = source.tensor([channels], .constant(1))
    self.epsilon = epsilon
    self.momentum = momentum
  }

  package static let fields: [Field<Self>] = [
    .parameter("weight", \.weight), .parameter("bias", \.bias), .buffer("running_mean", \.runningMean), .buffer("running_var", \.runningVariance),
  ]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    switch mode {
    case .evaluation:
      let scale = weight / (runningVariance.detached + epsilon).squareRoot()
      return x.affineByChannel(scale: scale, shift: bias - scale * runningMean.detached)
    case .training(let updates):
      let (normal, moments) = x.batchNormalised(epsilon: epsilon)
      // The running variance is the unbiased one.
      let unbiased = moments.variance * (Float(moments.count) / Float(max(moments.count - 1, 1)))
      let momentum = updates.momentum ?? momentum
      updates.record(runningMean.detached * (1 - momentum) + moments.mean * momentum, for: runningMean)
      updates.record(runningVariance.detached * (1 - momentum) + unbiased * momentum, for: runningVariance)
      return normal.affineByChannel(scale: weight, shift: bias)
    }
  }
}

/// Layer normalisation over the trailing axes (Ba et al. 2016); x: [n, d], or [n, c, h, w] with weights of [c, h, w], as PyTorch's `nn.LayerNorm`.
package struct LayerNorm: Layer {
  package var weight: Tensor
  package var bias: Tensor
  package let epsilon: Float

  package init(_ width: Int, epsilon: Float = 1e-5, _ source: ParameterSource) { self.init([width], epsilon: epsilon, source) }

  /// Over axes of this shape.
  package init(_ shape: Shape, epsilon: Float = 1e-5, _ source: ParameterSource) {
    weight = source.tensor(shape, .constant(1))
    bias = source.tensor(shape, .constant(0))
    self.epsilon = epsilon
  }

  package static let fields: [Field<Self>] = [.parameter("weight", \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    precondition(
      x.shape.dimensions.suffix(weight.shape.rank).elementsEqual(weight.shape.dimensions), "normalisation over \(weight.shape) of \(x.shape)")
    let normal = x.reshaped([weight.count == 0 ? 0 : x.count / weight.count, weight.count]).layerNormalised(epsilon: epsilon)
    return normal.reshaped(x.shape) * weight + bias
  }
}

/// Normalisation over groups of channels, each item for itself (Wu and He 2018); x: [n, c] or [n, c, h, w]. Names and epsilon as in PyTorch.
package struct GroupNorm: Layer {
  package var weight: Tensor
  package var bias: Tensor
  package let groups: Int
  package let epsilon: Float

  /// `groups` divides `channels`.
  package init(_ channels: Int, groups: Int, epsilon: Float = 1e-5, _ source: ParameterSource) {
    precondition(groups > 0 && channels % groups == 0, "\(groups) groups of \(channels) channels")
    weight = source.tensor([channels], .constant(1))
    bias = source.tensor([channels], .constant(0))
    (self.groups, self.epsilon) = (groups, epsilon)
  }

  package static let fields: [Field<Self>] = [.parameter("weight", \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let rows = x.shape[0] * groups
    return x.reshaped([rows, rows == 0 ? 0 : x.count / rows]).layerNormalised(epsilon: epsilon).reshaped(x.shape)
      .affineByChannel(scale: weight, shift: bias)
  }
}
