import Formats
import Testing

@Suite struct StrictJSONTests {
  enum Attack: String, Codable, CaseIterable { case pgd, square }

  struct Layer: Codable, Equatable {
    var size: Int
    var activation: String?
  }

  struct Request: Decodable, Equatable {
    var seed: UInt64?
    var temperature: Float?
    var layers: [Layer]?
    var attack: Attack?
    var weights: [String: Double]?
    var inputs: NumberArray?
    var configuration: JSONValue?
  }

  static func decode(_ text: String) throws(JSONError) -> Request {
    try StrictJSON.decode(Request.self, from: Array(text.utf8), numericFields: ["inputs"])
  }

  static func error(_ text: String) -> JSONError? {
    do throws(JSONError) {
      _ = try decode(text)
      return nil
    } catch { return error }
  }

  @Test("Values are decoded with their numbers exact")
  func values() throws {
    let request = try Self.decode(
      #"{"seed":9223372036854775807,"temperature":0.1,"layers":[{"size":3.0},{"size":1e2,"activation":"relu"}],"attack":"pgd","weights":{"a.b":0.1,"3":2},"inputs":[[1,null]],"configuration":{"x":[1]}}"#
    )
    #expect(request.seed == UInt64(Int.max))
    #expect(request.temperature == 0.1)
    #expect(request.layers == [Layer(size: 3), Layer(size: 100, activation: "relu")])
    #expect(request.attack == .pgd)
    #expect(request.weights == ["a.b": 0.1, "3": 2])
    #expect(request.inputs?.shape == [1, 2] && request.inputs?.scalars[0] == 1 && request.inputs?.scalars[1].isNaN == true)
    #expect(request.configuration == .object([.init(name: "x", value: .array([.integer(1)]))]))
    #expect(try Self.decode("{}") == Request())
    #expect(try StrictJSON.decode([[Float]].self, from: .numbers(NumberArray(shape: [2, 1], scalars: [1, 2]))) == [[1], [2]])
    #expect(try StrictJSON.decode([Int?].self, from: Array("[1,null]".utf8)) == [1, nil])
  }

  @Test(
    "Unknown fields are refused by path, with the nearest known one",
    arguments: [
      (#"{"sed":1}"#, "sed", "did you mean \"seed\"?"), (#"{"temprature":1,"seed":3}"#, "temprature", "did you mean \"temperature\"?"),
      (#"{"layers":[{"size":1},{"size":2,"activatoin":"x"}]}"#, "layers[1].activatoin", "did you mean \"activation\"?"),
      (#"{"zzzzzz":1}"#, "zzzzzz", "one of attack, configuration, inputs, layers, seed, temperature, weights"),
      (#"{"lay.ers":[]}"#, "[\"lay.ers\"]", "did you mean \"layers\"?"),
    ])
  func unknown(text: String, field: String, hint: String) {
    let error = Self.error(text)
    #expect(error?.reason == .unknownField)
    #expect(error?.field == field)
    #expect(error?.detail.contains(hint) == true, "\(error?.detail ?? "")")
  }

  @Test("An unknown field that is null, and anything inside a field kept as JSON, is fine")
  func nulls() throws {
    #expect(try Self.decode(#"{"sed":null,"layers":[{"size":1,"x":null}]}"#).layers == [Layer(size: 1)])
    #expect(try Self.decode(#"{"configuration":{"anything":{"goes":1}}}"#).configuration?["anything"]?["goes"] == .integer(1))
  }

  @Test(
    "Mismatches say where, what was given and what was expected",
    arguments: [
      (#"{"layers":[{"size":"x"}]}"#, "layers[0].size", "\"x\"", "a whole number from \(Int.min) to \(Int.max)"),
      (#"{"layers":[{"size":1.5}]}"#, "layers[0].size", "1.5", "a whole number from \(Int.min) to \(Int.max)"),
      (#"{"layers":{}}"#, "layers", "an object", "an array"), (#"{"layers":[1]}"#, "layers[0]", "1", "an object"),
      (#"{"layers":[{}]}"#, "layers[0].size", "nothing", "a value"),
      (#"{"seed":-1}"#, "seed", "-1", "a whole number from 0 to 18446744073709551615"),
      (#"{"seed":18446744073709551615}"#, "seed", "1.8446744073709552e+19", "a whole number from 0 to 18446744073709551615"),
      (#"{"temperature":1e39}"#, "temperature", "1e+39", "a number within the range of float32"),
      (#"{"temperature":true}"#, "temperature", "true", "a number"), (#"{"attack":"fgsm"}"#, "attack", "\"fgsm\"", "one of pgd, square"),
      (#"{"inputs":[[1,"a"]]}"#, "inputs[0][1]", "\"a\"", "a number"), (#"{"inputs":3}"#, "inputs", "3", "an array of numbers"),
      (#"{"inputs":[[1],[{}]]}"#, "inputs[1][0]", "an object", "a number"),
      (#"{"weights":{"a":[]}}"#, "weights.a", "an array of 0 values", "a number"), ("[]", "", "an array of 0 values", "an object"),
      ("3", "", "3", "an object"),
    ])
  func mismatches(text: String, field: String, given: String, expected: String) {
    let error = Self.error(text)
    #expect(error?.reason == .mismatch)
    #expect(error?.field == field)
    #expect(error?.given == given)
    #expect(error?.expected == expected)
  }

  @Test("A missing field that is there under another spelling is pointed out")
  func misspeltRequired() {
    #expect(Self.error(#"{"layers":[{"sise":3}]}"#)?.detail == "layers[0].size is missing; is \"sise\" meant for it?")
  }

  @Test("Errors of a type's own initialiser keep their place")
  func ownErrors() {
    struct Model: Decodable { var digest: [Digest] }
    let error = #expect(throws: JSONError.self) { try StrictJSON.decode(Model.self, from: Array(#"{"digest":["sha256:00"]}"#.utf8)) }
    #expect(error?.field == "digest[0]" && error?.given == "\"sha256:00\"")
    #expect(error?.detail.contains("64 lowercase hexadecimal digits") == true)
  }

  @Test("An object that two initialisers read is known to both, and enums with payloads decode")
  func sharedObjects() throws {
    struct Tagged: Decodable {
      enum Keys: CodingKey { case kind }
      var kind: String
      var layer: Layer
      init(from decoder: any Decoder) throws {
        kind = try decoder.container(keyedBy: Keys.self).decode(String.self, forKey: .kind)
        layer = try Layer(from: decoder)
      }
    }
    #expect(try StrictJSON.decode(Tagged.self, from: Array(#"{"kind":"a","size":1}"#.utf8)).layer.size == 1)
    #expect(throws: JSONError.self) { try StrictJSON.decode(Tagged.self, from: Array(#"{"kind":"a","size":1,"x":1}"#.utf8)) }
    enum Given: Codable, Equatable { case label(value: Int), none }
    #expect(try StrictJSON.decode(Given.self, from: Array(#"{"label":{"value":3}}"#.utf8)) == .label(value: 3))
    #expect(throws: JSONError.self) { try StrictJSON.decode(Given.self, from: Array(#"{"label":{"value":3,"x":1}}"#.utf8)) }
    #expect(throws: JSONError.self) { try StrictJSON.decode(Given.self, from: Array(#"{"other":{}}"#.utf8)) }
  }

  @Test("Malformed text is refused before anything is decoded")
  func malformed() {
    #expect(Self.error(#"{"seed":1,"seed":2}"#)?.reason == .malformed)
    #expect(Self.error(#"{"seed":1} x"#)?.reason == .malformed)
    #expect(Self.error(#"{"inputs":[[1,2],[3]]}"#)?.field == "inputs[1]")
  }

  @Test("Damaged requests never crash the decoder")
  func damage() {
    let bytes = Array(
      #"{"seed":9,"temperature":0.1,"layers":[{"size":3,"activation":"relu"}],"attack":"pgd","weights":{"a":1},"inputs":[[1,2]],"configuration":{}}"#
        .utf8)
    var accepted = 0
    for damaged in Damage.mutations(of: bytes, count: 5000, seed: 41) {
      if (try? StrictJSON.decode(Request.self, from: damaged, numericFields: ["inputs"])) != nil { accepted += 1 }
    }
    #expect(accepted > 0 && accepted < 5000)
  }
}
