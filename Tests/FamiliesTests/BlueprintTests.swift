import Families
import FamilyExamples
import Formats
import Modelling
import Networks
import Tensors
import Testing

@Suite("Networks that are only counted")
struct BlueprintTests {
  @Test("have the names, shapes and size of the drawn one, and not a number in memory", arguments: FamilyExample.all)
  func counting(_ example: FamilyExample) throws {
    func check<Family: ModelFamily>(_ model: Family) throws {
      let (drawn, counted) = (
        model.network.leaves, try Family(model.configuration, signature: model.signature, source: .counting).network.leaves
      )
      #expect(counted.map(\.leaf.path) == drawn.map(\.leaf.path))
      #expect(counted.map(\.tensor.shape) == drawn.map(\.tensor.shape))
      #expect(counted.allSatisfy { $0.tensor.isUnfilled || $0.tensor.count == 0 })
      #expect(try Blueprint<Family>(model.configuration, signature: model.signature).scalarCount == drawn.reduce(0) { $0 + $1.tensor.scalars.count })
    }
    try check(example.model())
  }

  @Test("are filled with the drawn one's tensors, and then are that one", arguments: FamilyExample.all)
  func filling(_ example: FamilyExample) throws {
    func check<Family: ModelFamily>(_ model: Family) throws {
      let tensors = Dictionary(uniqueKeysWithValues: model.network.leaves.map { ($0.leaf.path, $0.tensor) })
      let filled = try Blueprint<Family>(model.configuration, signature: model.signature).filled(with: tensors)
      #expect(filled.network.leaves.map(\.tensor.scalars) == model.network.leaves.map(\.tensor.scalars))
      #expect(throws: CheckpointMismatch.self) { _ = try Blueprint<Family>(model.configuration, signature: model.signature).filled(with: [:]) }
    }
    try check(example.model())
  }

  /// Networks of up to a terabyte, most of whose numbers are in the tensor named: no machine that runs this could draw them.
  private static let huge: [(family: any ModelFamily.Type, configuration: String, signature: Signature, tensor: String)] = [
    (ADGM.self, wide(#""components": 2"#), .vector(3), "classifier.hidden.0.weight"),
    (AGMDGM.self, wide(#""components": 2"#), .vector(3), "classifier.hidden.0.weight"),
    (BetaTCVAE.self, wide(#""latent": 2"#), .vector(3), "encoder.2.weight"),
    (CaGeM.self, wide(#""components": 2"#), .vector(3), "classifier.hidden.0.weight"),
    (CharLSTM.self, #"{"hidden": 65536}"#, texts, "lstm.weight_hh_l0"),
    (DeltaVAE.self, #"{"latent": 65536, "hidden": [65536]}"#, .image(height: 4, width: 4), "mean.weight"),
    (GMDGM.self, #"{"components": 10000, "hidden": [65536]}"#, .vector(3), "classifier_output.weight"),
    (HiLLoC.self, #"{"layers": 1, "latent": 1024, "hidden": 4096}"#, .image(height: 2, width: 2), "down.0.first.kernel.direction"),
    (HVAE.self, #"{"latents": [2, 65536], "layer_hidden": [65536]}"#, .vector(3), "inference.0.mean.weight"),
    (InpaintingHVAE.self, #"{"hidden": 65536, "channels": [1, 4096]}"#, .image(height: 8, width: 8), "expand.weight"),
    (LadderVAE.self, #"{"latents": [2, 65536], "layer_hidden": [65536], "layer_depth": 1}"#, .vector(3), "up.0.mean.weight"),
    (M2.self, wide(#""components": 2"#), .vector(3), "classifier.hidden.0.weight"),
    (Mixture.self, #"{"kind": "gaussian", "components": 1024}"#, .vector(2048), "precision_roots"),
    (Modular.self, #"{"modules": [4096, 2], "units": [65536]}"#, classified, "layers.0.modules.weight"),
    (RRVQ.self, #"{"strides": [1], "channels": 4096}"#, .image(height: 2, width: 2), "up.0.blocks.0.body.1.weight"),
    (SDGM.self, wide(#""components": 2"#), .vector(3), "classifier.hidden.0.weight"),
    (Seatbelt.self, #"{"latents": [65536, 65536], "layer_hidden": [65536]}"#, .vector(3), "inference.0.hidden.0.weight"),
    (
      Stacking.self, #"{"members": [{"family": "mixture", "configuration": {"kind": "gaussian", "components": 1024}}]}"#, .vector(2048),
      "members.0.0.precision_roots"
    ),
    (UnrolledGAN.self, wide(#""latent": 2"#), .vector(3), "generator.2.weight"),
    (TextVAE.self, #"{"latent": 1, "hidden": 65536}"#, texts, "encoder.weight_hh_l0"),
    (VAE.self, #"{"latent": 65536, "hidden": [65536]}"#, .vector(3), "mean.weight"),
    (VAEAC.self, #"{"hidden": 65536, "blocks": 256}"#, .vector(3), "generative.blocks.0.weight"),
    (VAEACImage.self, #"{"hidden": 65536, "channels": [1, 4096]}"#, .image(height: 28, width: 28), "generative.hidden.weight"),
    (VLAC.self, #"{"components": [2], "layers": [{"latent": 65536, "hidden": [65536]}]}"#, .vector(3), "levels.0.mean.weight"),
    (VLAE.self, #"{"layers": [{"latent": 65536, "hidden": [65536]}]}"#, .vector(3), "levels.0.mean.weight"),
  ]

  private static var classified: Signature {
    var signature = Signature.vector(3)
    signature.classes = ["a", "b"]
    return signature
  }

  private static let texts = Signature(.tokens(TokenSpace(Vocabulary(["a", "b"]), atMost: 7)))

  private static func wide(_ rest: String) -> String {
    #"{\#(rest), "hidden": [\#([String](repeating: "65536", count: 64).joined(separator: ","))]}"#
  }

  @Test("tell a size that is too large, and where most of it is, in every family", arguments: huge.indices)
  func refusing(_ row: Int) throws {
    func check<Family: ModelFamily>(_: Family.Type, _ text: String, _ signature: Signature, _ tensor: String) throws {
      let configuration = try StrictJSON.decode(Family.Configuration.self, from: Array(text.utf8))
      let counted = #expect(throws: Fault.self) { _ = try Blueprint<Family>(configuration, signature: signature) }
      let drawn = #expect(throws: Fault.self) { _ = try Family(configuration, signature: signature, key: RandomKey(seed: 1)) }
      let fault = try #require(counted)
      #expect(drawn == fault && fault.field.isEmpty && fault.expected == "at most 268435456")
      #expect(fault.given.contains("numbers, most in \(tensor) of shape ["), "\(fault)")
    }
    let (family, text, signature, tensor) = Self.huge[row]
    try check(family, text, signature, tensor)
    #expect(Set(Self.huge.map { $0.family.name }) == Set(Catalogue.families.map { $0.name }))
  }

  @Test("can't be computed with")
  func computing() async {
    await #expect(processExitsWith: .failure) { _ = Linear(2, 3, .counting)(Tensor.zeros([1, 2]), .evaluation) }
    await #expect(processExitsWith: .failure) { _ = Tensor.unfilled([1 << 40, 1 << 40]) + Tensor(1) }
    await #expect(processExitsWith: .failure) {
      var tensor = Tensor.unfilled([2])
      tensor.update { $0[0] = 1 }
    }
  }
}
