/// The perturbations of one item that a feasible set allows within one radius.
package struct Ball: Sendable {
  let norm: Norm
  let radius: Double
  /// The item that they are added to, which lies in the box.
  let item: [Double]
  /// The smallest and largest change of every number; for linf the radius is one as well.
  package let low: [Double]
  package let high: [Double]

  package init(_ set: FeasibleSet, around item: [Double], radius: Double) {
    (norm, self.radius, self.item) = (set.norm, radius, item)
    let reach = norm == .linf ? max(radius, 0) : .infinity
    low = item.indices.map { max(-reach, (set.box?.lower[$0] ?? -.infinity) - item[$0]) }
    high = item.indices.map { min(reach, (set.box?.upper[$0] ?? .infinity) - item[$0]) }
  }

  /// Replaces d by the perturbation of the ball that is nearest to it in Euclidean distance.
  ///
  /// With bounds [low, high] of d that is clip(d) for linf. For the others the multiplier of the ball's constraint has to be found, because clipping before or after
  /// shrinking is no projection: clip(s d) with 0 <= s <= 1 for l2, clip(sign(d) max(|d| - t, 0)) for l1 (Croce and Hein 2021, proposition 3.1).
  func project(_ d: inout [Double]) {
    let n = d.count
    d.withUnsafeMutableBufferPointer { d in
      guard let d = d.baseAddress else { return }
      guard radius > 0 else { return d.update(repeating: 0, count: n) }
      low.withUnsafeBufferPointer { low in
        high.withUnsafeBufferPointer { high in
          guard let low = low.baseAddress, let high = high.baseAddress else { return }
          switch norm {
          case .linf: scale(d, by: 1, low, high, n)
          case .l2: shrink(d, low, high, n)
          case .l1: threshold(d, low, high, n)
          }
        }
      }
    }
  }

  private typealias Numbers = UnsafePointer<Double>

  /// d = clip(s d)
  @inline(__always)
  private func scale(_ d: UnsafeMutablePointer<Double>, by s: Double, _ low: Numbers, _ high: Numbers, _ n: Int) {
    SIMDDoubles.fill(d, n) { i in SIMDDoubles.clamp(SIMDDoubles.load(d, i, n) * s, SIMDDoubles.load(low, i, n), SIMDDoubles.load(high, i, n)) }
  }

  /// With u = s², ‖clip(√u d)‖² = u Σ d_i² over the free numbers + Σ bound_i² over the held ones: piecewise linear in u and concave, so Newton's method from below
  /// never goes too far and ends after as many rounds as it crosses kinks, which are a few.
  private func shrink(_ d: UnsafeMutablePointer<Double>, _ low: Numbers, _ high: Numbers, _ n: Int) {
    func squares(_ s: Double) -> (free: Double, held: Double) {
      var (free, held) = (SIMDDoubles.Eight.zero, SIMDDoubles.Eight.zero)
      var i = 0
      while i < n {
        let d = SIMDDoubles.load(d, i, n)
        let scaled = d * s
        let clipped = SIMDDoubles.clamp(scaled, SIMDDoubles.load(low, i, n), SIMDDoubles.load(high, i, n))
        let isFree = scaled .== clipped
        free += SIMDDoubles.Eight.zero.replacing(with: d * d, where: isFree)
        held += (clipped * clipped).replacing(with: 0, where: isFree)
        i += 8
      }
      return (free.sum(), held.sum())
    }
    func length(_ s: Double) -> Double {
      SIMDDoubles.sum(n) { i in
        let clipped = SIMDDoubles.clamp(SIMDDoubles.load(d, i, n) * s, SIMDDoubles.load(low, i, n), SIMDDoubles.load(high, i, n))
        return clipped * clipped
      }.squareRoot()
    }
    guard length(1) > radius else { return scale(d, by: 1, low, high, n) }
    let squared = radius * radius
    // Where nothing but the ball held d.
    var u = squared / SIMDDoubles.sum(n) { i in SIMDDoubles.load(d, i, n) * SIMDDoubles.load(d, i, n) }
    for _ in 0..<200 {
      let (free, held) = squares(u.squareRoot())
      guard free > 0 else { break }
      let next = (squared - held) / free
      guard next > u * (1 + 1e-15) else { break }
      u = min(next, 1)
    }
    var s = u.squareRoot()
    // Only by rounding; by more and more, since where nearly all numbers are held the norm hardly depends on s.
    var step = 0x1p-51
    while length(s) > radius {
      s *= 1 - step
      step *= 2
    }
    scale(d, by: s, low, high, n)
  }

  private func threshold(_ d: UnsafeMutablePointer<Double>, _ low: Numbers, _ high: Numbers, _ n: Int) {
    func shrunk(_ i: Int, _ t: Double) -> SIMDDoubles.Eight {
      let d = SIMDDoubles.load(d, i, n)
      let size = SIMDDoubles.magnitude(d) - t
      let kept = size.replacing(with: 0, where: size .< SIMDDoubles.Eight.zero)
      return SIMDDoubles.clamp(
        kept.replacing(with: -kept, where: d .< SIMDDoubles.Eight.zero), SIMDDoubles.load(low, i, n), SIMDDoubles.load(high, i, n))
    }
    func length(_ t: Double) -> Double { SIMDDoubles.sum(n) { SIMDDoubles.magnitude(shrunk($0, t)) } }
    guard length(0) > radius else { return scale(d, by: 1, low, high, n) }
    let largest = (0..<n).reduce(0) { max($0, abs(d[$1])) }
    // The norm falls with t; 1 - t / largest rises.
    let t = (1 - Self.root(from: 0, to: 1) { u in length((1 - u) * largest) - radius }) * largest
    SIMDDoubles.fill(d, n) { shrunk($0, t) }
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

  /// The float32 point item + d, rounded so that it lies in the set; the item holds float32 numbers, `d` is a perturbation of the ball.
  package func point(_ d: [Double]) -> [Float] {
    guard radius > 0 else { return item.map { Float($0) } }
    let n = d.count
    var shrinking = 1.0
    while true {
      var total = 0.0
      let point = [Float](unsafeUninitializedCapacity: n) { point, initialized in
        item.withUnsafeBufferPointer { x in
          d.withUnsafeBufferPointer { d in
            guard let x = x.baseAddress, let d = d.baseAddress, let to = point.baseAddress else { return }
            var i = 0
            while i < n {
              SIMDDoubles.store(Self.roundedInwards(SIMDDoubles.load(x, i, n), SIMDDoubles.load(d, i, n) * shrinking), to, i, n)
              i += 8
            }
            total = norm.length(n) { i in SIMDDoubles.load(to, i, n) - SIMDDoubles.load(x, i, n) }
          }
        }
        initialized = n
      }
      guard total > radius else { return point }
      // Only by the rounding of the norm itself.
      shrinking *= radius / total * (1 - 1e-9)
    }
  }

  /// The float32 numbers next to x + d towards x, which is float32 itself: no farther from it than d and inside the box.
  @inline(__always)
  private static func roundedInwards(_ x: SIMDDoubles.Eight, _ d: SIMDDoubles.Eight) -> SIMD8<Float> {
    let zero = SIMDDoubles.Eight.zero
    let exact = x + d
    let rounded = SIMD8<Float>(exact)
    let back = SIMDDoubles.Eight(rounded)
    let isTooFar = ((d .> zero) .& (back .> exact)) .| ((d .< zero) .& (back .< exact))
    // The neighbour nearer to 0 has the smaller bit pattern.
    let towards = SIMD8<Int64>(repeating: 1).replacing(with: -1, where: (d .> zero) .== (exact .> zero))
    let change = SIMD8<Int64>.zero.replacing(with: towards, where: isTooFar)
    let bits = unsafeBitCast(rounded, to: SIMD8<Int32>.self) &+ SIMD8<Int32>(truncatingIfNeeded: change)
    guard any(isTooFar .& (back .== zero)) else { return unsafeBitCast(bits, to: SIMD8<Float>.self) }
    // Exact sums smaller than float32 can tell from 0.
    var inwards = unsafeBitCast(bits, to: SIMD8<Float>.self)
    for lane in 0..<8 where isTooFar[lane] && rounded[lane] == 0 { inwards[lane] = d[lane] > 0 ? rounded[lane].nextDown : rounded[lane].nextUp }
    return inwards
  }
}
