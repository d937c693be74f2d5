import Formats
import Foundation
import Modelling
import Testing

@Suite("Settings")
struct SettingsTests {
  @Test(
    "what is wrong is said with field, given and expected",
    arguments: [
      (
        #"{"latent": 3, "bata": 1}"#,
        #"bata is not a known field, expected one of activation, batch_norm, beta, decoder_hidden, draws, hidden, latent; did you mean "beta"?"#
      ),
      ("{}", "latent is missing"),
      (#"{"latnet": 3}"#, #"latent is missing; is "latnet" meant for it?"#),
      (#"{"latent": 3, "hidden": [9, 0]}"#, "hidden[1] is 0, expected 1 to 65536"),
      (#"{"latent": 3, "hidden": [1, 2, 3, 4, 5]}"#, "hidden is 5 layers, expected at most 4 layers"),
      ("[]", "the document is an array of 0 values, expected an object"),
      (#"{"latent": 3, "beta": 1e39}"#, "beta is 1e+39, expected a number within the range of float32"),
      (#"{"latent": 3, "beta": -1}"#, "beta is -1.0, expected 0 or more"),
      (#"{"latent": 3, "activation": "relo"}"#, #"activation is "relo", expected one of relu, tanh"#),
      (#"{"latent": 3.5}"#, "latent is 3.5, expected a whole number, 1 to 65536"),
      (#"{"latent": null}"#, "latent is null, expected a whole number, 1 to 65536"),
      (#"{"latent": 3, "draws": 5, "beta": 2}"#, "draws is 5 beside beta 2.0, expected 1"),
    ])
  func messages(_ text: String, _ message: String) {
    let error = #expect(throws: (any Error).self) { try read(NetworkSettings.self, text) }
    #expect(error.map { "\($0)" } == message)
  }

  @Test(
    "a fault in a part is told with its path",
    arguments: [
      (#"{"base": {"latent": 0}}"#, "base.latent is 0, expected 1 to 65536"),
      (#"{"base": {"latent": 3, "hidden": [1, -2]}}"#, "base.hidden[1] is -2, expected 1 to 65536"),
      (#"{"base": {"latent": 3, "draws": 5, "beta": 2}}"#, "base.draws is 5 beside beta 2.0, expected 1"),
      (#"{"layers": [{"latent": 1}, {"latent": 2, "beta": -1}]}"#, "layers[1].beta is -1.0, expected 0 or more"),
      (#"{"layers": [{"latent": 1, "bata": 3}]}"#, "layers[0].bata is not a known field"),
    ])
  func paths(_ text: String, _ message: String) {
    let error = #expect(throws: (any Error).self) { try read(TowerSettings.self, text) }
    #expect(error.map { "\($0)".hasPrefix(message) } == true)
  }

  @Test(
    "bounds are told as people say them",
    arguments: [
      (#"{"rate": 0}"#, "rate is 0.0, expected a positive number"), (#"{"share": 1.5}"#, "share is 1.5, expected 0 to 1"),
      (#"{"momentum": 1}"#, "momentum is 1.0, expected 0 to below 1"), (#"{"most": 11}"#, "most is 11, expected at most 10"),
      (#"{"budgets": []}"#, "budgets is 0 numbers, expected 1 to 3 numbers"),
      (#"{"budgets": [1, 2e12]}"#, "budgets[1] is 2000000000000.0, expected 0 to 1000000000000"),
      (#"{"counts": {"cat": 3, "dog": -1}}"#, "counts.dog is -1, expected 0 or more"), (#"{"seed": -1}"#, "seed is -1, expected 0 to 2^63 - 1"),
    ])
  func bounds(_ text: String, _ message: String) {
    let error = #expect(throws: (any Error).self) { try read(NumberSettings.self, text) }
    #expect(error.map { "\($0)" } == message)
  }

  @Test("values that no JSON gave are checked alike, and are finite")
  func values() {
    var settings = NumberSettings()
    settings.shift = .nan
    #expect(throws: Fault(field: "shift", given: "nan", expected: "a finite number")) { try settings.validate() }
    settings.shift = 0
    settings.rate = .infinity
    #expect(throws: Fault(field: "rate", given: "inf", expected: "a positive number")) { try settings.validate() }
    let tower = TowerSettings(base: NetworkSettings(latent: 1, hidden: [0]))
    #expect(throws: Fault(field: "base.hidden[0]", given: "0", expected: "1 to 65536")) { try tower.validate() }
  }

  @Test("a part has the defaults that the whole gives it, and null is the default")
  func parts() throws {
    let tower = try read(TowerSettings.self, #"{"base": {"latent": 3, "beta": 0.1}, "beta": null}"#)
    #expect(tower.annealing.beta == 4)
    #expect(tower.base.annealing.beta == 0.1)
    #expect(TowerSettings.table["beta"]?.defaultText == "4")
    #expect(TowerSettings.table["draws"] == nil)
  }

  @Test("JSON has every setting in the order of its name, and leaves out what is nil")
  func encoding() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(NetworkSettings(latent: 3)), as: UTF8.self)
    #expect(text == #"{"activation":"relu","batch_norm":false,"beta":1,"draws":1,"hidden":[512,512],"latent":3}"#)
  }

  @Test("only what rows depend on tells requests apart")
  func rows() {
    let (a, b) = (NumberSettings(most: 1, seed: 3, isLogged: false), NumberSettings(most: 2, seed: 4))
    #expect(a != b)
    #expect(a.ofRows == b.ofRows)
    #expect(Set([a.ofRows, b.ofRows, NumberSettings(share: 0.1, seed: 3).ofRows]).count == 2)
  }

  @Test("a flag or query parameter is read as its setting's kind")
  func texts() throws {
    func value(_ name: String, _ text: String) throws -> JSONValue { try #require(NumberSettings.table[name]).schema.value(of: text) }
    #expect(try value("most", "5") == .integer(5))
    #expect(try value("most", "5.5") == .string("5.5"))
    #expect(try value("share", ".5") == .number(0.5))
    #expect(try value("is_logged", "false") == .bool(false))
    #expect(try value("is_logged", "no") == .string("no"))
    #expect(try value("name", "5") == .string("5"))
    #expect(try value("budgets", "0.5,1") == .array([.number(0.5), .number(1)]))
    #expect(try value("budgets", "[0.5, 1]") == .array([.number(0.5), .integer(1)]))
    #expect(try value("counts", #"{"cat": 3}"#) == .object([.init(name: "cat", value: .integer(3))]))
    #expect(NumberSettings.table["is_logged"]?.flag == "--is-logged")
  }

  @Test("documents tell the type, the bounds and the default")
  func documents() throws {
    let fields = NetworkSettings.table.fields
    #expect(fields.map(\.schema.words) == ["integer", "[integer]", "[integer]", "relu | tanh", "boolean", "number", "integer"])
    #expect(fields.map(\.defaultText) == [nil, "[512, 512]", "null", "\"relu\"", "false", "1", "1"])
    let schema = String(decoding: NetworkSettings.table.fields[1].json.text, as: UTF8.self)
    let items = #"{"type":"integer","minimum":1,"maximum":65536}"#
    #expect(schema == #"{"type":"array","items":\#(items),"maxItems":4,"default":[512,512],"description":"Of the encoder."}"#)
  }

  @Test("decoding, checks and JSON Schema are of one mind")
  func laws() throws {
    try TableLaws<Annealing>(dependent: ["draws"]).hold()
    try TableLaws<NetworkSettings>(needed: ["latent": .integer(3)], dependent: ["draws"]).hold()
    try TableLaws<TowerSettings>().hold()
    try TableLaws<NumberSettings>().hold()
  }

  private func read<Value: Settings>(_ type: Value.Type, _ text: String) throws -> Value {
    let value = try StrictJSON.decode(type, from: Array(text.utf8))
    try value.validate()
    return value
  }
}
