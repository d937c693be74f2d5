import Coding
import Distributions
import Families
import Foundation
import Formats
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("Maps of codes (RRVQ)")
struct RRVQTests {
  private static let key = RandomKey(seed: 8)
  private static let quantisers = RRVQ.Configuration.Quantiser.allCases

  private static func keys(_ n: Int, _ seed: UInt64 = 3) -> RowKeys { RowKeys(RandomKey(seed: seed), rows: 0..<n) }

  /// A fresh model, moved so that its choices are neither even nor certain.
  private static func model(
    _ configuration: RRVQ.Configuration, _ signature: Signature = .image(height: 4, width: 4), scale: Float = 0.5
  ) throws -> RRVQ {
    var (model, number) = (try RRVQ(configuration, signature: signature, key: key), 0)
    model.network = model.network.mapping { _, tensor in
      number += 1
      return tensor + key.split(number).normal(tensor.shape) * scale
    }
    return model
  }

  private static func items(_ n: Int, _ signature: Signature = .image(height: 4, width: 4)) -> Tensor {
    let raw = key.split("items").uniform([n, signature.width]).scalars.map { ($0 * 255).rounded() }
    return signature.toModel(Tensor(shape: [n, signature.width], scalars: raw))
  }

  private static func small(_ quantiser: RRVQ.Configuration.Quantiser, strides: [Int] = [2, 2], codes: Int = 5) -> RRVQ.Configuration {
    .init(strides: strides, codes: codes, codeWidth: 3, channels: 4, quantiser: quantiser)
  }

  // MARK: - The bound

  /// Every way to choose codes at so many places.
  private static func choices(_ places: Int, of k: Int) -> [[Float]] {
    (0..<places).reduce([[]]) { rows, _ in rows.flatMap { row in (0..<k).map { row + [Float($0)] } } }
  }

  @Test("hard samples bound ln p(x), which all codes of a tiny model sum to; many draws come close to it", arguments: quantisers)
  func enumeration(_ quantiser: RRVQ.Configuration.Quantiser) throws {
    // Two places, then one, of three codes each.
    let signature = Signature.image(height: 2, width: 4)
    let configuration = RRVQ.Configuration(
      strides: [2, 2], codes: 3, codeWidth: 2, channels: 3, quantiser: quantiser, observation: Observation(.bernoulli, binarisation: .threshold))
    var model = try Self.model(configuration, signature)
    // Codes near each other: no choice is so unlikely under q that its weight is seldom seen.
    for layer in 0..<2 { model.network.down[layer].codebook.codes = model.network.down[layer].codebook.codes * 0.3 }
    #expect(model.latentWidths == [2, 1])
    let x = Self.items(1, signature).scalars.map { $0 >= 0.5 ? Float(1) : 0 }
    let codes = Self.choices(2, of: 3).flatMap { below in Self.choices(1, of: 3).map { (below, $0) } }
    let all = Tensor(shape: [codes.count, 8], scalars: codes.flatMap { _ in x })
    let joint = model.logJoint(
      of: all, codes: [Tensor(shape: [codes.count, 2], scalars: codes.flatMap(\.0)), Tensor(shape: [codes.count, 1], scalars: codes.flatMap(\.1))])
    let exact = Double(joint.reshaped([1, codes.count]).logSumExp().scalar)
    // p(x) sums to 1 over all x, too: of this one it is less.
    #expect(exact < 0)
    let n = 4000
    let scores = model.score(Tensor(shape: [n, 8], scalars: (0..<n).flatMap { _ in x }), draws: 1, keys: Self.keys(n))
    let bounds = scores[.elbo].scalars.map(Double.init)
    let mean = bounds.reduce(0, +) / Double(n)
    let error = (bounds.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot() / Double(n)
    #expect(mean <= exact + 4 * error + 1e-5, "\(mean) against \(exact)")
    #expect(mean > exact - 10)
    guard quantiser != .nearest else {
      // One code alone: -ln q is 0, and the bound is ln p(x, z).
      let encoded = model.encode(Tensor(shape: [1, 8], scalars: x)).map { $0.parts[0] }
      #expect(abs(model.logJoint(of: Tensor(shape: [1, 8], scalars: x), codes: encoded).scalar - scores[.elbo].scalars[0]) < 1e-4)
      #expect(error == 0 && !model.scoreTerms.contains(.iwae))
      return
    }
    let close = model.score(Tensor(shape: [1, 8], scalars: x), draws: 5000, keys: Self.keys(1))[.iwae].scalars[0]
    // From below: a choice that q seldom makes is rarely among the draws.
    #expect(Double(close) < exact + 0.05 && Double(close) > exact - 0.3, "\(close) against \(exact)")
  }

  @Test("the probabilities of all images of a tiny model sum to 1")
  func normalised() throws {
    let signature = Signature.image(height: 1, width: 3)
    let configuration = RRVQ.Configuration(
      strides: [2], codes: 2, codeWidth: 2, channels: 3, observation: Observation(.bernoulli, binarisation: .threshold))
    let model = try Self.model(configuration, signature)
    let (images, codes) = (Self.choices(3, of: 2), Self.choices(2, of: 2))
    var total = 0.0
    for image in images {
      let x = Tensor(shape: [codes.count, 3], scalars: codes.flatMap { _ in image })
      total += model.logJoint(of: x, codes: [Tensor(rows: codes)]).exp().scalars.reduce(0.0) { $0 + Double($1) }
    }
    #expect(abs(total - 1) < 1e-5)
  }

  @Test("where q's query is p's the layer costs nothing, whatever the image", arguments: [RRVQ.Configuration.Quantiser.responsibility, .relaxed])
  func noEvidence(_ quantiser: RRVQ.Configuration.Quantiser) throws {
    var model = try Self.model(Self.small(quantiser))
    let c = model.configuration.channels
    guard let prior = model.network.down[0].prior else { return }
    // h^q sees the way down beside the evidence: here that alone, as h^p does.
    model.network.down[0].posterior.norm = prior.norm
    model.network.down[0].posterior.convolution.bias = prior.convolution.bias
    let weight = Tensor.concatenated([prior.convolution.weight, .zeros(prior.convolution.weight.shape)], axis: 1)
    #expect(weight.shape[1] == 2 * c)
    model.network.down[0].posterior.convolution.weight = weight
    let kl = model.score(Self.items(6), draws: 1, keys: Self.keys(6))[.kl(layer: 0)]
    #expect(kl.scalars.allSatisfy { abs($0) < 1e-5 })
    #expect(model.score(Self.items(6), draws: 1, keys: Self.keys(6))[.kl(layer: 1)].scalars.allSatisfy { $0 > 1e-3 })
  }

  @Test("a uniform prior of the top costs K nats of a certain code at every place, and is no parameter")
  func uniform() throws {
    var configuration = Self.small(.nearest, strides: [2])
    configuration.topPrior = .uniform
    let model = try Self.model(configuration)
    #expect(model.network.topLogits == nil)
    let expected = 4 * log(5.0)
    #expect(model.score(Self.items(3), draws: 1, keys: Self.keys(3))[.kl].scalars.allSatisfy { abs(Double($0) - expected) < 1e-4 })
  }

  // MARK: - Codes

  @Test("codes are whole numbers of the alphabet, layer by layer, and come back as the items that they stand for", arguments: quantisers)
  func codes(_ quantiser: RRVQ.Configuration.Quantiser) throws {
    let signature = Signature.image(height: 7, width: 5, channels: 3)
    let model = try Self.model(Self.small(quantiser, strides: [2, 1, 4]), signature)
    #expect(model.grids.map { [$0.own.height, $0.own.width] } == [[4, 3], [4, 3], [1, 1]])
    #expect(model.codeForms == [12, 12, 1].map { .codes(places: $0, choices: 5) })
    let x = Self.items(9, signature)
    let codes = model.encode(x).map { $0.parts[0] }
    #expect(codes.allSatisfy { $0.scalars.allSatisfy { (0..<5).contains($0) && $0 == $0.rounded() } })
    let decoded = model.decode(codes, keys: Self.keys(9), SampleOptions(mean: true))
    #expect(bits(decoded) == bits(model.reconstruct(x, sampling: false, keys: Self.keys(9))))
    // Of one query the likeliest code is the nearest, where nothing weighs codes differently.
    if quantiser == .nearest { #expect(bits(model.reconstruct(x, sampling: true, keys: Self.keys(9))) == bits(decoded)) }
  }

  @Test("lower layers are drawn anew under upper ones that are held fast, as an item has them or as they are written")
  func resampling() throws {
    let model = try Self.model(Self.small(.responsibility, strides: [1, 2]))
    let x = Self.items(1)
    let upper = model.encode(x)[1].parts[0].scalars
    func sample(_ sources: [LayerSource], _ seed: UInt64, temperature: Float = 1) throws -> Tensor {
      try model.sample(Self.keys(3, seed), SampleOptions(temperature: temperature, mean: true, given: .layers(sources)))
    }
    let (item, written) = ([LayerSource.prior, .item(x.scalars)], [LayerSource.prior, .code(upper)])
    #expect(try bits(sample(item, 1)) == bits(sample(written, 1)))
    #expect(try bits(sample(item, 1)) != bits(sample(item, 2)))
    // Without noise the codes below are the likeliest ones: one picture for all keys.
    let still = try sample(item, 1, temperature: 0)
    #expect(try bits(still) == bits(sample(item, 2, temperature: 0)) && bits(still, rows: 0..<1) == bits(still, rows: 1..<2))
    let reconstructed = model.reconstruct(x, sampling: false, keys: Self.keys(1))
    #expect(try bits(sample([.item(x.scalars), .item(x.scalars)], 1), rows: 0..<1) == bits(reconstructed))
  }

  @Test("samples of one layer follow its prior")
  func prior() throws {
    let model = try Self.model(Self.small(.responsibility, strides: [4], codes: 4))
    let logits = try #require(model.network.topLogits)
    let n = 20_000
    let drawn = try model.sample(Self.keys(n), SampleOptions(mean: true))
    // Each code has a picture of its own.
    let pictures = model.decode([Tensor(shape: [4, 1], scalars: [0, 1, 2, 3])], keys: Self.keys(4), SampleOptions(mean: true))
    let p = logits.softmax().scalars
    for code in 0..<4 {
      let own = bits(pictures, rows: code..<code + 1)
      let share = Double((0..<n).count { bits(drawn, rows: $0..<$0 + 1) == own }) / Double(n)
      #expect(abs(share - Double(p[code])) < 0.02, "\(share) of code \(code), not \(p[code])")
    }
  }

  @Test("given values that number no code are refused by their place")
  func strangers() throws {
    let model = try Self.model(Self.small(.relaxed, strides: [2, 2]))
    for (values, place) in [([0, 1, 2, 5], 3), ([0, 1.5, 2, 3], 1), ([-1, 0, 0, 0], 0), ([0, 0, .nan, 0], 2)] as [([Float], Int)] {
      let fault = #expect(throws: Fault.self) { try model.sample(Self.keys(2), SampleOptions(given: .layers([.code(values), .prior]))) }
      #expect(fault?.field == "given.layers[0].values[\(place)]" && fault?.expected == "a whole number from 0 to 4, a code")
    }
  }

  // MARK: - Learning

  @Test("straight through: the reconstruction moves queries as if they were the codes, and a code by its queries alone")
  func straightThrough() throws {
    let model = try Self.model(Self.small(.nearest, strides: [4]))
    let (x, pass) = (Self.items(6), Pass(keys: Self.keys(6), epoch: 3))
    let (objective, gradient) = valueAndGradient(at: model.network, loss: \.loss) { network, mode in
      model.objective(network, batch: Batch(x), options: RRVQ.TrainingOptions(), pass: pass.in(mode))
    }
    func slope(_ path: String) -> Tensor? { gradient.module.leaves.first { $0.leaf.path == path }?.tensor }
    #expect(objective.terms.first?.name == "elbo_nats")
    #expect(slope("up.0.convolutions.0.weight").map { $0.scalars.contains { $0 != 0 } } == true)
    // d/dc Σ |sg[h] - c|² / n = 2 Σ (c - h) / n over the queries of which c is the nearest.
    let hard = model.hardPass(model.network, x, latent: nil, .evaluation)
    let (codes, h, chosen) = (model.network.down[0].codebook.codes, hard.queries[0], hard.codes[0].scalars.map { Int($0) })
    var expected = [Float](repeating: 0, count: codes.count)
    for (place, code) in chosen.enumerated() {
      for i in 0..<3 { expected[code * 3 + i] += 2 * (codes.scalars[code * 3 + i] - h.scalars[place * 3 + i]) / 6 }
    }
    let own = slope("down.0.codebook.codes")?.scalars ?? []
    #expect(zip(own, expected).allSatisfy { abs($0 - $1) < 1e-3 * max(1, abs($1)) }, "\(own) not \(expected)")
  }

  @Test("what training says is told apart from the bound: relaxed codes have a name of their own")
  func terms() throws {
    for quantiser in Self.quantisers {
      let model = try Self.model(Self.small(quantiser))
      let terms = model.objective(
        model.network, batch: Batch(Self.items(6)), options: RRVQ.TrainingOptions(), pass: Pass(keys: Self.keys(6), epoch: 20)
      ).terms
      let names = terms.map(\.name)
      #expect(names.contains("elbo_nats") == (quantiser == .nearest) && names.contains("relaxed_elbo_nats") == (quantiser != .nearest))
      #expect(names.suffix(4) == ["layer_0_kl_nats", "layer_1_kl_nats", "layer_0_perplexity", "layer_1_perplexity"])
      #expect(terms.suffix(2).allSatisfy { 1...5 ~= $0.value })
      if quantiser != .nearest { #expect(terms.first { $0.name == "temperature" }?.value == 0.5) }
    }
  }

  @Test("the temperature falls exponentially and then stays")
  func temperature() {
    let options = RRVQ.TrainingOptions(temperature: 2, finalTemperature: 0.5, temperatureEpochs: 10)
    for (epoch, expected) in [(0, 2), (5, 1), (10, 0.5), (40, 0.5)] as [(Float, Float)] {
      #expect(abs(options.temperature(at: epoch) - expected) < 1e-6)
    }
    #expect(RRVQ.TrainingOptions(temperatureEpochs: 0).temperature(at: 0) == 0.5)
  }

  @Test("layers below their free bits cost these and give no gradient")
  func freeBits() throws {
    let model = try Self.model(Self.small(.responsibility))
    func loss(_ options: RRVQ.TrainingOptions) -> Float {
      model.objective(model.network, batch: Batch(Self.items(6)), options: options, pass: Pass(keys: Self.keys(6), epoch: 1)).loss.scalar
    }
    let costs = model.objective(
      model.network, batch: Batch(Self.items(6)), options: .init(), pass: Pass(keys: Self.keys(6), epoch: 1)
    ).terms.filter { $0.name.hasPrefix("layer_") && $0.name.hasSuffix("kl_nats") }.map { Float($0.value) }
    let most = costs.reduce(0, max) + 1
    let expected = costs.reduce(0) { $0 + most - $1 }
    #expect(abs(loss(.init(freeBits: most)) - loss(.init()) - expected) < 1e-2)
  }

  private static func data(_ n: Int) -> TrainingData {
    let x = items(n)
    return TrainingData(count: n, batchSize: 8) { x.gather($0) }
  }

  /// A model two of whose codes lie where no query goes.
  private static func withDeadCodes(_ quantiser: RRVQ.Configuration.Quantiser) throws -> RRVQ {
    var model = try Self.model(small(quantiser), scale: 0.1)
    for layer in 0..<2 {
      model.network.down[layer].codebook.codes.update { c in for i in 0..<6 { c[i] = 1000 } }
      model.network.down[layer].codebook.logWeights?.update { w in (w[0], w[1]) = (-50, -50) }
    }
    return model
  }

  @Test("codes that are never chosen are set to queries of items, by the key alone, and are then chosen", arguments: quantisers)
  func revival(_ quantiser: RRVQ.Configuration.Quantiser) throws {
    let (dead, data) = (try Self.withDeadCodes(quantiser), Self.data(40))
    func revived(_ seed: UInt64) -> (RRVQ, [(layer: Int, codes: [Int])]) {
      var model = dead
      let codes = model.revive(from: data, below: 0.1, key: RandomKey(seed: seed))
      return (model, codes)
    }
    let ((model, codes), (again, _), (other, _)) = (revived(1), revived(1), revived(2))
    #expect(codes.map(\.layer) == [0, 1] && codes.allSatisfy { $0.codes.starts(with: [0, 1]) })
    func numbers(_ model: RRVQ) -> [[Float]] { model.network.leaves.map(\.tensor.scalars) }
    #expect(numbers(model) == numbers(again) && numbers(model) != numbers(other))
    let queries = dead.hardPass(dead.network, data[Array(0..<40)], latent: nil, .evaluation).queries[1]
    let new = Array(model.network.down[1].codebook.codes.scalars[0..<3])
    #expect((0..<queries.shape[0]).contains { Array(queries.scalars[3 * $0..<3 * $0 + 3]) == new })
    #expect(model.network.down[0].codebook.logScales.map { Array($0.scalars[0..<6]) == [Float](repeating: 0, count: 6) } ?? true)
    // What is used stays.
    var left = model
    #expect(left.revive(from: data, below: 0, key: RandomKey(seed: 3)).isEmpty)
  }

  @Test("before its first epoch a learner revives nothing; before a later one it does, and its optimiser forgets these codes")
  func learner() throws {
    let (dead, data) = (try Self.withDeadCodes(.responsibility), Self.data(40))
    let learner = dead.learner(RRVQ.TrainingOptions(), Descent(Optimiser(rate: 0.01)))
    var state = try learner.start(data, key: RandomKey(seed: 1))
    try learner.begin(epoch: 0, &state, data, key: RandomKey(seed: 5))
    #expect(state.network.down[0].codebook.codes.scalars[0] == 1000)
    _ = try learner.step(&state, Batch(data[Array(0..<8)]), Pass(keys: Self.keys(8), epoch: 0.5))
    func moments(_ state: RRVQ.OwnLearner.State) -> [[Float]] {
      state.moments.map { $0.leaves.first { $0.leaf.path.hasSuffix("down.0.codebook.codes") }?.tensor.scalars ?? [] }
    }
    let before = moments(state)
    var resumed = state
    try learner.begin(epoch: 1, &state, data, key: RandomKey(seed: 6))
    try learner.begin(epoch: 1, &resumed, data, key: RandomKey(seed: 6))
    #expect(state.leaves.map(\.tensor.scalars) == resumed.leaves.map(\.tensor.scalars))
    #expect(abs(state.network.down[0].codebook.codes.scalars[0]) < 100)
    #expect(moments(state).allSatisfy { $0.count == 15 && $0[0..<6].allSatisfy { $0 == 0 } })
    #expect(zip(moments(state), before).allSatisfy { $0[6...].contains { $0 != 0 } && !$1.isEmpty })
    var still = state
    try dead.learner(.init(revival: 0), Descent()).begin(epoch: 1, &still, data, key: RandomKey(seed: 6))
    #expect(still.leaves.map(\.tensor.scalars) == state.leaves.map(\.tensor.scalars))
  }

  // MARK: - Refusals

  @Test("maps of codes that are too large are refused before anything is allocated")
  func tooLarge() throws {
    let signature = Signature.image(height: 3000, width: 3000)
    func fault(_ configuration: RRVQ.Configuration) -> Fault? {
      do { _ = try Blueprint<RRVQ>(configuration, signature: signature) } catch { return error }
      return nil
    }
    #expect(fault(.init(strides: [1], codes: 4096, channels: 1))?.field == "codes")
    #expect(fault(.init(strides: [1], codes: 4096, channels: 1))?.given == "4096 at each of 3000 x 3000 places of layer 0")
    #expect(fault(.init(strides: [8], codes: 64, channels: 64))?.field == "channels")
    #expect(fault(.init(strides: [8, 2], codes: 64, channels: 4)) == nil)
  }

  @Test("settings that can't be are refused by their field")
  func refusals() throws {
    func fault(_ configuration: RRVQ.Configuration, _ signature: Signature = .image(height: 4, width: 4)) -> String? {
      do { _ = try RRVQ(configuration, signature: signature, key: Self.key) } catch { return error.field }
      return nil
    }
    #expect(fault(.init(strides: [])) == "strides")
    #expect(fault(.init(strides: [2, 3])) == "strides[1]")
    #expect(fault(.init(strides: [4, 2])) == "strides[1]")
    #expect(fault(.init(strides: [2], codes: 1)) == "codes")
    #expect(fault(.init(strides: [2], codeWidth: 1)) == "code_width")
    #expect(fault(.init(strides: [2]), .vector(16)) == "signature.kind")
    #expect(fault(.init(strides: [2], observation: Observation(.discretisedLogistic)), .image(height: 4, width: 4, range: 0...1)) == "likelihood")
    #expect(fault(.init(strides: [2, 2])) == nil)
    func refused(_ quantiser: RRVQ.Configuration.Quantiser, _ options: RRVQ.TrainingOptions) throws -> String? {
      do { try Self.model(Self.small(quantiser)).check(options) } catch let fault as Fault { return fault.field }
      return nil
    }
    #expect(try refused(.nearest, .init(temperature: 2)) == "temperature" && refused(.nearest, .init(temperatureEpochs: 3)) == "temperature_epochs")
    #expect(try refused(.responsibility, .init(commitment: 1)) == "commitment" && refused(.nearest, .init(commitment: 1)) == nil)
    #expect(try refused(.relaxed, .init(temperature: 0.1)) == "final_temperature")
  }
}
