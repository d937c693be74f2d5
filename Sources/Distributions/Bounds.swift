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
