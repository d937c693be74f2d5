import Foundation
import ModelFiles
import Tensors
import Testing

@Suite("SafeTensors")
struct SafeTensorsTests {
  private static let tensors: [(name: String, tensor: Tensor)] = [
    ("b.weight", Tensor(shape: [2, 3], scalars: [1, -2, 3.5, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude])),
    ("a", Tensor(7)),
    ("empty", Tensor(shape: [0, 4], scalars: [])),
    ("é \"quoted\"\n", Tensor([.nan, .infinity])),
    ("Z", Tensor([0.1])),
  ]

  @Test("what was written comes back bit for bit, with its texts")
  func roundTrip() throws {
    let metadata = ["posterior": "{\"a\":\"\\u00e9\"}", "": "empty name", "é": "\u{0}\u{7F}\u{2028}"]
    let file = try SafeTensors(bytes: SafeTensors.encode(tensors: Self.tensors, metadata: metadata))
    #expect(file.metadata == metadata)
    #expect(file.entries.map(\.name) == ["Z", "a", "b.weight", "empty", "é \"quoted\"\n"])
    #expect(file.entries.map(\.shape) == [[1], [], [2, 3], [0, 4], [2]])
    let read = try file.tensors
    #expect(read.count == Self.tensors.count)
    for (name, tensor) in Self.tensors {
      #expect(try #require(read[name]).isIdentical(to: tensor))
      #expect(try file.tensor(named: name).isIdentical(to: tensor))
    }
  }

  @Test("equal contents are equal bytes, whatever their order")
  func canonical() {
    let metadata = ["x": "1", "y": "2", "z": "3", "w": "4"]
    let first = SafeTensors.encode(tensors: Self.tensors, metadata: metadata)
    let reversed = Dictionary(uniqueKeysWithValues: metadata.reversed().map { ($0.key, $0.value) })
    #expect(SafeTensors.encode(tensors: Self.tensors.reversed(), metadata: reversed) == first)
  }

  @Test("the header is padded with spaces so that the data begin at a multiple of 8")
  func padding() {
    for length in 0..<16 {
      let bytes = SafeTensors.encode(tensors: [("t", Tensor([1]))], metadata: ["m": String(repeating: "x", count: length)])
      let header = bytes[0..<8].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
      #expect(header % 8 == 0)
      #expect(bytes.count == 8 + header + 4)
    }
    #expect(SafeTensors.encode(tensors: []) == container("{}      "))
  }

  @Test("a file without tensors is sound")
  func empty() throws {
    #expect(try SafeTensors(bytes: container("{}")).entries.isEmpty)
    #expect(try SafeTensors(bytes: container("{\"__metadata__\":{}}")).metadata.isEmpty)
  }

  @Test("tensors may stand in the data in another order than in the header, and spaces may stand inside the header")
  func otherOrder() throws {
    let header = #"{ "a" : {"data_offsets":[4,8],"shape":[1],"dtype":"F32"}, "b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]} }   "#
    let file = try SafeTensors(bytes: container(header, data: [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]))
    #expect(file.entries.map(\.name) == ["b", "a"])
    #expect(try file.tensor(named: "b").scalars == [1])
    #expect(try file.tensor(named: "a").scalars == [2])
  }

  @Test("a tensor that is not there is an error with its name")
  func unknownName() throws {
    let file = try SafeTensors(bytes: SafeTensors.encode(tensors: Self.tensors))
    let error = try #require(throws: ModelFileError.self) { try file.tensor(named: "c") }
    #expect(error.given.contains("\"c\""))
  }

  // MARK: - The reference implementation

  /// Written by the Python package safetensors 0.8.0.
  private static let python = """
    yAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIGJ5Ijoic2FmZXRlbnNvcnMifSwiY291bnQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJm
    NjQiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzRdLCJkYXRhX29mZnNldHMiOls4LDQwXX0sImVtcHR5Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlswLDNdLCJkYXRhX29mZnNldHMiOls0
    MCw0MF19LCJmMzIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsM10sImRhdGFfb2Zmc2V0cyI6WzQwLDY0XX0sInNjYWxhciI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbXSwiZGF0YV9v
    ZmZzZXRzIjpbNjQsNjhdfSwiYmYxNiI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls2OCw3Ml19LCJmMTYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzRd
    LCJkYXRhX29mZnNldHMiOls3Miw4MF19fSAgICAgICAFAAAAAAAAAJqZmZmZmbk/nHUAiDzkN34AAAAQAADwPwAAADAAAPA/AADAPwAAEMACAAAAAACAfwAAAIAA4H9HAADgQIA/ScAAPADB
    AQD/ew==
    """

  @Test("a file of the Python package gives its numbers: F32, F16 and BF16 exactly, F64 rounded to nearest, ties to even")
  func fromPython() throws {
    let file = try SafeTensors(bytes: [UInt8](#require(Data(base64Encoded: Self.python, options: .ignoreUnknownCharacters))))
    #expect(file.metadata == ["made by": "safetensors"])
    #expect(try file.tensor(named: "f32").isIdentical(to: Tensor(shape: [2, 3], scalars: [1.5, -2.25, 0x1p-148, .infinity, -0.0, 65504])))
    #expect(try file.tensor(named: "f16").scalars == [1, -2.5, 0x1p-24, 65504])
    #expect(try file.tensor(named: "bf16").scalars == [1, -3.140625])
    #expect(try file.tensor(named: "f64").scalars == [0.1, .infinity, 1, 1 + 0x1p-22])
    #expect(try file.tensor(named: "empty").shape == [0, 3])
    #expect(try file.tensor(named: "scalar").isIdentical(to: Tensor(7)))
  }

  @Test("a tensor of integers can be listed and is refused by name when it is read")
  func integers() throws {
    let file = try SafeTensors(bytes: [UInt8](#require(Data(base64Encoded: Self.python, options: .ignoreUnknownCharacters))))
    #expect(file.entries.first { $0.name == "count" }?.type == .i64)
    for error in [
      ModelFileError.from { () throws(ModelFileError) in _ = try file.tensor(named: "count") },
      ModelFileError.from { () throws(ModelFileError) in _ = try file.tensors },
    ] {
      let error = try #require(error)
      #expect(error.reason == .scalarType)
      #expect(error.field == #"header["count"].dtype"#)
      #expect(error.detail == "count is I64, expected F32, F16, BF16 or F64: convert or leave out")
    }
  }

  @Test("half precision becomes float32 exactly, all 65,536 values")
  func everyHalf() throws {
    let data = (0..<65536).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    let header = #"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#
    let floats = try SafeTensors(bytes: container(header, data: data)).tensor(named: "h").scalars
    for (bits, float) in floats.enumerated() {
      // IEEE 754 binary16: 1 sign bit, 5 of exponent, 10 of fraction.
      let (sign, exponent, fraction) = (bits >> 15 == 0 ? 1.0 : -1.0, bits >> 10 & 31, Double(bits & 1023))
      switch exponent {
      case 0: #expect(Double(float) == sign * fraction * 0x1p-24)
      case 31: #expect(fraction == 0 ? Double(float) == sign * .infinity : float.isNaN)
      default: #expect(Double(float) == sign * (1024 + fraction) * exp2(Double(exponent - 25)))
      }
    }
  }
}
