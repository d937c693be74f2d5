import Distributions
import Families
import FamilyExamples
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// Bounds against closed forms: p(z) = N(0, 1), p(x|z) = N(2z, 0.25), so that p(x) = N(0, 4.25) and p(z|x) = N(8x/17, 1/17).
@Suite("VAE bounds")
struct VAEBoundTests {
  /// The linear-Gaussian model with q(z|x) = N(slope · x + intercept, deviation²).
  private func linearGaussian(slope: Float, intercept: Float = 0, deviation: Float) throws -> VAE {
    let configuration = VAE.Configuration(
      latent: 1, hidden: [], decoderHidden: [], scale: .exp, observation: Observation(.gaussian, deviation: 0.5))
    var model = try VAE(configuration, signature: .vector(1), key: RandomKey(seed: 1))
    model.network = try model.network.loading([
      "mean.weight": Tensor(rows: [[slope]]), "mean.bias": Tensor([intercept]), "scale.weight": Tensor(rows: [[0]]),
      "scale.bias": Tensor([log(deviation)]), "output.weight": Tensor(rows: [[2]]), "output.bias": Tensor([0]),
    ])
    return model
  }

  private func ones(_ n: Int) -> Tensor { .ones([n, 1]) }
  private func keys(_ n: Int, seed: UInt64 = 4) -> RowKeys { RowKeys(RandomKey(seed: seed), rows: 0..<n) }
  private let deviation = (1 / Float(17)).squareRoot()

  @Test("with the exact posterior every importance weight is p(x), for any number of draws and any seed", arguments: [1, 2, 7, 50])
  func exactPosterior(_ draws: Int) throws {
    let model = try linearGaussian(slope: 8 / 17, deviation: deviation)
    let q = model.encode(ones(1)).compactMap(\.normal)[0]
    #expect(abs(q.mean.scalar - 0.470_588_235_3) < 1e-7)
    #expect(abs(q.deviation.scalar * q.deviation.scalar - 0.058_823_529_4) < 1e-7)
    for seed in 0..<5 as Range<UInt64> {
      let scores = model.score(ones(20), draws: draws, keys: keys(20, seed: seed))
      #expect(scores[.iwae].scalars.allSatisfy { abs($0 + 1.760_045_083_5) < 1e-5 })
    }
    // ln N(x; 0, 4.25) elsewhere.
    let x = Tensor(shape: [3, 1], scalars: [-2, 0.5, 3])
    let expected = x.scalars.map { -0.5 * log(2 * Float.pi * 4.25) - $0 * $0 / 8.5 }
    for (a, b) in zip(model.score(x, draws: draws, keys: keys(3))[.iwae].scalars, expected) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("the ELBO is p(x) on average with the exact posterior, and -10.2257913526 with the prior in its place")
  func elbo() throws {
    let n = 40_000
    let exact = average(try linearGaussian(slope: 8 / 17, deviation: deviation).score(ones(n), draws: 1, keys: keys(n))[.elbo].scalars)
    #expect(abs(exact.mean + 1.760_045_083_5) < 5 * exact.error && exact.error < 0.01)
    let scores = try linearGaussian(slope: 0, deviation: 1).score(ones(n), draws: 1, keys: keys(n))
    #expect(scores[.kl].scalars.allSatisfy { $0 == 0 })
    let prior = average(scores[.elbo].scalars)
    #expect(abs(prior.mean + 10.225_791_352_6) < 5 * prior.error && prior.error < 0.1)
  }

  @Test("with a wrong posterior the importance-weighted bound rises towards p(x) and never past it on average")
  func tightens() throws {
    let model = try linearGaussian(slope: 0.3, deviation: 0.4)
    let bounds = [1, 4, 16, 64].map { average(model.score(ones(2000), draws: $0, keys: keys(2000))[.iwae].scalars) }
    for (fewer, more) in zip(bounds, bounds.dropFirst()) { #expect(more.mean > fewer.mean) }
    #expect(bounds.allSatisfy { $0.mean < -1.760_045_083_5 + 4 * $0.error })
    #expect(abs(bounds[3].mean + 1.760_045_083_5) < 0.03)
  }

  private func objective(_ model: VAE, _ options: VAE.TrainingOptions, epoch: Float = 0, n: Int = 8) -> Objective {
    model.objective(model.network, batch: Batch(ones(n)), options: options, pass: Pass(keys: keys(n), epoch: epoch))
  }

  private func term(_ name: String, _ objective: Objective) throws -> Float {
    Float(try #require(objective.terms.first { $0.name == name }).value)
  }

  @Test("the KL term is the closed form: 0.8181471806 for N(1, .5)")
  func divergence() throws {
    let model = try linearGaussian(slope: 1, deviation: 0.5)
    #expect(model.score(ones(2), draws: 1, keys: keys(2))[.kl].scalars.allSatisfy { abs($0 - 0.818_147_180_6) < 1e-6 })
    let terms = objective(model, VAE.TrainingOptions())
    #expect(abs(try term("kl_nats", terms) - 0.818_147_180_6) < 1e-6)
    #expect(abs(try term("reconstruction_nats", terms) - term("kl_nats", terms) - term("elbo_nats", terms)) < 1e-5)
    #expect(abs(try terms.loss.scalar + term("elbo_nats", terms)) < 1e-5)
  }

  @Test("beta, warm-up and free bits change the loss by what they say, and never the reported bound")
  func shaping() throws {
    let model = try linearGaussian(slope: 1, deviation: 0.5)
    let plain = objective(model, VAE.TrainingOptions())
    let (reconstruction, kl) = (try term("reconstruction_nats", plain), try term("kl_nats", plain))
    let rows: [(VAE.TrainingOptions, Float, Float)] = [
      (VAE.TrainingOptions(beta: 4), 0, 4 * kl), (VAE.TrainingOptions(beta: 0), 0, 0),
      (VAE.TrainingOptions(warmUpEpochs: 8), 0, 0), (VAE.TrainingOptions(warmUpEpochs: 8), 2, 0.25 * kl),
      (VAE.TrainingOptions(warmUpEpochs: 8), 9, kl), (VAE.TrainingOptions(beta: 2, warmUpEpochs: 8), 4, kl),
      (VAE.TrainingOptions(freeBits: 3), 0, 3), (VAE.TrainingOptions(freeBits: 0.5), 0, kl),
    ]
    for (options, epoch, charge) in rows {
      let shaped = objective(model, options, epoch: epoch)
      #expect(abs(shaped.loss.scalar - (charge - reconstruction)) < 1e-5, "\(options) at epoch \(epoch)")
      #expect(shaped.terms == plain.terms)
    }
  }

  @Test("below the free bits the KL term gives no gradient to the posterior's mean")
  func freeBitsGradient() throws {
    let model = try linearGaussian(slope: 1, deviation: 0.5)
    func slope(_ options: VAE.TrainingOptions) throws -> Float {
      let gradient = valueAndGradient(at: model.network, loss: \.loss) {
        model.objective($0, batch: Batch(ones(4)), options: options, pass: Pass(mode: $1, keys: keys(4), epoch: 0))
      }.gradient
      return try #require(gradient.module.leaves.first { $0.leaf.path == "mean.bias" }).tensor.scalar
    }
    // d KL / d mean = mean = 1.
    #expect(abs(try slope(VAE.TrainingOptions()) - slope(VAE.TrainingOptions(freeBits: 3)) - 1) < 1e-4)
    #expect(abs(try slope(VAE.TrainingOptions(beta: 0)) - slope(VAE.TrainingOptions(freeBits: 3))) < 1e-6)
  }

  @Test("the importance-weighted objective is minus the bound that scoring reports", arguments: [2, 5])
  func weightedObjective(_ draws: Int) throws {
    let model = try linearGaussian(slope: 0.3, deviation: 0.4)
    let objective = objective(model, VAE.TrainingOptions(importanceSamples: draws))
    let bound = model.score(ones(8), draws: draws, keys: keys(8))[.iwae].mean().scalar
    #expect(abs(objective.loss.scalar + bound) < 1e-5)
    #expect(abs(try term("iwae_nats", objective) - bound) < 1e-5)
  }

  @Test("a model that gives every level the same probability takes 8 bits a dimension")
  func uniform() throws {
    let signature = Signature.image(height: 3, width: 3)
    let configuration = VAE.Configuration(latent: 2, hidden: [], scale: .exp, observation: Observation(.betaBinomial))
    var model = try VAE(configuration, signature: signature, key: RandomKey(seed: 1))
    // a = b = 1 makes the beta-binomial uniform: softplus(h) + 0.001 = 1.
    let one = log(exp(Float(0.999)) - 1)
    model.network = model.network.mapping { leaf, tensor in
      .full(tensor.shape, leaf.path == "output.bias" || leaf.path == "output_scale.bias" ? one : 0)
    }
    let scores = model.score(FamilyExample("", "vae", "", signature).items(5), draws: 3, keys: keys(5))
    for (elbo, iwae) in zip(scores[.elbo].scalars, scores[.iwae].scalars) {
      #expect(abs(bitsPerDimension(nats: Double(elbo), dimensions: 9) - 8) < 1e-4)
      #expect(abs(bitsPerDimension(nats: Double(iwae), dimensions: 9) - 8) < 1e-4)
    }
  }

  @Test("densities are those of raw values: the scaling's Jacobian is in every bound and in the training terms")
  func jacobian() throws {
    let (offset, scale): ([Float], [Float]) = ([10, -2], [4, 0.5])
    let columns = ["a", "b"].map { TableSpace.Column(name: $0, type: .real) }
    let signature = Signature.table(columns, scaling: .init(offset: offset, scale: scale))
    let configuration = VAE.Configuration(latent: 1, hidden: [], scale: .exp, observation: Observation(.gaussian, deviation: 0.5))
    var model = try VAE(configuration, signature: signature, key: RandomKey(seed: 1))
    // q = p(z) and a decoder that ignores z: p(x) = N(offset + scale · bias, (scale · deviation)²) exactly.
    let bias: [Float] = [0.3, -0.7]
    model.network = model.network.mapping { leaf, tensor in leaf.path == "output.bias" ? Tensor(bias) : .zeros(tensor.shape) }
    let raw = Tensor(rows: [[12, -1.9], [3, -3]])
    let x = signature.toModel(raw)
    let expected: [Double] = (0..<2).map { row in
      (0..<2).reduce(0.0) { sum, column in
        let sd = Double(scale[column] * 0.5)
        let z = (Double(raw.scalars[row * 2 + column]) - Double(offset[column] + scale[column] * bias[column])) / sd
        return sum - 0.5 * z * z - Foundation.log(sd) - 0.5 * Foundation.log(2 * Double.pi)
      }
    }
    let scores = model.score(x, draws: 4, keys: keys(2))
    for tensor in [scores[.elbo], scores[.reconstruction], scores[.iwae]] {
      for (given, wanted) in zip(tensor.scalars, expected) { #expect(abs(Double(given) - wanted) < 1e-5) }
    }
    for options in [VAE.TrainingOptions(), VAE.TrainingOptions(importanceSamples: 3)] {
      let terms = model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(2), epoch: 0)).terms
      #expect(abs(terms[0].value - (expected[0] + expected[1]) / 2) < 1e-5)
    }
    #expect(abs(Signature.image(height: 2, width: 3).space.logVolume - 6 * log(Float(255))) < 1e-4)
    // Probabilities of levels have no unit.
    let levels = try VAE(
      VAE.Configuration(latent: 1, hidden: [], observation: Observation(.betaBinomial)), signature: .image(height: 2, width: 2),
      key: RandomKey(seed: 1))
    #expect(levels.score(.zeros([1, 4]), draws: 1, keys: keys(1))[.reconstruction].scalar < 0)
  }
}
