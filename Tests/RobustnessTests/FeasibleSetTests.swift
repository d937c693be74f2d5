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

  @Test("a ball that the box nearly fills is met in no time, though the norm hardly depends on what is free", arguments: Norm.allCases)
  func heldNumbers(_ norm: Norm) {
    let item = [Double](repeating: 0.5, count: Self.width)
    for tiny in [1e-3, 1e-9, 1e-12, 1e-16] {
      let d = (0..<Self.width).map { $0 == 7 ? tiny : 1e6 * Double($0 + 1) }
      let corner = norm((0..<Self.width).map { $0 == 7 ? 0 : 0.5 })
      for radius in [corner, corner.nextDown, corner.nextUp, corner * (1 - 1e-13)] {
        let p = FeasibleSet(norm: norm, box: Self.box).project(d, around: item, radius: radius)
        #expect(norm(p) <= radius && norm(p) > radius * (1 - 1e-6))
      }
    }
  }

  @Test("numbers that are none end in numbers that are none and not in a loop", arguments: Norm.allCases)
  func nothing(_ norm: Norm) {
    let ball = Ball(FeasibleSet(norm: norm, box: Self.box), around: [Double](repeating: 0.5, count: Self.width), radius: 0.3)
    let point = ball.point([Double](repeating: .nan, count: Self.width))
    #expect(point.allSatisfy { $0.isNaN })
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

  @Test("a least change gains what it was asked for and no change in the box that gains as much is smaller", arguments: Norm.allCases)
  func leastChange(_ norm: Norm) {
    for (index, (x, v, _)) in Self.cases().enumerated() {
      let ball = Ball(FeasibleSet(norm: norm, box: Self.box), around: x.map(Double.init), radius: .infinity)
      let d = [Double](repeating: 0, count: Self.width)
      let most = zip(v, zip(ball.low, ball.high)).reduce(0) { $0 + max($1.0 * $1.1.0, $1.0 * $1.1.1) }
      for part in [0.1, 0.6, 0.95] {
        let change = ball.leastChange(of: d, along: v, by: part * most)
        func gain(_ d: [Double]) -> Double { zip(d, v).reduce(0) { $0 + $1.0 * $1.1 } }
        #expect(abs(gain(change) - part * most) < 1e-9 * most)
        #expect(change.indices.allSatisfy { (ball.low[$0]...ball.high[$0]).contains(change[$0]) })
        // Others that gain at least as much: random ones, pushed along v until they do.
        for other in 0..<10 {
          let start = RandomKey(seed: 9).split(index).split(other).uniform([1, Self.width]).scalars
          let random = start.indices.map { ball.low[$0] + Double(start[$0]) * (ball.high[$0] - ball.low[$0]) }
          let rest = part * most - gain(random)
          let rival = zip(random, ball.leastChange(of: random, along: v, by: max(rest, 0))).map { $0 + $1 }
          #expect(gain(rival) >= part * most * (1 - 1e-9) && norm(rival) >= norm(change) * (1 - 1e-9))
        }
      }
      // More than there is room for: the corner.
      let corner = ball.leastChange(of: d, along: v, by: 2 * most)
      #expect(abs(zip(corner, v).reduce(0) { $0 + $1.0 * $1.1 } - most) < 1e-9 * most)
    }
  }
}
