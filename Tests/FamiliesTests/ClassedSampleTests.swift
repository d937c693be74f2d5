import Distributions
import Families
import Foundation
import Modelling
import Networks
import Tensors
import Testing

@Suite("Samples of a class: in the manner of an item, and of classes that depend on the code")
struct ClassedSampleTests {
  private static func keys(_ count: Int) -> RowKeys { AuxiliaryModelTests.keys(count) }
  private static let item = LayerSource.item(AuxiliaryModelTests.x.gather([3]).scalars)

  private static func field(_ body: () throws -> Tensor) -> String? {
    do { _ = try body() } catch { return (error as? Fault)?.field }
    return nil
  }

  // MARK: - A class in the manner of an item

  @Test("a class beside an item is that class with the item's code; beside a prior it is the class alone")
  func classed() throws {
    try Self.checkClassed(M2Variant.self)
    try Self.checkClassed(ADGMVariant.self)
    try Self.checkClassed(SDGMVariant.self)
    try Self.checkClassed(CaGeMVariant.self)
  }

  private static func checkClassed<V: SemiSupervisedVariant>(_: V.Type) throws {
    let model = try AuxiliaryModelTests.model(V.self, classes: ["a", "b"], components: 1, classDraws: V.dependencies.contains(.auxiliary) ? 0 : nil)
    func sample(_ given: SampleCondition) throws -> Tensor { try model.sample(keys(4), SampleOptions(mean: true, given: given)) }
    #expect(try bits(sample(.classed(.label("b"), [.prior]))) == bits(sample(.label("b"))))
    #expect(try bits(sample(.classed(.label("b"), [item]))) == bits(sample(.classed(.component(1), [item]))))
    let x = AuxiliaryModelTests.x.gather([3])
    let own = model.logits(x).argmaxRows()[0]
    #expect(try bits(sample(.classed(.component(own), [item]))) == bits(sample(.layers([item]))))
    #expect(try bits(sample(.classed(.component((own + 1) % 3), [item]))) != bits(sample(.layers([item]))))
    // Only of the skip model something is left to draw.
    let rows = try sample(.classed(.label("a"), [.code([0.5, -1, 2])]))
    #expect((bits(rows, rows: 0..<1) == bits(rows, rows: 1..<2)) == !V.dependencies.contains(.itemOnAuxiliary))
    #expect(field { try sample(.classed(.label("c"), [item])) } == "given.label")
    #expect(field { try sample(.classed(.component(3), [item])) } == "given.cluster")
    #expect(field { try sample(.classed(.component(0), [.component(1)])) } == "given.layers[0].cluster")
    #expect(field { try sample(.classed(.component(0), [item, item])) } == "given.layers")
    #expect(field { try sample(.classed(.component(0), [.code([1])])) } == "given.layers[0].values")
  }

  @Test("the code of a given one decides, with its class, all that is decided")
  func code() throws {
    let model = try AuxiliaryModelTests.model(ADGMVariant.self)
    let hand = ByHand(model: model, deviation: 0.5)
    let code: [Float] = [0.5, -1, 2]
    let rows = try model.sample(Self.keys(1), SampleOptions(mean: true, given: .classed(.component(2), [.code(code)])))
    let expected = hand.item(Tensor(shape: [1, 3], scalars: code), .zeros([1, 2]), 2).mean
    for (a, b) in zip(rows.scalars, expected.scalars) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("families of which items depend on their class through the code alone, or that have no class, refuse both at once")
  func refused() throws {
    let mixture = try AuxiliaryModelTests.model(GMDGMVariant.self, classes: ["a"], components: 1)
    let vae = try VAE(VAE.Configuration(latent: 3, hidden: [4]), signature: .vector(5), key: RandomKey(seed: 1))
    for (choice, expected) in [(ClassChoice.label("a"), "given.label"), (.component(0), "given.cluster")] {
      let options = SampleOptions(given: .classed(choice, [Self.item]))
      #expect(Self.field { try mixture.sample(Self.keys(1), options) } == expected)
      #expect(Self.field { try vae.sample(Self.keys(1), options) } == expected)
    }
  }

  // MARK: - Classes that depend on the code

  private static let clusters = Result { try AuxiliaryModelTests.model(CaGeMVariant.self, components: 3, width: 2, latent: 1, auxiliary: 1) }

  @Test("codes of a cluster are p(z|y): the mean item is that of quadrature, at any temperature")
  func rejection() throws {
    let model = try Self.clusters.get()
    let hand = ByHand(model: model, deviation: 0.5)
    for temperature in [1, 0.6] as [Float] {
      for y in 0..<3 {
        let grid = (0..<241).map { Float(0.05) * Float($0 - 120) }
        let z = Tensor(shape: [241, 1], scalars: grid)
        let weights = zip(grid, hand.logClass(z, y).scalars).map { exp(Double(-0.5 * $0 * $0 / temperature / temperature + $1)) }
        let means = hand.item(z, z, y).mean.scalars
        let samples = try model.sample(Self.keys(6000), SampleOptions(temperature: temperature, mean: true, given: .component(y, layer: nil)))
        for column in 0..<2 {
          let expected = grid.indices.reduce(0.0) { $0 + weights[$1] * Double(means[2 * $1 + column]) } / weights.reduce(0, +)
          let found = average(stride(from: column, to: samples.count, by: 2).map { samples.scalars[$0] })
          #expect(abs(found.mean - expected) < 4 * found.error, "cluster \(y) at \(temperature): \(found) for \(expected)")
        }
      }
    }
  }

  @Test("without a cluster, classes are drawn from p(y|z) of the code that the item has")
  func joint() throws {
    let model = try Self.clusters.get()
    let hand = ByHand(model: model, deviation: 0.5)
    let code = Tensor(shape: [1, 1], scalars: [0.7])
    let samples = try model.sample(Self.keys(6000), SampleOptions(mean: true, given: .layers([.code([0.7])])))
    let p = (0..<3).map { Double(exp(hand.logClass(code, $0).scalar)) }
    let expected = (0..<3).reduce(0.0) { $0 + p[$1] * Double(hand.item(code, code, $1).mean.scalars[0]) }
    let found = average(stride(from: 0, to: samples.count, by: 2).map { samples.scalars[$0] })
    #expect(abs(p.reduce(0, +) - 1) < 1e-5 && abs(found.mean - expected) < 4 * found.error)
  }

  @Test("a row of a cluster has the same bytes alone, in any batch and beside strangers")
  func rows() throws {
    let model = try Self.clusters.get()
    let options = SampleOptions(given: .component(1, layer: nil))
    let many = try model.sample(Self.keys(64), options)
    for rows in [0..<1, 0..<3, 17..<18, 40..<64] {
      #expect(try bits(model.sample(Self.keys(64).slice(rows), options)) == bits(many, rows: rows))
    }
    let strangers = RowKeys(RandomKey(seed: 77), rows: 5..<30)
    let joined = try model.sample(.joined([strangers, Self.keys(64).slice(2..<9), strangers]), options)
    #expect(bits(joined, rows: 25..<32) == bits(many, rows: 2..<9))
  }

  @Test("a cluster that hardly any code is of is refused by the field that names it, but at temperature 0 all have the one code")
  func empty() throws {
    var model = try Self.clusters.get()
    let output = try #require(model.network.classPriorOutput)
    model.network.classPriorOutput = Linear(weight: output.weight, bias: Tensor([0, -40, 0]))
    func sample(_ condition: SampleCondition, temperature: Float = 1) throws -> Tensor {
      try model.sample(Self.keys(3), SampleOptions(temperature: temperature, mean: true, given: condition))
    }
    #expect(Self.field { try sample(.component(1, layer: nil)) } == "given.cluster")
    #expect(Self.field { try sample(.layers([.component(1)])) } == "given.layers[0].cluster")
    #expect(Self.field { try sample(.component(0, layer: nil)) } == nil)
    let mode = try sample(.component(1, layer: nil), temperature: 0)
    #expect(try bits(mode) == bits(sample(.classed(.component(1), [.code([0])]))))
    // The code of an item needs no search.
    #expect(Self.field { try sample(.classed(.component(1), [.code([2])])) } == nil)
  }
}
