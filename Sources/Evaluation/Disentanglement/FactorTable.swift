/// Codes beside the factors that their items were made of.
package struct FactorTable: Sendable {
  package struct Factor: Sendable {
    package let name: String
    /// Values from 0, one an item.
    package let values: [Int]
    /// Values that there are.
    package let count: Int
    package let isOrdered: Bool

    package init(_ name: String, _ values: [Int], count: Int, isOrdered: Bool = true) {
      precondition(values.allSatisfy((0..<count).contains), "a value of \(name) outside 0..<\(count)")
      (self.name, self.values, self.count, self.isOrdered) = (name, values, count, isOrdered)
    }
  }

  /// One column a latent dimension, a number an item.
  package let codes: [[Double]]
  package let factors: [Factor]
  package let items: Int

  package init(codes: [[Double]], factors: [Factor]) {
    let items = codes.first?.count ?? 0
    precondition(items > 1 && !factors.isEmpty, "\(items) items of \(factors.count) factors")
    precondition(codes.allSatisfy { $0.count == items } && factors.allSatisfy { $0.values.count == items }, "columns of different lengths")
    (self.codes, self.factors, self.items) = (codes, factors, items)
  }

  /// The largest of some scores less the second largest; of a single one the score itself.
  static func gap(_ scores: [Double]) -> Double {
    let sorted = scores.sorted(by: >)
    return sorted.isEmpty ? 0 : sorted.count == 1 ? sorted[0] : sorted[0] - sorted[1]
  }
}
