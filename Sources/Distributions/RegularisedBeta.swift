import Foundation

/// I_x(a, b), the regularised incomplete beta function; 1 - x is given as well, so that neither loses its small digits, and ln B(a, b).
///
/// Its continued fraction (DLMF 8.17.22) on the side of the mean where it converges fast.
func regularisedBeta(_ x: Double, complement y: Double, a: Double, b: Double, logBeta: Double) -> Double {
  if x <= 0 { return 0 }
  if y <= 0 { return 1 }
  if x > (a + 1) / (a + b + 2) { return 1 - regularisedBeta(y, complement: x, a: b, b: a, logBeta: logBeta) }
  let front = exp(a * log(x) + b * log(y) - logBeta) / a
  // Lentz's method: fraction = 1 / (1 + d₁ / (1 + d₂ / (1 + ...))).
  let tiny = 1e-300
  var (numerator, denominator) = (1.0, 1 - (a + b) * x / (a + 1))
  denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
  var fraction = denominator
  func take(_ d: Double) {
    denominator = 1 + d * denominator
    denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
    numerator = 1 + d / numerator
    if abs(numerator) < tiny { numerator = tiny }
    fraction *= denominator * numerator
  }
  for index in 1...100_000 {
    let m = Double(index)
    take(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)))
    take(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)))
    if abs(denominator * numerator - 1) < 1e-16 { break }
  }
  return front * fraction
}
