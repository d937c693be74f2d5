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

@Suite("Ladder VAE")
struct LadderVAETests {
  private let key = RandomKey(seed: 5)
  private func keys(_ n: Int) -> RowKeys { RowKeys(key.split("noise"), rows: 0..<n) }

  private func model(_ configuration: String, _ signature: Signature = .image(height: 4, width: 4)) throws -> LadderVAE {
    try LadderVAE(StrictJSON.decode(LadderVAE.Configuration.self, from: Array(configuration.utf8)), signature: signature, key: key)
  }

  /// z2 ~ N(0, 1), z1|z2 ~ N(z2, 1), x|z1 ~ N(z1, 1), with q(z2|x) = N(x/3, 2/3) and what x says of z1, N(x, e^2·spread).
  private func linearGaussian(logDeviation: Float = 0) throws -> LadderVAE {
    var model = try model(
      #"{"latents": [1, 1], "hidden": [], "decoder_hidden": [], "layer_depth": 0, "scale": "exp", "likelihood": "gaussian", "deviation": 1}"#,
      .vector(1))
    model.network = try model.network.loading([
      "data.mean.weight": Tensor(rows: [[1]]), "data.mean.bias": Tensor([0]), "data.scale.weight": Tensor(rows: [[0]]),
      "data.scale.bias": Tensor([logDeviation]), "data.output.weight": Tensor(rows: [[1]]), "data.output.bias": Tensor([0]),
      "up.0.mean.weight": Tensor(rows: [[1 / 3]]), "up.0.mean.bias": Tensor([0]), "up.0.scale.weight": Tensor(rows: [[0]]),
      "up.0.scale.bias": Tensor([0.5 * log(2 / 3)]), "prior.0.mean.weight": Tensor(rows: [[1]]), "prior.0.mean.bias": Tensor([0]),
      "prior.0.scale.weight": Tensor(rows: [[0]]), "prior.0.scale.bias": Tensor([0]),
    ])
    return model
  }

  @Test(
    "the merge finds the exact q(z1|z2, x), so that every importance weight is p(x) = N(x; 0, 3), for any number of draws", arguments: [1, 2, 300])
  func exactPosterior(_ draws: Int) throws {
    let x: [Float] = [-2, 0, 0.5, 3]
    let model = try linearGaussian()
    let scores = model.score(Tensor(shape: [4, 1], scalars: x), draws: draws, keys: keys(4))
    for (bound, x) in zip(scores[.iwae].scalars, x) { #expect(abs(bound - (-0.5 * log(2 * Float.pi * 3) - x * x / 6)) < 2e-5) }
    // N(x, 1) · N(z2, 1) = N((x + z2) / 2, 1/2).
    let inference = model.inference(Tensor(shape: [4, 1], scalars: x), noise: keys(4))
    for (row, x) in x.enumerated() {
      #expect(abs(inference.posteriors[0].mean.scalars[row] - (x + inference.draws[1].scalars[row]) / 2) < 1e-6)
      #expect(abs(inference.posteriors[0].deviation.scalars[row] - Float(0.5).squareRoot()) < 1e-6)
    }
  }

  @Test("where the data say nothing of a layer, q is the prior and the layer costs nothing")
  func silentData() throws {
    let model = try linearGaussian(logDeviation: 40)
    let inference = model.inference(.ones([3, 1]), noise: keys(3))
    let costs = model.costs(model.network, inference, .evaluation)
    #expect(costs[0].scalars.allSatisfy { $0 == 0 } && costs[1].scalars.allSatisfy { $0 > 0.01 })
  }

  @Test("of one layer it is the VAE of the same key")
  func oneLayer() throws {
    let ladder = try model(#"{"latents": [3], "hidden": [6], "activation": "tanh"}"#)
    let vae = try VAE(VAE.Configuration(latent: 3, hidden: [6], activation: .tanh), signature: ladder.signature, key: key)
    let x = FamilyExample("", "vae", "", vae.signature).items(5)
    for term in [Scores.Term.elbo, .kl, .iwae] {
      let (a, b) = (ladder.score(x, draws: 4, keys: keys(5))[term], vae.score(x, draws: 4, keys: keys(5))[term])
      for (a, b) in zip(a.scalars, b.scalars) { #expect(abs(a - b) < 1e-4) }
    }
  }

  @Test("batch normalisation stands behind the heads of every layer, and its own networks come down where they are separate")
  func shapes() throws {
    func paths(_ model: LadderVAE) -> Set<String> { Set(model.network.leaves.map(\.leaf.path)) }
    let normalised = paths(try model(#"{"latents": [4, 3, 2], "hidden": [8], "layer_hidden": [6, 5], "batch_norm": true, "top_down": "separate"}"#))
    for path in [
      "data.mean.1.weight", "data.scale.1.running_var", "up.0.mean.1.weight", "up.1.scale.1.bias", "prior.0.scale.1.weight", "down.1.mean.1.weight",
    ] {
      #expect(normalised.contains(path), "\(path)")
    }
    let plain = try model(#"{"latents": [4, 3, 2], "hidden": [8], "layer_hidden": [6, 5], "upward": "means"}"#)
    #expect(!paths(plain).contains { $0.hasPrefix("down") || $0.contains("running") })
    func shape(_ path: String) throws -> Shape { try #require(plain.network.leaves.first { $0.leaf.path == path }).tensor.shape }
    #expect(try shape("up.0.hidden.0.weight") == [6, 4] && shape("up.1.hidden.2.weight") == [5, 5] && shape("prior.1.hidden.0.weight") == [5, 2])
  }

  @Test("upper layers held, the lower ones vary; all held, nothing does")
  func layersHeld() throws {
    let model = try model(#"{"latents": [4, 3, 2], "hidden": [8], "layer_hidden": [6, 5]}"#)
    func sample(_ sources: [LayerSource]) throws -> Tensor { try model.sample(keys(2), SampleOptions(mean: true, given: .layers(sources))) }
    let code = LayerSource.code([0.5, -1])
    let some = try sample([.prior, .prior, code])
    #expect(bits(some, rows: 0..<1) != bits(some, rows: 1..<2))
    let all = try sample([.code([1, 2, 3, 4]), .code([1, 2, 3]), code])
    #expect(bits(all, rows: 0..<1) == bits(all, rows: 1..<2))
  }

  @Test("a finished model has the moments of all items, and its evaluation then sees what training saw")
  func moments() throws {
    let model = try model(
      #"{"latents": [3, 2], "hidden": [6], "layer_hidden": [4], "batch_norm": true, "likelihood": "gaussian", "deviation": 1}"#, .vector(5))
    let x = key.normal([64, 5]) * 3 + 2
    let data = TrainingData(count: 64, batchSize: 16) { x.gather($0) }
    let finished = model.finished(data, options: LadderVAE.TrainingOptions(), key: key)
    func moment(_ path: String) throws -> [Float] { try #require(finished.network.leaves.first { $0.leaf.path == path }).tensor.scalars }
    let h = x.linear(
      weight: try #require(model.network.leaves.first { $0.leaf.path == "data.encoder.0.weight" }).tensor,
      bias: try #require(model.network.leaves.first { $0.leaf.path == "data.encoder.0.bias" }).tensor)
    for (a, b) in zip(try moment("data.encoder.1.running_mean"), h.mean(axes: [0]).scalars) { #expect(abs(a - b) < 1e-4) }
    // The mean of the unbiased variances of the four batches.
    let columns = (0..<6).map { column in (0..<64).map { h.scalars[$0 * 6 + column] } }
    let expected = columns.map { column in
      stride(from: 0, to: 64, by: 16).map { start in
        let batch = column[start..<start + 16], mean = batch.reduce(0, +) / 16
        return batch.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 15
      }.reduce(0, +) / 4
    }
    for (a, b) in zip(try moment("data.encoder.1.running_var"), expected) { #expect(abs(a - b) < 1e-3 * b) }
    #expect(bits(finished.network.parameterTensors[0]) == bits(model.network.parameterTensors[0]))
  }

  @Test("the ELBO comes first and the bound of all draws after it; before, its weight rises")
  func fineTuning() throws {
    let model = try model(#"{"latents": [3, 2], "hidden": [6], "layer_hidden": [4]}"#)
    let x = FamilyExample("", "ladder_vae", "", model.signature).items(6)
    let options = LadderVAE.TrainingOptions(warmUpEpochs: 4, importanceSamples: 3, fineTuningFrom: 6)
    func terms(at epoch: Float) -> [String] {
      model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(6), epoch: epoch)).terms.map(\.name)
    }
    #expect(terms(at: 5.9).contains("elbo_nats") && !terms(at: 5.9).contains("iwae_nats") && terms(at: 6).contains("iwae_nats"))
    #expect(terms(at: 2).contains("layer_1_kl_nats"))
    func loss(_ epoch: Float) -> Float {
      model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(6), epoch: epoch)).loss.scalar
    }
    // Half of what the code costs, at epoch 2 of a warm-up of 4.
    let terms = model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(6), epoch: 2)).terms
    let kl = try #require(terms.first { $0.name == "kl_nats" }).value
    #expect(abs(Double(loss(2) - loss(0)) - 0.5 * kl) < 1e-3)
  }

  @Test(
    "an impossible configuration is refused by field",
    arguments: [
      RefusedConfiguration(#"{"latents": [2, 2]}"#, field: "layer_hidden", given: "0 layers", expected: "1, one for each of `latents` but the first"),
      RefusedConfiguration(
        #"{"latents": [2], "top_down": "separate"}"#, field: "top_down", given: "separate", expected: "shared, since it has no effect here"),
      RefusedConfiguration(#"{"latents": [2, 0], "layer_hidden": [3]}"#, field: "latents[1]", given: "0", expected: "1 to 65536"),
    ])
  func refusals(_ row: RefusedConfiguration) throws {
    let configuration = try StrictJSON.decode(LadderVAE.Configuration.self, from: Array(row.text.utf8))
    #expect(throws: Fault(field: row.field, given: row.given, expected: row.expected)) {
      try LadderVAE(configuration, signature: row.signature, key: key)
    }
  }

  @Test("options of training that contradict each other are refused by field")
  func refusedOptions() {
    for options in [
      LadderVAE.TrainingOptions(fineTuningFrom: 3), .init(warmUpEpochs: 5, importanceSamples: 4, fineTuningFrom: 3),
      .init(freeBits: 1, importanceSamples: 4),
    ] {
      let error = #expect(throws: Fault.self) { try options.validate() }
      #expect(error?.field == "fine_tuning_from")
    }
  }
}
