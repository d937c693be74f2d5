import Families
import Formats
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("Phases in which classes are found")
struct ClassPhaseTests {
  private static let space = Signature.image(height: 4, width: 3)
  private static let items = RandomKey(seed: 2).uniform([40, 12])
  private static let data = TrainingData(count: 32, heldOut: 8, batchSize: 8) { items.gather($0) }

  private static func model<V: SemiSupervisedVariant>(_: V.Type, classes: [String]? = nil) throws -> SemiSupervised<V> {
    var signature = space
    signature.classes = classes
    let configuration = SemiSupervised<V>.Configuration(
      latent: 2, auxiliary: V.dependencies.contains(.auxiliary) ? 2 : 100, hidden: [8, 6], components: classes == nil ? 3 : 1, componentSpread: 1,
      activation: .tanh,
      classPixels: .grey, observation: Observation(.bernoulli, binarisation: .dynamic))
    var (model, number) = (try SemiSupervised<V>(configuration, signature: signature, key: RandomKey(seed: 1)), 0)
    model.network = model.network.mapping { _, tensor in
      number += 1
      return tensor + RandomKey(seed: 9).split(number).normal(tensor.shape) * 0.3
    }
    return model
  }

  private static func options(
    _ phases: [ClassPhase], _ augmentation: Augmentation? = Augmentation(rotation: 20, shift: 1), _ perturbation: Perturbation? = nil
  ) -> SemiSupervisedTrainingOptions {
    SemiSupervisedTrainingOptions(alpha: 0.2, weightPrior: 0, phases: phases, augmentation: augmentation, perturbation: perturbation)
  }

  private static func pass(_ epoch: Float) -> Pass {
    Pass(key: RandomKey(seed: 5), keys: RowKeys(RandomKey(seed: 5), rows: 0..<8), epoch: epoch, step: 3, items: 32)
  }

  /// A step of plain descent in the last phase moves every parameter against the slope of what validation reports of the same batch.
  private func checkSlopes<V: SemiSupervisedVariant>(
    _: V.Type, _ phases: [ClassPhase], _ augmentation: Augmentation? = Augmentation(rotation: 20, shift: 1), _ perturbation: Perturbation? = nil,
    labels: [Int] = []
  ) throws {
    let model = try Self.model(V.self, classes: labels.isEmpty ? nil : ["a", "b"])
    let rate: Float = 1e-3
    let learner = model.learner(Self.options(phases, augmentation, perturbation), Descent(Optimiser(.sgd, rate: rate)))
    var state = try learner.start(Self.data, key: RandomKey(seed: 3))
    let epoch = learner.epochsBeforeComparison
    for begun in Set([0, epoch]).sorted() { try learner.begin(epoch: begun, &state, Self.data, key: RandomKey(seed: 4)) }
    let batch = Batch(Self.items.slice(0, 0..<8), labels: BatchLabels(classes: labels, labelledItems: 4, items: 32))
    func loss(_ network: SemiSupervised<V>.Network) throws -> Double {
      var own = state
      own.player.network = network
      return -(try #require(learner.validation(&own, batch, Self.pass(Float(epoch + 1))).first { $0.name == "objective_nats" }).value)
    }
    let network = state.player.network
    var moved = state
    _ = try learner.step(&moved, batch, Self.pass(Float(epoch + 1).nextDown))
    let slopes = zip(network.leaves, moved.player.network.leaves).map { before, after in
      (path: before.leaf.path, slope: (before.tensor - after.tensor) / rate)
    }
    func norm(_ tensor: Tensor) -> Double { tensor.scalars.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
    let total = slopes.reduce(0.0) { $0 + norm($1.slope) * norm($1.slope) }.squareRoot()
    #expect(total > 0.01)
    for (path, slope) in slopes where norm(slope) > 0.02 * total {
      let (length, h) = (norm(slope), Float(0.01))
      func end(_ step: Float) throws -> Double {
        try loss(network.mapping { $0.path == path ? $1 + slope * (step / Float(length)) : $1 })
      }
      let central = try (8 * (end(h) - end(-h)) - (end(2 * h) - end(-2 * h))) / Double(12 * h)
      #expect(
        abs(central - length) < 0.02 * length + 2e-3 * total, "\(path) in \(phases.map(\.kind)): \(central) by differences, \(length) by the step")
    }
  }

  @Test("slopes of every phase are those of differences")
  func slopes() throws {
    // So small a map changes no answer: then the divergence, whose target is held fast, has the slope 0 with a moving target too.
    let still = Augmentation(rotation: 1e-4)
    try check(GMDGMVariant.self)
    try check(AGMDGMVariant.self)
    try check(M2Variant.self)
    try check(ADGMVariant.self)
    try check(SDGMVariant.self)
    try check(CaGeMVariant.self)
    func check<V: SemiSupervisedVariant>(_ variant: V.Type) throws {
      try checkSlopes(variant, [ClassPhase(.vae)])
      try checkSlopes(variant, [ClassPhase(.vae, epochs: 1), ClassPhase(.mixture), ClassPhase(.distil)])
      try checkSlopes(variant, [ClassPhase(.vae, epochs: 1), ClassPhase(.mixture), ClassPhase(.distil)], labels: [1, 0, 0])
      try checkSlopes(variant, [ClassPhase(.joint, consistencyWeight: 0)])
      // Without q(a|x), of which both sides have a draw of their own.
      guard !V.dependencies.contains(.auxiliary) else { return }
      try checkSlopes(variant, [ClassPhase(.consistency)], still)
      try checkSlopes(variant, [ClassPhase(.consistency)], still, labels: [1, 0])
      try checkSlopes(variant, [ClassPhase(.joint, consistencyWeight: 3)], still)
      try checkSlopes(variant, [ClassPhase(.joint, consistencyWeight: 3)], nil, Perturbation(noise: 1e-4, adversarial: 1e-4), labels: [1, 0])
    }
  }

  @Test("while q(y|x) learns its class nothing else moves, and in a VAE it does not move itself")
  func frozen() throws {
    let model = try Self.model(GMDGMVariant.self)
    let phases = [ClassPhase(.vae, epochs: 1), ClassPhase(.mixture), ClassPhase(.distil, epochs: 1), ClassPhase(.consistency)]
    let learner = model.learner(Self.options(phases), Descent(Optimiser()))
    var state = try learner.start(Self.data, key: RandomKey(seed: 3))
    let batch = Batch(Self.items.slice(0, 0..<8))
    for epoch in 0..<3 {
      try learner.begin(epoch: epoch, &state, Self.data, key: RandomKey(seed: 4))
      let before = state.player.network
      _ = try learner.step(&state, batch, Self.pass(Float(epoch)))
      for (old, new) in zip(before.leaves, state.player.network.leaves) where !old.leaf.path.hasPrefix("component") {
        let ofClasses = old.leaf.path.hasPrefix("classifier")
        if ofClasses != (epoch > 0) { #expect(old.tensor.scalars == new.tensor.scalars, "\(old.leaf.path) in epoch \(epoch)") }
        if old.leaf.path == (epoch > 0 ? "classifier_output.weight" : "output.weight") { #expect(old.tensor.scalars != new.tensor.scalars) }
      }
    }
  }

  @Test("of several mixtures the q(y|x) is kept that is most consistent for the items held out, and components are refitted under it")
  func restarts() throws {
    let model = try Self.model(GMDGMVariant.self)
    func learnt(_ restarts: Int) throws -> (state: GMDGM.LearningState, tried: [Double], kept: Double) {
      let phases = [
        ClassPhase(.vae, epochs: 1), ClassPhase(.mixture, restarts: restarts), ClassPhase(.distil, epochs: 1), ClassPhase(.joint),
      ]
      let learner = model.learner(Self.options(phases), Descent(Optimiser(rate: 0.03)))
      #expect(learner.epochsBeforeComparison == 1 + restarts)
      // The same judge for all: a consistency phase of the same options.
      let judge = model.learner(Self.options([ClassPhase(.consistency)]), Descent(Optimiser()))
      func r(_ network: GMDGM.Network) throws -> Double {
        var state = try judge.start(Self.data, key: RandomKey(seed: 1))
        state.player.network = network
        let keys = RowKeys(RandomKey(seed: 0).split("restarts"), rows: 0..<8)
        return -(try judge.validation(&state, Batch(Self.data[Array(32..<40)]), Pass(keys: keys, epoch: 1))[0].value)
      }
      var (state, tried) = (try learner.start(Self.data, key: RandomKey(seed: 3)), [Double]())
      for epoch in 0...1 + restarts {
        if epoch > 1 { tried.append(try r(state.player.network)) }
        try learner.begin(epoch: epoch, &state, Self.data, key: RandomKey(seed: 4).split(epoch))
        for step in 0..<(epoch > restarts ? 0 : 6) {
          let rows = step % 4 * 8..<(step % 4 + 1) * 8
          _ = try learner.step(&state, Batch(Self.items.slice(0, rows)), Self.pass(Float(epoch)))
        }
      }
      return (state, tried, try r(state.player.network))
    }
    let (state, tried, kept) = try learnt(4)
    #expect(Set(tried).count == 4 && abs(kept - (tried.min() ?? 0)) < 1e-6, "\(kept) of \(tried)")
    // Components have the moments of the codes: the mean of all is that of the components, weighted by q(y|x).
    let network = state.player.network
    #expect(network.componentMean?.isFinite == true && network.componentScale?.isFinite == true)
    #expect(try learnt(1).tried.count == 1)
  }

  @Test("a phase's rate is its own, its optimiser begins anew, and the last one goes on as long as the run")
  func rates() throws {
    let model = try Self.model(M2Variant.self)
    let phases = [ClassPhase(.consistency, epochs: 1, rate: 0.01), ClassPhase(.consistency, epochs: 1), ClassPhase(.consistency, rate: 0.5)]
    let learner = model.learner(Self.options(phases), Descent(Optimiser(.adam, rate: 0.1)))
    var state = try learner.start(Self.data, key: RandomKey(seed: 3))
    // The first step of Adam has the length of its rate.
    for (epoch, rate) in [(0, 0.01), (1, 0.1), (2, 0.5)] as [(Int, Float)] {
      try learner.begin(epoch: epoch, &state, Self.data, key: RandomKey(seed: 4))
      let before = state.player.network.classifierOutput.weight
      _ = try learner.step(&state, Batch(Self.items.slice(0, 0..<8)), Self.pass(Float(epoch)))
      let moves = (state.player.network.classifierOutput.weight - before).scalars.map { abs($0) }
      #expect(abs((moves.max() ?? 0) / rate - 1) < 0.01)
    }
    try learner.begin(epoch: 7, &state, Self.data, key: RandomKey(seed: 4))
    let before = state.player.network.classifierOutput.weight
    _ = try learner.step(&state, Batch(Self.items.slice(0, 0..<8)), Self.pass(7))
    #expect((state.player.network.classifierOutput.weight - before).scalars.contains { $0 != 0 })
  }

  @Test(
    "phases that don't follow from one another are refused by field",
    arguments: [
      (#"{"kind": "mixture"}"#, "phases[0]"), (#"{"kind": "vae", "epochs": 2}, {"kind": "mixture"}"#, "phases[1]"),
      (#"{"kind": "distil"}"#, "phases[0]"), (#"{"kind": "vae"}, {"kind": "joint"}"#, "phases[0].epochs"),
      (#"{"kind": "joint", "epochs": 2}"#, "phases[0].epochs"), (#"{"kind": "joint", "epochs": 1}, {"kind": "consistency"}"#, "phases[1]"),
      (#"{"kind": "vae", "epochs": 1}, {"kind": "mixture"}, {"kind": "mixture"}, {"kind": "joint"}"#, "phases[2]"),
      (#"{"kind": "vae", "epochs": 1}, {"kind": "mixture", "epochs": 1}, {"kind": "joint"}"#, "phases[1].epochs"),
      (#"{"kind": "vae", "epochs": 1}, {"kind": "mixture", "rate": 1}, {"kind": "joint"}"#, "phases[1].rate"),
      (#"{"kind": "vae", "epochs": 1}, {"kind": "mixture", "restarts": 0}, {"kind": "joint"}"#, "phases[1].restarts"),
      (#"{"kind": "vae", "epochs": 1}, {"kind": "mixture", "restarts": 2}, {"kind": "consistency"}"#, "phases[1].restarts"),
      (#"{"kind": "consistency", "consistency_weight": 3}"#, "phases[0].consistency_weight"), (#"{"kind": "sleep"}"#, "phases[0].kind"),
      (#"{"epochs": 3}"#, "phases[0].kind"),
    ])
  func refused(_ phases: String, _ field: String) throws {
    func options(_ rest: String) throws {
      let options = try StrictJSON.decode(SemiSupervisedTrainingOptions.self, from: Array("{\(rest)}".utf8))
      try Self.model(GMDGMVariant.self).check(options)
    }
    let maps = #""augmentation": {"rotation": 5}"#
    #expect { try options(#""phases": [\#(phases)], \#(maps)"#) } throws: { ($0 as? Fault)?.field == field || ($0 as? JSONError)?.field == field }
    #expect(throws: Never.self) {
      try options(
        #""phases": [{"kind": "vae", "epochs": 1}, {"kind": "mixture", "restarts": 2}, {"kind": "distil", "epochs": 1}, {"kind": "joint"}], \#(maps)"#
      )
    }
  }

  @Test("maps without phases, phases without the maps that they compare, and both beginnings at once are refused")
  func refusedBeside() throws {
    let model = try Self.model(GMDGMVariant.self)
    func field(_ options: SemiSupervisedTrainingOptions) -> String? {
      do { try model.check(options) } catch { return error.field }
      return nil
    }
    #expect(field(SemiSupervisedTrainingOptions(augmentation: Augmentation(shift: 1))) == "augmentation")
    #expect(field(SemiSupervisedTrainingOptions(perturbation: Perturbation(noise: 1))) == "perturbation")
    #expect(field(SemiSupervisedTrainingOptions(phases: [ClassPhase(.joint)], perturbation: Perturbation())) == "perturbation.noise")
    #expect(field(SemiSupervisedTrainingOptions(phases: [ClassPhase(.joint)], perturbation: Perturbation(adversarial: 1))) == nil)
    #expect(field(SemiSupervisedTrainingOptions(phases: [ClassPhase(.joint)])) == "augmentation")
    #expect(field(SemiSupervisedTrainingOptions(phases: [ClassPhase(.joint, consistencyWeight: 0)])) == nil)
    #expect(field(SemiSupervisedTrainingOptions(pretrainingEpochs: 1, phases: [ClassPhase(.joint, consistencyWeight: 0)])) == "pretraining_epochs")
    #expect(field(SemiSupervisedTrainingOptions(enumeration: 4)) == "enumeration" && field(SemiSupervisedTrainingOptions(enumeration: 3)) == nil)
  }
}
