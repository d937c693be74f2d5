import Robustness
import Tensors
import Testing

@Suite("Balls inside boxes")
struct FeasibleSetTests {
  private static let width = 40

  /// Points in a box of uneven sides, some of them on its faces, and perturbations of many sizes.
  private static func cases() -> [(x: [Float], d: [Double], radius: Double)] {
    (0..<30).map { index in
      let key = RandomKey(seed: 5).split(index)
      let x = key.split("x").uniform([1, width]).scalars.enumerated().map { $0 % 7 == 0 ? Float($0 / 7 % 2) : $1 }
      let scale = [0.01, 0.3, 3.0][index % 3]
      let radius = [0.05, 0.5, 2, 6, 100][index % 5]
      return (x, key.split("d").normal([1, width]).scalars.map { Double($0) * scale }, radius)
    }
  }

  private static let box = FeasibleSet.Box(lower: .init(repeating: 0, count: width), upper: .init(repeating: 1, count: width))

  @Test("a projection lies in the set and no point of the set is nearer", arguments: Norm.allCases, [true, false])
  func nearest(_ norm: Norm, isBoxed: Bool) {
    let set = FeasibleSet(norm: norm, box: isBoxed ? Self.box : nil)
    let random = RandomKey(seed: 6)
    for (index, (x, d, radius)) in Self.cases().enumerated() {
      let item = x.map(Double.init)
      let p = set.project(d, around: item, radius: radius)
      #expect(norm(p) <= radius)
      if isBoxed { #expect(p.indices.allSatisfy { (0...1).contains(item[$0] + p[$0]) || abs(item[$0] + p[$0] - 0.5) < 0.5 + 1e-15 }) }
      // p is the projection onto a convex set if and only if <d - p, q - p> <= 0 for all of its points q.
      for other in 0..<20 {
        let q = set.project(
          random.split(index).split(other).normal([1, Self.width]).scalars.map { Double($0) * radius }, around: item, radius: radius)
        let product = p.indices.reduce(0.0) { $0 + (d[$1] - p[$1]) * (q[$1] - p[$1]) }
        #expect(product <= 1e-9 * max(1, radius * radius), "\(norm) \(radius): \(product)")
      }
    }
  }

  @Test("projecting again changes nothing", arguments: Norm.allCases)
  func idempotent(_ norm: Norm) {
    let set = FeasibleSet(norm: norm, box: Self.box)
    for (x, d, radius) in Self.cases() {
      let item = x.map(Double.init)
      let once = set.project(d, around: item, radius: radius)
      #expect(set.project(once, around: item, radius: radius) == once)
    }
  }

  @Test("float32 points keep the budget and the box exactly, in double", arguments: Norm.allCases)
  func rounded(_ norm: Norm) {
    let set = FeasibleSet(norm: norm, box: Self.box)
    for (x, d, radius) in Self.cases() {
      let item = x.map(Double.init)
      let point = set.point(set.project(d, around: item, radius: radius), around: item, radius: radius)
      let excess = set.excess(of: point, around: x, radius: radius)
      #expect(excess.norm == 0 && excess.box == 0)
      #expect(set.point(d, around: item, radius: 0) == x)
    }
    let outside = set.excess(of: [Float](repeating: 2, count: Self.width), around: [Float](repeating: 1, count: Self.width), radius: 0.5)
    #expect(outside.box == 1 && outside.norm > 0)
  }

  @Test("steepest steps have length 1 and the best product with the gradient that few numbers of that length have")
  func steepest() {
    let gradient = RandomKey(seed: 8).normal([1, 60]).scalars
    for norm in Norm.allCases {
      let step = norm.steepest(gradient)
      #expect(abs(norm(step) - 1) < 1e-12)
      #expect(zip(step, gradient).allSatisfy { $0 * Double($1) >= 0 })
      #expect(norm.steepest([Float](repeating: 0, count: 9)).allSatisfy { $0 == 0 })
    }
    #expect(Norm.l1.steepest(gradient).count { $0 != 0 } == 3)
  }
}
