import Distributions
import Families
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("HiLLoC")
struct HiLLoCTests {
  private let key = RandomKey(seed: 8)
  private func keys(_ n: Int) -> RowKeys { RowKeys(key.split("noise"), rows: 0..<n) }

  private func fresh(_ configuration: HiLLoC.Configuration, _ signature: Signature) throws -> HiLLoC {
    try HiLLoC(configuration, signature: signature, key: key)
  }

  private func items(_ n: Int, _ signature: Signature) -> Tensor {
    let raw = key.split("items").uniform([n, signature.width]).scalars.map { ($0 * 255).rounded() }
    return signature.toModel(Tensor(shape: [n, signature.width], scalars: raw))
  }

  @Test("the authors' network has 40 998 823 weights, of which the channels for flows that they don't use are left out here")
  func size() throws {
    let (layers, h) = (24, 160)
    let blueprint = try Blueprint<HiLLoC>(.init(layers: layers), signature: .image(height: 32, width: 32, channels: 3))
    // As many channels as features, of a kernel of 3 x 3, a length and a bias, on the way up and on the way down.
    let contexts = 2 * layers * h * (9 * h + 2)
    #expect(blueprint.scalarCount + contexts == 40_998_823)
  }

  @Test("what every channel may cost for nothing is 76.8 nats of the authors' network, where all of them cost 38.4")
  func freeBits() {
    let costs = [Tensor](repeating: .full([32], 0.05), count: 24)
    func sum(_ freeBits: Float) -> Float { costs.map { HiLLoC.charged($0, freeBits: freeBits).scalar }.reduce(0, +) }
    #expect(abs(sum(0.1) - 76.8) < 1e-4 && abs(sum(0) - 38.4) < 1e-4)
    #expect(abs(HiLLoC.charged(Tensor([0.3, 0.02]), freeBits: 0.1).scalar - 0.4) < 1e-6)
  }

  @Test("q is p where the way up says nothing, whatever the image: the bound has no KL then")
  func noEvidence() throws {
    let signature = Signature.image(height: 6, width: 4, channels: 3)
    var model = try fresh(.init(layers: 3, latent: 2, hidden: 5), signature)
    // Evidence and shift are the moments' channels of the first convolutions: 0 where their lengths and biases are.
    for layer in 0..<3 {
      model.network.up[layer].first.kernel.logLength.update { for i in 0..<4 { $0[i] = -80 } }
      model.network.down[layer].first.kernel.logLength.update { for i in 4..<8 { $0[i] = -80 } }
      // N(0, 1) moved by nothing is N(0, 1); another prior would be moved away from.
      model.network.down[layer].first.kernel.logLength.update { for i in 0..<4 { $0[i] = -80 } }
    }
    let scores = model.score(items(3, signature), draws: 4, keys: keys(3))
    for (kl, (elbo, iwae)) in zip(scores[.kl].scalars, zip(scores[.elbo].scalars, scores[.iwae].scalars)) {
      #expect(abs(kl) < 1e-3)
      #expect(abs(elbo - iwae) < 5)
    }
  }

  @Test("the closed form of the KL is the mean of its draws")
  func divergence() throws {
    let signature = Signature.image(height: 4, width: 4)
    let model = try fresh(.init(layers: 2, latent: 1, hidden: 4), signature)
    let (n, x) = (4000, items(1, signature))
    let scores = model.score(x.gather([Int](repeating: 0, count: n)), draws: 1, keys: keys(n))
    // iwae of one draw is reconstruction + ln p(z) - ln q(z|x).
    let drawn = zip(scores[.reconstruction].scalars, scores[.iwae].scalars).map { Double($0 - $1) }
    let closed = scores[.kl].scalars.map(Double.init)
    let means = (drawn.reduce(0, +) / Double(n), closed.reduce(0, +) / Double(n))
    let deviation = (drawn.map { ($0 - means.0) * ($0 - means.0) }.reduce(0, +) / Double(n)).squareRoot()
    #expect(means.1 > 0 && abs(means.0 - means.1) < 5 * deviation / Double(n).squareRoot())
  }

  @Test("an odd extent costs only its own pixels: the row that is there twice has no likelihood")
  func odd() throws {
    let signature = Signature.image(height: 5, width: 3, channels: 3)
    let model = try fresh(.init(layers: 2, latent: 2, hidden: 4), signature)
    let scores = model.score(items(4, signature), draws: 1, keys: keys(4))
    // s = e^-2 begins as wide as the pixels: about 8 bits each of 45, not of 72.
    for value in scores[.reconstruction].scalars {
      let nats = -value / 45
      #expect(nats > 4 && nats < 8)
    }
    let mean = try model.sample(keys(2), SampleOptions(mean: true))
    #expect(mean.shape == [2, 45] && mean.scalars.allSatisfy { 0...1 ~= $0 })
    let drawn = try model.sample(keys(2), SampleOptions()).scalars.map { $0 * 255 }
    #expect(drawn.allSatisfy { abs($0 - $0.rounded()) < 1e-4 })
  }

  @Test("items that are no images of bytes, and conditions, are refused")
  func refusals() throws {
    func refusal(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return (error as? Fault)?.field }
      return nil
    }
    #expect(refusal { _ = try fresh(.init(layers: 1), .vector(12)) } == "signature.kind")
    #expect(refusal { _ = try fresh(.init(layers: 1), .image(height: 4, width: 4, range: 0...1)) } == "signature.kind")
    #expect(refusal { _ = try fresh(.init(layers: 0), .image(height: 4, width: 4)) } == "layers")
    let model = try fresh(.init(layers: 1, latent: 1, hidden: 2), .image(height: 2, width: 2))
    #expect(refusal { _ = try model.sample(keys(1), SampleOptions(given: .label("cat"))) } == "given")
  }

  @Test("it learns: forty steps bring two images that it sees again and again nearer")
  func learning() throws {
    let signature = Signature.image(height: 4, width: 4, channels: 3)
    let model = try fresh(.init(layers: 2, latent: 2, hidden: 6), signature)
    let x = items(2, signature)
    let learner = model.learner(.init(), Descent(Optimiser(.adamax, rate: 0.01, correctsBias: false)))
    var state = learner.start(TrainingData(count: 2) { _ in x }, key: key)
    var losses: [Double] = []
    for step in 0..<40 {
      let terms = try learner.step(&state, Batch(x), Pass(keys: RowKeys(key.split(step), rows: 0..<2), epoch: 0, step: step))
      losses.append(-(terms.first { $0.name == "elbo_nats" }?.value ?? 0))
    }
    let (first, last) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
    #expect(last < first - 5)
    let validated = learner.validation(&state, Batch(x), Pass(keys: keys(2), epoch: 1))
    #expect(validated.map(\.name) == ["bound_nats"] && validated[0].value.isFinite)
  }
}
