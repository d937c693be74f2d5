import Families
import Formats
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("Unrolled GAN")
struct UnrolledGANTests {
  /// φ, a rival of one number.
  private struct Rival: Module {
    var phi: Tensor
    static let fields: [Field<Self>] = [.parameter("phi", \.phi)]
  }

  /// f = φ θ - ½ φ² at φ_K, K steps of ascent at 0.1 from -0.3: a differentiable function of θ.
  private func surrogate(_ theta: Tensor, steps: Int, _ kind: Optimiser.Kind = .sgd) -> Tensor {
    let rival = Player(Rival(phi: Tensor(-0.3)), Descent(Optimiser(kind, rate: 0.1)))
    return UnrolledLearner.surrogate(rival, steps: steps) { $0.phi * theta - 0.5 * $0.phi * $0.phi }
  }

  @Test("Ten unrolled steps end at φ = .3513215599, and df_K/dθ = .5784233454 sees the steps: without them it would be φ_K")
  func oracle() {
    let theta = Tensor(0.7).watched()
    let value = surrogate(theta, steps: 10)
    let phi: Float = 0.351_321_56
    #expect(abs(value.scalar - (phi * 0.7 - 0.5 * phi * phi)) < 1e-6)
    let slope = gradients(of: value, at: [theta])[0].scalar
    #expect(abs(slope - 0.578_423_35) < 1e-6)
    #expect(abs(slope - phi) > 0.2)
  }

  @Test("No unrolled step leaves the plain objective, whose slope is φ itself")
  func plain() {
    let theta = Tensor(0.7).watched()
    let value = surrogate(theta, steps: 0)
    #expect(abs(value.scalar - (-0.3 * 0.7 - 0.5 * 0.09)) < 1e-6)
    #expect(gradients(of: value, at: [theta])[0].scalar == -0.3)
  }

  @Test("The slope through the steps of either optimiser is that of central differences", arguments: [Optimiser.Kind.sgd, .adam])
  func differences(_ kind: Optimiser.Kind) {
    let theta = Tensor(0.7).watched()
    let exact = gradients(of: surrogate(theta, steps: 4, kind), at: [theta])[0].scalar
    let numeric = (surrogate(Tensor(0.71), steps: 4, kind).scalar - surrogate(Tensor(0.69), steps: 4, kind).scalar) / 0.02
    #expect(abs(exact - numeric) < 2e-3, "\(exact) by the gradient, \(numeric) by differences")
  }

  // MARK: The two players

  private static let signature = Signature.vector(2, scaling: .init(offset: [0], scale: [1]))

  private func model(_ activation: Activation = .tanh) throws -> UnrolledGAN {
    try UnrolledGAN(
      .init(latent: 3, hidden: [8], discriminatorHidden: [6, 5], activation: activation), signature: Self.signature, key: RandomKey(seed: 1))
  }

  private static let x = RandomKey(seed: 3).normal([16, 2])

  private func pass(_ step: Int = 0) -> Pass {
    let key = RandomKey(seed: 4).split(step)
    return Pass(key: key, keys: RowKeys(key, rows: 0..<16), epoch: 0, step: step)
  }

  private func learner(_ model: UnrolledGAN, _ steps: Int, _ optimiser: Optimiser, rivalRate: Float = 0.01) -> UnrolledLearner {
    model.learner(.init(unrollSteps: steps, discriminatorRate: rivalRate), Descent(optimiser))
  }

  /// A state in the midst of learning: moments are not 0 any more.
  private func begun(_ learner: UnrolledLearner) throws -> UnrolledLearner.State {
    var state = try learner.start(TrainingData(count: 16) { _ in Self.x }, key: RandomKey(seed: 2))
    for step in 1...3 { _ = try learner.step(&state, Batch(Self.x), pass(step)) }
    return state
  }

  private func term(_ name: String, _ terms: [Term]) throws -> Double { try #require(terms.first { $0.name == name }).value }

  @Test("The generator goes down the gradient of f_K, by central differences of what the learner reports", arguments: [0, 3])
  func generatorStep(_ steps: Int) throws {
    let learner = try learner(model(), steps, Optimiser(.adam, rate: 1e-3), rivalRate: 0.02)
    let start = try begun(learner)
    func reported(_ state: UnrolledLearner.State) throws -> Double {
      var copy = state
      return try term("surrogate", learner.step(&copy, Batch(Self.x), pass()))
    }
    // A step of plain descent at rate 1 is the gradient itself.
    let plain = try self.learner(model(), steps, Optimiser(.sgd, rate: 1))
    var moved = start
    moved.generator = Player(start.generator.network, Descent(Optimiser(.sgd, rate: 1)))
    _ = try plain.step(&moved, Batch(Self.x), pass())
    let slopes = zip(start.generator.network.parameterTensors, moved.generator.network.parameterTensors).map { $0 - $1 }
    let length = slopes.reduce(0.0) { $0 + $1.scalars.reduce(0.0) { $0 + Double($1) * Double($1) } }.squareRoot()
    #expect(length > 1e-4)
    func value(_ h: Float) throws -> Double {
      var state = start
      state.generator.network.parameterTensors = zip(start.generator.network.parameterTensors, slopes).map { $0 + (h / Float(length)) * $1 }
      return try reported(state)
    }
    let numeric = try (4 * (value(0.01) - value(-0.01)) / 0.02 - (value(0.02) - value(-0.02)) / 0.04) / 3
    #expect(abs(numeric - length) < 0.02 * length, "\(length) by the gradient, \(numeric) by differences")
  }

  @Test("The discriminator takes one ordinary step up f from where it was, however many were looked ahead")
  func discriminatorStep() throws {
    let (near, far) = (try learner(model(), 0, Optimiser(.adam)), try learner(model(), 5, Optimiser(.adam)))
    let start = try begun(near)
    var (a, b) = (start, start)
    let (plain, unrolled) = (try near.step(&a, Batch(Self.x), pass()), try far.step(&b, Batch(Self.x), pass()))
    #expect(a.discriminator.leaves.map(\.tensor.scalars) == b.discriminator.leaves.map(\.tensor.scalars))
    #expect(a.generator.network.leaves.map(\.tensor.scalars) != b.generator.network.leaves.map(\.tensor.scalars))
    // Without steps the surrogate is the value; looked ahead, the discriminator does better.
    #expect(try term("surrogate", plain) == term("value", plain) && term("value", plain) == term("value", unrolled))
    #expect(try term("surrogate", unrolled) > term("value", unrolled))
    // Nothing of the look ahead stays in the state.
    #expect(b.leaves.allSatisfy { !$0.tensor.isWatched })
  }

  @Test("The schedule's factor holds for the unrolled steps too")
  func schedule() throws {
    let learner = try learner(model(), 2, Optimiser(.sgd, rate: 0.1), rivalRate: 0.1)
    let half = try self.learner(model(), 2, Optimiser(.sgd, rate: 0.1), rivalRate: 0.05)
    let start = try learner.start(TrainingData(count: 16) { _ in Self.x }, key: RandomKey(seed: 2))
    var (a, b) = (start, try half.start(TrainingData(count: 16) { _ in Self.x }, key: RandomKey(seed: 2)))
    let slow = Pass(key: pass().key, keys: pass().keys, epoch: 0, rateFactor: 0.5)
    #expect(try term("surrogate", learner.step(&a, Batch(Self.x), slow)) == term("surrogate", half.step(&b, Batch(Self.x), pass())))
  }

  // MARK: Model and settings

  @Test("The model is the generator alone, and samples are what it makes of noise: their mean is the sample itself")
  func sampling() throws {
    let model = try model()
    #expect(model.network.leaves.map(\.leaf.path) == ["generator.0.weight", "generator.0.bias", "generator.2.weight", "generator.2.bias"])
    let keys = RowKeys(RandomKey(seed: 5), rows: 0..<6)
    #expect(try model.sample(keys, SampleOptions()).scalars == model.sample(keys, SampleOptions(mean: true)).scalars)
    // At temperature 0 every sample is G(0).
    let still = try model.sample(keys, SampleOptions(temperature: 0)).scalars
    #expect(still.indices.allSatisfy { still[$0] == still[$0 % 2] })
    #expect(throws: Fault.self) { try model.sample(keys, SampleOptions(given: .label("a"))) }
  }

  @Test("An image's pixels are within their range")
  func images() throws {
    let model = try UnrolledGAN(.init(latent: 2, hidden: [4]), signature: .image(height: 2, width: 3), key: RandomKey(seed: 1))
    var wild = model
    wild.network = model.network.mapping { _, tensor in 50 * tensor }
    let samples = try wild.sample(RowKeys(RandomKey(seed: 5), rows: 0..<40), SampleOptions())
    #expect(samples.shape == [40, 6] && samples.scalars.allSatisfy { (0...1).contains($0) })
  }

  @Test(
    "Settings out of bounds are told by field, given and expected",
    arguments: [
      ("configuration", #"{"latent": 0}"#, "latent", "0", "1 to 65536"),
      ("configuration", #"{"hidden": [8, 0]}"#, "hidden[1]", "0", "1 to 65536"),
      ("configuration", #"{"discriminator_hidden": [-1]}"#, "discriminator_hidden[0]", "-1", "1 to 65536"),
      (
        "configuration", #"{"hidden": [2], "discriminator_hidden": [65536, 65536]}"#, "discriminator_hidden",
        "a network of 4295294977 numbers, most in 2.weight of shape [65536, 65536]", "at most 268435456"
      ),
      ("training", #"{"unroll_steps": -1}"#, "unroll_steps", "-1", "0 to 100"),
      ("training", #"{"unroll_steps": 101}"#, "unroll_steps", "101", "0 to 100"),
      ("training", #"{"discriminator_rate": 0}"#, "discriminator_rate", "0.0", "a positive number"),
    ])
  func bounds(_ part: String, _ text: String, _ field: String, _ given: String, _ expected: String) throws {
    let fault = #expect(throws: Fault.self) {
      if part == "configuration" {
        let configuration = try StrictJSON.decode(UnrolledGAN.Configuration.self, from: Array(text.utf8))
        _ = try UnrolledGAN(configuration, signature: Self.signature, key: RandomKey(seed: 1))
      } else {
        try model().check(StrictJSON.decode(UnrolledGAN.TrainingOptions.self, from: Array(text.utf8)))
      }
    }
    #expect(fault == Fault(field: field, given: given, expected: expected))
  }

  @Test("Categories are refused")
  func categories() throws {
    let table = Signature.table([.init(name: "age", type: .real), .categorical("colour", ["red", "green"])])
    #expect(throws: Fault.self) { try UnrolledGAN(.init(), signature: table, key: RandomKey(seed: 1)) }
  }
}
