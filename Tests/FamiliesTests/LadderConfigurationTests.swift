import Families
import Formats
import Modelling
import Networks
import Tensors
import Testing

@Suite("Ladder configurations")
struct LadderConfigurationTests {
  private static func layers(_ text: String, _ more: String = "") -> String { #"{"components": [2], "layers": [\#(text)]\#(more)}"# }

  private static let refused: [RefusedConfiguration] = [
    .init(#"{"components": [], "layers": []}"#, field: "layers", given: "0 layers", expected: "1 to 8 layers"),
    .init(
      #"{"components": [1, 1, 1, 1, 1, 1, 1, 1, 1], "layers": [\#((0..<9).map { _ in #"{"latent": 1, "hidden": [1]}"# }.joined(separator: ","))]}"#,
      field: "layers", given: "9 layers", expected: "1 to 8 layers"),
    .init(layers(#"{"latent": 0}"#), field: "layers[0].latent", given: "0", expected: "1 to 65536"),
    .init(layers(#"{"latent": 2, "hidden": [8, 0]}"#), field: "layers[0].hidden[1]", given: "0", expected: "1 to 65536"),
    .init(layers(#"{"latent": 2, "rung": [-1]}"#), field: "layers[0].rung[0]", given: "-1", expected: "1 to 65536"),
    .init(
      layers(#"{"latent": 2, "rung": [\#((0..<65).map { _ in "1" }.joined(separator: ","))]}"#), field: "layers[0].rung", given: "65 layers",
      expected: "at most 64 layers"),
    .init(
      #"{"components": [2, 2], "layers": [{"latent": 1}, {"latent": 1}]}"#, field: "layers[1].hidden", given: "no layer",
      expected: "at least one width or convolution, behind which the features differ from those below"),
    .init(layers(#"{"latent": 2}"#, #", "scale_floor": -0.1"#), field: "scale_floor", given: "-0.1", expected: "0 or more"),
    .init(
      layers(#"{"latent": 2}"#, #", "likelihood": "laplace", "deviation": 0"#), field: "deviation", given: "0.0", expected: "a positive number"),
    .init(
      layers(#"{"latent": 2, "convolutions": [{"channels": 2, "kernel": 3}]}"#), .vector(16), field: "layers[0].convolutions",
      given: "convolutions of features without height and width",
      expected: "none but on an image, or on the features of a layer below that has convolutions and no linear layers"),
    .init(
      #"{"components": [2, 2], "layers": [{"latent": 1, "hidden": [4]}, {"latent": 1, "convolutions": [{"channels": 2, "kernel": 3}]}]}"#,
      field: "layers[1].convolutions", given: "convolutions of features without height and width",
      expected: "none but on an image, or on the features of a layer below that has convolutions and no linear layers"),
    .init(
      #"{"components": [2, 2], "layers": [{"latent": 1, "convolutions": [{"channels": 2, "kernel": 2}]}, {"latent": 1, "convolutions": [{"channels": 2, "kernel": 9}]}]}"#,
      field: "layers[1].convolutions[0].kernel", given: "9", expected: "at most 3, the padded image's side"),
    .init(
      layers(#"{"latent": 1, "convolutions": [\#((0..<33).map { _ in #"{"channels": 1, "kernel": 1}"# }.joined(separator: ","))]}"#),
      field: "layers[0].convolutions", given: "33 convolutions", expected: "at most 32"),
    .init(layers(#"{"latent": 2}"#), .vector(0), field: "signature.shape", given: "[0]", expected: "one width from 1 to 1000000"),
    .init(
      layers(#"{"latent": 2}"#), .table([.categorical("colour", ["red", "green"])]), field: "signature.columns", given: "categorical for \"colour\"",
      expected: "real columns; the families mixture and vaeac take categories"),
  ]

  @Test("an impossible configuration is refused by field, by building as by counting, in either family", arguments: refused)
  func refusals(_ row: RefusedConfiguration) throws {
    let configuration = try StrictJSON.decode(VLAC.Configuration.self, from: Array(row.text.utf8))
    let error = Fault(field: row.field, given: row.given, expected: row.expected)
    #expect(throws: error) { try VLAC(configuration, signature: row.signature, key: RandomKey(seed: 1)) }
    #expect(throws: error) { try Blueprint<VLAC>(configuration, signature: row.signature) }
    #expect(throws: error) { try VLAE(configuration.ladder, signature: row.signature, key: RandomKey(seed: 1)) }
    #expect(throws: error) { try Blueprint<VLAE>(configuration.ladder, signature: row.signature) }
  }

  @Test(
    "components that fit no mixture are refused by field",
    arguments: [
      ("[2]", "components", "1 numbers", "one a layer, 2"), ("[2, 0]", "components[1]", "0", "1 to 10000"),
      ("[10001, 2]", "components[0]", "10001", "1 to 10000"),
    ])
  func components(_ text: String, _ field: String, _ given: String, _ expected: String) throws {
    let configuration = try StrictJSON.decode(
      VLAC.Configuration.self, from: Array(#"{"layers": [{"latent": 1}, {"latent": 1, "hidden": [2]}], "components": \#(text)}"#.utf8))
    let error = Fault(field: field, given: given, expected: expected)
    #expect(throws: error) { try VLAC(configuration, signature: .vector(3), key: RandomKey(seed: 1)) }
    #expect(throws: error) { try Blueprint<VLAC>(configuration, signature: .vector(3)) }
  }

  @Test(
    "JSON of the wrong type, a missing field, an unknown field or choice is refused by field",
    arguments: [
      (#"{"components": [2]}"#, "layers"), (#"{"layers": [{"latent": 1}]}"#, "components"),
      (#"{"components": [2], "layers": [{}]}"#, "layers[0].latent"),
      (#"{"components": [2], "layers": [{"latent": 1, "hiden": [3]}]}"#, "layers[0].hiden"),
      (#"{"components": [2], "layers": [{"latent": 1}], "merge": "sum"}"#, "merge"),
      (#"{"components": [2], "layers": [{"latent": 1}], "mixture_weights": true}"#, "mixture_weights"),
      (#"{"components": [2], "layers": [{"latent": 1}], "likelihood": "poisson"}"#, "likelihood"),
      (#"{"components": [2], "layers": [{"latent": 1}], "hidden": [4]}"#, "hidden"),
    ])
  func malformed(_ text: String, _ field: String) {
    let error = #expect(throws: JSONError.self) { try StrictJSON.decode(VLAC.Configuration.self, from: Array(text.utf8)) }
    #expect(error?.field == field)
  }

  @Test("a vlae has no components")
  func withoutMixtures() {
    let error = #expect(throws: JSONError.self) {
      try StrictJSON.decode(VLAE.Configuration.self, from: Array(#"{"layers": [{"latent": 1}], "components": [2]}"#.utf8))
    }
    #expect(error?.field == "components")
  }

  @Test("names and shapes are those of PyTorch's layers, and convolutions are mirrored to the size of the image")
  func names() throws {
    let convolution = { (channels: Int) in ConvolutionSpecification(channels: channels, kernel: 3, stride: 2, padding: 1) }
    let ladder = LadderConfiguration([
      .init(latent: 2, convolutions: [convolution(3)]), .init(latent: 2, hidden: [6], convolutions: [convolution(4)], rung: [5]),
    ])
    let model = try VLAC(
      VLAC.Configuration(ladder, components: [3, 4], mixtureWeights: .learned), signature: .image(height: 8, width: 8), key: RandomKey(seed: 1))
    let shapes = model.network.leaves.filter { !$0.leaf.path.hasSuffix("bias") }.map { "\($0.leaf.path) \($0.tensor.shape)" }
    #expect(
      shapes == [
        "levels.0.encoder.1.weight [3, 1, 3, 3]", "levels.0.mean.weight [2, 48]", "levels.0.scale.weight [2, 48]",
        "levels.0.injection.0.weight [48, 2]",
        "levels.1.encoder.1.weight [4, 3, 3, 3]", "levels.1.encoder.4.weight [6, 16]", "levels.1.rung.0.weight [5, 6]",
        "levels.1.mean.weight [2, 5]", "levels.1.scale.weight [2, 5]", "levels.1.injection.0.weight [5, 2]", "levels.1.injection.2.weight [6, 5]",
        "levels.1.decoder.0.weight [16, 6]", "levels.1.decoder.3.weight [4, 3, 3, 3]",
        "output.weight [6, 1, 3, 3]", "priors.0.logits [3]", "priors.0.means [3, 2]", "priors.0.log_deviations [3, 2]", "priors.1.logits [4]",
        "priors.1.means [4, 2]", "priors.1.log_deviations [4, 2]",
      ])
    #expect(try model.sample(RowKeys(RandomKey(seed: 1), rows: 0..<2), SampleOptions()).shape == [2, 64])
  }
}
