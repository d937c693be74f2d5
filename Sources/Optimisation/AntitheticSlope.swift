package import Networks
package import Tensors

/// A slope from values alone, for losses that have no gradient.
///
/// ∇ E f(θ + σ ε) with ε ~ N(0, I) is E [f(θ + σ ε) - f(θ - σ ε)] ε / 2σ, here the mean over some pairs ε, -ε (Salimans et al. 2017).
package struct AntitheticSlope: Sendable {
  /// σ
  package let deviation: Float
  package let pairs: Int

  package init(deviation: Float, pairs: Int = 1) {
    precondition(deviation > 0 && pairs > 0, "a slope needs a step and a pair")
    (self.deviation, self.pairs) = (deviation, pairs)
  }

  /// The mean of the values, and the slope in the shape of the module, whose buffers stand as they are.
  package func callAsFunction<M: Module>(at module: M, key: RandomKey, of f: (M) throws -> Float) rethrows -> (value: Float, slope: Gradient<M>) {
    let parameters = module.parameterTensors
    var (value, slope) = (Float(0), parameters.map { Tensor.zeros($0.shape) })
    for pair in 0..<pairs {
      let noise = parameters.enumerated().map { key.split(pair).split($0).normal($1.shape) }
      func end(_ step: Float) throws -> Float {
        var moved = module
        moved.parameterTensors = zip(parameters, noise).map { $0 + step * $1 }
        return try f(moved)
      }
      let (up, down) = (try end(deviation), try end(-deviation))
      value += (up + down) / Float(2 * pairs)
      slope = zip(slope, noise).map { $0 + ((up - down) / (2 * deviation * Float(pairs))) * $1 }
    }
    var tree = module
    tree.parameterTensors = slope
    return (value, Gradient(module: tree))
  }
}
