import Distributions
import Families
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("The inpainting hierarchy")
struct InpaintingHVAETests {
  private let key = RandomKey(seed: 3)

  private func keys(_ n: Int) -> RowKeys { RowKeys(key, rows: 0..<n) }

  private func model(height: Int = 8, width: Int = 8, channels: Int = 3, perturbed: Bool = true) throws -> InpaintingHVAE {
    let configuration = InpaintingHVAE.Configuration(channels: [2, 3], hidden: 6, latent: 2, activation: .tanh)
    var model = try InpaintingHVAE(
      configuration, signature: .image(height: height, width: width, channels: channels), key: RandomKey(seed: 1))
    var number = 0
    if perturbed {
      model.network = model.network.mapping { leaf, tensor in
        number += 1
        return leaf.isTrainable ? tensor + RandomKey(seed: 9).split(number).normal(tensor.shape) * 0.3 : tensor
      }
    }
    return model
  }

  private func images(_ n: Int, _ model: InpaintingHVAE) -> Tensor {
    let x = key.split("images").uniform([n, model.signature.width])
    return Tensor(shape: x.shape, scalars: x.scalars.map { ($0 * 255).rounded() / 255 })
  }

  /// NaN where a mask hides.
  private func holed(_ x: Tensor, _ mask: PixelMask, _ model: InpaintingHVAE) throws -> Tensor {
    let picture = try #require(model.signature.space.picture)
    let pixels = mask.hidden(height: picture.height, width: picture.width, keys: keys(x.shape[0])).scalars
    let area = picture.height * picture.width
    return Tensor(
      shape: x.shape,
      scalars: x.scalars.indices.map { pixels[$0 / x.shape[1] * area + $0 % area] == 1 ? .nan : x.scalars[$0] })
  }

  @Test("at its start q and p are standard normals, the KL of every level is 0, and every pixel has location 0 and width ln 2")
  func start() throws {
    let model = try model(perturbed: false)
    let x = images(3, model)
    let scores = model.score(x, targets: .ones(x.shape), draws: 1, estimator: .proposal, keys: keys(3))
    #expect(scores[.kl].scalars.allSatisfy { $0 == 0 })
    #expect(scores.values.map(\.term) == Scores.Term.bounds(layers: 3))
    let pixel = ByteGaussian(location: .zeros([1, 192]), width: .full([1, 192], log(2)))
    for row in 0..<3 {
      #expect(abs(scores[.reconstruction].scalars[row] - pixel.logProbability(of: x.slice(0, row..<row + 1)).scalar) < 1e-2)
      #expect(abs(scores[.iwae].scalars[row] - scores[.reconstruction].scalars[row]) < 1e-2)
    }
  }

  @Test("an image of 64 x 64 has the published chain of levels")
  func sizes() throws {
    let configuration = InpaintingHVAE.Configuration(channels: [4, 8, 16, 32, 64, 128], hidden: 512, latent: 256)
    let network = try InpaintingHVAE(configuration, signature: .image(height: 64, width: 64, channels: 3), key: key).network
    #expect(configuration.levels == 7)
    // z_0 4@32 ... z_5 128@2, z_6 256: a mean and a deviation each.
    #expect(network.prior.map { $0.convolution.weight.shape[0] } == [8, 16, 32, 64, 128, 256, 512])
    #expect(network.posterior.map { $0.convolution.weight.shape[1] } == [4, 8, 16, 32, 64, 128, 512])
    #expect(network.features.hidden.weight.shape == [512, 512] && network.expand.weight.shape == [512, 768])
    #expect(network.down.count == 5 && network.border.count == 4 && network.output.weight.shape == [6, 4, 1, 1])
  }

  @Test("what is hidden does not reach the answer, whatever stands there, and all that is known does", arguments: [8, 6, 5])
  func hidden(_ extent: Int) throws {
    let model = try model(height: extent, width: extent + 1)
    let x = images(2, model)
    let holes = try holed(x, .centre, model)
    let imputed = model.impute(holes, draws: 2, keys: keys(2), wanted: .all, by: LevelChoice())
    let places = holes.scalars.indices.filter { holes.scalars[$0].isNaN }
    #expect(!places.isEmpty && places.allSatisfy { imputed.point.scalars[$0] > 0 && imputed.point.scalars[$0] < 1 })
    for place in holes.scalars.indices where !holes.scalars[place].isNaN && place < x.shape[1] {
      var other = holes.scalars
      other[place] = 1 - other[place]
      let changed = model.impute(Tensor(shape: x.shape, scalars: other), draws: 1, keys: keys(2), wanted: .point, by: LevelChoice())
      #expect(changed.point.scalars != imputed.point.scalars, "\(place)")
    }
  }

  @Test("levels that are not drawn are what is expected of them: without any, draws of mean pixels are one")
  func levels() throws {
    let model = try model()
    let holes = try holed(images(3, model), .rectangle(top: 2, left: 3, height: 3, width: 4), model)
    func draws(_ sampled: Set<Int>?, mean: Bool = true) -> [[Float]] {
      model.impute(holes, draws: 3, keys: keys(3), wanted: .draws, by: LevelChoice(sampled: sampled, meanPixels: mean)).draws.map(\.scalars)
    }
    #expect(Set(draws([])).count == 1 && Set(draws([], mean: false)).count == 3)
    for level in 0..<3 { #expect(Set(draws([level])).count == 3, "level \(level)") }
    #expect(draws([0, 1, 2]) == draws(nil) && draws([0]) != draws([1]))
  }

  @Test(
    "every hidden pixel is in one window, at a place of its own",
    arguments: [.centre, .random(rate: 0.3), .half(.left), .rectangle(top: 0, left: 0, height: 7, width: 9), .random(rate: 1)] as [PixelMask])
  func windows(_ mask: PixelMask) throws {
    let model = try model(height: 7, width: 9, channels: 1)
    let (x, n) = (images(5, model), 5)
    let holes = try holed(x, mask, model)
    let imputed = model.impute(holes, draws: 1, keys: keys(n), wanted: .all, by: LevelChoice())
    for place in holes.scalars.indices {
      // Only what is missing is written to; every level of a byte has some probability.
      #expect((imputed.point.scalars[place] > 0) == holes.scalars[place].isNaN, "\(place)")
    }
  }

  @Test("a hole is filled in as it would be in the middle, wherever it is, if what surrounds it is the same")
  func moved() throws {
    let model = try model(height: 16, width: 16, channels: 1)
    // Alike in all places, so that only the edges of the image tell where the hole is.
    let x = Tensor.full([1, 256], 0.4)
    func filled(_ top: Int) throws -> [Float] {
      let holes = try holed(x, .rectangle(top: top, left: 6, height: 4, width: 4), model)
      let point = model.impute(holes, draws: 1, keys: keys(1), wanted: .point, by: LevelChoice()).point.scalars
      return holes.scalars.indices.filter { holes.scalars[$0].isNaN }.map { point[$0] }
    }
    #expect(try filled(6) == filled(6) && filled(6).count == 16)
    #expect(try filled(6) != filled(2))
  }

  @Test("of a hole of several windows the mean loss over many draws is the bound of the whole hole")
  func severalWindows() throws {
    let model = try model(height: 8, width: 8, channels: 1)
    let n = 4000
    let x = images(1, model).gather([Int](repeating: 0, count: n))
    let options = InpaintingHVAE.TrainingOptions(masks: [WeightedMask(.rectangle(top: 0, left: 0, height: 8, width: 3))])
    let objective = model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(n), epoch: 0))
    let scores = model.score(x, targets: options.masks.hiddenForTests(model, keys(n)), draws: 1, estimator: .proposal, keys: keys(n))
    let elbo = scores[.elbo].scalars.map(Double.init)
    let mean = elbo.reduce(0, +) / Double(n)
    #expect(abs(-Double(objective.loss.scalar) - mean) < 0.05 * abs(mean))
  }

  @Test("other items than images of 256 levels, and sizes that make no network, are refused by field")
  func refused() throws {
    func field(_ configuration: InpaintingHVAE.Configuration, _ signature: Signature) -> String? {
      #expect(throws: Fault.self) { try InpaintingHVAE(configuration, signature: signature, key: key) }?.field
    }
    #expect(field(.init(hidden: 4), .vector(4)) == "signature.kind")
    #expect(field(.init(channels: [3]), .image(height: 8, width: 8)) == "channels")
    #expect(field(.init(hidden: 0), .image(height: 8, width: 8)) == "hidden")
    let error = #expect(throws: Fault.self) { try model().check(items: Tensor(rows: [[0, 1.5]])) }
    #expect(error?.field == "items")
    #expect(throws: Fault.self) { try model().check(.init(masks: [WeightedMask(.band(rows: 8))])) }
  }
}

extension [WeightedMask] {
  /// The numbers that the only mask of these hides.
  fileprivate func hiddenForTests(_ model: InpaintingHVAE, _ keys: RowKeys) -> Tensor {
    self[0].mask.hidden(height: 8, width: 8, keys: keys)
  }
}
