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

  /// The point of the set that is nearest to x + d in Euclidean distance, as a perturbation; x lies in the box.
  ///
  /// With the box around x as bounds [-a, b] of d: clip(d) for linf, and for the others the multiplier of the ball's constraint is found by bracketing, because
  /// clipping before or after shrinking is no projection: d_i = clip(s d_i) with 0 <= s <= 1 for l2, d_i = clip(sign(d_i) max(|d_i| - t, 0)) for l1
  /// (Croce and Hein 2021, proposition 3.1).
  package func project(_ d: [Double], around x: [Double], radius: Double) -> [Double] {
    guard radius > 0 else { return d.map { _ in 0 } }
    func clipped(_ change: (Double) -> Double) -> [Double] {
      guard let box else { return d.map(change) }
      return d.indices.map { min(max(change(d[$0]), box.lower[$0] - x[$0]), box.upper[$0] - x[$0]) }
    }
    if norm == .linf { return clipped { min(max($0, -radius), radius) } }
    let whole = clipped { $0 }
    guard norm(whole) > radius else { return whole }
    switch norm {
    case .linf: return whole
    case .l2:
      // The norm rises with s from 0 to more than the radius.
      let s = Self.root(from: 0, to: 1) { s in norm(clipped { $0 * s }) - radius }
      return clipped { $0 * s }
    case .l1:
      // The norm falls with t; 1 - t / largest rises.
      let largest = d.reduce(0) { max($0, abs($1)) }
      func shrunk(_ u: Double) -> [Double] {
        let t = (1 - u) * largest
        return clipped { $0 > 0 ? max($0 - t, 0) : min($0 + t, 0) }
      }
      return shrunk(Self.root(from: 0, to: 1) { norm(shrunk($0)) - radius })
    }
  }

  /// A place near the root of a rising function, below it: regula falsi with the Illinois rule inside a bracket that halves at the least every third step.
  private static func root(from low: Double, to high: Double, _ f: (Double) -> Double) -> Double {
    var (low, high) = (low, high)
    var (below, above) = (f(low), f(high))
    for step in 0..<200 where high - low > 1e-15 * max(abs(high), 1e-300) {
      let falsi = low + (high - low) * below / (below - above)
      let middle = step % 3 == 2 || !(falsi > low && falsi < high) ? low + (high - low) / 2 : falsi
      guard middle > low, middle < high else { break }
      let value = f(middle)
      if value <= 0 {
        (low, below) = (middle, value)
        if value > -1e-12 { break }
        above /= 2
      } else {
        (high, above) = (middle, value)
        below /= 2
      }
    }
    return low
  }

  /// The float32 point x + d, rounded so that it lies in the set; `x` holds float32 numbers and `d` a perturbation of the set.
  package func point(_ d: [Double], around x: [Double], radius: Double) -> [Float] {
    guard radius > 0 else { return x.map { Float($0) } }
    var d = d
    while true {
      let point = d.indices.map { i -> Float in
        let exact = x[i] + d[i]
        let rounded = Float(exact)
        // Towards x, which is a float32 number itself, so no farther from it than d and inside the box.
        if d[i] > 0, Double(rounded) > exact { return rounded.nextDown }
        if d[i] < 0, Double(rounded) < exact { return rounded.nextUp }
        return rounded
      }
      let length = norm(zip(point, x).map { Double($0) - $1 })
      if length <= radius { return point }
      // Only by the rounding of the norm itself.
      d = d.map { $0 * (radius / length) * (1 - 1e-9) }
    }
  }

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
