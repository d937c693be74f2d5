package import Tensors

/// J Jᵀ of one item's Jacobian, in double: symmetric, with the squared singular values of J for eigenvalues.
package struct Gram {
  private let size: Int
  private let values: [Double]

  /// - Parameter rows: row by row of J, that of every item: [items, width].
  package init(rows: [Tensor], item: Int) {
    size = rows.count
    let vectors = rows.map { $0.row(item).map(Double.init) }
    let size = size
    var values = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for j in 0...i {
        let product = vectors[i].withUnsafeBufferPointer { a in
          vectors[j].withUnsafeBufferPointer { b in
            guard let a = a.baseAddress, let b = b.baseAddress else { return 0.0 }
            let n = vectors[i].count
            return SIMDDoubles.sum(n) { SIMDDoubles.load(a, $0, n) * SIMDDoubles.load(b, $0, n) }
          }
        }
        (values[i * size + j], values[j * size + i]) = (product, product)
      }
    }
    self.values = values
  }

  /// Σ of all eigenvalues: the squared Frobenius norm of J.
  package var trace: Double { (0..<size).reduce(0) { $0 + values[$1 * size + $1] } }

  /// By power iteration with the Rayleigh quotient, whose error is the square of the vector's; begun at the row with the largest diagonal.
  package var largestEigenvalue: Double {
    guard trace > 0, let first = (0..<size).max(by: { values[$0 * size + $0] < values[$1 * size + $1] }) else { return 0 }
    var vector = Array(values[first * size..<(first + 1) * size])
    var eigenvalue = 0.0
    for _ in 0..<1000 {
      let length = Norm.l2(vector)
      vector = vector.map { $0 / length }
      let next = (0..<size).map { row in (0..<size).reduce(0) { $0 + values[row * size + $1] * vector[$1] } }
      let quotient = zip(next, vector).reduce(0) { $0 + $1.0 * $1.1 }
      defer { eigenvalue = quotient }
      if abs(quotient - eigenvalue) <= 1e-12 * quotient { break }
      vector = next
    }
    return eigenvalue
  }
}
