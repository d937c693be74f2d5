import Distributions
import Families
import FamilyExamples
import Formats
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("How ladders learn")
struct LadderTrainingTests {
  private func keys(_ rows: Range<Int> = 0..<40) -> RowKeys { RowKeys(RandomKey(seed: 4), rows: rows) }

  @Test("black and white pixels come in their shares, noise with its deviation, and every item has its own, whatever the batch")
  func corruption() {
    let grey = Tensor.full([40, 100], 0.5)
    let salted = Denoising(share: 0.1).corrupted(grey, isPicture: true, keys: keys()).scalars
    func share(_ value: Float) -> Double { Double(salted.count { $0 == value }) / 4000 }
    // White is added last, as the authors do: x a + b.
    #expect(abs(share(1) - 0.1) < 0.02 && abs(share(0) - 0.09) < 0.02 && abs(share(0.5) - 0.81) < 0.03)
    let noisy = Denoising(noise: 0.1).corrupted(grey, isPicture: true, keys: keys())
    let spread = (noisy - grey).squared().mean().scalar.squareRoot()
    #expect(abs(spread - 0.1) < 0.01)
    let wild = Denoising(share: 0.2, noise: 2).corrupted(grey, isPicture: true, keys: keys())
    #expect(wild.scalars.allSatisfy { (0...1).contains($0) })
    #expect(Denoising(noise: 2).corrupted(grey, isPicture: false, keys: keys()).scalars.contains { $0 > 1 })
    let alone = Denoising(share: 0.2, noise: 2).corrupted(grey.gather([7]), isPicture: true, keys: keys(7..<8))
    #expect(alone.scalars == Array(wild.scalars[700..<800]))
  }

  @Test("with denoising the codes are those of changed items and the likelihood that of the items", arguments: ["vlae", "vlac"])
  func denoising(_ family: String) throws {
    let example = try #require(FamilyExample.all.first { $0.family == family && $0.signature.space.picture != nil })
    let model = try #require(try example.model() as? any LadderFamily)
    let x = example.items(20)
    let (plain, changed) = (
      try terms(model, x, LadderTraining()), try terms(model, x, LadderTraining(LadderSchedule(), denoising: Denoising(share: 0.5)))
    )
    #expect(plain["kl_nats"] != changed["kl_nats"] && plain["reconstruction_nats"] != changed["reconstruction_nats"])
    // Nothing of it is left where items are held out.
    let judged = bound(model, x, LadderTraining(LadderSchedule(), denoising: Denoising(share: 0.5)))
    #expect(judged.scalars == bound(model, x, LadderTraining()).scalars)
  }

  @Test("the discrepancy takes the place of the divergence in the loss, and checkpoints are compared by it", arguments: ["vlae", "vlac"])
  func discrepancy(_ family: String) throws {
    let example = try #require(FamilyExample.all.first { $0.family == family })
    let model = try #require(try example.model() as? any LadderFamily)
    let x = example.items(20)
    let training = LadderTraining(LadderSchedule(), discrepancyWeight: 100)
    let (plain, own) = (try terms(model, x, LadderTraining()), try terms(model, x, training))
    #expect(plain["kl_nats"] == own["kl_nats"] && plain["elbo_nats"] == own["elbo_nats"])
    let layers = model.latentWidths.indices
    let discrepancies = try layers.map { try #require(own["layer_\($0)_mmd"]) }
    #expect(discrepancies.allSatisfy { $0 > 0 && $0 < 2 })
    let loss = try #require(own["loss"])
    let reconstruction = try #require(plain["loss"]) - #require(plain["kl_nats"])
    #expect(abs(loss - (reconstruction + 100 * discrepancies.reduce(0, +))) < 1e-3 * abs(loss))
    let held = bound(model, x, training)
    let known = model.score(x, draws: 1, keys: keys(0..<20))[.reconstruction]
    let cost = (known - held).scalars
    #expect(cost.allSatisfy { abs($0 - cost[0]) < 1e-2 && $0 > 0 })
  }

  @Test("with full covariances a cluster's draws go together, the bound still reaches every parameter, and other models have none")
  func fullCovariances() throws {
    let ladder = LadderConfiguration([.init(latent: 3), .init(latent: 1, hidden: [2])], activation: .tanh)
    var model = try VLAC(
      VLAC.Configuration(ladder, components: [4, 2], covariance: .full), signature: .image(height: 2, width: 2), key: RandomKey(seed: 1))
    #expect(model.network.priors[0].regressions?.shape == [4, 3] && model.network.priors[1].regressions == nil)
    let packed = Tensor(shape: [4, 3], scalars: (0..<12).map { Float($0) * 0.1 })
    model.network.priors[0].regressions = packed
    let mixture = model.network.priors[0].mixture
    #expect(mixture.regressions?.slice(1, 1..<2).scalars == [0, 0, 0, 0.3, 0, 0, 0.4, 0.5, 0])
    let x = RandomKey(seed: 2).uniform([12, 4])
    let watched = model.network.mapping { $1.watched() }
    let loss = model.objective(watched, batch: Batch(x), options: VLAC.TrainingOptions(), pass: Pass(keys: keys(0..<12), epoch: 0)).loss
    let regressions = try #require(watched.priors[0].regressions)
    #expect(try #require(loss.backward()[regressions]).scalars.allSatisfy { $0 != 0 })
    let plain = try VLAC(VLAC.Configuration(ladder, components: [4, 2]), signature: .image(height: 2, width: 2), key: RandomKey(seed: 1))
    #expect(plain.network.priors.allSatisfy { $0.regressions == nil })
    #expect(plain.network.priors[0].means.scalars == model.network.priors[0].means.scalars)
  }

  @Test(
    "options that can't be are refused by field",
    arguments: [
      (#"{"mmd_weight": -1}"#, "mmd_weight"), (#"{"mmd_weight": 0}"#, "mmd_weight"),
      (#"{"denoising": {}}"#, "denoising.share"), (#"{"denoising": {"share": 0.6}}"#, "denoising.share"),
      (#"{"denoising": {"noise": -1}}"#, "denoising.noise"), (#"{"denoising": {"share": 0.1}}"#, "denoising.share"),
    ])
  func refused(_ text: String, _ field: String) throws {
    let vlae = try VLAE(LadderConfiguration([.init(latent: 1)]), signature: .vector(3), key: RandomKey(seed: 1))
    let options = try StrictJSON.decode(LadderTraining.self, from: Array(text.utf8))
    #expect(#expect(throws: Fault.self) { try vlae.check(options) }?.field == field)
    try vlae.check(LadderTraining(LadderSchedule(), denoising: Denoising(noise: 0.1)))
  }

  /// The terms of one batch, and its loss.
  private func terms(_ model: any LadderFamily, _ x: Tensor, _ training: LadderTraining) throws -> [String: Double] {
    let pass = Pass(keys: keys(0..<x.shape[0]), epoch: 0)
    let objective: Objective
    if let vlae = model as? VLAE {
      objective = vlae.objective(vlae.network, batch: Batch(x), options: training, pass: pass)
    } else {
      let vlac = try #require(model as? VLAC)
      objective = vlac.objective(vlac.network, batch: Batch(x), options: VLAC.TrainingOptions(training), pass: pass)
    }
    return Dictionary(uniqueKeysWithValues: objective.terms.map { ($0.name, $0.value) } + [("loss", Double(objective.loss.scalar))])
  }

  private func bound(_ model: any LadderFamily, _ x: Tensor, _ training: LadderTraining) -> Tensor {
    let keys = keys(0..<x.shape[0])
    if let vlae = model as? VLAE { return vlae.validationBound(x, options: training, keys: keys) }
    guard let vlac = model as? VLAC else { preconditionFailure("a ladder of another family") }
    return vlac.validationBound(x, options: VLAC.TrainingOptions(training), keys: keys)
  }
}
