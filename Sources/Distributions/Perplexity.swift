internal import Foundation

/// How many choices there are, as it were, among some that are made unequally often.
package enum Perplexity {
  /// e to the entropy of the shares; from 1, where one choice is made alone, to their number, where all are made alike.
  ///
  /// - Parameter counts: how often each choice is made, 0 or more.
  package static func of(_ counts: [Double]) -> Float {
    let total = counts.reduce(0, +)
    guard total > 0 else { return 1 }
    return Float(exp(counts.reduce(0.0) { $0 - ($1 > 0 ? $1 / total * log($1 / total) : 0) }))
  }
}
