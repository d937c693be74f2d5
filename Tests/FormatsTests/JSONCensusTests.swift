import Formats
import Testing

@Suite("The census of a JSON document")
struct JSONCensusTests {
  /// Values of the tree that a parse makes, its arrays and objects, and entries of its flat arrays.
  private func counted(_ value: JSONValue) -> (values: Int, containers: Int, numbers: Int) {
    var total = (1, 0, 0)
    func add(_ value: JSONValue) {
      let more = counted(value)
      total = (total.0 + more.values, total.1 + more.containers, total.2 + more.numbers)
    }
    switch value {
    case .null, .bool, .integer, .number, .string: break
    case .numbers(let array): total = (1, 0, array.scalars.count)
    case .array(let values):
      total.1 = 1
      for value in values { add(value) }
    case .object(let members):
      total.1 = 1
      for member in members { add(member.value) }
    }
    return total
  }

  @Test(
    "counts no less than a parse makes",
    arguments: [
      "null", "[]", "{}", "[1,2,3]", #"{"a":1,"b":[{},{},[]]}"#, #"{"inputs":[[1,2],[3,4]],"seed":7}"#,
      #"{"inputs" : [ [1, null] ], "x": "a,b[{\"c"}"#,
      #"{"inputs":[1,"a",{"b":[1,2]}],"rows":[{"a":1},{"a":null}]}"#, #"{"inputs":["a"]}"#, #"{"inputs":[]}"#, #"{"inputs":[[],[]]}"#,
      #"{"inputs":7}"#,
      #"{"rows":[{"inputs":[1,2,3]},{"inputs":[[[4]]]}]}"#, #"["inputs",[1,2,3]]"#,
    ])
  func bound(text: String) throws {
    let bytes = Array(text.utf8)
    let census = JSONCensus(bytes, numericFields: ["inputs"])
    let (values, containers, numbers) = counted(try JSONValue(parsing: bytes, numericFields: ["inputs"]))
    #expect(census.values >= values - (numbers > 0 ? 1 : 0) && census.containers >= containers && census.numbers >= numbers)
    #expect(census.values + census.numbers <= 2 * bytes.count + 1)
  }

  @Test("flat arrays of numbers are told from trees, and nonsense ends")
  func kinds() {
    let flat = JSONCensus(Array(#"{"inputs":[[1,2],[3,4]],"a":[1,2]}"#.utf8), numericFields: ["inputs"])
    #expect(flat.numbers == 6 && flat.values == 5 && flat.containers == 2)
    let tree = JSONCensus(Array(#"{"inputs":[[1,2],[3,4]],"a":[1,2]}"#.utf8))
    #expect(tree.numbers == 0 && tree.values > flat.values)
    for text in [#"{"inputs":[[[["#, #"{"inputs":["a"#, "\"", "\"\\", #"{"inputs":[1]]]]]"#] {
      _ = JSONCensus(Array(text.utf8), numericFields: ["inputs"]).bytes
    }
  }
}
