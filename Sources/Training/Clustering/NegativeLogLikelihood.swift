package import Tensors

/// How much probability true classes are given, in nats an item: -1/n Σ_i ln q(c_i | x_i).
package struct NegativeLogLikelihood: Sendable, Equatable {
  private var sum = 0.0
  private var count = 0

  package init() {}

  /// - Parameters:
  ///   - logits: unnormalised ln q(component | x): [n, components].
  ///   - classes: the component that is right for each item; items with one below 0 are left out.
  package mutating func add(logits: Tensor, classes: [Int]) {
    precondition(logits.shape.rank == 2 && logits.shape[0] == classes.count, "\(logits.shape) for \(classes.count) classes")
    let width = logits.shape[1]
    // In logarithms, so that what is all but impossible has a finite cost.
    logits.logSoftmax().withScalars { logarithms in
      for (row, item) in classes.enumerated() where item >= 0 {
        sum -= Double(logarithms[row * width + item])
        count += 1
      }
    }
  }

  /// Not a number without items.
  package var mean: Double { sum / Double(count) }
}
