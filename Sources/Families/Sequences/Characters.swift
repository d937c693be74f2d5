internal import Modelling
internal import Tensors

extension TokenSpace {
  /// Rows as codes, each as long as its text; x: [n, longest], NaN behind a shorter one.
  func codes(of x: Tensor) -> [[Int]] {
    let (n, width) = (x.shape[0], x.shape[1])
    return x.withScalars { x in
      (0..<n).map { row in UnsafeBufferPointer(start: x + row * width, count: width).prefix { !$0.isNaN }.map { Int($0) } }
    }
  }
}

extension Tensor {
  /// The first category up to which softmax(logits / temperature) sums to more than u, of temperature 0 the likeliest: one a row of [n, categories].
  func drawnCategories(at temperature: Float, _ u: [Float]) -> [Int] {
    if temperature == 0 { return argmaxRows() }
    let (n, k) = (shape[0], shape[1])
    // Below the largest logit nothing overflows, however small the temperature; e^-100 is 0 beside 1.
    let scaled = Tensor(shape: shape) { y in
      withScalars { x in
        for row in 0..<n {
          let largest = (0..<k).reduce(-Float.infinity) { Swift.max($0, x[row * k + $1]) }
          for i in 0..<k { y[row * k + i] = Swift.max((x[row * k + i] - largest) / temperature, -100) }
        }
      }
    }
    return scaled.exp().withScalars { weights in
      (0..<n).map { row in
        let weights = UnsafeBufferPointer(start: weights + row * k, count: k)
        var left = Double(u[row]) * weights.reduce(0.0) { $0 + Double($1) }
        for (category, weight) in weights.enumerated() {
          left -= Double(weight)
          if left < 0 { return category }
        }
        // Rounding alone comes here.
        return weights.lastIndex { $0 > 0 } ?? 0
      }
    }
  }
}
