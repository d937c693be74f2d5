import Foundation
package import Tensors

/// The importance-weighted bound of every row, the log-mean-exp of its k log-weights (Burda et al. 2016, equation 8).
///
/// logWeights: [k, rows], each ln p(x, z_i) - ln q(z_i | x) with z_i ~ q -> [rows], in nats. With k = 1 it is the ELBO.
package func iwaeBound(_ logWeights: Tensor) -> Tensor {
  precondition(logWeights.shape.rank == 2 && logWeights.shape[0] > 0, "log-weights of shape \(logWeights.shape) are not [k, rows]")
  // ln (1/k) Σ_i w_i
  return logWeights.transposed().logSumExp() - log(Float(logWeights.shape[0]))
}

/// -nats / (D ln 2): the code length of a D-dimensional discrete event whose log-probability, or a bound on it, is given.
package func bitsPerDimension(nats: Double, dimensions: Int) -> Double {
  -nats / (Double(dimensions) * log(2))
}

/// The importance-weighted bound from log-weights that come draw by draw, in memory that does not grow with the draws.
package struct LogMeanExp {
  /// Draws that are summed at once.
  private static let block = 256

  private var waiting: [Tensor] = []
  private var sum: Tensor?
  private var count = 0

  package init() {}

  /// - Parameter logWeights: of one draw, one a row: [rows].
  package mutating func add(_ logWeights: Tensor) {
    waiting.append(logWeights.reshaped([1, logWeights.count]))
    count += 1
    if waiting.count == Self.block { settle() }
  }

  private mutating func settle() {
    let block = Tensor.concatenated(waiting).transposed().logSumExp()
    sum = sum.map { Tensor.concatenated([$0.reshaped([block.count, 1]), block.reshaped([block.count, 1])], axis: 1).logSumExp() } ?? block
    waiting = []
  }

  /// ln (1/k) Σ_i w_i: [rows], in nats.
  package var value: Tensor {
    var copy = self
    if !copy.waiting.isEmpty { copy.settle() }
    guard let sum = copy.sum else { preconditionFailure("no draws") }
    return sum - log(Float(count))
  }
}
