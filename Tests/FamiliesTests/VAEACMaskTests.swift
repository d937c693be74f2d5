import Families
import Formats
import Modelling
import Tensors
import Testing

/// How training hides observed cells.
@Suite("VAEAC masks")
struct VAEACMaskTests {
  private let model: VAEAC

  init() throws {
    let columns = ["a", "b", "c", "d", "e"].map { TableSpace.Column(name: $0, type: .real) }
    model = try VAEAC(.init(latent: 1, hidden: 4, blocks: 0), signature: .table(columns), key: RandomKey(seed: 1))
  }

  private let rows = 4000

  /// Rows of hidden cells, nothing being missing.
  private func masks(_ text: String) throws -> [[Float]] {
    let options = try StrictJSON.decode(VAEAC.TrainingOptions.self, from: Array(text.utf8))
    try model.check(options)
    let hidden = model.masks(.zeros([rows, 5]), options, RowKeys(RandomKey(seed: 2), rows: 0..<rows)).hidden.scalars
    return (0..<rows).map { Array(hidden[5 * $0..<5 * $0 + 5]) }
  }

  private func share(_ masks: [[Float]], _ isCounted: ([Float]) -> Bool) -> Double { Double(masks.count(where: isCounted)) / Double(rows) }

  @Test("cells are hidden each on its own, by default every fifth")
  func independent() throws {
    for (text, rate) in [("{}", 0.2), (#"{"mask_rate": 0.7}"#, 0.7), (#"{"mask": [{"kind": "mcar", "rate": 0.4}]}"#, 0.4)] {
      let masks = try masks(text)
      for column in 0..<5 { #expect(abs(share(masks) { $0[column] == 1 } - rate) < 0.03) }
      #expect(abs(share(masks) { $0[0] == 1 && $0[1] == 1 } - rate * rate) < 0.03)
    }
    #expect(try masks(#"{"mask_rate": 0.4}"#) == masks(#"{"mask": [{"kind": "mcar", "rate": 0.4}]}"#))
  }

  @Test("the columns of a group are hidden together, others never")
  func groups() throws {
    let masks = try masks(#"{"mask": [{"kind": "groups", "groups": [["a", "c"], ["e"]], "rate": 0.3}]}"#)
    #expect(masks.allSatisfy { $0[0] == $0[2] && $0[1] == 0 && $0[3] == 0 })
    #expect(abs(share(masks) { $0[0] == 1 } - 0.3) < 0.03 && abs(share(masks) { $0[0] == 1 && $0[4] == 1 } - 0.09) < 0.02)
  }

  @Test("so many adjacent columns are hidden, at every place as often")
  func adjacent() throws {
    let masks = try masks(#"{"mask": [{"kind": "adjacent", "width": 3}]}"#)
    for start in 0..<3 {
      #expect(abs(share(masks) { $0 == (0..<5).map { (start..<start + 3).contains($0) ? 1 : 0 } } - 1.0 / 3) < 0.03)
    }
  }

  @Test("any rate from none to all of a row's cells, which then are hidden each on its own")
  func anyRate() throws {
    let masks = try masks(#"{"mask": [{"kind": "any_rate"}]}"#)
    // ∫ r^j (1 - r)^(5 - j) over binomial coefficients: 0 to 5 cells, each as often.
    for count in 0...5 { #expect(abs(share(masks) { Int($0.reduce(0, +)) == count } - 1.0 / 6) < 0.03) }
  }

  @Test("patterns are those of the batch's rows, as often as they are there; a row that lacks nothing hides cells at any rate")
  func patterns() throws {
    let options = try StrictJSON.decode(VAEAC.TrainingOptions.self, from: Array(#"{"mask": [{"kind": "patterns"}]}"#.utf8))
    let patterns: [[Float]] = [[0, 1, 1, 0, 0], [0, 0, 0, 0, 1]]
    let x = Tensor(rows: (0..<rows).map { row in patterns[row % 4 == 0 ? 0 : 1].map { $0 == 1 ? .nan : 0 } })
    let found = model.masks(x, options, RowKeys(RandomKey(seed: 2), rows: 0..<rows))
    func hidden(_ row: Int) -> [Float] { Array(found.hidden.scalars[5 * row..<5 * row + 5]) }
    // What a row lacks itself is hidden as well.
    let blocks = (0..<rows).filter { $0 % 4 != 0 }.map { hidden($0) }
    #expect(blocks.allSatisfy { $0 == patterns[1] || $0 == [0, 1, 1, 0, 1] })
    #expect(abs(Double(blocks.count { $0[1] == 1 }) / Double(blocks.count) - 0.25) < 0.03)
    let whole = try masks(#"{"mask": [{"kind": "patterns"}]}"#)
    for count in 0...5 { #expect(abs(share(whole) { Int($0.reduce(0, +)) == count } - 1.0 / 6) < 0.03) }
  }

  @Test("of several generators one is drawn for a row, by their weights")
  func mixture() throws {
    let masks = try masks(#"{"mask": [{"kind": "adjacent", "width": 5, "weight": 3}, {"kind": "mcar", "rate": 0}]}"#)
    #expect(abs(share(masks) { $0 == [1, 1, 1, 1, 1] } - 0.75) < 0.03 && masks.allSatisfy { Set($0).count == 1 })
  }

  @Test(
    "what hides nothing or no known column is refused by field",
    arguments: [
      (#"{"mask_rate": 2}"#, "mask_rate"), (#"{"mask": [{"kind": "mcar", "rate": 1.5}]}"#, "mask[0].rate"),
      (#"{"mask": [{"kind": "mcar"}, {"kind": "groups"}]}"#, "mask[1].groups"),
      (#"{"mask": [{"kind": "groups", "groups": [["a", "z"]]}]}"#, "mask[0].groups"),
      (#"{"mask": [{"kind": "adjacent", "width": 6}]}"#, "mask[0].width"), (#"{"mask": [{"kind": "adjacent"}]}"#, "mask[0].width"),
      (#"{"mask": [{"kind": "adjacent", "width": 1, "rate": 0.1}]}"#, "mask[0].rate"),
      (#"{"mask": [{"kind": "patterns", "rate": 0.1}]}"#, "mask[0].rate"), (#"{"mask": [{"kind": "any_rate", "width": 1}]}"#, "mask[0].width"),
      (#"{"mask": [{"kind": "mcar", "weight": 0}]}"#, "mask[0].weight"), (#"{"validation_draws": 0}"#, "validation_draws"),
    ])
  func refused(_ text: String, _ field: String) throws {
    let options = try StrictJSON.decode(VAEAC.TrainingOptions.self, from: Array(text.utf8))
    let error = #expect(throws: Fault.self) { try model.check(options) }
    #expect(error?.field == field)
  }

  @Test("a rate and a list of generators exclude each other")
  func both() throws {
    let options = try StrictJSON.decode(VAEAC.TrainingOptions.self, from: Array(#"{"mask_rate": 0.1, "mask": [{"kind": "mcar"}]}"#.utf8))
    #expect(throws: Fault(field: "mask_rate", given: "0.1 beside mask", expected: "mask_rate or mask, not both")) { try model.check(options) }
  }
}
