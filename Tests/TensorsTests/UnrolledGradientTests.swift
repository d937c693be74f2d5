import Tensors
import Testing

/// Gradients through the steps of an optimiser, as unrolled GANs need them (Metz et al. 2017).
@Suite struct UnrolledGradientTests {
  /// One ascent step on the weights, written in tensor operations.
  private typealias Move = (_ weights: [Tensor], _ gradients: [Tensor], _ step: Int) -> [Tensor]

  private static func ascent(_ rate: Float) -> Move { { weights, gradients, _ in zip(weights, gradients).map { $0 + rate * $1 } } }

  /// Adam with its moments and step count unrolled too (Kingma and Ba 2015).
  private static func adam(_ rate: Float) -> Move {
    var moments: [(m: Tensor, v: Tensor)] = []
    return { weights, gradients, step in
      if moments.isEmpty { moments = weights.map { (.zeros($0.shape), .zeros($0.shape)) } }
      moments = zip(moments, gradients).map { (0.5 * $0.m + 0.5 * $1, 0.999 * $0.v + 0.001 * $1.squared()) }
      let (bias1, bias2) = (1 - Float.power(0.5, step), 1 - Float.power(0.999, step))
      return zip(weights, moments).map { $0 + rate * ($1.m / bias1) / (($1.v / bias2).squareRoot() + 1e-8) }
    }
  }

  /// The weights after K steps of ascent on `objective`, with their history.
  private static func unrolled(_ start: [Tensor], steps: Int, by move: Move, _ objective: ([Tensor]) -> Tensor) -> [Tensor] {
    (1...steps).reduce(start.map { $0.isWatched ? $0 : $0.watched() }) { weights, step in
      move(weights, gradients(of: objective(weights), at: weights, watched: true), step)
    }
  }

  /// f = φ θ - ½ φ² at φ_K, ten steps of ascent at 0.1 from φ₀.
  private static func duel(_ theta: Tensor, from phi: Float, by move: Move) -> (phi: Tensor, value: Tensor) {
    let f = { (phi: Tensor) in phi * theta - 0.5 * phi * phi }
    let end = unrolled([Tensor(phi)], steps: 10, by: move) { f($0[0]) }[0]
    return (end, f(end))
  }

  @Test("Ten steps of ascent end at φ = .3513215599, and the gradient through them is .5784233454")
  func oracle() {
    let theta = Tensor(0.7).watched()
    let (phi, value) = Self.duel(theta, from: -0.3, by: Self.ascent(0.1))
    #expect(abs(phi.scalar - 0.351_321_56) < 1e-6)
    #expect(abs(gradients(of: value, at: [theta])[0].scalar - 0.578_423_35) < 1e-6)
    #expect(abs((value.backward()[theta]?.scalar ?? .nan) - 0.578_423_35) < 1e-6)
    // Without the derivatives of the steps themselves: φ_K.
    let fixed = phi.detached
    #expect(abs(gradients(of: fixed * theta - 0.5 * fixed * fixed, at: [theta])[0].scalar - 0.351_321_56) < 1e-6)
  }

  @Test("The gradient through ten steps of Adam is that of central differences")
  func adamMoves() {
    let value = { (theta: Float) in Self.duel(Tensor(theta), from: -0.3, by: Self.adam(0.02)).value }
    let theta = Tensor(0.7).watched()
    let exact = gradients(of: Self.duel(theta, from: -0.3, by: Self.adam(0.02)).value, at: [theta])[0].scalar
    let differences = (value(0.75).scalar - value(0.65).scalar) / 0.1
    #expect(abs(exact - differences) < 2e-3)
    #expect(abs(exact) > 0.01)
  }

  @Test("Where the first gradient, and so Adam's second moment, is 0 the gradient through its steps is finite")
  func rootAtZero() {
    let theta = Tensor(0.7).watched()
    #expect(gradients(of: Self.duel(theta, from: 0.7, by: Self.adam(0.1)).value, at: [theta])[0].isFinite)
    let x = Tensor([0, 4]).watched()
    #expect(gradients(of: x.squareRoot().sum(), at: [x])[0].scalars == [0, 0.25])
    #expect(gradients(of: x.squareRoot().sum(), at: [x], watched: true)[0].scalars == [0, 0.25])
  }

  /// Two small networks: what a generator makes of noise, and the discriminator's value of it.
  private struct Players {
    var generator: [Tensor] = [point([8, 2]), point([8], 1), point([2, 8], 2), point([2], 3)].map { (0.3 * $0).watched() }
    var discriminator: [Tensor] = [point([8, 2], 4), point([8], 5), point([1, 8], 6), point([1], 7)].map { (0.3 * $0).watched() }
    let noise = point([16, 2], 8)
    let data = point([16, 2], 9)

    func value(_ discriminator: [Tensor]) -> Tensor {
      func network(_ x: Tensor, _ w: [Tensor]) -> Tensor {
        x.linear(weight: w[0], bias: w[1], activation: .tanh).linear(weight: w[2], bias: w[3])
      }
      // E ln D(x) + E ln(1 - D(G(z)))
      return -(-network(data, discriminator)).softplus().mean() - network(network(noise, generator), discriminator).softplus().mean()
    }
  }

  @Test("Every step of twenty visits the same nodes: a walk ends at its targets")
  func walksEndAtTheirTargets() {
    let players = Players()
    var (visits, whole): ([Int], Int) = ([], 0)
    let end = Self.unrolled(players.discriminator, steps: 20, by: Self.ascent(0.1)) { weights in
      let value = players.value(weights)
      visits.append(value.historyVisits(to: weights))
      whole += value.historyVisits()
      return value
    }
    #expect(Set(visits).count == 1)
    #expect(whole > 10 * visits.reduce(0, +))
    let exact = gradients(of: players.value(end), at: players.generator)
    #expect(exact.allSatisfy { $0.isFinite && $0.scalars.contains { $0 != 0 } })
  }

  @Test("The gradient of the generator through three steps of the discriminator is that of central differences")
  func throughNetworks() {
    let players = Players()
    func value(_ generator: [Tensor]) -> Tensor {
      var moved = players
      moved.generator = generator
      return moved.value(Self.unrolled(moved.discriminator, steps: 3, by: Self.ascent(1)) { moved.value($0) })
    }
    let exact = gradients(of: value(players.generator), at: players.generator)
    let direction = players.generator.enumerated().map { point($1.shape, 20 + $0).sign() }
    let slope = { (h: Float) in
      let ends = [h, -h].map { h in Double(value(zip(players.generator, direction).map { ($0.detached + h * $1).watched() }).scalar) }
      return (ends[0] - ends[1]) / (2 * Double(h))
    }
    let analytic = zip(exact, direction).reduce(0.0) { $0 + Double(($1.0 * $1.1).sum().scalar) }
    let numeric = (4 * slope(0.01) - slope(0.02)) / 3
    #expect(abs(analytic - numeric) < 1e-3 * max(1, abs(analytic)))
  }

  @Test("The xs of a pass are taken as independent: one that came from another ends the walk")
  func targetsAreIndependent() {
    let x = Tensor(3).watched()
    let y = x.squared()
    let parts = gradients(of: y * y + x, at: [x, y])
    #expect(parts.map(\.scalar) == [1, 18])
  }

  @Test("A target the value does not depend on has zeros of its shape, and a value is its own gradient's seed")
  func unrelatedTargets() {
    let (x, y) = (Tensor([1, 2]).watched(), Tensor(1).watched())
    #expect(gradients(of: y.exp(), at: [x])[0].scalars == [0, 0])
    #expect(gradients(of: Tensor(1), at: [x])[0].scalars == [0, 0])
    #expect(gradients(of: y.exp(), at: [Tensor([1, 2, 3])])[0].scalars == [0, 0, 0])
    #expect(gradients(of: x, at: [x], from: Tensor([5, 7]))[0].scalars == [5, 7])
  }

  @Test("A penalty on the norm of a network's gradient is differentiated in the network's weights")
  func gradientPenalty() {
    let weight = point([1, 3]).watched()
    let x = point([4, 3], 1).watched()
    // D(x) = tanh(x wᵀ): ∂D/∂x = (1 - D²) w
    let slopes = gradients(of: x.linear(weight: weight, bias: nil, activation: .tanh), at: [x], watched: true)[0]
    let penalty = slopes.rowDots(slopes).sum()
    let byHand = { (w: Tensor) in
      let d = x.detached.matrixProduct(w, transposingOther: true).tanh()
      return ((1 - d.squared()).squared() * w.squared().sum()).sum()
    }
    let copy = weight.detached.watched()
    #expect(deviation(gradients(of: penalty, at: [weight])[0].scalars, gradients(of: byHand(copy), at: [copy])[0].scalars) < 1e-5)
  }

  @Test("A watched pass over 100,000 steps is walked and freed without deep recursion")
  func longWatchedHistory() {
    let x = Tensor([1, 2]).watched()
    var y = x
    for _ in 0..<100_000 { y = y * x.sign() + x * 1e-9 }
    let slope = gradients(of: y.squared().sum(), at: [x], watched: true)[0]
    #expect(slope.isWatched)
    #expect(gradients(of: slope.sum(), at: [x])[0].isFinite)
  }

  @Test("A third derivative is the derivative of the second")
  func thirdDerivative() {
    let x = Tensor([0.5, 1.5]).watched()
    var y = x * x * x * x
    for _ in 0..<3 { y = gradients(of: y.sum(), at: [x], watched: true)[0] }
    #expect(deviation(y.scalars, [12, 36]) < 1e-6)
  }
}

extension Float {
  fileprivate static func power(_ base: Float, _ exponent: Int) -> Float { (0..<exponent).reduce(1) { product, _ in product * base } }
}
