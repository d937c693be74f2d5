import Tensors

extension Differentiable {
  /// h(x) = Σ c (f + f² / 2): where f is linear its gradient c (1 + f) f' still hangs on x.
  private func objective(_ inputs: [Tensor]) -> Tensor {
    let y = function(inputs)
    return (RandomKey(seed: 29).normal(y.shape) * (y + 0.5 * y.squared())).sum()
  }

  /// <∇h, v> with a history.
  private func slope(_ inputs: [Tensor], along v: [Tensor]) -> Tensor {
    let parts = Tensors.gradients(of: objective(inputs), at: inputs, watched: true)
    return zip(parts, v).map { ($0 * $1).sum() }.reduce(Tensor(0)) { $0 + $1 }
  }

  /// The operations that f records, and those of its gradient.
  var operations: Set<String> {
    let inputs = inputs.map { $0.watched() }
    return slope(inputs, along: inputs.map { $0.detached }).operations
  }

  /// The worst deviation of ∇<∇h, v> from central differences of <∇h, v>, whose gradients come from passes that nobody watches, relative to its norm.
  ///
  /// Steps are extrapolated as in `worstDeviation`; products of gradients are summed in double.
  func worstDeviationOfSecondDerivative(directions: Int = 3, step: Float = 1e-2) -> Double {
    let key = RandomKey(seed: 31)
    let v = inputs.enumerated().map { key.split($0).normal($1.shape) }
    let watched = inputs.map { $0.watched() }
    let second = Tensors.gradients(of: slope(watched, along: v), at: watched)
    let norm = second.reduce(0.0) { $0 + dot($1, $1) }.squareRoot()
    func firstSlope(_ u: [Tensor], _ step: Float) -> Double {
      let moved = zip(inputs, u).map { ($0 + $1 * step).watched() }
      let gradients = objective(moved).backward()
      return zip(moved, v).reduce(0.0) { total, pair in total + (gradients[pair.0].map { dot($0, pair.1) } ?? 0) }
    }
    func curvature(_ u: [Tensor], _ step: Float) -> Double { (firstSlope(u, step) - firstSlope(u, -step)) / (2 * Double(step)) }
    return (0..<directions).map { number in
      let u = inputs.enumerated().map { key.split(100 + number).split($0).uniform($1.shape).affine(scale: 1, shift: -0.5).sign() }
      let analytic = zip(second, u).reduce(0.0) { $0 + dot($1.0, $1.1) }
      let numeric = (4 * curvature(u, step / 2) - curvature(u, step)) / 3
      let deviation = abs(analytic - numeric) / norm
      return deviation.isNaN ? .infinity : deviation
    }.max() ?? .infinity
  }
}

private func dot(_ a: Tensor, _ b: Tensor) -> Double { zip(a.scalars, b.scalars).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
