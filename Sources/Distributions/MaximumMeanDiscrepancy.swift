package import Tensors

/// The squared maximum mean discrepancy between two samples, E k(x, x') + E k(y, y') - 2 E k(x, y) over all pairs of rows (Gretton et al. 2012).
///
/// k(x, y) = e^(-|x - y|² / 2d), the width at which two draws of N(0, I) are about e⁻¹ alike. It is 0 where both samples are the same and at most 2;
/// differentiable in both. x: [n, d], y: [m, d].
package func maximumMeanDiscrepancy(_ x: Tensor, _ y: Tensor) -> Tensor {
  similarity(x, x) + similarity(y, y) - 2 * similarity(x, y)
}

/// E k(x, y), |x - y|² = |x|² + |y|² - 2 x·y.
private func similarity(_ x: Tensor, _ y: Tensor) -> Tensor {
  let (n, m, d) = (x.shape[0], y.shape[0], x.shape[1])
  let squares = x.squared().rowSums().reshaped([n, 1]) + y.squared().rowSums().reshaped([1, m]) - 2 * x.matrixProduct(y, transposingOther: true)
  return (squares * (-0.5 / Float(d))).exp().mean()
}
