import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// Steps of PyTorch's optimiser on f(p) = 1.5 (p₀ - 1)² + 0.25 (p₁ + 2)² + 0.25 p₀ p₁ from (0.5, -0.75), rate 0.1.
struct OptimiserTrace: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let optimiser: Optimiser
  /// p₀ and p₁ after each step.
  let points: [Float]

  static let all: [OptimiserTrace] = [
    OptimiserTrace(
      testDescription: "SGD", optimiser: Optimiser(.sgd),
      points: [
        0.668_749_99, -0.824_999_99, 0.788_749_99, -0.900_468_77, 0.874_636_71, -0.975_164_06, 0.936_624_83, -1.048_271_78, 0.981_844_19,
        -1.119_273_78,
      ]),
    OptimiserTrace(
      testDescription: "SGD with momentum", optimiser: Optimiser(.sgd, momentum: 0.9),
      points: [
        0.668_749_99, -0.824_999_99, 0.940_625_01, -0.967_968_76, 1.227_324_25, -1.171_757_82, 1.446_450_23, -1.427_263_14, 1.545_410_04,
        -1.722_016_10,
      ]),
    OptimiserTrace(
      testDescription: "SGD, Nesterov, weight decay 0.05", optimiser: Optimiser(.sgd, momentum: 0.9, nesterov: true, weightDecay: 0.05),
      points: [
        0.815_874_99, -0.885_375_02, 1.089_793_21, -1.079_319_95, 1.260_088_92, -1.318_315_51, 1.320_617_08, -1.584_407_69, 1.301_286_46,
        -1.857_953_91,
      ]),
    OptimiserTrace(
      testDescription: "Adam", optimiser: Optimiser(.adam),
      points: [
        0.599_999_96, -0.850_000_02, 0.699_148_12, -0.949_897_35, 0.796_591_88, -1.049_617_29, 0.891_191_12, -1.149_078_97, 0.981_471_84,
        -1.248_193_03,
      ]),
    OptimiserTrace(
      testDescription: "Adam, betas 0.8 and 0.95, epsilon 0.001, weight decay 0.05",
      optimiser: Optimiser(.adam, betas: [0.8, 0.95], epsilon: 1e-3, weightDecay: 0.05),
      points: [
        0.599_939_88, -0.849_859_83, 0.698_669_79, -0.949_510_46, 0.795_003_77, -1.048_800_95, 0.887_374_22, -1.147_567_99, 0.973_780_63,
        -1.245_631_46,
      ]),
    OptimiserTrace(
      testDescription: "AdamW, weight decay 0.05", optimiser: Optimiser(.adamw, weightDecay: 0.05),
      points: [
        0.597_499_97, -0.846_250_06, 0.693_692_39, -0.941_922_01, 0.787_781_72, -1.036_949_52, 0.878_725_47, -1.131_261_47, 0.965_200_78,
        -1.224_780_56,
      ]),
    OptimiserTrace(
      testDescription: "Adamax", optimiser: Optimiser(.adamax),
      points: [
        0.600_000_02, -0.850_000_02, 0.691_514_55, -0.948_343_99, 0.774_789_75, -1.044_906_38, 0.850_101_17, -1.139_561_65, 0.917_751_61,
        -1.232_185_48,
      ]),
    OptimiserTrace(
      testDescription: "Adamax, weight decay 0.05", optimiser: Optimiser(.adamax, weightDecay: 0.05),
      points: [
        0.600_000_02, -0.850_000_02, 0.691_226_96, -0.947_881_82, 0.773_951_53, -1.043_514_01, 0.848_474_62, -1.136_766_91, 0.915_125_19,
        -1.227_513_91,
      ]),
    OptimiserTrace(
      testDescription: "Adamax, nothing made up for (Kingma and Ba 2015 without the step's own factor, in double)",
      optimiser: Optimiser(.adamax, correctsBias: false),
      points: [
        0.510_000_00, -0.760_000_00, 0.528_855_89, -0.778_985_65, 0.555_392_22, -0.806_012_62, 0.588_424_40, -0.840_201_96, 0.626_779_09,
        -0.880_735_45,
      ]),
    OptimiserTrace(
      testDescription: "RMSProp", optimiser: Optimiser(.rmsprop),
      points: [
        1.5, -1.749_999_88, 0.965_268_67, -2.306_630_13, 1.290_883_54, -2.404_619_22, 1.161_484_60, -2.538_163_66, 1.233_193_64, -2.561_887_26,
      ]),
    OptimiserTrace(
      testDescription: "RMSProp, alpha 0.9, weight decay 0.05", optimiser: Optimiser(.rmsprop, alpha: 0.9, weightDecay: 0.05),
      points: [
        0.816_227_79, -1.066_227_79, 0.955_987_57, -1.279_539_35, 1.030_449_15, -1.445_432_42, 1.072_507_26, -1.581_797_48, 1.097_649_46,
        -1.697_001_34,
      ]),
  ]
}

/// A point and something that no optimiser may touch.
struct Point: Module {
  var position: Tensor
  var memory: Tensor

  init(_ position: [Float]) {
    self.position = Tensor(position)
    memory = Tensor([7])
  }

  static let fields: [Field<Self>] = [.parameter("position", \.position), .buffer("memory", \.memory)]
}

/// Where in a run no step of these tests is asked for.
let pass = Pass(keys: RowKeys(RandomKey(seed: 1), rows: 0..<1), epoch: 0)

@Suite("Optimisers")
struct OptimiserTests {
  @Test("steps are PyTorch's", arguments: OptimiserTrace.all)
  func trace(_ trace: OptimiserTrace) {
    var player = Player(Point([0.5, -0.75]), Descent(trace.optimiser))
    var points: [Float] = []
    for _ in 0..<5 {
      let p = player.network.position.scalars
      var gradient = player.network
      gradient.position = Tensor([3 * (p[0] - 1) + 0.25 * p[1], 0.5 * (p[1] + 2) + 0.25 * p[0]])
      player.move(against: Gradient(module: gradient), rate: 0.1, pass)
      points += player.network.position.scalars
    }
    for (given, expected) in zip(points, trace.points) { #expect(abs(given - expected) < 2e-6, "\(points)") }
    #expect(player.network.memory.scalars == [7])
  }

  @Test("steps with a history are the steps in place", arguments: OptimiserTrace.all)
  func recordedTrace(_ trace: OptimiserTrace) {
    let start = Player(Point([0.5, -0.75]), Descent(trace.optimiser))
    // f(p) = 1.5 (p₀ - 1)² + 0.25 (p₁ + 2)² + 0.25 p₀ p₁
    func f(_ point: Point) -> Tensor {
      let (a, b) = (point.position.slice(0, 0..<1), point.position.slice(0, 1..<2))
      return (1.5 * (a - 1).squared() + 0.25 * (b + 2).squared() + 0.25 * a * b).sum()
    }
    for steps in 1...5 {
      let end = start.unrolled(steps: steps, rate: 0.1, descending: f).network
      for (given, expected) in zip(end.position.scalars, trace.points[(2 * steps - 2)...]) { #expect(abs(given - expected) < 3e-6) }
      #expect(end.position.isWatched && end.memory.scalars == [7])
    }
  }

  @Test("every kind has a trace") func complete() { #expect(Set(OptimiserTrace.all.map(\.optimiser.kind)) == Set(Optimiser.Kind.allCases)) }

  @Test("a buffer takes the value that stands in the gradient's tree")
  func buffers() {
    var gradient = Point([1, 2])
    gradient.memory = Tensor([9])
    var player = Player(Point([1, 2]), Descent(Optimiser(.sgd)))
    player.move(against: Gradient(module: gradient), rate: 0, pass)
    #expect(player.network.memory.scalars == [9])
  }

  @Test("a parameter without any gradient stays where it is, whatever its momentum", arguments: Optimiser.Kind.allCases)
  func noGradient(_ kind: Optimiser.Kind) {
    var gradient = Point([1, 2])
    gradient.position = Tensor([0.5, -1])
    var player = Player(Point([1, 2]), Descent(Optimiser(kind, momentum: kind == .sgd ? 0.9 : 0, weightDecay: 0.1)))
    player.move(against: Gradient(module: gradient), rate: 0.1, pass)
    let moved = player.network.position.scalars
    #expect(moved != [1, 2])
    gradient.position = Tensor([0, 0])
    player.move(against: Gradient(module: gradient), rate: 0.1, pass)
    #expect(player.network.position.scalars == moved)
  }

  /// The gradient that is followed: where a point at 0 goes in one step of rate 1, backwards.
  private func clipped(_ clipping: Clipping, _ gradient: [Float]) -> Point {
    var player = Player(Point([0, 0, 0]), Descent(Optimiser(.sgd, rate: 1), clipping: clipping))
    player.move(against: Gradient(module: Point(gradient)), pass)
    player.network.position = -player.network.position
    return player.network
  }

  @Test("clipping by norm scales the whole gradient as PyTorch does, and only a longer one")
  func clippingByNorm() {
    let long = clipped(Clipping(norm: 2), [3, -4, 12])
    for (given, expected) in zip(long.position.scalars, [0.461_538_434, -0.615_384_579, 1.846_153_736] as [Float]) {
      #expect(abs(given - expected) < 1e-6)
    }
    #expect(long.memory.scalars == [7])
    #expect(clipped(Clipping(norm: 13), [3, -4, 12]).position.scalars == [3, -4, 12])
    #expect(clipped(Clipping(), [3, -4, 12]).position.scalars == [3, -4, 12])
    #expect(abs([Tensor([3, -4]), Tensor([12])].norm - 13) < 1e-12)
  }

  @Test("clipping by value holds every element; by both, the norm comes first")
  func clippingByValue() {
    #expect(clipped(Clipping(value: 3.5), [3, -4, 12]).position.scalars == [3, -3.5, 3.5])
    #expect(clipped(Clipping(value: 3.5), [3, -4, 12]).memory.scalars == [7])
    let both = clipped(Clipping(norm: 2, value: 1), [3, -4, 12]).position.scalars
    #expect(abs(both[0] - 0.461_538_434) < 1e-6 && both[2] == 1)
  }
}

@Suite("Schedules")
struct ScheduleTests {
  @Test(
    "the factor at marked points of ten epochs",
    arguments: [
      (Schedule(.constant), [0, 5, 10] as [Float], [1, 1, 1] as [Float]), (Schedule(.constant, warmUpEpochs: 4), [0, 1, 4, 9], [0, 0.25, 1, 1]),
      (Schedule(.cosine, final: 0), [0, 2.5, 5, 10, 12], [1, 0.853_553_39, 0.5, 0, 0]),
      (Schedule(.cosine, warmUpEpochs: 2, final: 0.1), [0, 1, 2, 6, 10], [0, 0.5, 1, 0.55, 0.1]),
      (Schedule(.linear, final: 0.2), [0, 5, 10, 11], [1, 0.6, 0.2, 0.2]), (Schedule(.exponential, final: 0.01), [0, 5, 10], [1, 0.1, 0.01]),
      (Schedule(.step, every: 3, factor: 0.5), [0, 2.9, 3, 6, 9.5], [1, 1, 0.5, 0.25, 0.125]),
    ])
  func factors(_ schedule: Schedule, _ epochs: [Float], _ expected: [Float]) {
    for (epoch, factor) in zip(epochs, expected) {
      #expect(abs(schedule.factor(at: epoch, of: 10) - factor) < 1e-6, "\(schedule.kind) at \(epoch)")
    }
  }
}
