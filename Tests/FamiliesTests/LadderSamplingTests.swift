import Families
import FamilyExamples
import Modelling
import Tensors
import Testing

@Suite("Sampling from ladders")
struct LadderSamplingTests {
  private func keys(_ rows: Range<Int>) -> RowKeys { RowKeys(RandomKey(seed: 7), rows: rows) }

  private func examples(_ family: String) throws -> [(example: FamilyExample, model: any LadderFamily)] {
    try FamilyExample.all.filter { $0.family == family }.map { ($0, try #require(try $0.model() as? any LadderFamily)) }
  }

  private func item(_ example: FamilyExample, _ row: Int) -> [Float] { example.items(4).slice(0, row..<row + 1).scalars }

  @Test("codes of one item in every layer give its reconstruction", arguments: ["vlac", "vlae"])
  func oneItem(_ family: String) throws {
    for (example, model) in try examples(family) {
      let own = item(example, 2)
      let given = SampleCondition.layers(model.latentWidths.map { _ in .item(own) })
      let samples = try model.sample(keys(0..<3), SampleOptions(mean: true, given: given))
      let reconstruction = model.reconstruct(example.items(4), sampling: false, keys: keys(0..<4))
      for row in 0..<3 { #expect(bits(samples, rows: row..<row + 1) == bits(reconstruction, rows: 2..<3)) }
    }
  }

  @Test("layers of two items are swapped one by one, and a layer left to its prior differs from row to row", arguments: ["vlac", "vlae"])
  func swapping(_ family: String) throws {
    for (example, model) in try examples(family) {
      let sources: [LayerSource] = [.item(item(example, 0)), .item(item(example, 1))]
      func sample(_ layers: [LayerSource]) throws -> Tensor { try model.sample(keys(0..<2), SampleOptions(mean: true, given: .layers(layers))) }
      let count = model.latentWidths.count
      let whole = [0, 1].map { [LayerSource](repeating: sources[$0], count: count) }
      for layer in 0..<count {
        var mixed = whole[0]
        mixed[layer] = sources[1]
        let swapped = try sample(mixed)
        #expect(try bits(swapped) != bits(sample(whole[0])))
        #expect(bits(swapped, rows: 0..<1) == bits(swapped, rows: 1..<2))
        mixed[layer] = .prior
        let free = try sample(mixed)
        #expect(bits(free, rows: 0..<1) != bits(free, rows: 1..<2))
      }
      // All layers left to their priors are a plain sample.
      #expect(try bits(sample([LayerSource](repeating: .prior, count: count))) == bits(model.sample(keys(0..<2), SampleOptions(mean: true))))
    }
  }

  @Test("a sample under a condition is the first of more, whatever stands beside it")
  func prefixes() throws {
    for (example, model) in try examples("vlac") {
      for given in [SampleCondition.component(0, layer: 1), .layers([.component(0), .prior]), .layers([.item(item(example, 1)), .component(2)])] {
        let options = SampleOptions(temperature: 0.8, given: given)
        let many = try model.sample(keys(0..<40), options)
        #expect(try bits(model.sample(keys(0..<3), options)) == bits(many, rows: 0..<3))
        #expect(try bits(model.sample(.joined([keys(50..<55), keys(7..<9)]), options), rows: 5..<7) == bits(many, rows: 7..<9))
        #expect(bits(many, rows: 0..<1) != bits(many, rows: 1..<2))
      }
    }
  }

  private struct Refusal: Sendable, CustomTestStringConvertible {
    let family: String
    let given: SampleCondition
    let error: Fault

    init(_ family: String, _ condition: SampleCondition, _ field: String, _ given: String, _ expected: String) {
      (self.family, self.given) = (family, condition)
      error = Fault(field: field, given: given, expected: expected)
    }

    var testDescription: String { "\(family): \(error)" }
  }

  private static let refusals: [Refusal] = [
    Refusal("vlac", .label("3"), "given.label", "\"3\"", "no label: a vlac learns no classes"),
    Refusal("vlae", .label("3"), "given.label", "\"3\"", "no label: a vlae learns no classes"),
    Refusal("vlac", .component(0, layer: nil), "given.layer", "nothing", "0 to 1 beside a cluster, the layer nearest the data being 0"),
    Refusal("vlac", .component(0, layer: 2), "given.layer", "2", "0 to 1"),
    Refusal("vlac", .component(0, layer: -1), "given.layer", "-1", "0 to 1"),
    Refusal("vlac", .component(4, layer: 1), "given.cluster", "cluster 4", "0 to 3 in layer 1"),
    Refusal("vlac", .component(-1, layer: 0), "given.cluster", "cluster -1", "0 to 2 in layer 0"),
    Refusal("vlae", .component(0, layer: 0), "given.cluster", "cluster 0", "no cluster: the priors of a vlae have one component"),
    Refusal("vlac", .layers([.prior]), "given.layers", "1 layers", "2, the one nearest the data first"),
    Refusal("vlae", .layers([.prior, .component(0), .prior]), "given.layers", "cluster 0", "no cluster: the priors of a vlae have one component"),
    Refusal("vlac", .layers([.prior, .component(9)]), "given.layers", "cluster 9", "0 to 3 in layer 1"),
    Refusal("vlac", .layers([.item([1, 2]), .prior]), "given.layers[0]", "an item of 2 numbers", "3 numbers"),
  ]

  @Test("conditions that a model can't meet are refused by field", arguments: refusals)
  private func refused(_ row: Refusal) throws {
    let model = try #require(examples(row.family).first).model
    #expect(throws: row.error) { try model.sample(keys(0..<2), SampleOptions(given: row.given)) }
  }
}
