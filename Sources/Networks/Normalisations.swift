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

  package init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1) {
    weight = .ones([channels])
    bias = .zeros([channels])
    runningMean = .zeros([channels])
    runningVariance = .ones([channels])
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
      updates.record(runningMean.detached * (1 - momentum) + moments.mean * momentum, for: runningMean)
      updates.record(runningVariance.detached * (1 - momentum) + unbiased * momentum, for: runningVariance)
      return normal.affineByChannel(scale: weight, shift: bias)
    }
  }
}

/// Layer normalisation over the last axis (Ba et al. 2016); x: [n, d].
package struct LayerNorm: Layer {
  package var weight: Tensor
  package var bias: Tensor
  package let epsilon: Float

  package init(_ width: Int, epsilon: Float = 1e-5) {
    weight = .ones([width])
    bias = .zeros([width])
    self.epsilon = epsilon
  }

  package static let fields: [Field<Self>] = [.parameter("weight", \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { x.layerNormalised(epsilon: epsilon) * weight + bias }
}
