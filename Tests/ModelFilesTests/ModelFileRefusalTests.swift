import ModelFiles
import Modelling
import Networks
import Tensors
import Testing

@Suite("ModelFile refuses")
struct ModelFileRefusalTests {
  /// The description of `TinyFamily.example`, with parts replaced.
  static func text(
    format: String = "1", family: String = "\"tiny\"", configuration: String = #"{"hidden":[3],"slope":0.1}"#,
    signature: String = #"{"kind":"vector","shape":[2]}"#, more: String = ""
  ) -> String {
    "{\"format\":\(format),\"family\":\(family),\"configuration\":\(configuration),\"signature\":\(signature)\(more)}"
  }

  /// A description that must not load, and what the error must say.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let text: String
    let reason: ModelFileError.Reason
    let field: String
    let given: String
    let expected: String

    init(_ name: String, _ text: String, _ reason: ModelFileError.Reason = .metadata, field: String, given: String, expected: String = "") {
      testDescription = name
      self.text = text
      self.reason = reason
      self.field = "posterior" + field
      self.given = given
      self.expected = expected
    }
  }

  static let cases = [
    Case("an empty text", "", field: "", given: "cut off"),
    Case("no JSON", "tiny", field: "", given: "'t'"),
    Case("an array", "[]", field: "", given: "an array", expected: "an object"),
    Case("text behind the object", text() + "x", field: "", given: "'x'"),
    Case("a field twice", text(more: #","format":1"#), field: ".format", given: "twice"),
    Case("no format", #"{"family":"tiny","configuration":{},"signature":{}}"#, field: ".format", given: "nothing"),
    Case("a later format", text(format: "5", more: #","later":1"#), .unknownFormat, field: ".format", given: "5", expected: "1"),
    Case("a format as text", text(format: #""1""#), .unknownFormat, field: ".format", given: #""1""#),
    Case("a fractional format", text(format: "1.5"), .unknownFormat, field: ".format", given: "1.5"),
    Case("no family", #"{"format":1,"configuration":{},"signature":{"kind":"vector","shape":[2]}}"#, field: ".family", given: "nothing"),
    Case("a family that is a number", text(family: "1"), field: ".family", given: "1", expected: "a string"),
    Case("an unknown family", text(family: #""huge""#), .unknownFamily, field: ".family", given: #""huge""#, expected: "one of tiny"),
    Case("a family in capitals", text(family: #""Tiny""#), .unknownFamily, field: ".family", given: #""Tiny""#, expected: "one of tiny"),
    Case("no configuration", #"{"format":1,"family":"tiny","signature":{"kind":"vector","shape":[2]}}"#, field: ".configuration", given: "nothing"),
    Case("an unknown field", text(more: #","extra":0"#), field: ".extra", given: #""extra""#, expected: "family"),
    Case(
      "a configuration that is a list", text(configuration: "[]"), .configuration, field: ".configuration", given: "an array", expected: "an object"),
    Case(
      "an unknown field of the configuration", text(configuration: #"{"hidden":[3],"slope":1,"depth":2}"#), .configuration,
      field: ".configuration.depth",
      given: #""depth""#, expected: "hidden"),
    Case(
      "a missing field of the configuration", text(configuration: #"{"hidden":[3]}"#), .configuration, field: ".configuration.slope", given: "nothing"
    ),
    Case(
      "a wrong type in the configuration", text(configuration: #"{"hidden":[3,"4"],"slope":1}"#), .configuration, field: ".configuration.hidden[1]",
      given: #""4""#, expected: "a whole number"),
    Case(
      "a configuration that the family refuses", text(configuration: #"{"hidden":[0],"slope":1}"#), .configuration, field: ".configuration.hidden[0]",
      given: "0", expected: "at least 1"),
    Case(
      "a configuration of a huge network", text(configuration: #"{"hidden":[1000000000000],"slope":1}"#), .configuration, field: ".configuration",
      given: "a network of 9000000000002 numbers, most in encoder.weight of shape [1000000000000, 2]", expected: "at most 268435456"),
    Case(
      "a configuration of a network beyond 64 bits", text(configuration: #"{"hidden":[9223372036854775807],"slope":1}"#), .configuration,
      field: ".configuration", given: "more than 2^63"),
    Case("no signature", #"{"format":1,"family":"tiny","configuration":{}}"#, field: ".signature", given: "nothing"),
    Case("an unknown kind", text(signature: #"{"kind":"sound","shape":[2]}"#), field: ".signature.kind", given: #""sound""#, expected: "image"),
    Case(
      "an unknown field of the signature", text(signature: #"{"kind":"vector","shape":[2],"unit":"m"}"#), field: ".signature.unit",
      given: #""unit""#, expected: "scaling"),
    Case("a negative width", text(signature: #"{"kind":"vector","shape":[-2]}"#), .signature, field: ".signature.shape", given: "[-2]"),
    Case(
      "a width of a trillion", text(signature: #"{"kind":"vector","shape":[1000000000000]}"#), .signature, field: ".signature.shape", given: "10000"),
    Case(
      "too large an image", text(signature: #"{"kind":"image","shape":[4096,4096,3],"range":[0,1]}"#), .signature, field: ".signature.shape",
      given: "50331648"),
    Case(
      "a range without width", text(signature: #"{"kind":"image","shape":[1,2],"range":[1,1]}"#), .signature, field: ".signature.range",
      given: "[1.0, 1.0]"),
    Case(
      "a range wider than float32", text(signature: #"{"kind":"image","shape":[1,2],"range":[-3e38,3e38]}"#), .signature, field: ".signature.range",
      given: "[-3e+38, 3e+38]"),
    Case(
      "a scale of zero", text(signature: #"{"kind":"vector","shape":[2],"scaling":{"offset":[0],"scale":[0]}}"#), .signature,
      field: ".signature.scaling",
      given: "not positive"),
    Case(
      "an offset beyond float32", text(signature: #"{"kind":"vector","shape":[2],"scaling":{"offset":[1e39],"scale":[1]}}"#), .signature,
      field: ".signature.scaling.offset[0]", given: "1e+39"),
    Case(
      "columns beside an image", text(signature: #"{"kind":"image","shape":[1,2],"range":[0,1],"columns":[{"name":"a","type":"real"}]}"#), .signature,
      field: ".signature.columns", given: "there"),
    Case(
      "a shape beside columns", text(signature: #"{"kind":"table","shape":[9],"columns":[{"name":"a","type":"real"}]}"#), .signature,
      field: ".signature.shape", given: "there"),
    Case(
      "what training saw beside a vector", text(format: "4", signature: #"{"kind":"vector","shape":[2],"seen":[0,1]}"#), .signature,
      field: ".signature.seen", given: "there"),
    Case(
      "what training saw out of the range", text(format: "4", signature: #"{"kind":"image","shape":[1,2],"range":[0,1],"seen":[0,2]}"#), .signature,
      field: ".signature.seen", given: "0.0 to 2.0", expected: "0.0 to 1.0"),
    Case(
      "what training saw the wrong way round", text(format: "4", signature: #"{"kind":"image","shape":[1,2],"range":[0,1],"seen":[1,0]}"#),
      .signature,
      field: ".signature.seen", given: "[1.0, 0.0]"),
    Case(
      "what training saw in a format that does not know it",
      text(format: "3", signature: #"{"kind":"image","shape":[1,2],"range":[0,1],"seen":[0,0.5]}"#),
      .unknownFormat, field: ".format", given: "3", expected: "4"),
    Case("a provenance that is a text", text(more: #","provenance":"me""#), field: ".provenance", given: #""me""#, expected: "an object"),
    Case(
      "an unknown field of the provenance", text(more: #","provenance":{"author":"me"}"#), field: ".provenance.author", given: #""author""#),
    Case("a digest in capitals", text(more: #","provenance":{"data":"SHA256:00"}"#), field: ".provenance.data", given: "SHA256:00"),
    Case("a negative seed", text(more: #","provenance":{"seed":-1}"#), field: ".provenance.seed", given: "-1"),
    Case("a seed of 2^63", text(more: #","provenance":{"seed":9223372036854775808}"#), field: ".provenance.seed", given: "9.2"),
    Case("a note that is a number", text(more: #","provenance":{"notes":{"a":1}}"#), field: ".provenance.notes.a", given: "1", expected: "a string"),
  ]

  @Test("descriptions with the field, what was given and what was expected", arguments: cases)
  func refuses(_ row: Case) throws {
    let tensors = try TinyFamily.example().network.leaves.map { (name: $0.leaf.path, tensor: $0.tensor) }
    let bytes = SafeTensors.encode(tensors: tensors, metadata: ["posterior": row.text])
    let error = try #require(throws: ModelFileError.self) { try ModelFile.load(bytes: bytes, families: TinyFamily.families) }
    #expect(error.reason == row.reason)
    #expect(error.field == row.field, "\(error)")
    #expect(error.given.contains(row.given), "\(error)")
    #expect(error.expected.contains(row.expected), "\(error)")
    #expect(try ModelFile.inspect(bytes: bytes, families: TinyFamily.families).problem == error)
  }

  @Test("nothing in the description that the table refuses for another reason: unchanged it loads")
  func unchanged() throws {
    let tensors = try TinyFamily.example().network.leaves.map { (name: $0.leaf.path, tensor: $0.tensor) }
    for more in ["", #","provenance":null"#, #","provenance":{}"#, #","provenance":{"seed":0,"notes":{}}"#] {
      let bytes = SafeTensors.encode(tensors: tensors, metadata: ["posterior": Self.text(more: more), "other": "text"])
      #expect(throws: Never.self) { try ModelFile.load(bytes: bytes, families: TinyFamily.families) }
    }
  }

  @Test("a misspelt field with the one that it may stand for")
  func misspelt() throws {
    let text = Self.text(configuration: #"{"hiden":[3],"slope":1}"#)
    let error = try Self.error(SafeTensors.encode(tensors: [], metadata: ["posterior": text]))
    #expect(error.detail == #"posterior.configuration.hidden is missing; is "hiden" meant for it?"#)
  }

  // MARK: - Tensors

  private static func bytes(_ change: (inout [String: Tensor]) -> Void) throws -> [UInt8] {
    var tensors = Dictionary(uniqueKeysWithValues: try TinyFamily.example().network.leaves.map { ($0.leaf.path, $0.tensor) })
    change(&tensors)
    return SafeTensors.encode(tensors: tensors.map { (name: $0.key, tensor: $0.value) }, metadata: ["posterior": text()])
  }

  private static func error(_ bytes: [UInt8]) throws -> ModelFileError {
    try #require(throws: ModelFileError.self) { try ModelFile.load(bytes: bytes, families: TinyFamily.families) }
  }

  @Test("missing, unknown and reshaped tensors, all in one error")
  func mismatch() throws {
    let error = try Self.error(
      Self.bytes {
        $0["encoder.bias"] = nil
        $0["norm.running_var"] = nil
        $0["extra"] = Tensor(1)
        $0["decoder.weight"] = Tensor.zeros([3, 2])
      })
    guard case .tensors(let mismatch) = error.reason else { throw error }
    #expect(mismatch.missing == ["encoder.bias", "norm.running_var"])
    #expect(mismatch.unexpected == ["extra"])
    #expect(mismatch.reshaped.map(\.path) == ["decoder.weight"])
    #expect(
      error.detail
        == "the tensors do not fit the network: missing tensors: encoder.bias, norm.running_var; unknown tensors: extra; "
        + "wrong shapes: decoder.weight is [3, 2], expected [2, 3]")
  }

  @Test("thousands of unknown tensors in a short sentence and a full list")
  func manyUnknown() throws {
    let error = try Self.error(Self.bytes { for index in 0..<5000 { $0["x\(index)"] = Tensor(0) } })
    guard case .tensors(let mismatch) = error.reason else { throw error }
    #expect(mismatch.unexpected.count == 5000)
    #expect(error.detail.hasSuffix("and 4900 more"))
  }

  @Test("weights that are not finite, with tensor and index", arguments: [Float.nan, .infinity, -.infinity, Float(nan: 1, signaling: true)])
  func nonFinite(_ value: Float) throws {
    let error = try Self.error(Self.bytes { $0["encoder.weight"] = Tensor(shape: [3, 2], scalars: [0, 0, 0, value, value, 0]) })
    #expect(error.reason == .nonFinite)
    #expect(error.field == #"tensors["encoder.weight"][3]"#)

    var model = try TinyFamily.example()
    model.network.norm.runningMean = Tensor([0, 0, value])
    let refused = try #require(throws: ModelFileError.self) { try ModelFile.encode(model) }
    #expect(refused.field == #"tensors["norm.running_mean"][2]"#)
  }

  @Test("buffers of integers, all of them by name")
  func integers() throws {
    let sound = try Self.bytes { _ in }
    let header =
      #"{"__metadata__":{"posterior":"x"},"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"b":{"dtype":"BOOL","shape":[1],"data_offsets":[8,9]}}"#
    let text = String(decoding: Self.text().utf8, as: UTF8.self).replacing("\"", with: "\\\"")
    let error = try Self.error(container(header.replacing("\"x\"", with: "\"\(text)\""), data: [UInt8](repeating: 0, count: 9)))
    #expect(sound.count > 0)
    #expect(error.reason == .scalarType)
    #expect(error.detail.hasPrefix("a is I64, b is BOOL, expected F32"))
  }

  @Test("a sound container that is no model")
  func noModel() throws {
    let error = try Self.error(SafeTensors.encode(tensors: [], metadata: ["posteriors": Self.text()]))
    #expect(error.reason == .notAModel)
    #expect(error.given.contains("posterior"))
  }

  @Test("to write what it would not read: a signature of no item, notes beyond the limit")
  func encoding() throws {
    let model = try TinyFamily(.init(hidden: [1], slope: 1), signature: .image(height: 0, width: 3), key: RandomKey(seed: 1))
    #expect(try #require(throws: ModelFileError.self) { try ModelFile.encode(model) }.reason == .signature)
    let example = try TinyFamily.example()
    let note = String(repeating: "x", count: 1 << 20)
    let many = Dictionary(uniqueKeysWithValues: (0..<17).map { ("note \($0)", note) })
    for notes in [["long": note + "x"], many] {
      let error = try #require(throws: ModelFileError.self) { try ModelFile.encode(example, provenance: Provenance(notes: notes)) }
      #expect(error.reason == .tooLarge)
    }
    #expect(throws: Never.self) {
      try ModelFile.load(bytes: ModelFile.encode(example, provenance: Provenance(notes: ["long": note])), families: TinyFamily.families)
    }
    let infinite = try TinyFamily(.init(hidden: [1], slope: .infinity), signature: .vector(1), key: RandomKey(seed: 1))
    #expect(try #require(throws: ModelFileError.self) { try ModelFile.encode(infinite) }.field == "posterior.configuration")
  }
}
