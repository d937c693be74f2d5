import Distributions
import Families
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// A model's networks called one after the other, for one class at a time, as the formulae have them.
struct ByHand<V: SemiSupervisedVariant> {
  let model: SemiSupervised<V>
  let deviation: Float

  private var network: SemiSupervised<V>.Network { model.network }

  func mlp(_ mlp: ConditionalMLP, _ inputs: [Tensor], _ y: Int? = nil) -> Tensor {
    let parts = zip(mlp.inputs, inputs).map { $0($1, .evaluation) }
    var sum = parts.dropFirst().reduce(parts[0], +)
    if let y, let classes = mlp.classes { sum = sum + classes.slice(0, y..<y + 1) }
    let activation = Activation.tanh
    return mlp.hidden(activation(mlp.normalisation?(sum, .evaluation) ?? sum), .evaluation)
  }

  private func normal(_ h: Tensor, _ mean: Linear?, _ scale: Linear?) throws -> Normal {
    let (mean, scale) = (try #require(mean), try #require(scale))
    return Normal(mean: mean(h, .evaluation), logDeviation: 0.5 * scale(h, .evaluation))
  }

  /// q(a|x)
  func auxiliary(_ x: Tensor) throws -> Normal {
    try normal(mlp(try #require(network.auxiliary), [x]), network.auxiliaryMean, network.auxiliaryScale)
  }

  /// ln q(y|a, x): [rows, components].
  func logClasses(_ x: Tensor, _ a: Tensor) -> Tensor {
    network.classifierOutput(mlp(network.classifier, [x, a]), .evaluation).logSoftmax()
  }

  /// q(z|a, x, y)
  func code(_ x: Tensor, _ a: Tensor, _ y: Int) throws -> Normal {
    try normal(mlp(network.latent, [x, a], y), network.latentMean, network.latentScale)
  }

  /// p(a|x, z, y), of the skip model p(a|z, y)
  func auxiliaryPrior(_ x: Tensor, _ z: Tensor, _ y: Int) throws -> Normal {
    let inputs = V.dependencies.contains(.itemOnAuxiliary) ? [z] : [x, z]
    return try normal(mlp(try #require(network.auxiliaryPrior), inputs, y), network.auxiliaryPriorMean, network.auxiliaryPriorScale)
  }

  /// p(x|z, y), of the skip model p(x|a, z, y)
  func item(_ z: Tensor, _ a: Tensor, _ y: Int) -> Normal {
    let inputs = V.dependencies.contains(.itemOnAuxiliary) ? [a, z] : [z]
    return Normal(mean: network.output(mlp(network.decoder, inputs, y), .evaluation), deviation: Tensor(deviation))
  }

  /// ln p(y), equal for all, or ln p(y|z): [rows].
  func logClass(_ z: Tensor, _ y: Int) -> Tensor {
    guard let prior = network.classPrior, let output = network.classPriorOutput else {
      return .full([z.shape[0]], -Foundation.log(Float(model.componentCount)))
    }
    return output(mlp(prior, [z]), .evaluation).logSoftmax().slice(1, y..<y + 1).reshaped([z.shape[0]])
  }

  /// L(x, y) at given noise: [rows].
  func bound(_ x: Tensor, _ y: Int, auxiliaryNoise: Tensor, latentNoise: Tensor) throws -> Tensor {
    let qa = try auxiliary(x)
    let a = qa.sample(noise: auxiliaryNoise)
    let qz = try code(x, a, y)
    let z = qz.sample(noise: latentNoise)
    // ln p(x|·) + ln p(y|·) - KL(q(z|·) || p(z)) - (ln q(a|x) - ln p(a|·))
    let generative = item(z, a, y).logProbability(of: x) + logClass(z, y)
    return generative - qz.standardKL.rowSums() - qa.logProbability(of: a) + (try auxiliaryPrior(x, z, y)).logProbability(of: a)
  }

  /// ln p(x) of one item by a grid over z, and over a where items depend on it.
  func exact(_ x: Tensor) throws -> Double {
    let (side, step) = (241, 0.05)
    let grid = (0..<side).map { Float(step * Double($0 - side / 2)) }
    let isLayer = V.dependencies.contains(.itemOnAuxiliary)
    var logs: [Double] = []
    for y in 0..<model.componentCount {
      for a in isLayer ? grid : [0] {
        let (z, a) = (Tensor(shape: [side, 1], scalars: grid), Tensor.full([side, 1], a))
        let rows = x.gather([Int](repeating: 0, count: side))
        var joint = Normal.standard(rows: side, dimensions: 1).logProbability(of: z) + logClass(z, y) + item(z, a, y).logProbability(of: rows)
        if isLayer { joint = joint + (try auxiliaryPrior(rows, z, y)).logProbability(of: a) }
        logs += joint.scalars.map { Double($0) + log(step) * (isLayer ? 2 : 1) }
      }
    }
    let most = logs.max() ?? 0
    return most + log(logs.reduce(0) { $0 + exp($1 - most) })
  }
}

@Suite("Auxiliary models: ADGM, SDGM and CaGeM")
struct AuxiliaryModelTests {
  static func keys(_ count: Int, seed: UInt64 = 4) -> RowKeys { RowKeys(RandomKey(seed: seed), rows: 0..<count) }

  static func model<V: SemiSupervisedVariant>(
    _: V.Type, classes: [String]? = nil, components: Int = 3, width: Int = 5, latent: Int = 3, auxiliary: Int = 2, classDraws: Int? = nil,
    batchNorm: Bool? = nil
  ) throws -> SemiSupervised<V> {
    var signature = Signature.vector(width)
    signature.classes = classes
    let configuration = SemiSupervised<V>.Configuration(
      latent: latent, auxiliary: V.dependencies.contains(.auxiliary) ? auxiliary : 100, hidden: [8, 6], components: components, activation: .tanh,
      classDraws: classDraws, batchNorm: batchNorm, observation: Observation(.gaussian, deviation: 0.5))
    var (model, number) = (try SemiSupervised<V>(configuration, signature: signature, key: RandomKey(seed: 1)), 0)
    model.network = model.network.mapping { leaf, tensor in
      number += 1
      let noise = RandomKey(seed: 9).split(number).normal(tensor.shape) * 0.3
      return leaf.isTrainable ? tensor + noise : tensor + noise.squared()
    }
    return model
  }

  static let x = RandomKey(seed: 2).normal([6, 5])
  static let bare = SemiSupervisedTrainingOptions(alpha: 0, weightPrior: 0)

  static func loss<V: SemiSupervisedVariant>(
    _ model: SemiSupervised<V>, _ x: Tensor, _ labels: [Int] = [], keys: RowKeys, _ options: SemiSupervisedTrainingOptions = bare
  ) -> Double {
    let batch = Batch(x, labels: BatchLabels(classes: labels, labelledItems: 1, items: 1))
    return Double(model.objective(model.network, batch: batch, options: options, pass: Pass(keys: keys, epoch: 0)).loss.scalar)
  }

  // MARK: - The bound

  @Test("L is the formula, and U the loop Σ_y q(y|a, x) (L - ln q(y|a, x)) over it, of all classes or the likeliest")
  func formula() throws {
    try Self.checkFormula(ADGMVariant.self)
    try Self.checkFormula(SDGMVariant.self)
    try Self.checkFormula(CaGeMVariant.self)
  }

  private static func checkFormula<V: SemiSupervisedVariant>(_: V.Type) throws {
    for batchNorm in [nil, true] {
      let model = try model(V.self, classes: ["a", "b"], components: 1, batchNorm: batchNorm)
      let hand = ByHand(model: model, deviation: 0.5)
      let (a, z) = (keys(6).split("auxiliary").normal(2), keys(6).split("latent").normal(3))
      let q = hand.logClasses(x, try hand.auxiliary(x).sample(noise: a)).scalars.map(Double.init)
      let bounds = try (0..<3).map { try hand.bound(x, $0, auxiliaryNoise: a, latentNoise: z).scalars.map(Double.init) }
      for item in 0..<6 {
        let (row, own) = (x.gather([item]), keys(6).slice(item..<item + 1))
        for y in 0..<2 {
          let l = -loss(model, row, [y], keys: own)
          #expect(abs(l - bounds[y][item]) < 1e-4 * abs(l), "\(V.name), class \(y)")
        }
        let likeliest = (0..<3).sorted { q[item * 3 + $0] > q[item * 3 + $1] }
        for count in 1...3 {
          let chosen = likeliest.prefix(count)
          let mass = chosen.reduce(0.0) { $0 + exp(q[item * 3 + $1]) }
          let explicit = chosen.reduce(0.0) { sum, y in
            let share = exp(q[item * 3 + y]) / mass
            return sum + share * (bounds[y][item] - log(share))
          }
          let u = -loss(model, row, keys: own, SemiSupervisedTrainingOptions(alpha: 0, weightPrior: 0, enumeration: count))
          #expect(abs(u - explicit) < 1e-4 * abs(explicit), "\(V.name), \(count) classes")
        }
      }
    }
  }

  @Test("the bound of several draws is the mean of the bounds of each, with labels as without")
  func draws() throws {
    try Self.checkDraws(ADGMVariant.self)
    try Self.checkDraws(SDGMVariant.self)
    try Self.checkDraws(CaGeMVariant.self)
    try Self.checkDraws(M2Variant.self)
  }

  private static func checkDraws<V: SemiSupervisedVariant>(_: V.Type) throws {
    let model = try model(V.self, classes: ["a", "b"], components: 1)
    let own = [keys(6)] + (1..<3).map { keys(6).split("draw").split($0) }
    for labels in [[], [1, 0]] {
      let each = own.map { loss(model, x, labels, keys: $0, SemiSupervisedTrainingOptions(alpha: 0.7, weightPrior: 0)) }
      let tiled = loss(model, x, labels, keys: keys(6), SemiSupervisedTrainingOptions(alpha: 0.7, weightPrior: 0, draws: 3))
      #expect(Set(each).count == 3 && abs(tiled - each.reduce(0, +) / 3) < 1e-4 * abs(tiled), "\(V.name) \(labels)")
    }
  }

  @Test("consistency is judged by an item's first draw, however many its bound has")
  func consistentDraws() throws {
    let model = try Self.model(ADGMVariant.self, classes: ["a", "b"], components: 1)
    let data = TrainingData(count: 6) { Self.x.gather($0) }
    func objective(_ draws: Int, weight: Float) throws -> Double {
      let options = SemiSupervisedTrainingOptions(
        alpha: 0.3, draws: draws, phases: [ClassPhase(.joint, consistencyWeight: weight)], perturbation: Perturbation(noise: 0.5))
      let learner = model.learner(options, Descent())
      var state = try learner.start(data, key: RandomKey(seed: 1))
      let batch = Batch(Self.x, labels: BatchLabels(classes: [1, 0], labelledItems: 2, items: 6))
      return try learner.validation(&state, batch, Pass(keys: Self.keys(6), epoch: 1))[0].value
    }
    let r = try [1, 3].map { try objective($0, weight: 0) - objective($0, weight: 1) }
    #expect(r[0] > 0.01 && abs(r[0] - r[1]) < 1e-3)
    #expect(try objective(1, weight: 0) != objective(3, weight: 0))
  }

  @Test("where p(a|·) is q(a|x) and nothing else depends on a, the bounds are those of M2 at any draw")
  func m2() throws {
    var model = try Self.model(ADGMVariant.self, classes: ["a", "b"], components: 1)
    var m2 = try Self.model(M2Variant.self, classes: ["a", "b"], components: 1)
    // p(a|x, z, y) blind to z and y, with the weights of q(a|x).
    let q = try #require(model.network.auxiliary)
    var p = try #require(model.network.auxiliaryPrior)
    (p.inputs[0], p.inputs[1].weight, p.classes, p.hidden) = (q.inputs[0], .zeros([8, 3]), .zeros([3, 8]), q.hidden)
    model.network.auxiliaryPrior = p
    (model.network.auxiliaryPriorMean, model.network.auxiliaryPriorScale) = (model.network.auxiliaryMean, model.network.auxiliaryScale)
    model.network.classifier.inputs[1].weight = .zeros([8, 2])
    model.network.latent.inputs[1].weight = .zeros([8, 2])
    let own = Dictionary(uniqueKeysWithValues: model.network.leaves.map { ($0.leaf.path, $0.tensor) })
    m2.network = m2.network.mapping { leaf, _ in own[leaf.path] ?? .zeros([0]) }
    for seed in 1..<4 as Range<UInt64> {
      let keys = Self.keys(6, seed: seed)
      for labels in [[], [1, 0, 1]] {
        let (a, b) = (Self.loss(model, Self.x, labels, keys: keys), Self.loss(m2, Self.x, labels, keys: keys))
        #expect(abs(a - b) < 1e-5 * abs(b))
      }
      let (a, b) = (model.score(Self.x, draws: 4, keys: keys), m2.score(Self.x, draws: 4, keys: keys))
      for ((term, values), (_, expected)) in zip(a.values, b.values) {
        for (a, b) in zip(values.scalars, expected.scalars) { #expect(abs(a - b) < 1e-4 * abs(b) + 1e-4, "\(term.name)") }
      }
    }
  }

  @Test("with p(y|z) = p(y) the cluster-aware model is the auxiliary one, term by term")
  func constantClassPrior() throws {
    let adgm = try Self.model(ADGMVariant.self, classes: ["a", "b"], components: 1)
    var cagem = try Self.model(CaGeMVariant.self, classes: ["a", "b"], components: 1)
    let own = Dictionary(uniqueKeysWithValues: adgm.network.leaves.map { ($0.leaf.path, $0.tensor) })
    cagem.network = cagem.network.mapping { leaf, tensor in own[leaf.path] ?? tensor }
    func terms<V: SemiSupervisedVariant>(_ model: SemiSupervised<V>) -> [Term] {
      let batch = Batch(Self.x, labels: BatchLabels(classes: [1, 0], labelledItems: 2, items: 6))
      return model.objective(model.network, batch: batch, options: Self.bare, pass: Pass(keys: Self.keys(6), epoch: 0)).terms
    }
    #expect(zip(terms(adgm), terms(cagem)).contains { abs($0.value - $1.value) > 1e-3 })
    let output = try #require(cagem.network.classPriorOutput)
    cagem.network.classPriorOutput = Linear(weight: .zeros(output.weight.shape), bias: .full([3], 0.4))
    #expect(terms(adgm).map(\.name) == terms(cagem).map(\.name))
    for (a, b) in zip(terms(adgm), terms(cagem)) { #expect(abs(a.value - b.value) < 1e-4, "\(a.name)") }
    for (a, b) in zip(adgm.score(Self.x, draws: 3, keys: Self.keys(6)).values, cagem.score(Self.x, draws: 3, keys: Self.keys(6)).values) {
      for (one, other) in zip(a.values.scalars, b.values.scalars) { #expect(abs(one - other) < 1e-4) }
    }
  }

  @Test("bounds are below ln p(x) by quadrature over z, a and y, and the importance-weighted one comes up to it")
  func exact() throws {
    try Self.checkExact(ADGMVariant.self)
    try Self.checkExact(SDGMVariant.self)
    try Self.checkExact(CaGeMVariant.self)
  }

  private static func checkExact<V: SemiSupervisedVariant>(_: V.Type) throws {
    let model = try model(V.self, components: 2, width: 2, latent: 1, auxiliary: 1)
    let x = RandomKey(seed: 3).normal([1, 2])
    let exact = try ByHand(model: model, deviation: 0.5).exact(x)
    let (rows, count) = (x.gather([Int](repeating: 0, count: 500)), 500)
    func mean(_ draws: Int, _ term: Scores.Term) -> (mean: Double, error: Double) {
      average(model.score(rows, draws: draws, keys: keys(count))[term].scalars)
    }
    let (elbo, few, many) = (mean(1, .elbo), mean(1, .iwae), mean(300, .iwae))
    #expect(elbo.mean < exact - 3 * elbo.error && elbo.mean < few.mean + 3 * few.error && few.mean < exact + 3 * few.error, "\(V.name)")
    #expect(abs(many.mean - exact) < 0.01, "\(V.name): \(many) of \(exact)")
  }

  @Test("what is said of held out items hangs on none of their labels")
  func labelsKept() throws {
    func check<V: SemiSupervisedVariant>(_: V.Type) throws {
      let learner = try Self.model(V.self, classes: ["a", "b"], components: 1).learner(SemiSupervisedTrainingOptions(), Descent())
      let data = TrainingData(count: 6) { Self.x.gather($0) }
      func validation(_ labels: [Int]) throws -> [Term] {
        var state = try learner.start(data, key: RandomKey(seed: 1))
        let batch = Batch(Self.x, labels: BatchLabels(classes: labels, labelledItems: 6, items: 6))
        return try learner.validation(&state, batch, Pass(keys: Self.keys(6), epoch: 1))
      }
      let blind = try validation([])
      #expect(try validation([0, 0, 0, 0, 0, 0]) == blind && validation([0, 1, 0, 1, 0, 1]) == blind)
    }
    try check(ADGMVariant.self)
    try check(SDGMVariant.self)
    try check(CaGeMVariant.self)
  }

  // MARK: - Classes

  @Test("a class's probability is the mean over draws of a under the same noise for every item, or its value at the mean of a")
  func classDraws() throws {
    let model = try Self.model(SDGMVariant.self, classDraws: 7)
    let hand = ByHand(model: model, deviation: 0.5)
    let noise = RandomKey(seed: 0).split("class draws").normal([7, 2])
    let q = try hand.auxiliary(Self.x)
    let parts = (0..<7).map { hand.logClasses(Self.x, q.sample(noise: noise.slice(0, $0..<$0 + 1))).exp() }
    let expected = parts.dropFirst().reduce(parts[0], +) / 7
    for (a, b) in zip(model.logits(Self.x).softmax().scalars, expected.scalars) { #expect(abs(a - b) < 1e-5) }
    let atMean = try Self.model(SDGMVariant.self, classDraws: 0)
    for (a, b) in zip(atMean.logits(Self.x).softmax().scalars, hand.logClasses(Self.x, q.mean).exp().scalars) { #expect(abs(a - b) < 1e-5) }
    // A hundred draws unless it is said otherwise: near what draws of an item's own come to.
    let usual = try Self.model(SDGMVariant.self)
    let many = usual.responsibilities(Self.x, draws: 20_000, keys: Self.keys(6))[0]
    for (a, b) in zip(usual.logits(Self.x).softmax().scalars, many.scalars) { #expect(abs(a - b) < 0.03) }
    #expect(bits(usual.responsibilities(Self.x, draws: 0, keys: Self.keys(6))[0]) == bits(usual.logits(Self.x).softmax()))
  }

  @Test("a family has the settings that do something for it, and no others")
  func settings() {
    func names<V: SemiSupervisedVariant>(_: V.Type) -> Set<String> { Set(SemiSupervised<V>.configurationFields.map(\.name)) }
    let all: Set = ["auxiliary_given", "class_draws", "class_prior", "component_spread", "hidden_classes"]
    #expect(names(AGMDGMVariant.self).isSuperset(of: all))
    #expect(names(ADGMVariant.self).intersection(all) == ["auxiliary_given", "class_draws", "class_prior", "hidden_classes"])
    #expect(names(SDGMVariant.self).intersection(all) == ["class_draws", "class_prior", "hidden_classes"])
    #expect(names(CaGeMVariant.self).intersection(all) == ["auxiliary_given", "class_draws"])
    #expect(!names(GMDGMVariant.self).contains("class_draws") && !names(M2Variant.self).contains("class_draws"))
  }

  // MARK: - Batch normalisation

  @Test("a finished model has the moments of all items, each under the classes that it is learnt under")
  func moments() throws {
    let model = try Self.model(ADGMVariant.self, batchNorm: true)
    let x = RandomKey(seed: 7).normal([64, 5]) * 3 + 2
    let data = TrainingData(count: 64, batchSize: 16) { x.gather($0) }
    func finished(_ options: SemiSupervisedTrainingOptions) -> ADGM { model.finished(data, options: options, key: RandomKey(seed: 3)) }
    let own = finished(Self.bare)
    let encoder = try #require(model.network.auxiliary)
    let h = encoder.inputs[0](x, .evaluation)
    let mean = try #require(own.network.auxiliary?.normalisation?.runningMean)
    for (a, b) in zip(mean.scalars, h.mean(axes: [0]).scalars) { #expect(abs(a - b) < 1e-4) }
    // Of q(z|a, x, y) they are those of the pairs of item and class.
    let pairs = try #require(own.network.latent.normalisation?.runningMean)
    let fewer = try #require(finished(SemiSupervisedTrainingOptions(enumeration: 1)).network.latent.normalisation?.runningMean)
    #expect(zip(pairs.scalars, fewer.scalars).contains { abs($0 - $1) > 1e-3 })
    #expect(bits(own.network.parameterTensors[0]) == bits(model.network.parameterTensors[0]))
    let plain = try Self.model(ADGMVariant.self)
    #expect(
      plain.finished(data, options: Self.bare, key: RandomKey(seed: 3)).network.leaves.map { bits($0.tensor) }
        == plain.network.leaves.map { bits($0.tensor) })
  }

  @Test("running averages are of items as they are, whatever maps q(y|x) is compared under")
  func untraced() throws {
    let model = try Self.model(ADGMVariant.self, batchNorm: true)
    let data = TrainingData(count: 6) { Self.x.gather($0) }
    func learnt(_ kind: ClassPhase.Kind, noise: Float) throws -> ADGM.Network {
      let options = SemiSupervisedTrainingOptions(weightPrior: 0, phases: [ClassPhase(kind)], perturbation: Perturbation(noise: noise))
      let learner = model.learner(options, Descent(Optimiser(.sgd, rate: 0.01)))
      var state = try learner.start(data, key: RandomKey(seed: 1))
      try learner.begin(epoch: 0, &state, data, key: RandomKey(seed: 2))
      _ = try learner.step(&state, Batch(Self.x), Pass(keys: Self.keys(6), epoch: 0))
      return learner.model(state).network
    }
    let fresh = try #require(model.network.classifier.normalisation)
    for kind in [ClassPhase.Kind.consistency, .joint] {
      let (a, b) = (try learnt(kind, noise: 0.1), try learnt(kind, noise: 50))
      let (one, other) = (try #require(a.classifier.normalisation), try #require(b.classifier.normalisation))
      #expect(bits(one.runningMean) == bits(other.runningMean) && bits(one.runningVariance) == bits(other.runningVariance))
      #expect(
        bits(one.weight) != bits(other.weight) && bits(one.runningMean) != bits(fresh.runningMean))
    }
  }

  @Test("a run in phases ends with moments collected anew, too")
  func finishedPhases() throws {
    let model = try Self.model(CaGeMVariant.self, batchNorm: true)
    let data = TrainingData(count: 6, batchSize: 6) { Self.x.gather($0) }
    let options = SemiSupervisedTrainingOptions(phases: [ClassPhase(.joint, consistencyWeight: 0)])
    let (phased, plain) = (model.learner(options, Descent()), model.learner(Self.bare, Descent()))
    let key = RandomKey(seed: 1)
    let (a, b) = (phased.finished(model, data, key: key), plain.finished(model, data, key: key))
    #expect(a.network.leaves.map { bits($0.tensor) } == b.network.leaves.map { bits($0.tensor) })
    #expect(a.network.leaves.map { bits($0.tensor) } != model.network.leaves.map { bits($0.tensor) })
  }
}
