import Distributions
import Families
import FamilyExamples
import Formats
import Foundation
import Modelling
import Networks
import Tensors
import Testing

@Suite("Hierarchical VAE")
struct HVAETests {
  private let key = RandomKey(seed: 5)
  private func keys(_ n: Int) -> RowKeys { RowKeys(key.split("noise"), rows: 0..<n) }

  /// z2 ~ N(0, 1), z1|z2 ~ N(z2, 1), x|z1 ~ N(z1, 1), with the exact q(z1|x) = N(2x/3, 2/3) and q(z2|z1) = N(z1/2, 1/2).
  private func linearGaussian(top: Float = 0.5, _ inference: HVAE.Configuration.InferenceInput = .chain) throws -> HVAE {
    let data = VAE.Configuration(latent: 1, hidden: [], decoderHidden: [], scale: .exp, observation: Observation(.gaussian, deviation: 1))
    var model = try HVAE(
      .init(latents: [1, 1], layerHidden: [], inference: inference, skip: false, data: data), signature: .vector(1), key: key)
    let above: [Float] = inference == .chain ? [top] : [top, 0]
    model.network = try model.network.loading([
      "data.mean.weight": Tensor(rows: [[2 / 3]]), "data.mean.bias": Tensor([0]), "data.scale.weight": Tensor(rows: [[0]]),
      "data.scale.bias": Tensor([0.5 * log(2 / 3)]), "data.output.weight": Tensor(rows: [[1]]), "data.output.bias": Tensor([0]),
      "inference.0.mean.weight": Tensor(rows: [above]), "inference.0.mean.bias": Tensor([0]),
      "inference.0.scale.weight": Tensor(rows: [above.map { _ in 0 }]), "inference.0.scale.bias": Tensor([0.5 * log(0.5)]),
      "prior.0.mean.weight": Tensor(rows: [[1]]), "prior.0.mean.bias": Tensor([0]), "prior.0.scale.weight": Tensor(rows: [[0]]),
      "prior.0.scale.bias": Tensor([0]),
    ])
    return model
  }

  private func logEvidence(_ x: Float) -> Float { -0.5 * log(2 * Float.pi * 3) - x * x / 6 }

  @Test("with the exact posterior every importance weight is p(x) = N(x; 0, 3), for any number of draws", arguments: [1, 2, 9])
  func exactPosterior(_ draws: Int) throws {
    let x = Tensor(shape: [4, 1], scalars: [-2, 0, 0.5, 3])
    for inference in HVAE.Configuration.InferenceInput.allCases {
      let scores = try linearGaussian(inference).score(x, draws: draws, keys: keys(4))
      for (bound, value) in zip(scores[.iwae].scalars, x.scalars) { #expect(abs(bound - logEvidence(value)) < 1e-5) }
    }
  }

  @Test("the ELBO is ln p(x) on average with the exact posterior, and less with another; its KL is the closed form's on average")
  func elbo() throws {
    let n = 40_000
    let x = Tensor.ones([n, 1])
    let exact = average(try linearGaussian().score(x, draws: 1, keys: keys(n))[.elbo].scalars)
    #expect(abs(exact.mean - Double(logEvidence(1))) < 5 * exact.error && exact.error < 0.01)
    let wrong = average(try linearGaussian(top: -0.5).score(x, draws: 1, keys: keys(n))[.elbo].scalars)
    #expect(wrong.mean < exact.mean - 10 * wrong.error)
    // KL(q(z1|x) q(z2|z1) || p(z1|z2) p(z2)) = E ln p(x|z1) - ln p(x), with E (x - z1)² = 1/9 + 2/3.
    let kl = average(try linearGaussian().score(x, draws: 1, keys: keys(n))[.kl].scalars)
    let expected = -0.5 * log(2 * Float.pi) - 0.5 * (1 / Float(9) + 2 / 3) - logEvidence(1)
    #expect(abs(kl.mean - Double(expected)) < 5 * kl.error)
  }

  private func model(_ configuration: String, _ signature: Signature = .image(height: 4, width: 4)) throws -> HVAE {
    try HVAE(StrictJSON.decode(HVAE.Configuration.self, from: Array(configuration.utf8)), signature: signature, key: key)
  }

  @Test("without skip the decoder has the first layer's width, with it that of all; inference with the data sees the encoder's features")
  func shapes() throws {
    func weight(_ model: HVAE, _ path: String) throws -> Shape { try #require(model.network.leaves.first { $0.leaf.path == path }).tensor.shape }
    let whole = try model(#"{"latents": [4, 3, 2], "hidden": [8], "layer_hidden": [5]}"#)
    #expect(try weight(whole, "data.decoder.0.weight") == [8, 9])
    #expect(try weight(whole, "inference.0.hidden.0.weight") == [5, 4 + 8] && weight(whole, "inference.1.hidden.0.weight") == [5, 3 + 8])
    #expect(try weight(whole, "prior.1.hidden.0.weight") == [5, 2] && weight(whole, "prior.1.mean.weight") == [3, 5])
    let deep = try model(#"{"latents": [4, 3, 2], "hidden": [8], "layer_hidden": [5], "skip": false, "inference": "chain"}"#)
    #expect(try weight(deep, "data.decoder.0.weight") == [8, 4] && weight(deep, "inference.1.hidden.0.weight") == [5, 3])
    // The likelihood of a model without skip knows the first layer alone.
    let z = [4, 3, 2].map { key.normal([2, $0]) }
    let other = [z[0], z[1] + 1, z[2] - 1]
    #expect(bits(deep.decodedMean(z)) == bits(deep.decodedMean(other)) && bits(whole.decodedMean(z)) != bits(whole.decodedMean(other)))
  }

  @Test("a configuration comes back from its JSON", arguments: FamilyExample.all.filter { ["hvae", "seatbelt"].contains($0.family) })
  func roundTrip(_ example: FamilyExample) throws {
    let configuration = try StrictJSON.decode(HVAE.Configuration.self, from: Array(example.configuration.utf8))
    #expect(try StrictJSON.decode(HVAE.Configuration.self, from: Array(JSONEncoder().encode(configuration))) == configuration)
  }

  private static let refused: [RefusedConfiguration] = [
    .init(#"{"latents": []}"#, field: "latents", given: "0 layers", expected: "1 to 8 layers"),
    .init(#"{"latents": [1, 1, 1, 1, 1, 1, 1, 1, 1]}"#, field: "latents", given: "9 layers", expected: "1 to 8 layers"),
    .init(#"{"latents": [2, 0]}"#, field: "latents[1]", given: "0", expected: "1 to 65536"),
    .init(#"{"latents": [70000]}"#, field: "latents[0]", given: "70000", expected: "1 to 65536"),
    .init(#"{"latents": [2], "layer_hidden": [-3]}"#, field: "layer_hidden[0]", given: "-3", expected: "1 to 65536"),
    .init(
      #"{"latents": [2], "layer_hidden": [\#((0..<65).map { _ in "1" }.joined(separator: ","))]}"#, field: "layer_hidden", given: "65 layers",
      expected: "at most 64 layers"),
    .init(#"{"latents": [2, 2], "hidden": [0]}"#, field: "hidden[0]", given: "0", expected: "1 to 65536"),
    .init(
      #"{"latents": [2, 2], "likelihood": "beta_binomial"}"#, .vector(3), field: "likelihood", given: "beta_binomial",
      expected: "images of range [0, 255], which have its 256 levels"),
  ]

  @Test("an impossible configuration is refused by field, by building as by counting, for both families", arguments: refused)
  func refusals(_ row: RefusedConfiguration) throws {
    let configuration = try StrictJSON.decode(HVAE.Configuration.self, from: Array(row.text.utf8))
    let error = Fault(field: row.field, given: row.given, expected: row.expected)
    #expect(throws: error) { try HVAE(configuration, signature: row.signature, key: key) }
    #expect(throws: error) { try Blueprint<HVAE>(configuration, signature: row.signature) }
    #expect(throws: error) { try Seatbelt(configuration, signature: row.signature, key: key) }
  }

  @Test(
    "JSON of the wrong type, a missing field, an unknown field or choice is refused by field",
    arguments: [
      ("{}", "latents"), (#"{"latents": 3}"#, "latents"), (#"{"latents": [2, "3"]}"#, "latents[1]"), (#"{"latents": [2], "latent": 3}"#, "latent"),
      (#"{"latents": [2], "inference": "top_down"}"#, "inference"), (#"{"latents": [2], "skip": 1}"#, "skip"),
      (#"{"latents": [2], "hiden": [3]}"#, "hiden"), (#"{"latents": [2], "activation": "swish"}"#, "activation"),
    ])
  func malformed(_ text: String, _ field: String) {
    let error = #expect(throws: JSONError.self) { try StrictJSON.decode(HVAE.Configuration.self, from: Array(text.utf8)) }
    #expect(error?.field == field)
  }

  @Test("a layer held at an item's mean leaves the others to their priors; all held give the item's reconstruction")
  func conditions() throws {
    let model = try model(#"{"latents": [4, 3, 2], "hidden": [8], "layer_hidden": [5]}"#)
    let item = FamilyExample("", "hvae", "", model.signature).items(1)
    func sample(_ sources: [LayerSource]) throws -> Tensor {
      try model.sample(keys(3), SampleOptions(mean: true, given: .layers(sources)))
    }
    let held = LayerSource.item(item.scalars)
    let all = try sample([held, held, held])
    let reconstruction = model.reconstruct(item, sampling: false, keys: keys(1)).scalars
    for row in 0..<3 { for (a, b) in zip(all.slice(0, row..<row + 1).scalars, reconstruction) { #expect(abs(a - b) < 1e-6) } }
    #expect(try bits(sample([.prior, .prior, .prior])) == bits(model.sample(keys(3), SampleOptions(mean: true))))
    let mixed = try sample([.prior, .prior, held])
    #expect(bits(mixed, rows: 0..<1) != bits(mixed, rows: 1..<2))
    #expect(try bits(mixed) != bits(sample([.prior, .prior, .prior])))
  }

  @Test("conditions that these priors can't take are refused by field")
  func refusedConditions() throws {
    let model = try model(#"{"latents": [4, 3]}"#)
    let rows: [(SampleCondition, String)] = [
      (.label("3"), "given.label"), (.component(1, layer: 0), "given.cluster"), (.layers([.prior]), "given.layers"),
      (.layers([.prior, .component(2)]), "given.layers"), (.layers([.item([1, 2]), .prior]), "given.layers[0]"),
      (.layers([.prior, .code([1])]), "given.layers[1].values"),
    ]
    for (condition, field) in rows {
      let error = #expect(throws: Fault.self) { try model.sample(keys(2), SampleOptions(given: condition)) }
      #expect(error?.field == field)
    }
  }
}
