import Distributions
import Families
import FamilyExamples
import Formats
import ModelFiles
import Modelling
import Networks
import Tensors
import Testing

@Suite("Model files from elsewhere")
struct ModelFromElsewhereTests {
  private static let configuration = #"{"latent": 2, "hidden": [4], "scale": "exp_half", "likelihood": "beta_binomial", "likelihood_scale": "exp"}"#

  private func model(_ configuration: String = configuration) throws -> VAE {
    try VAE(
      StrictJSON.decode(VAE.Configuration.self, from: Array(configuration.utf8)), signature: .image(height: 2, width: 3), key: RandomKey(seed: 1))
  }

  /// The file of a model as somebody else writes it.
  private func file(
    _ model: VAE, _ configuration: String = configuration, format: Int = 1, provenance: String? = nil, check: JSONValue? = nil, more: [String] = []
  ) -> [UInt8] {
    var text = #"{"format":\#(format),"family":"vae","configuration":\#(configuration),"signature":{"kind":"image","shape":[2,3],"range":[0,255]}"#
    if let provenance { text += #","provenance":\#(provenance)"# }
    if let check { text += #","check":\#(check.line)"# }
    let tensors = model.network.leaves.map { (name: $0.leaf.path, tensor: $0.tensor) } + more.map { (name: $0, tensor: Tensor(3)) }
    return SafeTensors.encode(tensors: tensors, metadata: ["posterior": text + "}"])
  }

  private func load(_ bytes: [UInt8], isNew: Bool = true) throws -> VAE {
    try #require(ModelFile.load(bytes: bytes, families: Catalogue.families, isNew: isNew).model as? VAE)
  }

  private func refusal(_ bytes: [UInt8]) throws -> ModelFileError {
    try #require(#expect(throws: ModelFileError.self) { try ModelFile.load(bytes: bytes, families: Catalogue.families, isNew: true) })
  }

  @Test("the heads of a beta-binomial mean what a file says, but for those that training here wrote before it could")
  func betaBinomial() throws {
    let model = try model()
    #expect(try load(file(model)).configuration.observation.scale == .exp)
    let trained = #"{"trained_with": "posterior 0.2.0"}"#
    #expect(try load(file(model, provenance: trained)).configuration.observation.scale == .softplus)
    #expect(try load(file(model, format: 3, provenance: trained)).configuration.observation.scale == .exp)
    let written = try ModelFile.encode(model, provenance: Provenance(trainedWith: "posterior 0.2.0"))
    #expect(try load(written).configuration == model.configuration)
    let usual = try self.model(#"{"latent": 2, "hidden": [4], "likelihood": "beta_binomial"}"#)
    #expect(try load(ModelFile.encode(usual)).configuration == usual.configuration)
  }

  @Test("what a file leaves to a convention is refused by name, and options without effect only when the file is new")
  func unsaid() throws {
    let model = try model(#"{"latent": 2, "hidden": [4]}"#)
    let unsaid = file(model, #"{"latent": 2, "hidden": [4]}"#)
    #expect(try refusal(unsaid).field == "posterior.configuration.scale")
    #expect(try load(unsaid, isNew: false).configuration == model.configuration)
    let gaussian = #"{"latent": 2, "hidden": [4], "scale": "exp", "likelihood": "gaussian_learned"}"#
    #expect(try refusal(file(self.model(gaussian), gaussian)).field == "posterior.configuration.likelihood_scale")
    let idle = #"{"latent": 2, "hidden": [4], "scale": "softplus", "likelihood_scale": "sigmoid", "deviation": 3}"#
    #expect(try refusal(file(model, idle)).field == "posterior.configuration.deviation")
    #expect(try load(file(model, idle), isNew: false).configuration == model.configuration)
    #expect(try load(file(model, idle, provenance: #"{"trained_with": "posterior 0.2.0"}"#)).configuration == model.configuration)
  }

  @Test("the batches that PyTorch counts are passed over")
  func batches() throws {
    let model = try model()
    #expect(try load(file(model, more: ["encoder.1.num_batches_tracked"])).network.leaves.count == model.network.leaves.count)
  }

  private func check(_ model: VAE) throws -> [(name: String, value: JSONValue)] {
    let raw = Tensor(rows: [[0, 17, 255, 128, 3, 9], [200, 201, 7, 0, 0, 1]])
    let x = model.signature.toModel(raw)
    let inference = model.inference(x, noise: nil)
    let code = inference.posteriors[0]
    func rows(_ tensor: Tensor) -> JSONValue { .floats(tensor.scalars, shape: tensor.shape.dimensions) }
    let reconstruction = model.signature.toRaw(model.reconstruct(x, sampling: false, keys: RowKeys(RandomKey(seed: 1), rows: 0..<2)))
    return [
      ("inputs", rows(raw)), ("layers", .array([.record(["mean": rows(code.mean), "scale": rows(code.deviation)])])),
      ("reconstructions", rows(reconstruction)),
      ("kl_nats", rows(model.divergence(inference))), ("reconstruction_nats", rows(model.logLikelihood(of: x, given: inference.draws))),
      ("tolerance", .number(1e-6)),
    ]
  }

  private func object(_ members: [(name: String, value: JSONValue)]) -> JSONValue { .object(members.map { .init(name: $0.name, value: $0.value) }) }

  @Test("a check that agrees passes, and every number of it that does not is refused with its place")
  func checks() throws {
    let model = try model()
    let members = try check(model)
    _ = try load(file(model, check: object(members)))
    var changed = model
    func refused(_ path: String, _ leaf: String) throws {
      changed.network = model.network.mapping { $0.path == leaf ? $1 + 0.01 : $1 }
      let error = try refusal(file(changed, check: object(members)))
      #expect(error.reason == .check && error.field.hasPrefix("posterior.check.\(path)"), "\(error)")
      // Who has the file already is not asked again.
      _ = try load(file(changed, check: object(members)), isNew: false)
    }
    try refused("layers[0].mean", "mean.bias")
    try refused("layers[0].scale", "scale.bias")
    try refused("reconstructions", "output.bias")
    let reading = Self.configuration.replacing(#""exp_half""#, with: #""exp""#)
    #expect(try refusal(file(model, reading, check: object(members))).field.hasPrefix("posterior.check.layers[0].scale"))
    let likelihood = Self.configuration.replacing(#""likelihood_scale": "exp""#, with: #""likelihood_scale": "softplus""#)
    let nats = object(members.filter { ["inputs", "reconstruction_nats"].contains($0.name) })
    #expect(try refusal(file(model, likelihood, check: nats)).field.hasPrefix("posterior.check.reconstruction_nats["))
  }

  @Test(
    "a check that can't be one is refused by field",
    arguments: [
      (#"{}"#, "inputs"), (#"{"inputs": []}"#, "inputs"), (#"{"inputs": [[1, 2]]}"#, "inputs[0]"),
      (#"{"inputs": [[0, 0, 0, 0, 0, 300]]}"#, "inputs[0][5]"),
      (#"{"inputs": [[0, 0, 0, 0, 0, 0]]}"#, ""), (#"{"inputs": [[0, 0, 0, 0, 0, 0]], "outputs": 1}"#, "outputs"),
      (#"{"inputs": [[0, 0, 0, 0, 0, 0]], "layers": []}"#, "layers"),
      (#"{"inputs": [[0, 0, 0, 0, 0, 0]], "layers": [{"mean": [[1]]}]}"#, "layers[0].mean[0]"),
      (#"{"inputs": [[0, 0, 0, 0, 0, 0]], "kl_nats": [1, 2]}"#, "kl_nats"),
      (#"{"inputs": [[0, 0, 0, 0, 0, 0]], "kl_nats": [1], "tolerance": 2}"#, "tolerance"),
    ])
  func malformed(_ text: String, _ place: String) throws {
    let error = try refusal(file(try model(), check: JSONValue(parsing: Array(text.utf8))))
    #expect(error.field == (place.isEmpty ? "posterior.check" : "posterior.check.\(place)"), "\(error)")
  }
}
