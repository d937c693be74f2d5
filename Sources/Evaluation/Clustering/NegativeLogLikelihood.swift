internal import Foundation
package import Tensors

/// How much probability true classes are given, in nats an item: -1/n Σ_i ln q(c_i | x_i).
///
/// What float32 rounds to 0 counts as its smallest normal number, so that one item costs at most 87.4 nats.
package struct NegativeLogLikelihood: Sendable, Equatable {
  private var sum = 0.0
  private var count = 0

  package init() {}

  /// - Parameters:
  ///   - probabilities: q(component | x): [n, components].
  ///   - classes: the component that is right for each item; items with one below 0 are left out.
  package mutating func add(_ probabilities: Tensor, classes: [Int]) {
    precondition(probabilities.shape.rank == 2 && probabilities.shape[0] == classes.count, "\(probabilities.shape) for \(classes.count) classes")
    let width = probabilities.shape[1]
    probabilities.withScalars { q in
      for (row, item) in classes.enumerated() where item >= 0 {
        sum -= Foundation.log(Double(max(q[row * width + item], .leastNormalMagnitude)))
        count += 1
      }
    }
  }

  /// Not a number without items.
  package var mean: Double { sum / Double(count) }
}
