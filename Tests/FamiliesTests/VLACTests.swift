import Distributions
import Families
import FamilyExamples
import Formats
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("VLAC")
struct VLACTests {
  private func keys(_ n: Int, seed: UInt64 = 4) -> RowKeys { RowKeys(RandomKey(seed: seed), rows: 0..<n) }

  /// p(z) = Σ π_k N(μ_k, s_k²) in one dimension, p(x|z) = N(2z, 0.25), q(z|x) = N(slope x, deviation²).
  private func linear(
    slope: Float = 1, deviation: Float = 0.3, decoder: Float = 2, weights: [Float] = [0.25, 0.75], means: [Float] = [-1, 1],
    deviations: [Float] = [0.5, 1]
  ) throws -> VLAC {
    let ladder = LadderConfiguration(
      [.init(latent: 1)], activation: .identity, scale: .exp, observation: Observation(.gaussian, deviation: 0.5))
    let configuration = VLAC.Configuration(ladder, components: [weights.count], mixtureWeights: .learned)
    var model = try VLAC(configuration, signature: .vector(1), key: RandomKey(seed: 1))
    let (k, one) = (weights.count, Tensor(rows: [[1]]))
    model.network = try model.network.loading([
      "levels.0.mean.weight": Tensor(rows: [[slope]]), "levels.0.mean.bias": Tensor([0]), "levels.0.scale.weight": Tensor(rows: [[0]]),
      "levels.0.scale.bias": Tensor([log(deviation)]), "levels.0.injection.0.weight": one, "levels.0.injection.0.bias": Tensor([0]),
      "output.weight": Tensor(rows: [[decoder]]), "output.bias": Tensor([0]), "priors.0.logits": Tensor(weights.map(log)),
      "priors.0.means": Tensor(shape: [k, 1], scalars: means), "priors.0.log_deviations": Tensor(shape: [k, 1], scalars: deviations.map(log)),
    ])
    return model
  }

  // MARK: The bound

  /// ln N(x; m, s), in double.
  private func logNormal(_ x: Double, _ m: Double, _ s: Double) -> Double { -0.5 * pow((x - m) / s, 2) - log(s) - 0.5 * log(2 * Double.pi) }

  /// Σ_c r_c ln p(z|c) + Σ_c r_c ln π_c - ln q(z|x) - Σ_c r_c ln r_c, r = softmax(ln π_c + ln p(z|c)): the five terms less ln p(x|z).
  private func fiveTerms(
    z: [Double], mean: [Double], deviation: [Double], weights: [Double], means: [[Double]], deviations: [[Double]]
  ) -> (fiveTerms: Double, mixture: Double) {
    let conditional = weights.indices.map { c in z.indices.reduce(0.0) { $0 + logNormal(z[$1], means[c][$1], deviations[c][$1]) } }
    let joint = zip(weights, conditional).map { log($0) + $1 }
    let largest = joint.max() ?? 0
    let logDensity = largest + log(joint.reduce(0) { $0 + exp($1 - largest) })
    let logPosterior = z.indices.reduce(0.0) { $0 + logNormal(z[$1], mean[$1], deviation[$1]) }
    let r = joint.map { exp($0 - logDensity) }
    let sums = weights.indices.reduce(0.0) { $0 + r[$1] * (conditional[$1] + log(weights[$1])) - (r[$1] > 0 ? r[$1] * log(r[$1]) : 0) }
    return (sums - logPosterior, logDensity - logPosterior)
  }

  @Test("the five-term bound is ln p(z) - ln q(z|x) with the mixture's density, to 1e-10 in double", arguments: 0..<20)
  func identity(_ seed: Int) {
    let (k, d) = (2 + seed % 6, 1 + seed % 4)
    let key = RandomKey(seed: UInt64(seed))
    func draws(_ index: Int, _ rows: Int) -> [[Double]] {
      let scalars = key.split(index).normal([rows, d]).scalars.map(Double.init)
      return (0..<rows).map { Array(scalars[$0 * d..<($0 + 1) * d]) }
    }
    let raw = key.split(0).uniform([k]).scalars.map(Double.init)
    let (fiveTerms, mixture) = fiveTerms(
      z: draws(1, 1)[0], mean: draws(2, 1)[0], deviation: draws(3, 1)[0].map { exp(0.3 * $0) }, weights: raw.map { $0 / raw.reduce(0, +) },
      means: draws(4, k), deviations: draws(5, k).map { $0.map { exp(0.3 * $0) } })
    #expect(abs(fiveTerms - mixture) < 1e-10)
  }

  @Test("the scored bound is the five-term one, layer by layer", arguments: FamilyExample.all.filter { $0.family == "vlac" })
  func fiveTermBound(_ example: FamilyExample) throws {
    let model = try #require(try example.model() as? VLAC)
    let (x, n) = (example.items(6), 6)
    let scores = model.score(x, draws: 1, keys: keys(n))
    var expected = [Double](repeating: 0, count: n)
    for (layer, q) in model.encode(x).compactMap(\.normal).enumerated() {
      let d = q.mean.shape[1]
      let z = Normal(mean: q.mean, deviation: q.deviation).sample(keys(n).split("latent").split(0).split(layer))
      let mixture = model.network.priors[layer].mixture
      func rows(_ tensor: Tensor) -> [[Double]] {
        stride(from: 0, to: tensor.count, by: d).map { tensor.scalars[$0..<$0 + d].map(Double.init) }
      }
      let weights = mixture.logits.softmax().scalars.map(Double.init)
      let (drawn, mean, deviation) = (rows(z), rows(q.mean), rows(q.deviation))
      for row in 0..<n where weights.count > 1 {
        expected[row] -=
          fiveTerms(
            z: drawn[row], mean: mean[row], deviation: deviation[row], weights: weights, means: rows(mixture.means),
            deviations: rows(mixture.deviations)
          ).fiveTerms
      }
      // One component has a divergence in closed form.
      for row in 0..<n where weights.count == 1 {
        let (m, s) = (rows(mixture.means)[0], rows(mixture.deviations)[0])
        for j in 0..<d {
          expected[row] += log(s[j] / deviation[row][j]) + (pow(deviation[row][j], 2) + pow(mean[row][j] - m[j], 2)) / (2 * s[j] * s[j]) - 0.5
        }
      }
    }
    for (given, wanted) in zip(scores[.kl].scalars, expected) { #expect(abs(Double(given) - wanted) < 2e-5 * max(1, abs(wanted))) }
  }

  @Test("with one layer, importance weighting reaches the marginal of the mixture seen through the decoder: a VaDE of known density")
  func marginal() throws {
    let model = try linear(slope: 0.45, deviation: 0.35)
    for x in [-2.5, 0.3, 1] as [Float] {
      // p(x) = Σ π_k N(x; 2 μ_k, 4 s_k² + 0.25)
      let density = [(0.25, -1.0, 0.5), (0.75, 1.0, 1.0)].reduce(0.0) {
        $0 + $1.0 * exp(logNormal(Double(x), 2 * $1.1, sqrt(4 * $1.2 * $1.2 + 0.25)))
      }
      let scores = model.score(.full([40, 1], x), draws: 400, keys: keys(40))
      let iwae = average(scores[.iwae].scalars)
      #expect(abs(iwae.mean - log(density)) < 0.01 + 4 * iwae.error, "at \(x)")
      let elbo = average(scores[.elbo].scalars)
      #expect(elbo.mean < log(density) + 4 * elbo.error)
    }
  }

  @Test("one component at the origin of deviation 1 makes the loss and every score those of a vlae")
  func reduction() throws {
    for example in FamilyExample.all where example.family == "vlae" {
      var vlae = try #require(try example.model() as? VLAE)
      let layers = vlae.configuration.layers.count
      var vlac = try VLAC(
        VLAC.Configuration(vlae.configuration, components: [Int](repeating: 1, count: layers)), signature: example.signature, key: RandomKey(seed: 8))
      let priors = vlac.network.priors.map { prior in prior.mapping { _, tensor in .zeros(tensor.shape) } }
      vlac.network = vlae.network
      vlac.network.priors = priors
      vlae.network.priors = []
      let x = example.items(7)
      for schedule in [LadderSchedule(), LadderSchedule(warmUpBatches: 5, fadeInBatches: 6)] {
        let pass = Pass(keys: keys(7), epoch: 0, step: 9)
        let wanted = vlae.objective(vlae.network, batch: Batch(x), options: LadderTraining(schedule), pass: pass)
        let given = vlac.objective(vlac.network, batch: Batch(x), options: VLAC.TrainingOptions(LadderTraining(schedule)), pass: pass)
        #expect(abs(given.loss.scalar - wanted.loss.scalar) < 1e-5 * abs(wanted.loss.scalar))
        #expect(given.terms.map(\.name) == wanted.terms.map(\.name))
      }
      let (wanted, given) = (vlae.score(x, draws: 3, keys: keys(7)), vlac.score(x, draws: 3, keys: keys(7)))
      for (a, b) in [(given[.elbo], wanted[.elbo]), (given[.kl], wanted[.kl]), (given[.iwae], wanted[.iwae])] {
        for (a, b) in zip(a.scalars, b.scalars) { #expect(abs(a - b) < 1e-5 * max(1, abs(b))) }
      }
      #expect(vlac.responsibilities(x, draws: 0, keys: keys(7)).allSatisfy { $0.scalars.allSatisfy { $0 == 1 } })
    }
  }

  @Test("before the mixtures are fitted the loss is that of a vlae, whatever they hold")
  func pretraining() throws {
    let example = try #require(FamilyExample.all.first { $0.family == "vlac" })
    let model = try #require(try example.model() as? VLAC)
    var vlae = try VLAE(model.configuration.ladder, signature: example.signature, key: RandomKey(seed: 1))
    vlae.network = model.network
    let x = example.items(5)
    let options = VLAC.TrainingOptions(pretrainingEpochs: 2)
    func loss(_ epoch: Float) -> Float {
      model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(5), epoch: epoch)).loss.scalar
    }
    let plain = vlae.objective(vlae.network, batch: Batch(x), options: LadderTraining(), pass: Pass(keys: keys(5), epoch: 0)).loss
    #expect(loss(0) == plain.scalar && loss(1.9) == plain.scalar && loss(2) != plain.scalar)
  }

  // MARK: Clusters

  @Test("p(y|z) at the posterior mean .3 is (.0281825, .9718175), and draws of z average it")
  func responsibilities() throws {
    let model = try linear()
    let x = Tensor(rows: [[0.3]])
    for (given, wanted) in zip(model.responsibilities(x, draws: 0, keys: keys(1))[0].scalars, [0.028_182_5, 0.971_817_5] as [Float]) {
      #expect(abs(given - wanted) < 1e-6)
    }
    // ∫ N(z; .3, .3²) p(y = 0|z) dz
    let mixture = model.network.priors[0].mixture
    let grid = (0..<4000).map { Float(-3 + 0.0015 * (Double($0) + 0.5)) }
    let first = mixture.responsibilities(of: Tensor(shape: [grid.count, 1], scalars: grid)).scalars.enumerated().filter { $0.offset % 2 == 0 }.map(
      \.element)
    let exact = zip(grid, first).reduce(0.0) { $0 + 0.0015 * exp(logNormal(Double($1.0), 0.3, 0.3)) * Double($1.1) }
    let drawn = model.responsibilities(x, draws: 20_000, keys: keys(1))[0].scalars
    #expect(abs(Double(drawn[0]) - exact) < 0.004 && abs(drawn[0] - 0.028_182_5) > 0.005)
  }

  @Test("samples of a layer are draws of its mixture: chi-square over forty bins at 0.001")
  func mixtureSamples() throws {
    let model = try linear(decoder: 1)
    let (n, bins) = (20_000, 40)
    let samples = try model.sample(keys(n), SampleOptions(mean: true)).scalars
    func cumulative(_ z: Double) -> Double {
      0.25 * 0.5 * erfc(-(z + 1) / 0.5 / 2.0.squareRoot()) + 0.75 * 0.5 * erfc(-(z - 1) / 2.0.squareRoot())
    }
    // From -2.2 to 3.8 in equal steps, the tails in the outer bins.
    let edges = (1..<bins).map { -2.2 + 6 * Double($0) / Double(bins) }
    var counts = [Double](repeating: 0, count: bins)
    for sample in samples { counts[edges.firstIndex { Double(sample) < $0 } ?? bins - 1] += 1 }
    let bounds = [0] + edges.map(cumulative) + [1]
    let statistic = (0..<bins).reduce(0.0) { sum, bin in
      let expected = Double(n) * (bounds[bin + 1] - bounds[bin])
      return sum + (counts[bin] - expected) * (counts[bin] - expected) / expected
    }
    #expect(statistic < 72.05)
  }

  @Test("a cluster's samples have its mean and deviation, and temperature multiplies the deviation")
  func clusterSamples() throws {
    let model = try linear(decoder: 1)
    let n = 4000
    for (cluster, mean, deviation) in [(0, -1, 0.5), (1, 1, 1)] as [(Int, Double, Double)] {
      for temperature in [1, 0.5, 0] as [Float] {
        for given in [SampleCondition.component(cluster, layer: nil), .component(cluster, layer: 0), .layers([.component(cluster)])] {
          let found = average(try model.sample(keys(n), SampleOptions(temperature: temperature, mean: true, given: given)).scalars)
          let spread = deviation * Double(temperature)
          #expect(abs(found.mean - mean) <= 5 * spread / Double(n).squareRoot() + 1e-6)
          #expect(abs(found.error * Double(n).squareRoot() - spread) <= 0.05 * spread + 1e-6)
        }
      }
    }
  }

  // MARK: Fitting the mixtures

  @Test("after pretraining every layer's mixture takes the place of the clusters of its codes, the same for the same key")
  func fitted() throws {
    let centres: [[Float]] = [[-4, -4], [4, -4], [0, 5]]
    let n = 300
    let noise = RandomKey(seed: 3).normal([n, 2]).scalars
    let x = Tensor(rows: (0..<n).map { [centres[$0 % 3][0] + 0.4 * noise[2 * $0], centres[$0 % 3][1] + 0.4 * noise[2 * $0 + 1]] })
    let ladder = LadderConfiguration([.init(latent: 2)], activation: .identity, scale: .exp, observation: Observation(.gaussian))
    var model = try VLAC(VLAC.Configuration(ladder, components: [3], mixtureWeights: .learned), signature: .vector(2), key: RandomKey(seed: 1))
    model.network.levels[0].mean.weight = Tensor(rows: [[1, 0], [0, 1]])
    model.network.levels[0].mean.bias = .zeros([2])
    model.network.levels[0].scale.weight = .zeros([2, 2])
    model.network.levels[0].scale.bias = .full([2], log(0.3))
    let options = VLAC.TrainingOptions(pretrainingEpochs: 4, fitItems: 200)
    func revised(_ epoch: Int, seed: UInt64 = 5) -> LadderNetwork? {
      model.fitted(model.network, before: epoch, options: options, key: RandomKey(seed: seed), items: TrainingData(count: n) { x.gather($0) })
    }
    #expect([0, 1, 3, 5].allSatisfy { revised($0) == nil })
    let network = try #require(revised(4))
    #expect(revised(4).map { $0.leaves.map(\.tensor.scalars) } == network.leaves.map(\.tensor.scalars))
    #expect(revised(4, seed: 6).map { $0.leaves.map(\.tensor.scalars) } != network.leaves.map(\.tensor.scalars))
    // Nothing but the priors changes.
    for (own, new) in zip(model.network.leaves, network.leaves) where !own.leaf.path.hasPrefix("priors") {
      #expect(own.tensor.scalars == new.tensor.scalars)
    }
    model.network = network
    let mixture = network.priors[0].mixture
    for deviation in mixture.deviations.scalars { #expect(abs(deviation - 0.5) < 0.1) }
    for weight in mixture.logits.softmax().scalars { #expect(abs(weight - 1 / 3) < 0.08) }
    let clusters = model.responsibilities(x, draws: 0, keys: keys(n))[0].argmaxRows()
    for blob in 0..<3 { #expect(Set((0..<100).map { clusters[3 * $0 + blob] }).count == 1) }
    #expect(Set(clusters).count == 3)
    let scores = model.score(x, draws: 1, keys: keys(n))
    #expect(scores[.elbo].isFinite)
  }

  @Test("fixed weights stay equal when mixtures are fitted, and without pretraining nothing is")
  func fixedWeights() throws {
    let example = try #require(FamilyExample.all.last { $0.family == "vlac" })
    let model = try #require(try example.model() as? VLAC)
    let x = example.items(30)
    func revised(_ epoch: Int, _ options: VLAC.TrainingOptions) -> LadderNetwork? {
      model.fitted(model.network, before: epoch, options: options, key: RandomKey(seed: 5), items: TrainingData(count: 30) { x.gather($0) })
    }
    #expect(revised(0, VLAC.TrainingOptions()) == nil)
    let network = try #require(revised(1, VLAC.TrainingOptions(pretrainingEpochs: 1)))
    #expect(network.leaves.map(\.leaf.path) == model.network.leaves.map(\.leaf.path))
    #expect(network.priors[1].means.scalars != model.network.priors[1].means.scalars && network.priors[1].mixture.logits.scalars == [0, 0, 0])
    let leaves = network.leaves
    #expect(leaves.allSatisfy { $0.tensor.isFinite })
  }
}
