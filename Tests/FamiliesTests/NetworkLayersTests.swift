import Distributions
import Families
import FamilyExamples
import Formats
import Modelling
import Networks
import Tensors
import Testing

@Suite("Layers that are written out")
struct NetworkLayersTests {
  private static func encoder(_ layers: String, latent: Int = 2, _ more: String = "") -> String {
    #"{"latent": \#(latent), "encoder": [\#(layers)]\#(more)}"#
  }

  private static func decoder(_ layers: String, _ more: String = "") -> String { #"{"latent": 2, "hidden": [4], "decoder": [\#(layers)]\#(more)}"# }

  private static let refused: [RefusedConfiguration] = [
    .init(
      encoder(#"{"kind": "convolution", "kernel": 3}"#), field: "encoder[0].channels", given: "nothing",
      expected: "a number: only a decoder's last layer may leave it out"),
    .init(
      encoder(#"{"kind": "convolution", "channels": 2, "kernel": 3}, {"kind": "convolution", "channels": 2, "kernel": 3}"#),
      field: "encoder[1].kernel",
      given: "3", expected: "at most 2, the padded image's side"),
    .init(
      encoder(#"{"kind": "convolution", "channels": 2, "kernel": 3}, {"kind": "linear", "width": 3}"#), field: "encoder[1]",
      given: "a linear layer on 2 maps of 2 x 2", expected: "flat features: put a flatten before it"),
    .init(
      encoder(#"{"kind": "linear", "width": 3}, {"kind": "upsample", "factor": 2}"#), field: "encoder[1]",
      given: "a layer of kind upsample on 3 flat features", expected: "an image before it: put an unflatten there"),
    .init(
      encoder(#"{"kind": "max_pool", "kernel": 2, "slope": 0.1}"#), field: "encoder[0].slope", given: "0.1",
      expected: "nothing: a layer of kind max_pool has none"),
    .init(
      encoder(#"{"kind": "convolution", "channels": 2, "kernel": 1, "activation": "relu", "slope": 0.1}"#), field: "encoder[0].slope", given: "there",
      expected: "leaky_relu or elu as the activation beside it"),
    .init(
      encoder(#"{"kind": "convolution", "channels": 6, "kernel": 1, "normalisation": "group", "groups": 4}"#), field: "encoder[0].groups", given: "4",
      expected: "a divisor of the 6 channels there"),
    .init(
      encoder(#"{"kind": "residual", "layers": [{"kind": "convolution", "channels": 3, "kernel": 3}]}"#), field: "encoder[0]",
      given: "layers that make 3 maps of 2 x 2 beside a shortcut that makes 1 maps of 4 x 4", expected: "as much of both"),
    .init(
      encoder(#"{"kind": "residual", "layers": [{"kind": "convolution", "channels": 3, "kernel": 9}]}"#), field: "encoder[0].layers[0].kernel",
      given: "9", expected: "at most 4, the padded image's side"),
    .init(
      encoder(#"{"kind": "pad", "padding": 4, "edges": "reflect"}"#), field: "encoder[0].padding", given: "4",
      expected: "less than 4, the image's side that is reflected"),
    .init(
      encoder(#"{"kind": "upsample", "factor": 16}, {"kind": "upsample", "factor": 16}, {"kind": "upsample", "factor": 16}"#), field: "encoder[2]",
      given: "1 maps of 16384 x 16384 behind it", expected: "at most 16777216 numbers an item"),
    .init(
      decoder(#"{"kind": "linear", "width": 8}, {"kind": "unflatten", "shape": [2, 2, 3]}, {"kind": "convolution", "kernel": 1}"#),
      field: "decoder[1].shape", given: "[2, 2, 3]", expected: "a product of 8, the features before it"),
    .init(
      decoder(#"{"kind": "linear", "width": 8}, {"kind": "unflatten", "shape": [2, 2, 2]}, {"kind": "convolution", "kernel": 1}"#),
      field: "decoder[2]",
      given: "1 maps of 2 x 2 behind it", expected: "1 maps of 4 x 4"),
    .init(
      decoder(#"{"kind": "linear", "activation": "sigmoid"}"#), field: "decoder[0].activation", given: "there",
      expected: "nothing behind the last layer: `output_activation` and the likelihood say it"),
    .init(
      decoder(#"{"kind": "linear"}, {"kind": "activation", "activation": "relu"}"#), field: "decoder[0].width", given: "nothing",
      expected: "a number: only a decoder's last layer may leave it out"),
    .init(
      encoder("", latent: 5, #", "head": {"kind": "convolution", "channels": 2, "kernel": 3}"#), field: "latent", given: "5",
      expected: "8: the head makes 2 maps of 4 numbers"),
    .init(
      encoder(#"{"kind": "flatten"}"#, #", "convolutions": [{"channels": 2, "kernel": 3}]"#), field: "convolutions", given: "there",
      expected: "nothing beside encoder, which says all layers"),
    .init(
      #"{"latent": 2, "hidden": [4], "prior": "vamp"}"#, field: "prior_components", given: "nothing", expected: "1 to 10000, of a vamp prior"),
    .init(
      #"{"latent": 2, "hidden": [4], "prior_components": 3}"#, field: "prior_components", given: "3", expected: "nothing, since it has no effect here"
    ),
    .init(
      #"{"latent": 2, "hidden": [4], "output_heads": "joint"}"#, field: "output_heads", given: "joint",
      expected: "nothing, since it has no effect here"),
  ]

  @Test("a layer that doesn't fit is refused by its place, by building as by counting", arguments: refused)
  func refusals(_ row: RefusedConfiguration) throws {
    let configuration = try StrictJSON.decode(VAE.Configuration.self, from: Array(row.text.utf8))
    let error = Fault(field: row.field, given: row.given, expected: row.expected)
    #expect(throws: error) { try VAE(configuration, signature: row.signature, key: RandomKey(seed: 1)) }
    #expect(throws: error) { try Blueprint<VAE>(configuration, signature: row.signature) }
  }

  @Test("names count as in nn.Sequential: what follows a layer has a number of its own, a block and a head one together")
  func names() throws {
    let example = try #require(FamilyExample.all.first { $0.description.contains("residual blocks") })
    let names = try example.model().network.leaves.map(\.leaf.path).filter { $0.hasSuffix("weight") }
    #expect(
      names == [
        "encoder.0.weight", "encoder.1.weight", "encoder.3.body.0.weight", "encoder.3.body.1.weight", "encoder.3.shortcut.0.weight",
        "encoder.3.shortcut.1.weight", "encoder.4.body.0.weight", "encoder.4.body.2.weight", "mean.0.weight", "mean.1.weight", "scale.0.weight",
        "scale.1.weight", "decoder.0.weight", "decoder.4.weight", "output.weight",
      ])
  }

  @Test("the layers of the short form, written out, are the same network: the same numbers under the same key")
  func shortForm() throws {
    let short = #"{"latent": 2, "hidden": [6, 5], "activation": "tanh"}"#
    let long = #"""
      {"latent": 2, "encoder": [{"kind": "linear", "width": 6, "activation": "tanh"}, {"kind": "linear", "width": 5, "activation": "tanh"}],
       "decoder": [{"kind": "linear", "width": 5, "activation": "tanh"}, {"kind": "linear", "width": 6, "activation": "tanh"}, {"kind": "linear"}]}
      """#
    let models = try [short, long].map { text in
      try VAE(StrictJSON.decode(VAE.Configuration.self, from: Array(text.utf8)), signature: .vector(3), key: RandomKey(seed: 4))
    }
    #expect(models[0].network.leaves.map(\.leaf.path) == models[1].network.leaves.map(\.leaf.path))
    #expect(models[0].network.leaves.map(\.tensor.scalars) == models[1].network.leaves.map(\.tensor.scalars))
    let keys = RowKeys(RandomKey(seed: 5), rows: 0..<4)
    #expect(try bits(models[0].sample(keys, SampleOptions())) == bits(models[1].sample(keys, SampleOptions())))
  }

  private func vamp(components: Int) throws -> (model: VAE, inputs: Tensor) {
    let text = #"{"latent": 2, "hidden": [5], "activation": "tanh", "likelihood": "gaussian", "prior": "vamp", "prior_components": \#(components)}"#
    let model = try VAE(StrictJSON.decode(VAE.Configuration.self, from: Array(text.utf8)), signature: .vector(4), key: RandomKey(seed: 6))
    return (model, try #require(model.network.vampPrior).pseudoInputs)
  }

  @Test("a VampPrior is the mean of q over its inputs: ln q(z|x) - ln 1/K Σ q(z|u_k) at the draw")
  func vampDivergence() throws {
    let (model, inputs) = try vamp(components: 3)
    let (x, keys) = (RandomKey(seed: 7).normal([5, 4]), RowKeys(RandomKey(seed: 8), rows: 0..<5))
    let (q, components) = (model.inference(x, noise: nil).posteriors[0], model.inference(inputs, noise: nil).posteriors[0])
    let z = q.sample(keys.split("latent").split(0))
    let densities = (0..<3).map { k in
      func row(_ tensor: Tensor) -> Tensor { tensor.slice(0, k..<k + 1).expanded(to: [5, 2]) }
      return Normal(mean: row(components.mean), deviation: row(components.deviation)).logProbability(of: z).reshaped([5, 1])
    }
    let prior = (Tensor.concatenated(densities, axis: 1).logSumExp() - Float(3).logarithm).reshaped([5])
    let expected = (q.logProbability(of: z) - prior).scalars
    for (a, b) in zip(model.score(x, draws: 1, keys: keys)[.kl].scalars, expected) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("of one input a VampPrior is a Gaussian, from which the divergence is in closed form")
  func vampOfOne() throws {
    let (model, inputs) = try vamp(components: 1)
    let inference = model.inference(RandomKey(seed: 7).normal([5, 4]), noise: nil)
    let prior = model.inference(inputs, noise: nil).posteriors[0]
    let wide = Normal(mean: prior.mean.expanded(to: [5, 2]), deviation: prior.deviation.expanded(to: [5, 2]))
    for (a, b) in zip(model.divergence(inference).scalars, inference.posteriors[0].divergence(from: wide).scalars) { #expect(abs(a - b) < 1e-5) }
  }
}

extension Float {
  fileprivate var logarithm: Float { Tensor(self).log().scalar }
}
