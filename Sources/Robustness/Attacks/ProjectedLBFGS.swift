/// Limited-memory BFGS inside a box, in double, without calling anybody: it proposes points and is told what was found there.
///
/// Directions are those of L-BFGS (Nocedal and Wright 2006, algorithm 7.4) over the numbers that no bound holds, steps are projected into the box and halved until
/// they satisfy Armijo's rule (Bertsekas 1982). Debian's `liblbfgsb` would take dot products from whichever BLAS is installed, whose bits depend on the
/// processor; here every sum has one order.
package struct ProjectedLBFGS: Sendable {
  package enum Ending: Sendable, Equatable {
    /// The projected gradient is small, or no step along it lowers the value by more than rounding.
    case converged
    /// There were no more iterations.
    case exhausted
  }

  private let lower: [Double]
  private let upper: [Double]
  private let memory: Int
  private let iterations: Int
  private let tolerance: Double

  private var x: [Double]
  private var value = Double.infinity
  private var gradient: [Double] = []
  /// Pairs (s, y) of the last steps, the oldest first.
  private var pairs: [(s: [Double], y: [Double], rho: Double)] = []
  private var direction: [Double] = []
  private var step = 1.0
  private var halvings = 0
  private var usesGradient = true
  /// Where the value is wanted next.
  package private(set) var proposal: [Double]
  package private(set) var iteration = 0
  package private(set) var ending: Ending?

  /// - Parameters:
  ///   - x: where to begin; moved into the box.
  ///   - tolerance: of the largest number of the projected gradient.
  package init(from x: [Double], lower: [Double], upper: [Double], memory: Int = 25, iterations: Int, tolerance: Double = 1e-6) {
    (self.lower, self.upper, self.memory, self.iterations, self.tolerance) = (lower, upper, memory, iterations, tolerance)
    self.x = x.indices.map { min(max(x[$0], lower[$0]), upper[$0]) }
    proposal = self.x
  }

  /// Takes the value and gradient at `proposal` and proposes the next point, unless it has ended.
  package mutating func tell(_ newValue: Double, _ newGradient: [Double]) {
    guard ending == nil else { return }
    if gradient.isEmpty {
      (value, gradient) = (newValue, newGradient)
      return begin()
    }
    let moved = zip(proposal, x).map { $0 - $1 }
    let decrease = dot(gradient, moved)
    // Values come from float32, so what they can't tell apart is no failure.
    guard newValue.isFinite, newValue <= value + 1e-4 * decrease + 1e-9 * abs(value) else { return halve() }
    let change = zip(newGradient, gradient).map { $0 - $1 }
    let curvature = dot(moved, change)
    if curvature > 1e-10 * dot(change, change) {
      pairs.append((moved, change, 1 / curvature))
      if pairs.count > memory { pairs.removeFirst() }
    }
    let gain = value - newValue
    (x, value, gradient) = (proposal, newValue, newGradient)
    iteration += 1
    if gain <= 1e-9 * max(abs(value), 1e-12), usesGradient { return end(.converged) }
    begin()
  }

  /// Chooses a direction from x.
  private mutating func begin() {
    let projected = x.indices.map { x[$0] - min(max(x[$0] - gradient[$0], lower[$0]), upper[$0]) }
    guard projected.contains(where: { abs($0) > tolerance }) else { return end(.converged) }
    guard iteration < iterations else { return end(.exhausted) }
    let isFree = x.indices.map { index in
      !(x[index] <= lower[index] && gradient[index] > 0) && !(x[index] >= upper[index] && gradient[index] < 0)
    }
    direction = newton(isFree)
    usesGradient = pairs.isEmpty || dot(direction, gradient) >= 0
    if usesGradient {
      pairs = []
      direction = zip(gradient, isFree).map { $1 ? -$0 : 0 }
    }
    // Without curvature a first step of length 1 at most.
    let length = dot(direction, direction).squareRoot()
    step = usesGradient ? min(1, 1 / max(length, 1e-300)) : 1
    halvings = 0
    propose()
  }

  private mutating func halve() {
    step /= 2
    halvings += 1
    if halvings <= 30 { return propose() }
    // Along the gradient itself nothing helps either: as good as float32 can tell.
    guard !usesGradient else { return end(.converged) }
    pairs = []
    begin()
  }

  private mutating func propose() {
    proposal = x.indices.map { min(max(x[$0] + step * direction[$0], lower[$0]), upper[$0]) }
    if proposal == x { usesGradient ? end(.converged) : restart() }
  }

  private mutating func restart() {
    pairs = []
    begin()
  }

  private mutating func end(_ ending: Ending) {
    self.ending = ending
    proposal = x
  }

  /// -H g over the free numbers by the two loops.
  private func newton(_ isFree: [Bool]) -> [Double] {
    var q = zip(gradient, isFree).map { $1 ? $0 : 0 }
    var alphas: [Double] = []
    for pair in pairs.reversed() {
      let alpha = pair.rho * dot(pair.s, q)
      alphas.append(alpha)
      for index in q.indices { q[index] -= alpha * pair.y[index] }
    }
    if let last = pairs.last {
      let scale = 1 / (last.rho * dot(last.y, last.y))
      for index in q.indices { q[index] *= scale }
    }
    for (pair, alpha) in zip(pairs, alphas.reversed()) {
      let beta = pair.rho * dot(pair.y, q)
      for index in q.indices { q[index] += (alpha - beta) * pair.s[index] }
    }
    return zip(q, isFree).map { $1 ? -$0 : 0 }
  }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
  a.withUnsafeBufferPointer { x in
    b.withUnsafeBufferPointer { y in
      guard let x = x.baseAddress, let y = y.baseAddress else { return 0 }
      let n = a.count
      return SIMDDoubles.sum(n) { SIMDDoubles.load(x, $0, n) * SIMDDoubles.load(y, $0, n) }
    }
  }
}
