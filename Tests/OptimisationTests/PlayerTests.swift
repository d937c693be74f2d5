import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("Players")
struct PlayerTests {
  /// f = φ θ - ½ φ² at φ_K after ten steps of ascent.
  private func duel(_ theta: Tensor, from phi: Float, _ optimiser: Optimiser) -> (phi: Tensor, value: Tensor) {
    let f = { (phi: Tensor) in (phi * theta - 0.5 * phi * phi).sum() }
    let player = Player(Point([phi]), Descent(optimiser)).unrolled(steps: 10) { -f($0.position) }
    return (player.network.position, f(player.network.position))
  }

  @Test("the gradient through ten of a player's steps is .5784233454, and .3513215599 without the steps' own derivatives")
  func oracle() {
    let theta = Tensor(0.7).watched()
    let (phi, value) = duel(theta, from: -0.3, Optimiser(.sgd, rate: 0.1))
    #expect(abs(phi.scalar - 0.351_321_56) < 1e-6)
    #expect(abs(gradients(of: value, at: [theta])[0].scalar - 0.578_423_35) < 1e-6)
    let fixed = phi.detached
    #expect(abs(gradients(of: (fixed * theta - 0.5 * fixed * fixed).sum(), at: [theta])[0].scalar - 0.351_321_56) < 1e-6)
  }

  @Test("the gradient through a player's steps is that of central differences", arguments: Optimiser.Kind.allCases)
  func throughMoments(_ kind: Optimiser.Kind) {
    // The first step of RMSProp is ten times its rate.
    let optimiser = Optimiser(kind, rate: kind == .rmsprop ? 0.005 : 0.05, momentum: kind == .sgd ? 0.5 : 0, weightDecay: 0.02)
    let theta = Tensor(0.7).watched()
    let exact = gradients(of: duel(theta, from: -0.3, optimiser).value, at: [theta])[0].scalar
    let ends = [Float(0.01), -0.01].map { duel(Tensor(0.7 + $0), from: -0.3, optimiser).value.scalar }
    #expect(abs(exact - (ends[0] - ends[1]) / 0.02) < 3e-3, "\(exact)")
    #expect(abs(exact) > 0.01)
  }

  @Test("an unrolled player leaves the one that it came from as it was")
  func unrolledCopy() {
    let player = Player(Point([1, -2]), Descent(Optimiser(.adam)))
    let end = player.unrolled(steps: 3, rate: 0.1) { $0.position.squared().sum() }
    #expect(player.network.position.scalars == [1, -2] && !player.network.position.isWatched && end.network.position.scalars != [1, -2])
    #expect(player.moments.allSatisfy { $0.tensors[0].scalars == [0, 0] && !$0.tensors[0].isWatched })
  }

  @Test("a player's tree holds its network, moments, steps and transforms, and its copy from their tensors goes on alike")
  func tree() throws {
    let descent = Descent(Optimiser(.adam, rate: 0.1), transforms: [PathIntegral()])
    func step(_ player: inout Player<Point>) throws {
      try player.descend(pass) { point, _ in Objective(loss: (point.position - 3).squared().sum(), terms: [Term("x", point.position.scalars[0])]) }
    }
    var player = Player(Point([1, -2]), descent)
    for _ in 0..<3 { try step(&player) }
    #expect(
      player.leaves.map(\.leaf.path) == [
        "network.position", "network.memory", "optimiser.0.position", "optimiser.1.position", "steps", "transforms.0.0.position",
      ])
    #expect(player.parameterCount == 2)
    let saved = Dictionary(uniqueKeysWithValues: player.leaves.map { ($0.leaf.path, $0.tensor) })
    var restored = try Player(Point([0, 0]), descent).loading(saved)
    try step(&player)
    try step(&restored)
    #expect(restored.leaves.map(\.tensor.scalars) == player.leaves.map(\.tensor.scalars))
  }

  @Test("a count of steps beyond 2^24 comes back from its tensor, and no tensor makes it crash")
  func counts() {
    var count = StepCount()
    for value in [0, 1, 16_777_215, 16_777_216, 16_777_217, 1 << 40 + 12_345] {
      count.value = value
      var copy = StepCount()
      let tensor = count.leaves[0].tensor
      copy.visit { $1 = tensor }
      #expect(copy.value == value)
    }
    for damaged in [[], [1], [.nan, 1], [.infinity, 0], [-1, 2], [0.5, 1], [1e30, 1]] as [[Float]] {
      count.visit { $1 = Tensor(damaged) }
      #expect(count.value >= 0)
    }
  }

  @Test("a loss that is no number stops before the step")
  func divergence() {
    var player = Player(Point([1, 2]), Descent(Optimiser(.sgd)))
    #expect(throws: Divergence()) { try player.descend(pass) { point, _ in Objective(loss: point.position.sum() / 0, terms: []) } }
    #expect(player.network.position.scalars == [1, 2])
  }
}

/// Sums up along the way what each parameter's moves have won, -g · Δθ, the importance of synapses of Zenke et al. 2017.
struct PathIntegral: GradientTransform {
  var slotCount: Int { 1 }
  var followsMoves: Bool { true }
  func before(_: inout [Tensor], at _: [Tensor], _: inout [ParameterSlots], _: Pass) {}

  func after(_ moves: [Tensor], along gradients: [Tensor], _ slots: inout [ParameterSlots]) {
    for place in moves.indices { slots[0].tensors[place] = slots[0].tensors[place] - gradients[place] * moves[place] }
  }
}

@Suite("Gradient transforms")
struct GradientTransformTests {
  /// Noise whose size falls with the steps (Neelakantan et al. 2015), drawn by the pass's key.
  private struct Noise: GradientTransform {
    func before(_ gradients: inout [Tensor], at _: [Tensor], _: inout [ParameterSlots], _ pass: Pass) {
      for place in gradients.indices { gradients[place] = gradients[place] + pass.key.split("noise").split(place).normal(gradients[place].shape) }
    }
  }

  /// Weight decay by the gradient, which needs to see the parameters.
  private struct Decay: GradientTransform {
    func before(_ gradients: inout [Tensor], at parameters: [Tensor], _: inout [ParameterSlots], _: Pass) {
      for place in gradients.indices { gradients[place] = gradients[place] + 0.5 * parameters[place] }
    }
  }

  private func moved(_ transforms: [any GradientTransform]) -> [Float] {
    var player = Player(Point([4, 8]), Descent(Optimiser(.sgd, rate: 1), transforms: transforms))
    player.move(against: Gradient(module: Point([3, 4])), pass)
    return player.network.position.scalars
  }

  @Test("transforms see the gradient in their order, and the parameters before the step")
  func order() {
    #expect(moved([Decay()]) == [-1, 0])
    #expect(moved([Clipping(value: 1), Decay()]) == [1, 3])
    #expect(moved([Decay(), Clipping(value: 1)]) == [3, 7])
    let noise = pass.key.split("noise").split(0).normal([2]).scalars
    #expect(moved([Noise()]) == [4 - (3 + noise[0]), 8 - (4 + noise[1])])
  }

  @Test("along the path, what the moves have won adds up to the fall of the loss")
  func pathIntegral() throws {
    var player = Player(Point([1, -2]), Descent(Optimiser(.sgd, rate: 0.001), transforms: [PathIntegral()]))
    func loss(_ point: Point) -> Tensor { (Tensor([1, 3]) * point.position.squared()).sum() }
    let start = loss(player.network).scalar
    for _ in 0..<500 { try player.descend(pass) { point, _ in Objective(loss: loss(point), terms: []) } }
    let won = try #require(player.leaves.last { $0.leaf.path == "transforms.0.0.position" }).tensor.scalars
    #expect(abs(won[0] + won[1] - (start - loss(player.network).scalar)) < 0.05)
    // x² falls from 1 to 0.14 along the first coordinate, 3 x² from 12 to 0.03 along the second.
    #expect(abs(won[0] - 0.86) < 0.02 && abs(won[1] - 11.97) < 0.1)
  }
}

@Suite("Antithetic slopes")
struct AntitheticSlopeTests {
  @Test("the slopes of x² at 1.5 have the mean 3 and the deviation √18, whatever the step")
  func square() {
    for deviation in [Float(0.1), 0.5, 2] {
      let slope = AntitheticSlope(deviation: deviation)
      let slopes = (0..<20_000).map { draw in
        Double(slope(at: Point([1.5]), key: RandomKey(seed: 3).split(draw)) { $0.position.squared().sum().scalar }.slope.module.position.scalar)
      }
      let mean = slopes.reduce(0, +) / 20_000
      #expect(abs(mean - 3) < 0.1)
      #expect(abs(slopes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000 - 18) < 1.5)
    }
  }

  @Test("many pairs come near the gradient; the value is the mean of both ends; buffers stand as they are")
  func pairs() {
    let point = Point([1, -2, 0.5])
    func f(_ point: Point) -> Float { (Tensor([1, 2, 3]) * point.position.squared()).sum().scalar }
    let (value, slope) = AntitheticSlope(deviation: 0.05, pairs: 4000)(at: point, key: RandomKey(seed: 1), of: f)
    #expect(abs(value - (f(point) + 6 * 0.05 * 0.05)) < 0.01)
    for (given, expected) in zip(slope.module.position.scalars, [2, -8, 3] as [Float]) { #expect(abs(given - expected) < 0.6) }
    #expect(slope.module.memory.scalars == [7])
  }
}
