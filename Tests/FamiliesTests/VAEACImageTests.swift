import Distributions
import Families
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("VAEAC for images")
struct VAEACImageTests {
  private let key = RandomKey(seed: 3)

  private func keys(_ n: Int) -> RowKeys { RowKeys(key, rows: 0..<n) }

  private func model(_ configuration: VAEACImage.Configuration = .init(latent: 2, hidden: 6, channels: [2, 3])) throws -> VAEACImage {
    try VAEACImage(configuration, signature: .image(height: 8, width: 8), key: RandomKey(seed: 1))
  }

  private func images(_ n: Int) -> Tensor { key.split("images").uniform([n, 64]) }

  @Test("images of 28 x 28 make the layers of the published MNIST network")
  func parameters() throws {
    let network = try VAEACImage(.init(), signature: .image(height: 28, width: 28), key: key).network
    // Convolutions, scales and shifts of the normalisations, shortcuts: 480 and 3360; 784 x 256 + 256; 256 x 32 + 32.
    #expect(network.prior.parameterCount == 480 + 3360 + 200_960 + 8224 && network.proposal.parameterCount == network.prior.parameterCount)
    #expect(network.prior.second.parameterCount == 3360 && network.generative.first.parameterCount == 2280)
    // 16 x 256 + 256, 512 x 784 + 784, the blocks 32 -> 6 and 14 -> 6, and 6 -> 1.
    #expect(network.generative.parameterCount == 4352 + 402_192 + 2280 + 1200 + 7)
    #expect(network.parameterCount == 836_079)
  }

  /// The mean of p(z | x_1-b, b).
  private func prior(_ evidence: VAEACImage.Evidence) -> Tensor {
    guard case .gaussian(let p) = evidence.belief else { preconditionFailure("these codes are Gaussian") }
    return p.mean
  }

  @Test("what is hidden does not reach the prior network, whatever stands there")
  func hiddenPixels() throws {
    let model = try model()
    let hidden = model.hidden(by: .half(.left), keys: keys(1))
    let other = Tensor(shape: [1, 64], scalars: zip(images(1).scalars, hidden.scalars).map { $1 == 1 ? 1 - $0 : $0 })
    let missing = Tensor(shape: [1, 64], scalars: zip(images(1).scalars, hidden.scalars).map { $1 == 1 ? .nan : $0 })
    let seen = [images(1), other, missing].map { prior(model.evidence(model.network, $0, hidden: hidden, .evaluation)).scalars }
    #expect(seen[0] == seen[1] && seen[1] == seen[2])
    let changed = prior(model.evidence(model.network, 1 - images(1), hidden: hidden, .evaluation)).scalars
    #expect(changed != seen[0])
  }

  @Test("training uses the batch's moments and moves the running averages; answering does neither, however many draws it takes")
  func runningAverages() throws {
    let model = try model()
    let (x, options) = (images(6), VAEACImage.TrainingOptions(masks: [.init(.band(rows: 3))], validationDraws: 3))
    let (value, gradient) = valueAndGradient(at: model.network, loss: { (objective: Objective) in objective.loss }) { network, mode in
      model.objective(network, batch: Batch(x), options: options, pass: Pass(mode: mode, keys: keys(6), epoch: 0))
    }
    let evaluated = model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(6), epoch: 0))
    #expect(value.loss.scalar != evaluated.loss.scalar)
    let buffers = zip(model.network.leaves, gradient.module.leaves).filter { !$0.0.leaf.isTrainable }
    // Two normalisations a block and one a shortcut, two buffers each, in six blocks.
    #expect(buffers.count == 36 && buffers.allSatisfy { $0.0.tensor.scalars != $0.1.tensor.scalars })
    let before = model.network.leaves.map(\.tensor.scalars)
    let holes = Tensor(shape: x.shape, scalars: zip(x.scalars, key.uniform(x.shape).scalars).map { $1 < 0.4 ? .nan : $0 })
    _ = model.impute(holes, draws: 7, keys: keys(6))
    _ = model.score(x, targets: model.hidden(by: .half(.top), keys: keys(6)), draws: 7, estimator: .proposal, keys: keys(6))
    _ = model.validationBound(x, options: options, keys: keys(6))
    #expect(model.network.leaves.map(\.tensor.scalars) == before)
  }

  @Test("natively missing pixels add nothing to the loss")
  func missingPixels() throws {
    let model = try model()
    let x = Tensor(shape: [2, 64], scalars: [Float](repeating: .nan, count: 128))
    let objective = model.objective(model.network, batch: Batch(x), options: .init(), pass: Pass(keys: keys(2), epoch: 0))
    let terms = Dictionary(uniqueKeysWithValues: objective.terms.map { ($0.name, Float($0.value)) })
    #expect(terms["reconstruction_nats"] == 0 && objective.loss.isFinite)
    #expect(model.score(x, targets: .ones([2, 64]), draws: 1, estimator: .proposal, keys: keys(2))[.iwae].isFinite)
  }

  @Test(
    "where the latent variables have no say, the hidden pixels' likelihood is that of independent ones: exact from the prior, a limit by importance")
  func likelihood() throws {
    var model = try model()
    model.network.generative.input.weight = .zeros(model.network.generative.input.weight.shape)
    let x = Tensor(shape: [3, 64], scalars: images(3).scalars.map { $0.rounded() })
    let targets = model.hidden(by: .band(rows: 3), keys: keys(3))
    let holes = Tensor(shape: x.shape, scalars: zip(x.scalars, targets.scalars).map { $1 == 1 ? .nan : $0 })
    let p = model.impute(holes, draws: 1, keys: keys(3)).point.scalars
    let exact = (0..<3).map { row in
      (row * 64..<(row + 1) * 64).reduce(Float(0)) { $0 + (targets.scalars[$1] == 0 ? 0 : log(x.scalars[$1] == 1 ? p[$1] : 1 - p[$1])) }
    }
    let prior = model.score(x, targets: targets, draws: 5, estimator: .prior, keys: keys(3))[.iwae].scalars
    let proposal = model.score(x, targets: targets, draws: 4000, estimator: .proposal, keys: keys(3))[.iwae].scalars
    for row in 0..<3 { #expect(abs(prior[row] - exact[row]) < 1e-3 && abs(proposal[row] - exact[row]) < 0.1, "\(exact[row])") }
    // The bound of ln p rises with the number of draws, on average.
    let few = (0..<200).map { index in
      model.score(x, targets: targets, draws: 1, estimator: .proposal, keys: RowKeys(key.split(index), rows: 0..<3))[.iwae].scalars[0]
    }
    #expect(few.reduce(0, +) / 200 < proposal[0])
  }

  @Test("a density is in raw units: pixels in 0...255 lose ln 255 each")
  func rawUnits() throws {
    let configuration = VAEACImage.Configuration(latent: 2, hidden: 6, channels: [2, 3], likelihood: .gaussianLearned)
    let (bytes, unit) = (
      try VAEACImage(configuration, signature: .image(height: 8, width: 8), key: key),
      try VAEACImage(configuration, signature: .image(height: 8, width: 8, range: 0...1), key: key)
    )
    let targets = bytes.hidden(by: .rectangle(top: 1, left: 2, height: 3, width: 4), keys: keys(2))
    let scores = [bytes, unit].map { $0.score(images(2), targets: targets, draws: 3, estimator: .proposal, keys: keys(2))[.iwae].scalars }
    for row in 0..<2 { #expect(abs(scores[1][row] - scores[0][row] - 12 * log(Float(255))) < 1e-2) }
  }

  @Test("of several masks each is taken as often as its weight says")
  func mixture() throws {
    let model = try model()
    let options = VAEACImage.TrainingOptions(masks: [.init(.half(.left), weight: 3), .init(.rectangle(top: 0, left: 0, height: 1, width: 1))])
    let hidden = model.hidden(options, RowKeys(key, rows: 0..<2000)).rowSums().scalars
    let halves = hidden.count { $0 == 32 }
    #expect(hidden.allSatisfy { $0 == 32 || $0 == 1 } && abs(halves - 1500) < 100)
  }

  @Test("what can't be built or trained is refused by field")
  func refused() throws {
    func field(_ configuration: VAEACImage.Configuration, _ signature: Signature) -> String? {
      do throws(Fault) {
        _ = try VAEACImage(configuration, signature: signature, key: key)
        return nil
      } catch { return error.field }
    }
    let image = Signature.image(height: 8, width: 8)
    #expect(field(.init(), .vector(4)) == "signature.kind")
    #expect(field(.init(), .image(height: 8, width: 6)) == "signature.shape")
    #expect(field(.init(latent: 0), image) == "latent")
    #expect(field(.init(hidden: 70_000), image) == "hidden")
    #expect(field(.init(channels: [3]), image) == "channels")
    #expect(field(.init(channels: [3, 0]), image) == "channels[1]")
    // Of the configuration as a whole.
    #expect(field(.init(hidden: 65_536, channels: [1, 4096]), .image(height: 400, width: 400)) == "")
    #expect(field(.init(likelihood: .gaussianLearned, binarisation: .dynamic), image) == "binarisation")
    #expect(field(.init(deviationFloor: 0), image) == "deviation_floor")
    let model = try model()
    func field(_ options: VAEACImage.TrainingOptions) -> String? {
      do throws(Fault) {
        try model.check(options)
        return nil
      } catch { return error.field }
    }
    #expect(field(.init()) == nil && field(.init(masks: [])) == "masks" && field(.init(validationDraws: 0)) == "validation_draws")
    #expect(
      field(.init(masks: [.init(.band(rows: 8))])) == "masks[0].mask" && field(.init(masks: [.init(.half(nil), weight: 0)])) == "masks[0].weight")
  }
}
