package import Tensors

/// Multinomial logistic regression: p(class | x) = softmax(W x + b), of features that are centred and scaled to a deviation of 1 over the fitted
/// items.
///
/// Beside the mean negative log-likelihood stands the penalty |W|²/2n, so that more items weigh more than it. The loss is convex, and its
/// curvature at most L = ½ λ_max(XᵀX/n) + 1/n (Böhning 1992): accelerated gradient steps of 1/L, begun anew wherever the loss rises (O'Donoghue
/// and Candès 2015), need no choice of a rate. They end where no entry of the gradient is above `tolerance`, or after `mostSteps`.
package struct LinearProbe {
  static let tolerance: Float = 1e-4
  static let mostSteps = 2000

  private let mean: Tensor
  private let scale: Tensor
  /// Weights, and in the last column the biases: [classes, features + 1].
  private let weights: Tensor

  /// - Parameters:
  ///   - features: [n, features], finite.
  ///   - classes: of every row, 0..<classCount.
  package init(_ features: Tensor, _ classes: [Int], classCount: Int) {
    let (n, width) = (features.shape[0], features.shape[1])
    (mean, scale) = Self.standardisation(of: features)
    let x = Self.standardised(features, mean, scale)
    var targets = [Float](repeating: 0, count: n * classCount)
    for (row, own) in classes.enumerated() { targets[row * classCount + own] = 1 }
    let y = Tensor(shape: [n, classCount], scalars: targets)
    // Biases are not penalised.
    let penalty = Tensor(shape: [1, width + 1], scalars: [Float](repeating: 1 / Float(n), count: width) + [0])
    let step = 1 / (0.5 * Self.largestEigenvalue(x.matrixProduct(x, transposingSelf: true) / Float(n)) + 1 / Float(n))

    func lossAndGradient(_ w: Tensor) -> (Float, Tensor) {
      let logP = x.matrixProduct(w, transposingOther: true).logSoftmax()
      let loss = -(logP * y).sum().scalar / Float(n) + 0.5 * (w * w * penalty).sum().scalar
      return (loss, (logP.exp() - y).matrixProduct(x, transposingSelf: true) / Float(n) + w * penalty)
    }

    var (w, ahead, momentum, last) = (Tensor.zeros([classCount, width + 1]), Tensor.zeros([classCount, width + 1]), Float(1), Float.infinity)
    for _ in 0..<Self.mostSteps {
      let (loss, gradient) = lossAndGradient(ahead)
      if loss > last { (ahead, momentum) = (w, 1) }
      last = loss
      guard (gradient.scalars.map(abs).max() ?? 0) > Self.tolerance else { break }
      let next = ahead - gradient * step
      let more = 0.5 * (1 + (1 + 4 * momentum * momentum).squareRoot())
      ahead = next + (next - w) * ((momentum - 1) / more)
      (w, momentum) = (next, more)
    }
    weights = w
  }

  /// ln p(class | x): [n, classes].
  package func logProbabilities(of features: Tensor) -> Tensor {
    Self.standardised(features, mean, scale).matrixProduct(weights, transposingOther: true).logSoftmax()
  }

  /// The likeliest class of every row.
  package func classes(of features: Tensor) -> [Int] { logProbabilities(of: features).argmaxRows() }

  /// A column that does not vary is left at 0.
  private static func standardisation(of features: Tensor) -> (mean: Tensor, scale: Tensor) {
    let (n, width) = (features.shape[0], features.shape[1])
    var (sums, squares) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    let scalars = features.scalars
    for row in 0..<n { for column in 0..<width { sums[column] += Double(scalars[row * width + column]) } }
    let means = sums.map { $0 / Double(n) }
    for row in 0..<n {
      for column in 0..<width {
        let distance = Double(scalars[row * width + column]) - means[column]
        squares[column] += distance * distance
      }
    }
    let scales = squares.map { $0 > 0 ? Float((Double(n) / $0).squareRoot()) : 0 }
    return (Tensor(shape: [1, width], scalars: means.map(Float.init)), Tensor(shape: [1, width], scalars: scales))
  }

  /// With a last column of ones, for the biases.
  private static func standardised(_ features: Tensor, _ mean: Tensor, _ scale: Tensor) -> Tensor {
    Tensor.concatenated([(features - mean) * scale, .ones([features.shape[0], 1])], axis: 1)
  }

  /// A little more than it, of a positive semidefinite matrix, by the power method.
  private static func largestEigenvalue(_ matrix: Tensor) -> Float {
    var (vector, value) = (Tensor.ones([1, matrix.shape[0]]), Float(1))
    for _ in 0..<100 {
      let next = vector.matrixProduct(matrix)
      value = (next * next).sum().scalar.squareRoot()
      guard value > 0 else { return 1 }
      vector = next / value
    }
    return 1.05 * value
  }
}
