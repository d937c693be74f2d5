import Data
import Evaluation
import Families
import Formats
import Foundation
import ModelFiles
import Modelling
import Networks
import Tensors
import Testing

@Suite("Use of the code")
struct LatentUseTests {
  private let key = RandomKey(seed: 8)

  /// x = z_1 + noise; what is said of the second layer is its prior, so it is never used.
  private func model() throws -> LadderVAE {
    let text = #"{"latents": [2, 1], "hidden": [], "decoder_hidden": [], "layer_depth": 0, "scale": "exp", "likelihood": "gaussian", "deviation": 1}"#
    var model = try LadderVAE(
      StrictJSON.decode(LadderVAE.Configuration.self, from: Array(text.utf8)), signature: .vector(2), key: key)
    let identity = Tensor(rows: [[1, 0], [0, 0]])
    model.network = try model.network.loading([
      "data.mean.weight": identity, "data.mean.bias": Tensor([0, 0]), "data.scale.weight": .zeros([2, 2]), "data.scale.bias": Tensor([-2, 0]),
      "data.output.weight": identity, "data.output.bias": Tensor([0, 0]), "up.0.mean.weight": .zeros([1, 2]), "up.0.mean.bias": Tensor([0]),
      "up.0.scale.weight": .zeros([1, 2]), "up.0.scale.bias": Tensor([0]), "prior.0.mean.weight": .zeros([2, 1]),
      "prior.0.mean.bias": Tensor([0, 0]),
      "prior.0.scale.weight": .zeros([2, 1]), "prior.0.scale.bias": Tensor([0, 0]),
    ])
    return model
  }

  @Test("a unit is active where its mean follows the items; rate and distortion are the two parts of the ELBO")
  func use() throws {
    let (model, x) = (try model(), key.normal([700, 2]) * 2)
    let data = DataSet(name: "noise", rows: FloatRows(x.scalars, width: 2), signature: model.signature, digest: SHA256.digest([]))
    let use = LatentUseEvaluation(of: model, on: data, seed: 3)
    #expect(use.layers.map(\.active) == [1, 0] && use.layers.map(\.width) == [2, 1])
    #expect(use.layers[1].kl.mean == 0 && use.layers[0].kl.mean > 0.5)
    #expect(abs(use.rate.mean - use.layers[0].kl.mean) < 1e-9)
    let scores = model.score(x, draws: 1, keys: RowKeys(RandomKey(seed: 3), rows: 0..<700))
    let elbo = scores[.elbo].scalars.reduce(0.0) { $0 + Double($1) } / 700
    // Other draws of the same distribution.
    #expect(abs(-use.rate.mean - use.distortion.mean - elbo) < 4 * (use.distortion.standardError + use.rate.standardError))
    #expect(use.lines.last?.hasSuffix("0 of 1 units active") == true)
    #expect(use.metrics.map(\.name).contains("layer_0.active_units"))
    #expect(use.committed == nil && !use.metrics.map(\.name).contains("committed_nats"))
  }

  @Test("a code of committed rate says so, and its parts are of pixels drawn as bits, as the bound's are")
  func committed() throws {
    let configuration = DeltaVAE.Configuration(
      .init(latent: 3, kind: .constrained, delta: 0.2), hidden: [], channels: 2, layers: 2, kernel: 3,
      observation: Observation(.bernoulli, binarisation: .dynamic))
    let model = try DeltaVAE(configuration, signature: .image(height: 3, width: 3), key: key)
    let x = key.uniform([700, 9])
    let rows = FloatRows(model.signature.toRaw(x).scalars, width: 9)
    let data = DataSet(name: "noise", rows: rows, signature: model.signature, digest: SHA256.digest([]))
    let use = LatentUseEvaluation(of: model, on: data, seed: 3)
    #expect(abs((use.committed ?? 0) - 0.6) < 1e-12 && use.rate.mean >= 0.6)
    #expect(use.metrics.contains { $0.name == "committed_nats" && abs($0.value - 0.6) < 1e-12 })
    #expect(use.lines.contains { $0.hasPrefix("  committed") && $0.hasSuffix("0.600 nats") })
    let elbo = model.score(x, draws: 1, keys: RowKeys(RandomKey(seed: 3), rows: 0..<700))[.elbo].scalars.reduce(0.0) { $0 + Double($1) } / 700
    #expect(abs(-use.rate.mean - use.distortion.mean - elbo) < 4 * (use.distortion.standardError + use.rate.standardError))
  }

  @Test(
    "a bit through a channel that flips it costs ln 2 - H(e) nats and leaves H(e), so that both make ln 2 (Alemi et al. 2018)",
    arguments: [(0.01, 0.056002), (0.1, 0.325083), (0.25, 0.562335), (0.5, 0.693147)])
  func binarySymmetricChannel(_ flip: Float, _ entropy: Double) throws {
    let text = #"{"latents": {"categorical": [1, 2]}, "hidden": [], "decoder_hidden": []}"#
    var model = try VAE(StrictJSON.decode(VAE.Configuration.self, from: Array(text.utf8)), signature: .vector(1), key: key)
    // q(z = x | x) = p(x = z | z) = 1 - e.
    let odds = log((1 - flip) / flip)
    model.network = try model.network.loading([
      "logits.weight": Tensor(rows: [[0], [2 * odds]]), "logits.bias": Tensor([0, -odds]), "output.weight": Tensor(rows: [[-odds, odds]]),
      "output.bias": Tensor([0]),
    ])
    let n = 20_000
    let rows = FloatRows((0..<n).map { Float($0 % 2) }, width: 1)
    let data = DataSet(name: "bits", rows: rows, signature: model.signature, digest: SHA256.digest([]))
    let use = LatentUseEvaluation(of: model as any CategoricallyEncoding, on: data, seed: 3)
    #expect(abs(use.rate.mean - (0.693147 - entropy)) < 1e-5)
    // One draw an item: -ln(1 - e), or -ln e.
    let tolerance = max(4 * use.distortion.standardError, 1e-5)
    #expect(abs(use.distortion.mean - entropy) < tolerance)
    #expect(abs(use.rate.mean + use.distortion.mean - 0.693147) < tolerance + 1e-5)
    #expect(use.layers.count == 1 && use.layers[0].width == 1 && use.layers[0].active == (flip == 0.5 ? 0 : 1))
  }
}
