import Families
import Formats
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// A configuration or an options text that is refused, with what the refusal names.
struct RefusedConfiguration: Sendable, CustomTestStringConvertible {
  let text: String
  let signature: Signature
  let field: String
  let given: String
  let expected: String

  init(_ text: String, _ signature: Signature = .image(height: 4, width: 4), field: String, given: String, expected: String) {
    (self.text, self.signature, self.field, self.given, self.expected) = (text, signature, field, given, expected)
  }

  var testDescription: String { text }
}

@Suite("VAE configurations")
struct VAEConfigurationTests {
  private static let refused: [RefusedConfiguration] = [
    .init("{}", field: "latent", given: "nothing", expected: "1 to 65536, or latents for categorical latent variables"),
    .init(#"{"latent": 0}"#, field: "latent", given: "0", expected: "1 to 65536"),
    .init(#"{"latent": 70000}"#, field: "latent", given: "70000", expected: "1 to 65536"),
    .init(#"{"latent": 2, "hidden": [8, 0]}"#, field: "hidden[1]", given: "0", expected: "1 to 65536"),
    .init(#"{"latent": 2, "decoder_hidden": [-1]}"#, field: "decoder_hidden[0]", given: "-1", expected: "1 to 65536"),
    .init(
      #"{"latent": 2, "hidden": [\#((0..<65).map { _ in "1" }.joined(separator: ","))]}"#, field: "hidden", given: "65 layers",
      expected: "at most 64 layers"),
    .init(#"{"latent": 2, "scale_floor": -0.1}"#, field: "scale_floor", given: "-0.1", expected: "0 or more"),
    .init(#"{"latent": 2, "likelihood": "gaussian", "deviation": 0}"#, field: "deviation", given: "0.0", expected: "a positive number"),
    .init(
      #"{"latent": 2, "likelihood": "gaussian", "binarisation": "dynamic"}"#, field: "binarisation", given: "dynamic",
      expected: "none, because the likelihood is gaussian"),
    .init(
      #"{"latent": 2, "likelihood": "beta_binomial"}"#, .vector(3), field: "likelihood", given: "beta_binomial",
      expected: "images of range [0, 255], which have its 256 levels"),
    .init(
      #"{"latent": 2, "likelihood": "discretised_logistic"}"#, .image(height: 4, width: 4, range: 0...1), field: "likelihood",
      given: "discretised_logistic", expected: "images of range [0, 255], which have its 256 levels"),
    .init(
      #"{"latent": 2, "convolutions": [{"channels": 2, "kernel": 3}]}"#, .vector(16), field: "convolutions", given: "a vector signature",
      expected: "images"),
    .init(
      #"{"latent": 2, "convolutions": [{"channels": 0, "kernel": 3}]}"#, field: "convolutions[0].channels", given: "0", expected: "1 to 4096"),
    .init(
      #"{"latent": 2, "convolutions": [{"channels": 2, "kernel": 3, "stride": 0}]}"#, field: "convolutions[0].stride", given: "0",
      expected: "1 to 16"),
    .init(
      #"{"latent": 2, "convolutions": [{"channels": 2, "kernel": 2}, {"channels": 2, "kernel": 9}]}"#, field: "convolutions[1].kernel", given: "9",
      expected: "at most 3, the padded image's side"),
    .init(
      #"{"latent": 2, "convolutions": [\#((0..<33).map { _ in #"{"channels": 1, "kernel": 1}"# }.joined(separator: ","))]}"#, field: "convolutions",
      given: "33 convolutions", expected: "at most 32"),
    .init(
      #"{"latent": 2, "likelihood": "bernoulli", "likelihood_scale": "softplus"}"#, field: "likelihood_scale", given: "softplus",
      expected: "exp, since it has no effect here"),
    .init(
      #"{"latent": 2, "likelihood": "beta_binomial", "deviation": 0.5}"#, field: "deviation", given: "0.5", expected: "1, since it has no effect here"
    ),
    .init(
      #"{"latent": 2, "likelihood": "bernoulli", "output_activation": "sigmoid"}"#, field: "output_activation", given: "sigmoid",
      expected: "identity, since it has no effect here"),
    .init(
      #"{"latent": 2, "likelihood": "beta_binomial", "likelihood_scale": "exp", "likelihood_floor": 0.01}"#, field: "likelihood_floor", given: "0.01",
      expected: "nothing, since it has no effect here"),
    .init(#"{"latent": 2, "scale": "exp", "scale_floor": 0.1}"#, field: "scale_floor", given: "0.1", expected: "0, since it has no effect here"),
    .init(#"{"latent": 2}"#, .vector(0), field: "signature.shape", given: "[0]", expected: "one width from 1 to 1000000"),
  ]

  @Test("an impossible configuration is refused by field, by building as by counting", arguments: refused)
  func refusals(_ row: RefusedConfiguration) throws {
    let configuration = try StrictJSON.decode(VAE.Configuration.self, from: Array(row.text.utf8))
    let error = Fault(field: row.field, given: row.given, expected: row.expected)
    #expect(throws: error) { try VAE(configuration, signature: row.signature, key: RandomKey(seed: 1)) }
    #expect(throws: error) { try Blueprint<VAE>(configuration, signature: row.signature) }
  }

  @Test(
    "JSON of the wrong type, a missing field, an unknown field or choice is refused by field",
    arguments: [
      (#"{"latent": "2"}"#, "latent"), (#"{"latent": 2.5}"#, "latent"), (#"{"latent": 2, "hiden": [3]}"#, "hiden"),
      (#"{"latent": 2, "hidden": 3}"#, "hidden"), (#"{"latent": 2, "hidden": [3, "4"]}"#, "hidden[1]"),
      (#"{"latent": 2, "activation": "swish"}"#, "activation"), (#"{"latent": 2, "scale": "sd"}"#, "scale"),
      (#"{"latent": 2, "heads": 1}"#, "heads"), (#"{"latent": 2, "likelihood": "poisson"}"#, "likelihood"),
      (#"{"latent": 2, "batch_norm": 1}"#, "batch_norm"), (#"{"latent": 2, "deviation": 1e60}"#, "deviation"),
      (#"{"latent": 2, "convolutions": [{"channels": 2}]}"#, "convolutions[0].kernel"),
      (#"{"latent": 2, "convolutions": [{"channels": 2, "kernel": 3, "dilation": 2}]}"#, "convolutions[0].dilation"),
    ])
  func malformed(_ text: String, _ field: String) {
    let error = #expect(throws: JSONError.self) { try StrictJSON.decode(VAE.Configuration.self, from: Array(text.utf8)) }
    #expect(error?.field == field)
  }

  @Test(
    "training options out of range are refused by field",
    arguments: [
      (VAE.TrainingOptions(beta: -1), "beta"), (VAE.TrainingOptions(warmUpEpochs: -1), "kl_warm_up_epochs"),
      (VAE.TrainingOptions(freeBits: .infinity), "free_bits"), (VAE.TrainingOptions(importanceSamples: 0), "importance_samples"),
      (VAE.TrainingOptions(importanceSamples: 2000), "importance_samples"),
      (VAE.TrainingOptions(beta: 2, importanceSamples: 2), "importance_samples"),
      (VAE.TrainingOptions(freeBits: 1, importanceSamples: 2), "importance_samples"),
    ])
  func trainingOptions(_ options: VAE.TrainingOptions, _ field: String) throws {
    let model = try VAE(VAE.Configuration(latent: 1, hidden: []), signature: .vector(1), key: RandomKey(seed: 1))
    let error = #expect(throws: Fault.self) { try model.check(options) }
    #expect(error?.field == field)
    try model.check(VAE.TrainingOptions())
    try model.check(VAE.TrainingOptions(importanceSamples: 5))
  }

  @Test("items outside [0, 1] can't be learnt from under a Bernoulli")
  func items() throws {
    let model = try VAE(VAE.Configuration(latent: 1, hidden: []), signature: .vector(2), key: RandomKey(seed: 1))
    try model.check(items: Tensor(rows: [[0, 1], [0.5, 0.25]]))
    let error = #expect(throws: Fault.self) { try model.check(items: Tensor(rows: [[0, 1], [-1.5, 0]])) }
    #expect(error?.field == "likelihood" && error?.given.contains("-1.5") == true)
    let gaussian = try VAE(
      VAE.Configuration(latent: 1, hidden: [], observation: Observation(.gaussian)), signature: .vector(2), key: RandomKey(seed: 1))
    try gaussian.check(items: Tensor(rows: [[-4, 9]]))
  }

  @Test("a stack of convolutions is mirrored to the very size of the image", arguments: [(7, 5), (8, 8), (28, 28), (9, 6)])
  func mirrored(_ height: Int, _ width: Int) throws {
    let configuration = VAE.Configuration(
      latent: 2, hidden: [4],
      convolutions: [ConvolutionSpecification(channels: 3, kernel: 3, stride: 1, padding: 1), ConvolutionSpecification(channels: 2, kernel: 2)])
    let model = try VAE(configuration, signature: .image(height: height, width: width), key: RandomKey(seed: 1))
    #expect(try model.sample(RowKeys(RandomKey(seed: 1), rows: 0..<2), SampleOptions()).shape == [2, height * width])
    var names = model.network.leaves.map(\.leaf.path)
    names.removeAll { $0.hasSuffix("bias") }
    #expect(
      names == [
        "encoder.1.weight", "encoder.3.weight", "encoder.6.weight", "mean.weight", "scale.weight", "decoder.0.weight", "decoder.2.weight",
        "decoder.5.weight", "output.weight",
      ])
  }
}
