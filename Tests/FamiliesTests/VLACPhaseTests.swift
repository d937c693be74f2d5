import Families
import Formats
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("Phases of VLAC")
struct VLACPhaseTests {
  private static let items = RandomKey(seed: 2).uniform([40, 12])
  private static let data = TrainingData(count: 32, heldOut: 8, batchSize: 8) { items.gather($0) }
  private static let batch = Batch(items.slice(0, 0..<8))
  /// So small a map changes no cluster: then the divergence, whose target is held fast, has the slope 0 with a moving target too.
  private static let still = Augmentation(rotation: 1e-4)

  private static func model(_ weights: VLAC.Configuration.MixtureWeights = .learned) throws -> VLAC {
    let ladder = LadderConfiguration(
      [.init(latent: 2, hidden: [7], rung: [5]), .init(latent: 2, hidden: [6])], activation: .tanh,
      observation: Observation(.gaussian, deviation: 0.4))
    let configuration = VLAC.Configuration(ladder, components: [3, 4], mixtureWeights: weights)
    var (model, number) = (try VLAC(configuration, signature: .image(height: 4, width: 3), key: RandomKey(seed: 1)), 0)
    model.network = model.network.mapping { _, tensor in
      number += 1
      return tensor + RandomKey(seed: 9).split(number).normal(tensor.shape) * 0.3
    }
    return model
  }

  private static func options(_ phases: [ClassPhase], layers: [Int]? = nil, _ augmentation: Augmentation = Augmentation(rotation: 20, shift: 1))
    -> VLAC.TrainingOptions
  { VLAC.TrainingOptions(fitItems: 30, phases: phases, consistentLayers: layers, augmentation: augmentation) }

  private static func pass(_ epoch: Float) -> Pass {
    Pass(key: RandomKey(seed: 5), keys: RowKeys(RandomKey(seed: 5), rows: 0..<8), epoch: epoch, step: 3, items: 32)
  }

  private static func norm(_ tensor: Tensor) -> Double { tensor.scalars.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }

  @Test(
    "a step moves every parameter against the slope of what validation reports of the same batch",
    arguments: [
      ([ClassPhase(.vae)], nil), ([ClassPhase(.joint, consistencyWeight: 0)], nil), ([ClassPhase(.joint, consistencyWeight: 3)], nil),
      ([ClassPhase(.joint, consistencyWeight: 3)], [0, 1]),
    ] as [([ClassPhase], [Int]?)])
  func slopes(_ phases: [ClassPhase], _ layers: [Int]?) throws {
    let (model, rate) = (try Self.model(), Float(1e-3))
    let learner = model.learner(Self.options(phases, layers: layers, Self.still), Descent(Optimiser(.sgd, rate: rate)))
    let state = try learner.start(Self.data, key: RandomKey(seed: 3))
    func loss(_ network: LadderNetwork) throws -> Double {
      var own = state
      own.player.network = network
      return -(try #require(learner.validation(&own, Self.batch, Self.pass(1)).first { $0.name == "objective_nats" }).value)
    }
    var moved = state
    _ = try learner.step(&moved, Self.batch, Self.pass(Float(1).nextDown))
    let slopes = zip(model.network.leaves, moved.player.network.leaves).map { ($0.leaf.path, ($0.tensor - $1.tensor) / rate) }
    let total = slopes.reduce(0.0) { $0 + Self.norm($1.1) * Self.norm($1.1) }.squareRoot()
    #expect(total > 0.01)
    for (path, slope) in slopes where Self.norm(slope) > 0.02 * total {
      let (length, h) = (Self.norm(slope), Float(0.01))
      func end(_ step: Float) throws -> Double {
        try loss(model.network.mapping { $0.path == path ? $1 + slope * (step / Float(length)) : $1 })
      }
      let central = try (8 * (end(h) - end(-h)) - (end(2 * h) - end(-2 * h))) / Double(12 * h)
      #expect(abs(central - length) < 0.02 * length + 2e-3 * total, "\(path): \(central) by differences, \(length) by the step")
    }
  }

  @Test("consistency alone moves what reads the codes of its layers and nothing else", arguments: [nil, [0], [0, 1]] as [[Int]?])
  func readers(_ layers: [Int]?) throws {
    let learner = try Self.model().learner(Self.options([ClassPhase(.consistency)], layers: layers), Descent(Optimiser(rate: 0.01)))
    var state = try learner.start(Self.data, key: RandomKey(seed: 3))
    let before = state.player.network
    _ = try learner.step(&state, Self.batch, Self.pass(0))
    let own = layers ?? [1]
    let readers =
      (0...(own.max() ?? 0)).map { "levels.\($0).encoder" } + own.flatMap { ["levels.\($0).rung", "levels.\($0).mean"] }
    for (old, new) in zip(before.leaves, state.player.network.leaves) {
      let isReader = readers.contains { old.leaf.path.hasPrefix($0) }
      #expect((old.tensor.scalars != new.tensor.scalars) == isReader, "\(old.leaf.path)")
    }
  }

  @Test("the terms are those of the definition: ln p(y|z) at the means of the codes, even over the components whatever weights were learned")
  func definition() throws {
    let model = try Self.model()
    let learner = model.learner(Self.options([ClassPhase(.joint)], Self.still), Descent(Optimiser()))
    var state = try learner.start(Self.data, key: RandomKey(seed: 3))
    let terms = try learner.validation(&state, Self.batch, Self.pass(1))
    func term(_ name: String) throws -> Double { try #require(terms.first { $0.name == name }).value }
    let q = model.responsibilities(Self.batch.values, draws: 0, keys: Self.pass(0).keys)[1].scalars.map(Double.init)
    let mean = (0..<4).map { component in (0..<8).reduce(0.0) { $0 + q[$1 * 4 + component] } / 8 }
    #expect(try abs(term("layer_1_class_entropy_nats") + q.reduce(0.0) { $0 + $1 * log($1) } / 8) < 1e-4)
    #expect(try abs(term("layer_1_imbalance_nats") - mean.reduce(0.0) { $0 + $1 * log(4 * $1) }) < 1e-4)
    #expect(try abs(term("layer_1_change_nats")) < 1e-4)
    let bound = model.learner(Self.options([ClassPhase(.joint, consistencyWeight: 0)], Self.still), Descent(Optimiser()))
    let plain = try bound.validation(&state, Self.batch, Self.pass(1))[0].value
    let r = try term("layer_1_change_nats") + 0.1 * (term("layer_1_class_entropy_nats") + 4 * term("layer_1_imbalance_nats"))
    #expect(try abs(plain - 20 * r - term("objective_nats")) < 1e-3)
  }

  @Test("of several mixtures the network is kept that is most consistent for the items held out, each begun from the same one")
  func restarts() throws {
    let model = try Self.model(.fixed)
    let phases = [ClassPhase(.vae, epochs: 1), ClassPhase(.mixture, restarts: 3), ClassPhase(.consistency, epochs: 1), ClassPhase(.joint)]
    let learner = model.learner(Self.options(phases), Descent(Optimiser(rate: 0.03)))
    #expect(learner.epochsBeforeComparison == 4)
    let judge = model.learner(Self.options([ClassPhase(.consistency)]), Descent(Optimiser()))
    func r(_ network: LadderNetwork) throws -> Double {
      var state = try judge.start(Self.data, key: RandomKey(seed: 1))
      state.player.network = network
      let keys = RowKeys(RandomKey(seed: 0).split("restarts"), rows: 0..<8)
      return -(try judge.validation(&state, Batch(Self.data[Array(32..<40)]), Pass(keys: keys, epoch: 1))[0].value)
    }
    var (state, tried, starts) = (try learner.start(Self.data, key: RandomKey(seed: 3)), [Double](), [[Float]]())
    for epoch in 0...4 {
      if epoch > 1 { tried.append(try r(state.player.network)) }
      try learner.begin(epoch: epoch, &state, Self.data, key: RandomKey(seed: 4).split(epoch))
      if (1...3).contains(epoch) { starts.append(state.player.network.levels[1].mean.weight.scalars) }
      for step in 0..<(epoch > 3 ? 0 : 4) {
        _ = try learner.step(&state, Batch(Self.items.slice(0, step * 8..<(step + 1) * 8)), Self.pass(Float(epoch)))
      }
    }
    #expect(Set(tried).count == 3 && starts[1] == starts[0] && starts[2] == starts[0])
    // The encoder is that of the best, and components have since moved to the codes.
    var refitted = state.player.network
    for epoch in 1...3 where tried[epoch - 1] == tried.min() {
      var again = try learner.start(Self.data, key: RandomKey(seed: 3))
      for own in 0...epoch {
        try learner.begin(epoch: own, &again, Self.data, key: RandomKey(seed: 4).split(own))
        for step in 0..<4 {
          _ = try learner.step(&again, Batch(Self.items.slice(0, step * 8..<(step + 1) * 8)), Self.pass(Float(own)))
        }
      }
      #expect(again.player.network.levels[1].mean.weight.scalars == refitted.levels[1].mean.weight.scalars)
      #expect(again.player.network.priors[1].means.scalars != refitted.priors[1].means.scalars)
      refitted.priors = again.player.network.priors
      #expect(try abs(r(refitted) - tried[epoch - 1]) < 1e-6)
    }
  }

  @Test("layers fade in during the first phase alone")
  func schedule() throws {
    let model = try Self.model()
    func objective(_ options: VLAC.TrainingOptions) throws -> Double {
      let learner = model.learner(options, Descent(Optimiser()))
      var state = try learner.start(Self.data, key: RandomKey(seed: 3))
      return try learner.validation(&state, Self.batch, Self.pass(Float(learner.epochsBeforeComparison + 1)))[0].value
    }
    let (joint, slow) = (ClassPhase(.joint, consistencyWeight: 0), LadderSchedule(fadeInBatches: 1000))
    let whole = try objective(VLAC.TrainingOptions(phases: [joint]))
    #expect(try objective(VLAC.TrainingOptions(LadderTraining(slow), phases: [joint])) != whole)
    #expect(try objective(VLAC.TrainingOptions(LadderTraining(slow), phases: [ClassPhase(.vae, epochs: 1), joint])) == whole)
  }

  @Test(
    "options that don't fit are refused by field",
    arguments: [
      (
        #""phases": [{"kind": "vae", "epochs": 1}, {"kind": "mixture"}, {"kind": "distil", "epochs": 1}, {"kind": "joint"}], "augmentation": {"shift": 1}"#,
        "phases[2].kind"
      ),
      (#""phases": [{"kind": "joint"}]"#, "augmentation"), (#""augmentation": {"shift": 1}"#, "augmentation"),
      (#""consistent_layers": [1]"#, "consistent_layers"), (#""phases": [{"kind": "vae"}], "pretraining_epochs": 2"#, "pretraining_epochs"),
      (#""phases": [{"kind": "joint"}], "augmentation": {"shift": 1}, "consistent_layers": [2]"#, "consistent_layers"),
      (#""phases": [{"kind": "joint"}], "augmentation": {"shift": 1}, "consistent_layers": [1, 1]"#, "consistent_layers"),
      (#""phases": [{"kind": "joint"}], "augmentation": {"shift": 1}, "consistent_layers": []"#, "consistent_layers"),
      (#""phases": [{"kind": "mixture"}, {"kind": "joint"}], "augmentation": {"shift": 1}"#, "phases[0]"),
    ])
  func refused(_ options: String, _ field: String) throws {
    func check(_ text: String) throws {
      try Self.model().check(try StrictJSON.decode(VLAC.TrainingOptions.self, from: Array("{\(text)}".utf8)))
    }
    #expect { try check(options) } throws: { ($0 as? Fault)?.field == field || ($0 as? JSONError)?.field == field }
    #expect(throws: Never.self) {
      try check(
        #""phases": [{"kind": "vae", "epochs": 1}, {"kind": "mixture"}, {"kind": "joint"}], "augmentation": {"shift": 1}, "consistent_layers": [0]"#)
    }
  }

  @Test("maps of what is no image are refused, other changes of it are not")
  func noImage() throws {
    let model = try VLAC(
      VLAC.Configuration(LadderConfiguration([.init(latent: 1)]), components: [2]), signature: .vector(3), key: RandomKey(seed: 1))
    #expect { try model.check(Self.options([ClassPhase(.joint)])) } throws: { ($0 as? Fault)?.field == "augmentation" }
    let noisy = VLAC.TrainingOptions(phases: [ClassPhase(.joint)], perturbation: Perturbation(noise: 0.1))
    #expect(throws: Never.self) { try model.check(noisy) }
  }
}
