import Tensors

/// The bits of some rows, in which 0 and -0 differ and NaN equals itself.
func bits(_ tensor: Tensor, rows: Range<Int>? = nil) -> [UInt32] {
  let rows = rows ?? 0..<tensor.shape[0]
  let width = tensor.count / max(tensor.shape[0], 1)
  return tensor.scalars[rows.lowerBound * width..<rows.upperBound * width].map(\.bitPattern)
}

/// Mean and standard error.
func average(_ values: [Float]) -> (mean: Double, error: Double) {
  let n = Double(values.count)
  let mean = values.reduce(0.0) { $0 + Double($1) } / n
  let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / (n - 1)
  return (mean, (variance / n).squareRoot())
}
