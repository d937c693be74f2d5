import Formats
import Foundation
import ModelFiles
import Modelling
import Networks
import Tensors
import Testing

@Suite("ModelFile")
struct ModelFileTests {
  private static let provenance = Provenance(
    run: "r-1", data: Digest("sha256:" + String(repeating: "0f", count: 32)), seed: .max, trainedWith: "posterior 1.0 (4f2a9c1)",
    created: "2026-01-02T03:04:05Z", notes: ["b": "two", "a": "one"])

  @Test("a model comes back with the same numbers, configuration, signature and provenance, and is the same bytes again")
  func roundTrip() throws {
    let model = try TinyFamily.example()
    let bytes = try ModelFile.encode(model, provenance: Self.provenance)
    let file = try ModelFile.load(bytes: bytes, families: TinyFamily.families)
    let loaded = try #require(file.model as? TinyFamily)
    #expect(loaded.configuration == model.configuration)
    #expect(loaded.signature == model.signature)
    #expect(file.provenance == Self.provenance)
    for (own, read) in zip(model.network.leaves, loaded.network.leaves) {
      #expect(own.leaf.path == read.leaf.path)
      #expect(own.tensor.isIdentical(to: read.tensor))
    }
    #expect(try ModelFile.encode(file.model, provenance: file.provenance) == bytes)
  }

  @Test("the description is one compact JSON text with its fields in order and names below them sorted")
  func description() throws {
    let file = try SafeTensors(bytes: ModelFile.encode(TinyFamily.example(), provenance: Self.provenance))
    #expect(file.metadata.keys.sorted() == ["posterior"])
    #expect(
      file.metadata["posterior"]
        == #"{"format":1,"family":"tiny","configuration":{"hidden":[3],"slope":0.1},"#
        + #""signature":{"kind":"vector","scaling":{"offset":[0.5],"scale":[2]},"shape":[2]},"#
        + #""provenance":{"created":"2026-01-02T03:04:05Z","data":"sha256:\#(String(repeating: "0f", count: 32))","#
        + #""notes":{"a":"one","b":"two"},"run":"r-1","seed":9223372036854775807,"trained_with":"posterior 1.0 (4f2a9c1)"}}"#)
  }

  @Test("signatures of every kind come back as they were")
  func signatures() throws {
    let columns = [TableSpace.Column(name: "é, \"x\"", type: .real), TableSpace.Column(name: "b", type: .real)]
    for signature in [
      Signature.image(height: 2, width: 3), .image(height: 1, width: 2, channels: 3, range: -1.5...0.1), .vector(4),
      .table(columns, scaling: .init(offset: [0.1, -1e20], scale: [1e-30, 3])),
    ] {
      let model = try TinyFamily(.init(hidden: [2], slope: 1e-7), signature: signature, key: RandomKey(seed: 1))
      let loaded = try ModelFile.load(bytes: ModelFile.encode(model), families: TinyFamily.families).model
      #expect(loaded.signature == signature)
      #expect((loaded as? TinyFamily)?.configuration == model.configuration)
    }
  }

  @Test("a file on disk loads like the same bytes in memory")
  func fromDisk() throws {
    try withTemporaryFolder { folder in
      let bytes = try ModelFile.encode(TinyFamily.example(), provenance: Self.provenance)
      try ModelFile.write(bytes, to: folder + "/model.safetensors")
      let file = try ModelFile.load(path: folder + "/model.safetensors", families: TinyFamily.families)
      #expect(try ModelFile.encode(file.model, provenance: file.provenance) == bytes)
      #expect(try ModelFile.inspect(path: folder + "/model.safetensors", families: TinyFamily.families).problem == nil)
    }
  }

  /// Written by the Python package safetensors 0.8.0 with `json.dumps` of the description.
  private static let python = """
    CAMAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJwb3N0ZXJpb3IiOiJ7XCJmb3JtYXRcIjogMSwgXCJmYW1pbHlcIjogXCJ0aW55XCIsIFwiY29uZmlndXJhdGlvblwiOiB7XCJoaWRkZW5cIjog
    WzNdLCBcInNsb3BlXCI6IDAuMX0sIFwic2lnbmF0dXJlXCI6IHtcImtpbmRcIjogXCJ2ZWN0b3JcIiwgXCJzaGFwZVwiOiBbMl0sIFwic2NhbGluZ1wiOiB7XCJvZmZzZXRcIjogWzAuNV0s
    IFwic2NhbGVcIjogWzIuMF19fX0ifSwiZGVjb2Rlci5iaWFzIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMCw4XX0sImRlY29kZXIud2VpZ2h0Ijp7ImR0
    eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOls4LDMyXX0sImVuY29kZXIuYmlhcyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzMy
    LDQ0XX0sImVuY29kZXIud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlszLDJdLCJkYXRhX29mZnNldHMiOls0NCw2OF19LCJub3JtLmJpYXMiOnsiZHR5cGUiOiJGMzIiLCJzaGFw
    ZSI6WzNdLCJkYXRhX29mZnNldHMiOls2OCw4MF19LCJub3JtLnJ1bm5pbmdfbWVhbiI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzgwLDkyXX0sIm5vcm0u
    cnVubmluZ192YXIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls5MiwxMDRdfSwibm9ybS53ZWlnaHQiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzNdLCJk
    YXRhX29mZnNldHMiOlsxMDQsMTE2XX19ICAgIAAAAL8AAMC+AAAAvwAAwL4AAIC+AAAAvgAAAAAAAAA+AAAAvwAAwL4AAIC+AAAAvwAAwL4AAIC+AAAAvgAAAAAAAAA+AAAAvwAAwL4AAIC+
    AAAAvwAAwL4AAIC+AACAPwAAgD8AAIA/AAAAvwAAwL4AAIC+
    """

  @Test("a model written by the Python package loads, and the same contents are written as the same bytes")
  func fromPython() throws {
    let bytes = [UInt8](try #require(Data(base64Encoded: Self.python, options: .ignoreUnknownCharacters)))
    let file = try ModelFile.load(bytes: bytes, families: TinyFamily.families)
    let model = try #require(file.model as? TinyFamily)
    #expect(model.configuration == .init(hidden: [3], slope: 0.1))
    #expect(model.signature == .vector(2, scaling: .init(offset: [0.5], scale: [2])))
    #expect(file.provenance == Provenance())
    #expect(model.network.decoder.weight.isIdentical(to: Tensor(rows: [[-0.5, -0.375, -0.25], [-0.125, 0, 0.125]])))
    #expect(model.network.norm.runningVariance.scalars == [1, 1, 1])

    let container = try SafeTensors(bytes: bytes)
    let tensors = try container.tensors
    #expect(SafeTensors.encode(tensors: tensors.map { (name: $0.key, tensor: $0.value) }, metadata: container.metadata) == bytes)
  }

  // MARK: - Inspection

  @Test("inspecting tells family, configuration, signature, provenance, tensors and the number of parameters")
  func inspection() throws {
    let model = try TinyFamily.example()
    let inspection = try ModelFile.inspect(bytes: ModelFile.encode(model, provenance: Self.provenance), families: TinyFamily.families)
    #expect(inspection.problem == nil)
    let description = try #require(inspection.description)
    #expect(description.family == "tiny")
    #expect(description.configurationText == "{\n  \"hidden\": [3],\n  \"slope\": 0.1\n}")
    #expect(description.signature == model.signature)
    #expect(description.provenance == Self.provenance)
    #expect(
      inspection.tensors.map(\.name) == [
        "decoder.bias", "decoder.weight", "encoder.bias", "encoder.weight", "norm.bias", "norm.running_mean", "norm.running_var", "norm.weight",
      ])
    #expect(inspection.tensors.map(\.shape) == [[2], [2, 3], [3], [3, 2], [3], [3], [3], [3]])
    #expect(inspection.numberCount == 29)
    #expect(inspection.parameterCount == 23)
  }

  @Test("inspecting a family that this build does not know still tells what the file says")
  func unknownFamily() throws {
    let inspection = try ModelFile.inspect(bytes: ModelFile.encode(TinyFamily.example()), families: [])
    #expect(inspection.problem?.reason == .unknownFamily)
    #expect(inspection.description?.family == "tiny")
    #expect(inspection.tensors.count == 8)
    #expect(inspection.parameterCount == nil)
  }

  @Test("inspecting tensors that do not fit the configuration says so")
  func unfitting() throws {
    let bytes = SafeTensors.encode(
      tensors: [("other", Tensor(1))], metadata: ["posterior": ModelFileRefusalTests.text()])
    let inspection = try ModelFile.inspect(bytes: bytes, families: TinyFamily.families)
    #expect(inspection.description?.family == "tiny")
    #expect(inspection.tensors.map(\.name) == ["other"])
    guard case .tensors(let mismatch)? = inspection.problem?.reason else { throw try #require(inspection.problem) }
    #expect(mismatch.unexpected == ["other"])
    #expect(mismatch.missing.count == 8)
  }

  @Test("inspecting a file of tensors that is no model lists the tensors")
  func noModel() throws {
    let inspection = try ModelFile.inspect(bytes: SafeTensors.encode(tensors: [("other", Tensor(1))]), families: TinyFamily.families)
    #expect(inspection.problem?.reason == .notAModel)
    #expect(inspection.description == nil)
    #expect(inspection.tensors.map(\.name) == ["other"])
  }

  @Test("a family's estimate of its size is the size of its network")
  func sizing() throws {
    for hidden in [1, 3, 10] {
      let model = try TinyFamily(.init(hidden: [hidden], slope: 1), signature: .vector(5), key: RandomKey(seed: 1))
      let count = model.network.leaves.reduce(0) { $0 + $1.tensor.count }
      #expect(try Blueprint<TinyFamily>(model.configuration, signature: model.signature).scalarCount == count)
    }
  }
}
