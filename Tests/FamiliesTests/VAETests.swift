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

/// One way to configure a VAE.
struct VAECase: Sendable, CustomTestStringConvertible {
  let likelihood: Observation.Likelihood
  let heads: VAE.Configuration.HeadLayout
  let scale: ScaleReading
  let isConvolutional: Bool
  let batchNorm: Bool

  static let all: [VAECase] = Observation.Likelihood.allCases.flatMap { likelihood in
    VAE.Configuration.HeadLayout.allCases.flatMap { heads in
      ScaleReading.allCases.flatMap { scale in
        [false, true].flatMap { isConvolutional in
          [false, true].map { VAECase(likelihood: likelihood, heads: heads, scale: scale, isConvolutional: isConvolutional, batchNorm: $0) }
        }
      }
    }
  }

  var testDescription: String {
    "\(likelihood.rawValue), \(heads.rawValue) heads, \(scale.rawValue), \(isConvolutional ? "convolutions" : "linear")\(batchNorm ? ", batch norm" : "")"
  }

  var configuration: VAE.Configuration {
    VAE.Configuration(
      latent: 2, hidden: [5], convolutions: isConvolutional ? [ConvolutionSpecification(channels: 2, kernel: 3, stride: 2, padding: 1)] : [],
      activation: .elu, batchNorm: batchNorm, heads: heads, scale: scale, scaleFloor: scale == .softplus ? 0.01 : 0,
      observation: Observation(
        likelihood, deviation: [.gaussian, .laplace].contains(likelihood) ? 0.5 : 1,
        scale: [.gaussianLearned, .betaBinomial, .discretisedLogistic].contains(likelihood) ? scale : nil))
  }
}

@Suite("VAE")
struct VAETests {
  private let signature = Signature.image(height: 4, width: 4)

  @Test("builds, learns from a batch and comes back from its JSON, in every configuration", arguments: VAECase.all)
  func configurations(_ row: VAECase) throws {
    let configuration = row.configuration
    #expect(try StrictJSON.decode(VAE.Configuration.self, from: Array(JSONEncoder().encode(configuration))) == configuration)
    var model = try VAE(configuration, signature: signature, key: RandomKey(seed: 1))
    #expect(model.network.leaves.reduce(0) { $0 + $1.tensor.count } == (try Blueprint<VAE>(configuration, signature: signature).scalarCount))
    let x = FamilyExample("", "vae", "", signature).items(6)
    let pass = { (mode: Mode) in Pass(mode: mode, keys: RowKeys(RandomKey(seed: 2), rows: 0..<6), epoch: 0) }
    let (before, gradient) = valueAndGradient(at: model.network, loss: \.loss) {
      model.objective($0, batch: Batch(x), options: VAE.TrainingOptions(), pass: pass($1))
    }
    #expect(before.loss.isFinite && gradient.module.leaves.allSatisfy(\.tensor.isFinite))
    let buffers = model.network.leaves.filter { !$0.leaf.isTrainable }.map(\.tensor.scalars)
    let moved = gradient.module.leaves.filter { !$0.leaf.isTrainable }.map(\.tensor.scalars)
    #expect(buffers.isEmpty != row.batchNorm && (buffers.isEmpty || buffers != moved))
    // A short step down the slope lowers the loss under the same noise.
    let length = gradient.module.leaves.filter(\.leaf.isTrainable).reduce(Float(0)) { $0 + $1.tensor.squared().sum().scalar }
    var slopes = gradient.module.leaves.makeIterator()
    model.network = model.network.mapping { leaf, own in
      guard let slope = slopes.next()?.tensor else { return own }
      return leaf.isTrainable ? own - slope * (1e-2 / length.squareRoot()) : slope
    }
    let after = model.objective(model.network, batch: Batch(x), options: VAE.TrainingOptions(), pass: pass(.training(BufferUpdates())))
    #expect(after.loss.scalar < before.loss.scalar)
    #expect(model.score(x, draws: 2, keys: RowKeys(RandomKey(seed: 3), rows: 0..<6))[.iwae].isFinite)
  }

  @Test(
    "samples and reconstructions of 256 levels are whole raw values within the range",
    arguments: [Observation.Likelihood.betaBinomial, .discretisedLogistic])
  func levels(_ likelihood: Observation.Likelihood) throws {
    let model = try VAE(
      VAE.Configuration(latent: 2, hidden: [4], observation: Observation(likelihood)), signature: signature, key: RandomKey(seed: 1))
    let raw = signature.toRaw(try model.sample(RowKeys(RandomKey(seed: 2), rows: 0..<50), SampleOptions()))
    #expect(raw.scalars.allSatisfy { $0.rounded() == $0 && (0...255).contains($0) })
    #expect(Set(raw.scalars).count > 20)
    let mean = signature.toRaw(
      model.reconstruct(FamilyExample("", "vae", "", signature).items(8), sampling: false, keys: RowKeys(RandomKey(seed: 2), rows: 0..<8)))
    #expect(mean.scalars.allSatisfy { (0...255).contains($0) })
  }

  @Test("binarised models see and score zeros and ones, whichever grey value they came from")
  func binarisation() throws {
    func model(_ binarisation: Observation.Binarisation) throws -> VAE {
      let configuration = VAE.Configuration(latent: 2, hidden: [4], observation: Observation(.bernoulli, binarisation: binarisation))
      return try VAE(configuration, signature: .vector(3), key: RandomKey(seed: 1))
    }
    let (grey, black) = (Tensor(rows: [[0.2, 0.5, 0.9]]), Tensor(rows: [[0, 1, 1]]))
    let keys = RowKeys(RandomKey(seed: 5), rows: 0..<1)
    let threshold = try model(.threshold)
    #expect(threshold.encode(grey).compactMap(\.normal)[0].mean.scalars == threshold.encode(black).compactMap(\.normal)[0].mean.scalars)
    #expect(threshold.score(grey, draws: 2, keys: keys)[.iwae].scalars == threshold.score(black, draws: 2, keys: keys)[.iwae].scalars)
    #expect(
      threshold.reconstruct(grey, sampling: false, keys: keys).scalars == threshold.reconstruct(black, sampling: false, keys: keys).scalars)
    // Drawn anew for every key, and by the pixel's probability.
    let observation = Observation(.bernoulli, binarisation: .dynamic)
    let grey30 = Tensor.full([10_000, 1], 0.3)
    let drawn = observation.observed(grey30, keys: RowKeys(RandomKey(seed: 5), rows: 0..<10_000))
    #expect(Set(drawn.scalars) == [0, 1])
    #expect(abs(drawn.mean().scalar - 0.3) < 0.02)
    #expect(try model(.none).encode(grey).compactMap(\.normal)[0].mean.scalars != model(.none).encode(black).compactMap(\.normal)[0].mean.scalars)
  }

  @Test("temperature 0 with the mean gives every sample the decoder's answer at the origin; a condition is refused")
  func sampleOptions() throws {
    let model = try VAE(VAE.Configuration(latent: 2, hidden: [4]), signature: .vector(3), key: RandomKey(seed: 1))
    let cold = try model.sample(RowKeys(RandomKey(seed: 5), rows: 0..<3), SampleOptions(temperature: 0, mean: true))
    #expect(bits(cold, rows: 0..<1) == bits(cold, rows: 2..<3))
    #expect(throws: Fault(field: "given.label", given: "\"3\"", expected: "no label: this model learns no classes")) {
      try model.sample(RowKeys(RandomKey(seed: 5), rows: 0..<3), SampleOptions(given: .label("3")))
    }
  }
}
