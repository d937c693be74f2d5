internal import Foundation
package import Tensors

/// What probabilities of components say about items: the likeliest component of each, and how sure it is.
package struct ComponentAssignment: Sendable, Equatable {
  /// Extent of the probabilities' second axis.
  package let componentCount: Int
  /// The likeliest component of each item, the first of equals.
  package let components: [Int]
  /// Its probability.
  package let probabilities: [Float]
  /// -Σ_c r_c ln r_c of each item, in nats: 0 where one component has it all, ln K where all have the same.
  package let entropies: [Float]

  /// - Parameter responsibilities: p(component | x), rows that sum to 1: [n, components].
  package init(_ responsibilities: Tensor) {
    precondition(responsibilities.shape.rank == 2, "\(responsibilities.shape) are not [n, components]")
    let (n, width) = (responsibilities.shape[0], responsibilities.shape[1])
    componentCount = width
    var (components, probabilities, entropies) = ([Int](), [Float](), [Float]())
    components.reserveCapacity(n)
    probabilities.reserveCapacity(n)
    entropies.reserveCapacity(n)
    responsibilities.withScalars { r in
      for row in 0..<n {
        var (best, entropy) = (0, 0.0)
        for component in 0..<width {
          let probability = r[row * width + component]
          if probability > r[row * width + best] { best = component }
          if probability > 0 { entropy -= Double(probability) * Foundation.log(Double(probability)) }
        }
        components.append(best)
        probabilities.append(r[row * width + best])
        // Rounding may leave a sum of logarithms a little below 0.
        entropies.append(Float(max(entropy, 0)))
      }
    }
    (self.components, self.probabilities, self.entropies) = (components, probabilities, entropies)
  }

  /// Items of each component.
  package var sizes: [Int] { components.reduce(into: [Int](repeating: 0, count: componentCount)) { $0[$1] += 1 } }

  package var meanEntropy: Double { entropies.reduce(0) { $0 + Double($1) } / Double(max(entropies.count, 1)) }
}
