internal import Tensors

// The step as tensor operations, through which a watched pass can be differentiated.
extension Optimiser {
  /// A parameter after the step, and its moments; `step` counts from 1. Unlike the step in place it moves a parameter whose gradient happens to be 0.
  func moved(_ parameter: Tensor, against gradient: Tensor, _ moments: [Tensor], step: Int, rate: Float) -> (parameter: Tensor, moments: [Tensor]) {
    let g = weightDecay == 0 || kind == .adamw ? gradient : gradient + weightDecay * parameter
    let bias1 = bias(betas[0], step: step)
    switch kind {
    case .sgd:
      // v <- μ v + g (g in the first step),  p <- p - η v, or η (g + μ v) after Nesterov
      guard momentum > 0 else { return (parameter - rate * g, moments) }
      let v = step == 1 ? g : momentum * moments[0] + g
      return (parameter - rate * (nesterov ? g + momentum * v : v), [v])
    case .adam, .adamw:
      // m <- β₁ m + (1 - β₁) g,  v <- β₂ v + (1 - β₂) g²,  p <- p - η m̂ / (√v̂ + ε)   (Kingma and Ba 2015)
      let m = betas[0] * moments[0] + (1 - betas[0]) * g
      let v = betas[1] * moments[1] + (1 - betas[1]) * g.squared()
      let root = v.squareRoot() / bias(betas[1], step: step).squareRoot()
      let kept = kind == .adamw ? (1 - rate * weightDecay) * parameter : parameter
      return (kept - (rate / bias1) * (m / (root + epsilon)), [m, v])
    case .adamax:
      // u <- max(β₂ u, |g| + ε),  p <- p - η / (1 - β₁^t) m / u
      let m = betas[0] * moments[0] + (1 - betas[0]) * g
      let u = Tensor.maximum(betas[1] * moments[1], Tensor.maximum(g, -g) + epsilon)
      return (parameter - (rate / bias1) * (m / u), [m, u])
    case .rmsprop:
      // s <- α s + (1 - α) g²,  p <- p - η g / (√s + ε)
      let s = alpha * moments[0] + (1 - alpha) * g.squared()
      return (parameter - rate * (g / (s.squareRoot() + epsilon)), [s])
    }
  }
}
