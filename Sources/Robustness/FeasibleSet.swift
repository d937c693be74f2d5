/// Where perturbed points may lie: no farther than a radius from their item in one norm, and inside the box of possible values.
///
/// Everything is in double, and points are rounded to float32 inwards, so that the checks of a report hold exactly.
package struct FeasibleSet: Sendable, Hashable {
  package let norm: Norm
  /// The smallest and largest value of every number; nil where there are none.
  package let box: Box?

  package struct Box: Sendable, Hashable {
    package let lower: [Double]
    package let upper: [Double]

    package init(lower: [Double], upper: [Double]) {
      precondition(lower.count == upper.count && zip(lower, upper).allSatisfy { $0 <= $1 }, "a box has a smallest and a largest value a number")
      (self.lower, self.upper) = (lower, upper)
    }

    /// The length of its diagonal.
    package func diameter(_ norm: Norm) -> Double { norm(zip(lower, upper).map { $1 - $0 }) }
  }

  package init(norm: Norm, box: Box?) {
    (self.norm, self.box) = (norm, box)
  }

  /// The perturbation of the set that is nearest to d in Euclidean distance; x lies in the box.
  package func project(_ d: [Double], around x: [Double], radius: Double) -> [Double] {
    var d = d
    Ball(self, around: x, radius: radius).project(&d)
    return d
  }

  /// The float32 point x + d, rounded so that it lies in the set; `x` holds float32 numbers and `d` a perturbation of the set.
  package func point(_ d: [Double], around x: [Double], radius: Double) -> [Float] { Ball(self, around: x, radius: radius).point(d) }

  /// By how much a point breaks the budget and leaves the box, each 0 where it doesn't.
  package func excess(of point: [Float], around x: [Float], radius: Double) -> (norm: Double, box: Double) {
    let length = norm(zip(point, x).map { Double($0) - Double($1) })
    let outside =
      box.map { box in
        point.indices.reduce(0.0) { max($0, max(box.lower[$1] - Double(point[$1]), Double(point[$1]) - box.upper[$1])) }
      } ?? 0
    return (max(0, length - radius), outside)
  }
}
