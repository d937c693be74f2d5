package import Tensors

/// Independent counts of successes whose probability is itself Beta(a, b): an over-dispersed likelihood of grey values 0...255.
package struct BetaBinomial: Distribution {
  /// [rows, dimensions], positive.
  package let a: Tensor
  /// [rows, dimensions], positive.
  package let b: Tensor
  /// The largest count.
  package let trials: Int

  package init(a: Tensor, b: Tensor, trials: Int = 255) {
    precondition(a.shape.rank == 2 && a.shape == b.shape, "parameters of shapes \(a.shape) and \(b.shape) are not one [rows, dimensions]")
    precondition(trials >= 0, "\(trials) trials")
    self.a = a
    self.b = b
    self.trials = trials
  }

  // n a / (a + b) = n / (1 + b / a)
  package var mean: Tensor { Float(trials) / (1 + b / a) }

  /// x holds whole counts in 0...trials; gradients do not flow to it.
  package func logProbability(of x: Tensor) -> Tensor {
    // ln C(n, x) + ln B(x + a, n - x + b) - ln B(a, b)
    Tensor.betaBinomialLogProbability(of: x, trials: Float(trials), a: a, b: b)
  }

  /// Exact up to the 23 random bits of each draw, by inversion of the distribution function; about 2 (trials + 1) multiplications and divisions a scalar.
  ///
  /// A parameter that is not a positive number gives NaN.
  package func sample(_ keys: RowKeys) -> Tensor {
    precondition(keys.count == a.shape[0], "\(keys.count) keys for \(a.shape[0]) rows")
    let u = keys.uniform(a.shape[1])
    let count = u.count
    return Tensor(shape: a.shape) { y in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: trials + 1) { weights in
        u.withScalars { u in
          a.withScalars { a in
            b.withScalars { b in for i in 0..<count { y[i] = draw(u[i], a: Double(a[i]), b: Double(b[i]), weights) } }
          }
        }
      }
    }
  }
}

extension BetaBinomial {
  /// The smallest count whose cumulative probability exceeds u. Weights are relative to the count nearest the mean, so none of interest underflows.
  private func draw(_ u: Float, a: Double, b: Double, _ weights: UnsafeMutableBufferPointer<Double>) -> Float {
    guard a > 0, b > 0, a.isFinite, b.isFinite else { return .nan }
    let n = Double(trials)
    let start = Int((n * (a / (a + b))).rounded())
    weights[start] = 1
    // p(k + 1) / p(k) = (n - k) (k + a) / ((k + 1) (n - k - 1 + b))
    for k in start..<trials {
      let k0 = Double(k)
      weights[k + 1] = weights[k] * ((n - k0) * (k0 + a) / ((k0 + 1) * (n - k0 - 1 + b)))
    }
    for k in (0..<start).reversed() {
      let k0 = Double(k)
      weights[k] = weights[k + 1] * ((k0 + 1) * (n - k0 - 1 + b) / ((n - k0) * (k0 + a)))
    }
    var remaining = Double(u) * weights.reduce(0, +)
    for k in 0..<trials {
      remaining -= weights[k]
      if remaining < 0 { return Float(k) }
    }
    return Float(trials)
  }
}
