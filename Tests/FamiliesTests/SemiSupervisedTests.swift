import Distributions
import Families
import Formats
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("Semi-supervised models: M2, GM-DGM and AGM-DGM")
struct SemiSupervisedTests {
  private static func keys(_ count: Int, seed: UInt64 = 4) -> RowKeys { RowKeys(RandomKey(seed: seed), rows: 0..<count) }

  private static func signature(_ width: Int, classes: [String]? = nil) -> Signature {
    var signature = Signature.vector(width)
    signature.classes = classes
    return signature
  }

  private static func model<V: SemiSupervisedVariant>(
    _: V.Type, classes: [String]? = nil, components: Int, latent: Int = 3, auxiliaryGiven: AuxiliaryGiven? = nil
  ) throws -> SemiSupervised<V> {
    let configuration = SemiSupervised<V>.Configuration(
      latent: latent, auxiliary: V.dependencies.contains(.auxiliary) ? 2 : 100, auxiliaryGiven: auxiliaryGiven, hidden: [8, 6],
      components: components, componentSpread: 1,
      activation: .tanh,
      observation: Observation(.gaussian, deviation: 0.5))
    var model = try SemiSupervised<V>(configuration, signature: signature(5, classes: classes), key: RandomKey(seed: 1))
    var number = 0
    // Heads start near zero, where nothing could go wrong.
    model.network = model.network.mapping { _, tensor in
      number += 1
      return tensor + RandomKey(seed: 9).split(number).normal(tensor.shape) * 0.3
    }
    return model
  }

  private static let x = RandomKey(seed: 2).normal([6, 5])

  @Test("the bound of an item without a label is an explicit loop over its classes")
  func enumeration() throws {
    try Self.checkEnumeration(GMDGMVariant.self)
    try Self.checkEnumeration(M2Variant.self)
    try Self.checkEnumeration(AGMDGMVariant.self)
  }

  private static func checkEnumeration<V: SemiSupervisedVariant>(_: V.Type) throws {
    let model = try model(V.self, classes: ["a", "b"], components: 3)
    let options = SemiSupervisedTrainingOptions(alpha: 0, weightPrior: 0)
    func loss(_ item: Int, _ labels: [Int]) -> Double {
      let batch = Batch(x.gather([item]), labels: BatchLabels(classes: labels, labelledItems: 1, items: 1))
      let pass = Pass(keys: keys(6).slice(item..<item + 1), epoch: 0)
      return Double(model.objective(model.network, batch: batch, options: options, pass: pass).loss.scalar)
    }
    for item in 0..<6 {
      // q(y|x) of an auxiliary model hangs on the draw of a, which is not to be had here: there the loop is bounded by the best q.
      let bounds = (0..<5).map { -loss(item, [$0]) }
      let unlabelled = -loss(item, [])
      let best = Double.logSumExp(bounds)
      #expect(unlabelled < best + 1e-4)
      guard !V.dependencies.contains(.auxiliary) else { continue }
      let q = model.logits(x.gather([item])).softmax().scalars.map(Double.init)
      let explicit = zip(q, bounds).reduce(0.0) { $0 + $1.0 * ($1.1 - Double.log($1.0)) }
      #expect(abs(unlabelled - explicit) < 1e-3 * abs(explicit))
    }
  }

  @Test("weighed under its likeliest components alone an item's bound is a loop over those, and at most ln Σ e^L over them, and so over all")
  func likeliest() throws {
    try Self.checkLikeliest(GMDGMVariant.self)
    try Self.checkLikeliest(M2Variant.self)
    try Self.checkLikeliest(AGMDGMVariant.self)
  }

  private static func checkLikeliest<V: SemiSupervisedVariant>(_: V.Type) throws {
    let model = try model(V.self, classes: ["a", "b"], components: 3)
    func loss(_ item: Int, _ labels: [Int], _ enumeration: Int?) -> Double {
      let batch = Batch(x.gather([item]), labels: BatchLabels(classes: labels, labelledItems: 1, items: 1))
      let options = SemiSupervisedTrainingOptions(alpha: 0, weightPrior: 0, enumeration: enumeration)
      return Double(
        model.objective(model.network, batch: batch, options: options, pass: Pass(keys: keys(6).slice(item..<item + 1), epoch: 0)).loss.scalar)
    }
    for item in 0..<6 {
      let bounds = (0..<5).map { -loss(item, [$0], nil) }
      let best = Double.logSumExp(bounds)
      #expect(loss(item, [], 5) == loss(item, [], nil))
      for count in 1..<5 {
        let few = -loss(item, [], count)
        #expect(few < best + 1e-4)
        // Of an auxiliary model q(y|x) hangs on the draw of a, which is not to be had here.
        guard !V.dependencies.contains(.auxiliary) else { continue }
        let q = model.logits(x.gather([item])).softmax().scalars.map(Double.init)
        let chosen = (0..<5).sorted { q[$0] > q[$1] }.prefix(count)
        let mass = chosen.reduce(0.0) { $0 + q[$1] }
        let explicit = chosen.reduce(0.0) { $0 + q[$1] / mass * (bounds[$1] - Double.log(q[$1] / mass)) }
        #expect(abs(few - explicit) < 1e-3 * abs(explicit) && few < Double.logSumExp(chosen.map { bounds[$0] }) + 1e-4)
      }
      // The one component that is left has its own bound.
      if !V.dependencies.contains(.auxiliary) { #expect(bounds.contains { abs($0 + loss(item, [], 1)) < 1e-3 * abs($0) }) }
    }
  }

  @Test("marginal bounds keep the discrete oracle: at most logsumexp, reached by the softmax")
  func discreteOracle() throws {
    let model = try Self.model(GMDGMVariant.self, components: 3)
    // U(q) = Σ q (L - ln q); the uniform prior's ln 1/3 is in `marginal`, so it is taken off L here.
    let l: [Float] = [-3, -1, -2]
    let likelihood = Tensor(shape: [1, 3], scalars: l.map { $0 - Float(Double.log(1 / 3.0)) })
    func bound(_ logits: [Float]) -> Double {
      Double(model.marginal(logits: Tensor(shape: [1, 3], scalars: logits), logLikelihood: likelihood, divergence: .zeros([1, 3])).bound.scalars[0])
    }
    #expect(abs(bound(l) + 0.5923940356) < 1e-5)
    #expect(abs(bound([0, 0, 0]) + 0.9013877113) < 1e-5)
    let q = model.marginal(logits: Tensor(shape: [1, 3], scalars: l), logLikelihood: likelihood, divergence: .zeros([1, 3])).responsibilities
    for (value, expected) in zip(q.scalars, [0.0900306, 0.6652410, 0.2447285]) { #expect(abs(Double(value) - expected) < 1e-6) }
  }

  @Test("the prior's masses: labelled classes 1/K each, hidden and added ones share the rest")
  func prior() {
    let card = GMDGM.Configuration(components: 15, hiddenClasses: 5).prior(classes: 5)
    #expect(card.count == 20 && card.prefix(5).allSatisfy { $0 == 0.1 })
    #expect(card.dropFirst(5).allSatisfy { abs($0 - 0.0333333333) < 1e-9 })
    #expect(abs(card.reduce(0, +) - 1) < 1e-12)
    let given = GMDGM.Configuration(components: 2, classPrior: [0.3, 0.2]).prior(classes: 2)
    #expect(given == [0.3, 0.2, 0.25, 0.25])
    #expect(GMDGM.Configuration(components: 4).prior(classes: 0) == [0.25, 0.25, 0.25, 0.25])
    #expect(GMDGM.Configuration().prior(classes: 2) == [0.5, 0.5])
  }

  @Test("one component is a VAE with a learned Gaussian prior")
  func oneComponent() throws {
    var model = try Self.model(GMDGMVariant.self, components: 1)
    let x = Self.x
    let learned = model.score(x, draws: 1, keys: Self.keys(6))
    #expect(model.responsibilities(x, draws: 0, keys: Self.keys(6))[0].scalars == [Float](repeating: 1, count: 6))
    // KL(q || p) by hand, with the prior that was learnt.
    let q = model.encode(x).compactMap(\.normal)[0]
    let p = Normal(
      mean: try #require(model.network.componentMean).gather([0, 0, 0, 0, 0, 0]),
      logDeviation: 0.5 * (try #require(model.network.componentScale)).gather([0, 0, 0, 0, 0, 0]))
    let byHand = Normal(mean: q.mean, deviation: q.deviation).divergence(from: p)
    for (a, b) in zip(learned[.kl].scalars, byHand.scalars) { #expect(abs(a - b) < 1e-4 * abs(b)) }
    // With a standard normal component it is the VAE of the same weights.
    model.network.componentMean = .zeros([1, 3])
    model.network.componentScale = .zeros([1, 3])
    let classRow = try #require(model.network.latent.classes).reshaped([8])
    var vae = try VAE(
      VAE.Configuration(
        latent: 3, hidden: [8, 6], decoderHidden: [8, 6], activation: .tanh, scale: .expHalf, observation: Observation(.gaussian, deviation: 0.5)),
      signature: Self.signature(5), key: RandomKey(seed: 3))
    let own = Dictionary(uniqueKeysWithValues: model.network.leaves.map { ($0.leaf.path, $0.tensor) })
    let names = [
      "encoder.0": "latent.inputs.0", "encoder.2": "latent.hidden.0", "mean": "latent_mean", "scale": "latent_scale", "decoder.0": "decoder.inputs.0",
      "decoder.2": "decoder.hidden.0", "output": "output",
    ]
    vae.network = vae.network.mapping { leaf, tensor in
      let end = leaf.path.lastIndex(of: ".") ?? leaf.path.startIndex
      let (module, part) = (String(leaf.path[..<end]), String(leaf.path[end...]))
      guard let name = names[module], let value = own[name + part] else { return tensor }
      return leaf.path == "encoder.0.bias" ? value + classRow : value
    }
    let (ours, theirs) = (model.score(x, draws: 1, keys: Self.keys(6)), vae.score(x, draws: 1, keys: Self.keys(6)))
    for (a, b) in zip(ours[.kl].scalars, theirs[.kl].scalars) { #expect(abs(a - b) < 1e-4 * abs(b)) }
    let (a, b) = (model.reconstruct(x, sampling: false, keys: Self.keys(6)), vae.reconstruct(x, sampling: false, keys: Self.keys(6)))
    for (a, b) in zip(a.scalars, b.scalars) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("with equal components nothing hangs on the class, and the best q(y|x) is p(y)")
  func equalComponents() throws {
    var model = try Self.model(GMDGMVariant.self, components: 4)
    model.network.componentMean = .zeros([4, 3])
    model.network.componentScale = .zeros([4, 3])
    model.network.latent.classes = .zeros([4, 8])
    let options = SemiSupervisedTrainingOptions(alpha: 0, weightPrior: 0)
    // L(x, y) is the same for every class.
    let losses = try (0..<4).map { component in
      var labelled = model
      labelled = try Self.labelled(model)
      let batch = Batch(Self.x, labels: BatchLabels(classes: [Int](repeating: component, count: 6), labelledItems: 6, items: 6))
      return labelled.objective(labelled.network, batch: batch, options: options, pass: Pass(keys: Self.keys(6), epoch: 0)).loss.scalar
    }
    #expect(losses.allSatisfy { $0 == losses[0] })
    // U(q) = L - KL(q(y) || p(y)): largest where the divergence is none.
    model.network.classifierOutput = Linear(6, 4, initializer: .constant(0), .drawing(RandomKey(seed: 1)))
    let terms = model.score(Self.x, draws: 1, keys: Self.keys(6))
    var skewed = model
    skewed.network.classifierOutput.bias = Tensor([1, 0, 0, 0])
    let worse = skewed.score(Self.x, draws: 1, keys: Self.keys(6))
    #expect(zip(terms[.elbo].scalars, worse[.elbo].scalars).allSatisfy { $0 > $1 })
  }

  /// The same weights with every component labelled.
  private static func labelled(_ model: GMDGM) throws -> GMDGM {
    var configuration = model.configuration
    configuration.components = 0
    var labelled = try GMDGM(configuration, signature: signature(5, classes: ["a", "b", "c", "d"]), key: RandomKey(seed: 1))
    labelled.network = model.network
    return labelled
  }

  @Test("labelled items add their bound, ln q(y|x) with weight α N / N_l, and the weights their prior")
  func objectiveParts() throws {
    let model = try Self.model(GMDGMVariant.self, classes: ["a", "b"], components: 1)
    func loss(_ rows: [Int], _ labels: [Int], alpha: Float = 0, prior: Float = 0) -> Float {
      let batch = Batch(Self.x.gather(rows), labels: BatchLabels(classes: labels, labelledItems: 5, items: 40))
      let options = SemiSupervisedTrainingOptions(alpha: alpha, weightPrior: prior)
      return model.objective(model.network, batch: batch, options: options, pass: Pass(keys: Self.keys(6), epoch: 0)).loss.scalar
    }
    let bare = loss([0, 1, 2], [1])
    let classification = -model.logits(Self.x).logSoftmax().scalars[2 * 3 + 1]
    #expect(abs(loss([0, 1, 2], [1], alpha: 0.5) - bare - 0.5 * 8 * classification) < 1e-3)
    let weights = model.network.leaves.filter { !$0.leaf.path.hasPrefix("component_") }.reduce(0.0) {
      $1.tensor.scalars.reduce($0) { $0 + Double($1 * $1) }
    }
    #expect(abs(Double(loss([0, 1, 2], [1], prior: 0.7) - bare) - 0.7 / 40 * weights / 2) < 1e-3)
  }

  @Test("where q(y|x) sees grey pixels, what it answers and what it is scored by is the same, whatever bits are drawn")
  func greyPixels() throws {
    func model(_ pixels: ClassPixels?) throws -> GMDGM {
      let configuration = GMDGM.Configuration(
        latent: 2, hidden: [6], components: 3, classPixels: pixels, observation: Observation(.bernoulli, binarisation: .dynamic))
      var model = try GMDGM(configuration, signature: .image(height: 2, width: 3), key: RandomKey(seed: 1))
      // What z is drawn from and decoded to is the same for every item: the rest of a score hangs on q(y|x) alone.
      model.network = model.network.mapping { leaf, tensor in
        if leaf.path.hasPrefix("classifier") { return RandomKey(seed: 7).split(tensor.count).normal(tensor.shape) }
        return leaf.path == "component_mean" ? tensor : .zeros(tensor.shape)
      }
      return model
    }
    let grey = RandomKey(seed: 2).uniform([6, 6])
    func kl(_ pixels: ClassPixels?, seed: UInt64 = 4) throws -> [Float] {
      try model(pixels).score(grey, draws: 1, keys: Self.keys(6, seed: seed))[.kl].scalars
    }
    #expect(try kl(.grey) == kl(.grey, seed: 9))
    #expect(try kl(.grey) != kl(.bits) && kl(.bits) == kl(nil))
    #expect(try model(.grey).logits(grey).scalars == model(nil).logits(grey).scalars)
  }

  @Test("p(a|z, y) is a p(a|x, z, y) that is blind to the item")
  func auxiliaryGiven() throws {
    let blind = try Self.model(AGMDGMVariant.self, classes: ["a", "b"], components: 3, auxiliaryGiven: .code)
    var seeing = try Self.model(AGMDGMVariant.self, classes: ["a", "b"], components: 3)
    var own = try #require(blind.network.auxiliaryPrior)
    let wide = try #require(seeing.network.auxiliaryPrior)
    #expect(own.inputs.map(\.weight.shape) == [[8, 3]] && wide.inputs.map(\.weight.shape) == [[8, 5], [8, 3]])
    let z = own.inputs[0]
    own.inputs = wide.inputs
    (own.inputs[0].weight, own.inputs[0].bias, own.inputs[1].weight) = (.zeros([8, 5]), z.bias, z.weight)
    seeing.network = blind.network
    seeing.network.auxiliaryPrior = own
    let batch = Batch(Self.x, labels: BatchLabels(classes: [1, 0], labelledItems: 2, items: 6))
    let pass = Pass(keys: Self.keys(6), epoch: 0)
    let (a, b) = (blind, seeing)
    let losses = [a, b].map {
      Double($0.objective($0.network, batch: batch, options: SemiSupervisedTrainingOptions(weightPrior: 0), pass: pass).loss.scalar)
    }
    #expect(abs(losses[0] - losses[1]) < 1e-4 * abs(losses[0]))
    let scores = [a, b].map { $0.score(Self.x, draws: 3, keys: Self.keys(6)) }
    for (one, other) in zip(scores[0][.iwae].scalars, scores[1][.iwae].scalars) { #expect(abs(one - other) < 1e-4 * abs(one)) }
    // An item that sees itself in a is another model.
    seeing.network.auxiliaryPrior?.inputs[0].weight = wide.inputs[0].weight
    #expect(seeing.score(Self.x, draws: 1, keys: Self.keys(6))[.elbo].scalars != scores[1][.elbo].scalars)
  }

  @Test("a file of a model without an auxiliary variable may still say how wide it would be")
  func oldAuxiliary() throws {
    let old = try StrictJSON.decode(GMDGM.Configuration.self, from: Array(#"{"components": 2, "auxiliary": 50}"#.utf8))
    #expect(old.effective.auxiliary == 100 && old.effective.auxiliaryGiven == nil)
    #expect(throws: Never.self) { try GMDGM(old.effective, signature: Self.signature(5), key: RandomKey(seed: 1)) }
    let own = try StrictJSON.decode(AGMDGM.Configuration.self, from: Array(#"{"components": 2, "auxiliary": 50, "auxiliary_given": "code"}"#.utf8))
    #expect(own.effective == own && own.auxiliaryGiven == .code)
  }

  @Test("samples of a label are those of its component; what can't be is refused by name")
  func conditions() throws {
    let model = try Self.model(GMDGMVariant.self, classes: ["no", "yes"], components: 2)
    let keys = Self.keys(6)
    let byLabel = try model.sample(keys, SampleOptions(given: .label("yes")))
    #expect(bits(byLabel, rows: 0..<6) == bits(try model.sample(keys, SampleOptions(given: .component(1, layer: 0))), rows: 0..<6))
    #expect(bits(byLabel, rows: 0..<6) == bits(try model.sample(keys, SampleOptions(given: .layers([.component(1)]))), rows: 0..<6))
    let item = try model.sample(keys, SampleOptions(mean: true, given: .layers([.item(Self.x.gather([3]).scalars)])))
    #expect(bits(item, rows: 0..<1) == bits(item, rows: 5..<6))
    let refused: [(SampleCondition, String)] = [
      (.label("maybe"), "given.label"), (.component(4, layer: nil), "given.cluster"), (.component(-1, layer: nil), "given.cluster"),
      (.component(0, layer: 1), "given.layer"), (.layers([.prior, .prior]), "given.layers"), (.layers([.component(9)]), "given.layers[0].cluster"),
    ]
    for (condition, field) in refused {
      #expect { try model.sample(keys, SampleOptions(given: condition)) } throws: { ($0 as? Fault)?.field == field }
    }
    let unlabelled = try Self.model(GMDGMVariant.self, components: 2)
    #expect { try unlabelled.sample(keys, SampleOptions(given: .label("yes"))) } throws: { ($0 as? Fault)?.field == "given.label" }
  }

  @Test(
    "configurations without a possible network are refused by field",
    arguments: [
      (#"{"components": 0}"#, "components"), (#"{"components": 2, "latent": 0}"#, "latent"), (#"{"components": 2, "hidden": []}"#, "hidden"),
      (#"{"components": 2, "hidden": [3, 0]}"#, "hidden[1]"), (#"{"components": 2, "hidden_classes": 3}"#, "hidden_classes"),
      (#"{"components": 2, "class_prior": [0.5]}"#, "class_prior"), (#"{"components": 2, "component_spread": -1}"#, "component_spread"),
      (#"{"components": 2, "scale_floor": -1}"#, "scale_floor"),
      (#"{"components": 2, "class_pixels": "grey"}"#, "class_pixels"),
      (#"{"components": 2, "auxiliary": 50}"#, "auxiliary"), (#"{"components": 2, "auxiliary_given": "code"}"#, "auxiliary_given"),
    ])
  func refusals(_ text: String, _ field: String) throws {
    let configuration = try StrictJSON.decode(GMDGM.Configuration.self, from: Array(text.utf8))
    #expect { try GMDGM(configuration, signature: Self.signature(5), key: RandomKey(seed: 1)) } throws: {
      ($0 as? Fault)?.field == field
    }
    #expect { try Blueprint<GMDGM>(configuration, signature: Self.signature(5)) } throws: { ($0 as? Fault)?.field == field }
  }
}

extension Double {
  fileprivate static func log(_ x: Double) -> Double { x == 0 ? -1e300 : Foundation.log(x) }

  fileprivate static func logSumExp(_ values: [Double]) -> Double {
    let most = values.max() ?? 0
    return most + Foundation.log(values.reduce(0) { $0 + Foundation.exp($1 - most) })
  }
}
