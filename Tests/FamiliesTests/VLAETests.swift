import Distributions
import Families
import FamilyExamples
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// Two layers over p(x|z) = N(a z₀ + b z₁, s²) are one linear-Gaussian model: p(x) = N(0, a² + b² + s²).
@Suite("VLAE")
struct VLAETests {
  private func keys(_ n: Int) -> RowKeys { RowKeys(RandomKey(seed: 4), rows: 0..<n) }

  /// a = 1, b = 2, s = 0.5; q(z_l|x) = N(slope_l x, deviation_l²).
  private func linear(slopes: (Float, Float), deviations: (Float, Float)) throws -> VLAE {
    let configuration = LadderConfiguration(
      [.init(latent: 1), .init(latent: 1, hidden: [1])], activation: .identity, scale: .exp, observation: Observation(.gaussian, deviation: 0.5))
    var model = try VLAE(configuration, signature: .vector(1), key: RandomKey(seed: 1))
    func unit(_ path: String) -> [(String, Tensor)] { [("\(path).weight", Tensor(rows: [[1]])), ("\(path).bias", Tensor([0]))] }
    func heads(_ level: Int, _ slope: Float, _ deviation: Float) -> [(String, Tensor)] {
      [
        ("levels.\(level).mean.weight", Tensor(rows: [[slope]])), ("levels.\(level).mean.bias", Tensor([0])),
        ("levels.\(level).scale.weight", Tensor(rows: [[0]])), ("levels.\(level).scale.bias", Tensor([log(deviation)])),
      ]
    }
    let tensors =
      heads(0, slopes.0, deviations.0) + heads(1, slopes.1, deviations.1) + unit("levels.1.encoder.0") + unit("levels.0.injection.0")
      + unit("levels.1.injection.0") + unit("levels.1.decoder.0") + [("output.weight", Tensor(rows: [[2, 1]])), ("output.bias", Tensor([0]))]
    model.network = try model.network.loading(Dictionary(uniqueKeysWithValues: tensors))
    return model
  }

  @Test("the importance-weighted bound of two layers rises to the exact likelihood")
  func likelihood() throws {
    // E[z₀|x] = x / 5.25, E[z₁|x] = 2x / 5.25; the exact posterior couples them, the ladder's does not.
    let model = try linear(slopes: (1 / 5.25, 2 / 5.25), deviations: (0.6, 0.35))
    let exact = -0.5 * log(2 * Double.pi * 5.25) - 1 / 10.5
    let bounds = [1, 20, 500].map { average(model.score(.ones([60, 1]), draws: $0, keys: keys(60))[.iwae].scalars) }
    for (fewer, more) in zip(bounds, bounds.dropFirst()) { #expect(more.mean > fewer.mean) }
    #expect(abs(bounds[2].mean - exact) < 0.02 + 4 * bounds[2].error)
    let elbo = average(model.score(.ones([4000, 1]), draws: 1, keys: keys(4000))[.elbo].scalars)
    // E_q ln p(x|z) - KL in closed form.
    let (m0, m1) = (1 / 5.25, 2 / 5.25)
    let residual = pow(1 - m0 - 2 * m1, 2) + 0.36 + 4 * 0.1225
    func kl(_ m: Double, _ s: Double) -> Double { 0.5 * (s * s + m * m - 1) - log(s) }
    let wanted = -0.5 * residual / 0.25 - log(0.5) - 0.5 * log(2 * Double.pi) - kl(m0, 0.6) - kl(m1, 0.35)
    #expect(abs(elbo.mean - wanted) < 5 * elbo.error)
  }

  @Test("samples have the variance of the model, and each layer's share of it is its own")
  func variances() throws {
    let model = try linear(slopes: (0, 0), deviations: (1, 1))
    let n = 8000
    func variance(_ options: SampleOptions) throws -> Double {
      let found = average(try model.sample(keys(n), options).scalars)
      return found.error * found.error * Double(n)
    }
    #expect(abs(try variance(SampleOptions()) - 5.25) < 0.35)
    #expect(abs(try variance(SampleOptions(mean: true)) - 5) < 0.35)
    // The code of any item is 0 here.
    #expect(abs(try variance(SampleOptions(mean: true, given: .layers([.prior, .item([3])]))) - 1) < 0.07)
    #expect(abs(try variance(SampleOptions(mean: true, given: .layers([.item([3]), .prior]))) - 4) < 0.28)
  }

  @Test("warm-up and fade-in change the loss by what they say, and the divergences reported never")
  func shaping() throws {
    let model = try linear(slopes: (0.1, 0.3), deviations: (0.6, 0.5))
    let x = Tensor.ones([6, 1])
    func objective(_ schedule: LadderSchedule, step: Int = 0, epoch: Float = 0) -> Objective {
      model.objective(model.network, batch: Batch(x), options: LadderTraining(schedule), pass: Pass(keys: keys(6), epoch: epoch, step: step))
    }
    let plain = objective(LadderSchedule())
    let terms = Dictionary(uniqueKeysWithValues: plain.terms.map { ($0.name, Float($0.value)) })
    let (reconstruction, lower, upper) = try (
      #require(terms["reconstruction_nats"]), #require(terms["layer_0_kl_nats"]), #require(terms["layer_1_kl_nats"])
    )
    #expect(abs(try #require(terms["kl_nats"]) - lower - upper) < 1e-5)
    #expect(abs(plain.loss.scalar - (lower + upper - reconstruction)) < 1e-5)
    let warm = objective(LadderSchedule(warmUpBatches: 2000), step: 1999)
    #expect(abs(warm.loss.scalar - (0.632_120_6 * (lower + upper) - reconstruction)) < 1e-5 && warm.terms == plain.terms)
    #expect(abs(objective(LadderSchedule(warmUpEpochs: 4), epoch: 1).loss.scalar - (0.25 * (lower + upper) - reconstruction)) < 1e-5)
    // With the lower layer at 0 the decoder is shown zeros in its place, and its divergence is free.
    let faded = objective(LadderSchedule(fadeInBatches: 10))
    let shown = Dictionary(uniqueKeysWithValues: faded.terms.map { ($0.name, Float($0.value)) })
    #expect(abs(faded.loss.scalar - (upper - (try #require(shown["reconstruction_nats"])))) < 1e-5)
    #expect(shown["reconstruction_nats"] != reconstruction && shown["kl_nats"] == terms["kl_nats"])
    let half = objective(LadderSchedule(fadeInBatches: 10), step: 15)
    let halfShown = Float(try #require(half.terms.first { $0.name == "reconstruction_nats" }).value)
    #expect(abs(half.loss.scalar - (0.5 * lower + upper - halfShown)) < 1e-5)
  }

  @Test(
    "audits see the same posteriors, reconstructions and likelihoods", arguments: FamilyExample.all.filter { ["vlac", "vlae"].contains($0.family) })
  func audits(_ example: FamilyExample) throws {
    let model = try #require(try example.model() as? any LadderFamily)
    let x = example.items(5)
    let still = model.inference(x, noise: nil)
    for (layer, posterior) in model.encode(x).compactMap(\.normal).enumerated() {
      #expect(bits(still.posteriors[layer].mean) == bits(posterior.mean) && bits(still.draws[layer]) == bits(posterior.mean))
    }
    #expect(bits(model.decodedMean(still.draws)) == bits(model.reconstruct(x, sampling: false, keys: keys(5))))
    let drawn = model.inference(x, noise: keys(5))
    #expect(bits(model.decodedMean(drawn.draws)) == bits(model.reconstruct(x, sampling: true, keys: keys(5))))
    #expect(model.divergence(drawn).scalars.allSatisfy { $0 >= 0 } && bits(model.divergence(drawn)) == bits(model.divergence(still)))
    // Gradients reach the item through both halves.
    let watched = x.watched()
    let inference = model.inference(watched, noise: keys(5))
    let loss =
      (model.divergence(inference) - model.logLikelihood(of: watched, given: inference.draws)).sum() + model.decodedMean(inference.draws).sum()
    let slope = try #require(loss.backward()[watched])
    #expect(slope.isFinite && slope.scalars.contains { $0 != 0 })
  }
}
