import Distributions
import Families
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// Rate and distortion of x ~ N(0, 1) under z = x + N(0, s²) with the marginal N(0, 1 + s²), of which R = ½ ln(1 + 1/s²) and
/// D = ½ ln(2πe s²/(1 + s²)), so that D + R = ½ ln 2πe, the entropy of the data, whatever s is (Alemi et al. 2018).
@Suite("Rate targets")
struct RateTargetTests {
  private let entropy = 1.418_938_533_2
  private let n = 20_000

  /// z is stored in units of its own marginal deviation, so that p(z) = N(0, 1).
  private func linearGaussian(noise s: Float) throws -> VAE {
    let (wide, deviation) = ((1 + s * s).squareRoot(), s / (1 + s * s).squareRoot())
    var model = try VAE(
      VAE.Configuration(latent: 1, hidden: [], decoderHidden: [], scale: .exp, observation: Observation(.gaussian, deviation: deviation)),
      signature: .vector(1), key: RandomKey(seed: 1))
    model.network = try model.network.loading([
      "mean.weight": Tensor(rows: [[1 / wide]]), "mean.bias": Tensor([0]), "scale.weight": Tensor(rows: [[0]]),
      "scale.bias": Tensor([log(deviation)]), "output.weight": Tensor(rows: [[1 / wide]]), "output.bias": Tensor([0]),
    ])
    return model
  }

  private func keys(_ n: Int, seed: UInt64 = 4) -> RowKeys { RowKeys(RandomKey(seed: seed), rows: 0..<n) }

  private func rateAndDistortion(_ model: VAE) -> (rate: Double, distortion: Double) {
    let scores = model.score(keys(n, seed: 8).split("x").normal(1), draws: 1, keys: keys(n))
    func mean(_ values: Tensor) -> Double { values.scalars.reduce(0.0) { $0 + Double($1) } / Double(n) }
    return (mean(scores[.kl]), -mean(scores[.reconstruction]))
  }

  @Test(
    "the optimal linear-Gaussian code has the rate and the distortion of the closed form, on the frontier",
    arguments: [0.25, 0.5, 1, 2] as [Float])
  func frontier(_ s: Float) throws {
    let (rate, distortion) = rateAndDistortion(try linearGaussian(noise: s))
    let variance = Double(s * s)
    // Four standard errors: R varies with x²/2, D with a squared normal.
    let tolerance = 4 * (0.5 / Double(n)).squareRoot()
    #expect(abs(rate - 0.5 * log(1 + 1 / variance)) < tolerance)
    #expect(abs(distortion - 0.5 * log(2 * .pi * M_E * variance / (1 + variance))) < tolerance)
    #expect(abs(rate + distortion - entropy) < 2 * tolerance)
  }

  @Test("the loss is D + beta |R - R*| on either side of the target, and its slope turns there")
  func loss() throws {
    let model = try linearGaussian(noise: 1)
    let x = keys(50).split("x").normal(1)
    func objective(_ options: VAE.TrainingOptions) -> Objective {
      model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(50), epoch: 0))
    }
    func term(_ name: String) throws -> Float { Float(try #require(objective(.init()).terms.first { $0.name == name }).value) }
    let (rate, distortion) = (try term("kl_nats"), -(try term("reconstruction_nats")))
    for (target, beta) in [(0, 1), (rate / 2, 2), (rate + 1, 1), (rate * 3, 0.5)] as [(Float, Float)] {
      let loss = objective(.init(beta: beta, rateTarget: target)).loss.scalar
      #expect(abs(loss - (distortion + beta * abs(rate - target))) < 1e-4, "\(target)")
    }
    // Without a target it is what a target of 0 makes of it, since no rate is below 0.
    #expect(objective(.init(beta: 2)).loss.scalar == objective(.init(beta: 2, rateTarget: 0)).loss.scalar)

    func slope(target: Float?) throws -> Float {
      let options = VAE.TrainingOptions(beta: 1000, rateTarget: target)
      let (_, gradient) = valueAndGradient(at: model.network, loss: \.loss) { network, mode in
        model.objective(network, batch: Batch(x), options: options, pass: Pass(mode: mode, keys: keys(50), epoch: 0))
      }
      return try #require(gradient.module.leaves.first { $0.leaf.path == "scale.bias" }).tensor.scalar
    }
    #expect(try slope(target: rate + 1) * slope(target: nil) < 0)
  }

  @Test("a model that learns towards a target gets its rate and stays on the frontier", arguments: [0.25, 1, 2] as [Float])
  func training(_ target: Float) throws {
    let model = try VAE(
      VAE.Configuration(latent: 1, hidden: [], decoderHidden: [], scale: .exp, observation: Observation(.gaussianLearned)),
      signature: .vector(1), key: RandomKey(seed: 1))
    let learner = model.learner(.init(beta: 2, rateTarget: target), Descent(Optimiser(.adam, rate: 0.01)))
    let items = RowKeys(RandomKey(seed: 3), rows: 0..<n).normal(1)
    let data = TrainingData(count: n) { items.gather($0) }
    var state = learner.start(data, key: RandomKey(seed: 2))
    for step in 0..<1500 {
      let (key, first) = (RandomKey(seed: 5).split(step), step * 256 % 16_384)
      let pass = Pass(key: key, keys: RowKeys(key, rows: 0..<256), epoch: 0, step: step, items: n)
      _ = try learner.step(&state, Batch(data[Array(first..<first + 256)]), pass)
    }
    let (rate, distortion) = rateAndDistortion(learner.model(state))
    #expect(abs(rate - Double(target)) < 0.05)
    #expect(abs(rate + distortion - entropy) < 0.03)
  }

  @Test("checkpoints are compared by the loss of the mean rate")
  func validation() throws {
    let model = try linearGaussian(noise: 1)
    let x = keys(40).split("x").normal(1)
    let scores = model.score(x, draws: 1, keys: keys(40))
    let rate = scores[.kl].mean().scalar
    let bound = model.validationBound(x, options: .init(beta: 3, rateTarget: 2), keys: keys(40)).mean().scalar
    #expect(abs(bound - (scores[.reconstruction].mean().scalar - 3 * (2 - rate))) < 1e-4)
  }

  @Test("a target beside what would change the rate is refused")
  func refused() throws {
    let model = try linearGaussian(noise: 1)
    let refusals: [(VAE.TrainingOptions, String)] = [
      (.init(freeBits: 0.1, rateTarget: 2), "rate_target"), (.init(importanceSamples: 2, rateTarget: 2), "rate_target"),
      (.init(rateTarget: -1), "rate_target"), (.init(rateTarget: .infinity), "rate_target"),
    ]
    for (options, field) in refusals { #expect(#expect(throws: Fault.self) { try model.check(options) }?.field == field) }
    try model.check(.init(rateTarget: 5))
  }
}
