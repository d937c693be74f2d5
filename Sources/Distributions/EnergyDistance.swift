package import Tensors

/// The squared energy distance between two samples, 2 E|x - y| - E|x - x'| - E|y - y'| over all pairs of rows; x: [n, d], y: [m, d].
///
/// It is not negative, and 0 in the limit of large samples only where both are of one distribution (Székely and Rizzo 2013).
package func energyDistance(_ x: Tensor, _ y: Tensor) -> Float {
  2 * meanDistance(x, y) - meanDistance(x, x) - meanDistance(y, y)
}

/// E|x - y| over all pairs of rows, |x - y|² = |x|² + |y|² - 2 x·y.
private func meanDistance(_ x: Tensor, _ y: Tensor) -> Float {
  let (n, m) = (x.shape[0], y.shape[0])
  let squares = x.squared().rowSums().reshaped([n, 1]) + y.squared().rowSums().reshaped([1, m]) - 2 * x.matrixProduct(y, transposingOther: true)
  return Float(squares.scalars.reduce(0.0) { $0 + Double(max($1, 0)).squareRoot() } / Double(n * m))
}
