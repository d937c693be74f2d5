import Distributions
import Families
import FamilyExamples
import Formats
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("δ-VAE")
struct DeltaVAETests {
  private let key = RandomKey(seed: 4)
  private func keys(_ n: Int) -> RowKeys { RowKeys(key.split("noise"), rows: 0..<n) }

  private func model(_ configuration: String, _ signature: Signature, spread: Float = 3) throws -> DeltaVAE {
    var model = try DeltaVAE(StrictJSON.decode(DeltaVAE.Configuration.self, from: Array(configuration.utf8)), signature: signature, key: key)
    // Weights that are wide enough for all that a pixel depends on to be seen in float32.
    model.network = model.network.mapping { _, tensor in tensor * spread }
    return model
  }

  private static let shapes: [(configuration: String, signature: Signature)] = [
    (#"{"latent": 2, "hidden": [4], "channels": 8, "layers": 5, "kernel": 3}"#, .image(height: 5, width: 6)),
    (#"{"latent": 2, "hidden": [4], "channels": 4, "layers": 1, "kernel": 9}"#, .image(height: 4, width: 3)),
    (
      #"{"latent": 3, "code": "constrained", "delta": 0.1, "hidden": [], "channels": 5, "layers": 2, "kernel": 7, "likelihood": "discretised_logistic"}"#,
      .image(height: 5, width: 4, channels: 3)
    ),
    (
      #"{"latent": 2, "code": "ar1", "steps": 3, "correlation": 0.7, "hidden": [4], "channels": 2, "layers": 3, "kernel": 5, "likelihood": "beta_binomial"}"#,
      .image(height: 9, width: 5)
    ),
  ]

  private func items(_ n: Int, _ signature: Signature) -> Tensor {
    let raw = key.split("items").uniform([n, signature.width]).scalars.map { ($0 * 255).rounded() }
    return signature.toModel(Tensor(shape: [n, signature.width], scalars: raw))
  }

  private func numbers(_ heads: Heads, _ place: Int) -> [UInt32] {
    [heads.location, heads.scale].compactMap { $0 }.map { $0.scalars[place].bitPattern }
  }

  @Test("the parameters of a pixel depend on the pixels before it, and not by a bit on itself or those behind it", arguments: shapes.indices)
  func causality(_ shape: Int) throws {
    let (configuration, signature) = Self.shapes[shape]
    let model = try model(configuration, signature)
    guard let picture = signature.space.picture else { return }
    let (channels, pixels) = (picture.channels, picture.height * picture.width)
    // Several images, since a rectifier may shut the way of one.
    let (n, width) = (6, signature.width)
    let (x, z) = (items(n, signature), key.split("z").normal([n, model.code.width]))
    let before = model.conditionals(of: x, given: z)
    var seen = Set<[Int]>()
    for changed in 0..<pixels {
      var other = x.scalars
      for image in 0..<n {
        for channel in 0..<channels { other[image * width + channel * pixels + changed] = 1 - other[image * width + channel * pixels + changed] }
      }
      let after = model.conditionals(of: Tensor(shape: x.shape, scalars: other), given: z)
      for pixel in 0..<pixels {
        let places = (0..<n).flatMap { image in (0..<channels).map { image * width + $0 * pixels + pixel } }
        guard places.contains(where: { numbers(before, $0) != numbers(after, $0) }) else { continue }
        #expect(pixel > changed, "pixel \(pixel) sees pixel \(changed)")
        seen.insert([pixel, changed])
      }
    }
    // Five layers reach all of 5 x 6 pixels: there is no blind spot.
    if shape == 0 {
      let unseen = (0..<pixels).flatMap { pixel in (0..<pixel).map { [pixel, $0] } }.filter { !seen.contains($0) }
      #expect(unseen.isEmpty, "pixels that don't see an earlier one")
    }
    let count = seen.count
    #expect(count > pixels)
  }

  @Test("what is drawn pixel by pixel is bit for bit what whole images say of each pixel in turn", arguments: shapes.indices, [false, true])
  func drawing(_ shape: Int, _ mean: Bool) throws {
    let (configuration, signature) = Self.shapes[shape]
    let model = try model(configuration, signature, spread: 1.5)
    guard let picture = signature.space.picture else { return }
    let (n, channels, pixels) = (3, picture.channels, picture.height * picture.width)
    let z = key.split("z").normal([n, model.code.width])
    let drawn = model.decode([z], keys: keys(n), SampleOptions(mean: mean))
    let observation = model.configuration.observation
    var (x, answer) = ([Float](repeating: 0, count: n * signature.width), [Float](repeating: 0, count: n * signature.width))
    for pixel in 0..<pixels {
      let heads = model.conditionals(of: Tensor(shape: [n, signature.width], scalars: x), given: z)
      let places = (0..<channels).map { $0 * pixels + pixel }
      func own(_ tensor: Tensor) -> Tensor {
        Tensor(rows: (0..<n).map { row in places.map { tensor.scalars[row * signature.width + $0] } })
      }
      let part = Heads(location: own(heads.location), scale: heads.scale.map(own))
      let noise = mean ? DeltaVAE.sharedNoise(rows: n) : keys(n)
      let (value, expected) = (observation.sample(part, keys: noise.split("observation").split(pixel)), observation.mean(part))
      for row in 0..<n {
        for (channel, place) in places.enumerated() {
          x[row * signature.width + place] = value.scalars[row * channels + channel]
          answer[row * signature.width + place] = (mean ? expected : value).scalars[row * channels + channel]
        }
      }
    }
    #expect(drawn.scalars.map(\.bitPattern) == answer.map(\.bitPattern))
  }

  /// Every image of so many bits.
  private func everyImage(_ bits: Int) -> Tensor {
    Tensor(rows: (0..<1 << bits).map { image in (0..<bits).map { Float(image >> $0 & 1) } })
  }

  @Test("the probabilities of all images given a code sum to 1, and images are drawn as often as they say")
  func probabilities() throws {
    let model = try model(
      #"{"latent": 2, "code": "ar1", "steps": 2, "correlation": 0.5, "hidden": [3], "channels": 4, "layers": 3, "kernel": 3}"#,
      .image(height: 2, width: 3), spread: 2)
    let (images, width) = (everyImage(6), model.code.width)
    for code in 0..<4 {
      let z = key.split("z").split(code).normal([1, width])
      let p = model.logLikelihood(of: images, given: [z.gather([Int](repeating: 0, count: 64))]).exp().scalars.map(Double.init)
      #expect(abs(p.reduce(0, +) - 1) < 1e-5)
      let n = 20_000
      let same = z.gather([Int](repeating: 0, count: n))
      let drawn = model.decode([same], keys: keys(n), SampleOptions())
      var counts = [Double](repeating: 0, count: 64)
      for row in 0..<n { counts[(0..<6).reduce(0) { $0 + (drawn.scalars[row * 6 + $1] == 1 ? 1 << $1 : 0) }] += 1 }
      for (count, p) in zip(counts, p) { #expect(abs(count / Double(n) - p) < 5 * (p * (1 - p) / Double(n)).squareRoot() + 1e-6) }
    }
  }

  @Test("no network's rate is below what the code commits it to", arguments: ["ar1", "constrained"])
  func leastRate(_ kind: String) throws {
    let settings = kind == "ar1" ? #""steps": 6, "correlation": 0.9"# : #""delta": 0.3"#
    let signature = Signature.image(height: 4, width: 4)
    for spread in [0, 0.1, 1, 4, 30] as [Float] {
      let model = try model(#"{"latent": 3, "code": "\#(kind)", \#(settings), "hidden": [8], "channels": 2, "layers": 1}"#, signature, spread: spread)
      let least = Float(model.code.committedNats)
      let scores = model.score(items(50, signature), draws: 1, keys: keys(50))
      #expect(scores[.kl].scalars.allSatisfy { $0 >= least * (1 - 2e-6) } && least > 0.5)
      let objective = model.objective(
        model.network, batch: Batch(items(50, signature)), options: .init(), pass: Pass(keys: keys(50), epoch: 0))
      #expect(objective.terms.contains { $0.name == "committed_nats" && $0.value == model.code.committedNats })
      #expect(objective.terms.contains { $0.name == "kl_nats" && $0.value >= Double(least) * (1 - 2e-6) })
    }
  }

  @Test("means depend on the code alone, and reconstructions of drawn codes on the seed as well")
  func means() throws {
    let (configuration, signature) = Self.shapes[0]
    let model = try model(configuration, signature)
    let (x, z) = (items(3, signature), key.split("z").normal([3, model.code.width]))
    let (mean, others) = (SampleOptions(mean: true), RowKeys(key.split("others"), rows: 5..<8))
    #expect(bits(model.decode([z], keys: keys(3), mean)) == bits(model.decode([z], keys: others, mean)))
    #expect(bits(model.decode([z], keys: keys(3), SampleOptions())) != bits(model.decode([z], keys: others, SampleOptions())))
    #expect(bits(model.reconstruct(x, sampling: false, keys: keys(3))) == bits(model.reconstruct(x, sampling: false, keys: others)))
    #expect(bits(model.reconstruct(x, sampling: true, keys: keys(3))) != bits(model.reconstruct(x, sampling: true, keys: others)))
  }

  @Test("a draw of the code at temperature 0 is the middle of the prior")
  func temperature() throws {
    let (configuration, signature) = Self.shapes[3]
    let model = try model(configuration, signature)
    let middle = model.decode([.zeros([4, model.code.width])], keys: keys(4), SampleOptions())
    #expect(try bits(model.sample(keys(4), SampleOptions(temperature: 0))) == bits(middle))
  }

  @Test(
    "settings that don't fit are refused by name",
    arguments: [
      (#"{"latent": 2, "kernel": 4}"#, "kernel"), (#"{"latent": 2, "code": "ar1", "correlation": 0.5}"#, "steps"),
      (#"{"latent": 2, "code": "ar1", "steps": 3}"#, "correlation"), (#"{"latent": 2, "code": "ar1", "steps": 3, "correlation": 1}"#, "correlation"),
      (#"{"latent": 2, "code": "ar1", "steps": 1, "correlation": 0.5}"#, "steps"), (#"{"latent": 2, "code": "constrained"}"#, "delta"),
      (#"{"latent": 2, "code": "constrained", "delta": 0}"#, "delta"), (#"{"latent": 2, "steps": 3}"#, "steps"),
      (#"{"latent": 2, "delta": 0.1}"#, "delta"), (#"{"latent": 2, "code": "ar1", "steps": 3, "correlation": 0.5, "delta": 0.1}"#, "delta"),
      (#"{"hidden": [3]}"#, "latent"),
    ])
  func refusals(_ configuration: String, _ field: String) {
    var found: String?
    do {
      let settings = try StrictJSON.decode(DeltaVAE.Configuration.self, from: Array(configuration.utf8))
      _ = try DeltaVAE(settings, signature: .image(height: 4, width: 4), key: key)
    } catch {
      found = (error as? JSONError)?.field ?? (error as? Fault)?.field
    }
    #expect(found == field)
  }

  @Test("rows without a place for pixels are refused")
  func noImages() throws {
    let fault = #expect(throws: Fault.self) { _ = try DeltaVAE(.init(.init(latent: 2)), signature: .vector(4), key: key) }
    #expect(fault?.field == "signature.kind")
  }
}
