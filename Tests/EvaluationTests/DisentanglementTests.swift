import Data
import Evaluation
import Families
import ModelFiles
import Modelling
import Tensors
import Testing

/// Codes of which it is known how far they are disentangled.
@Suite("Disentanglement metrics")
struct DisentanglementTests {
  private static let items = 4000
  private let key = RandomKey(seed: 12)

  /// Independent factors: one of 3 values without order and two ordered ones of 8 and 16.
  private var factors: [FactorTable.Factor] {
    let draws = key.split("factors").uniform([Self.items, 3]).scalars
    func values(_ place: Int, _ count: Int) -> [Int] { (0..<Self.items).map { min(Int(draws[3 * $0 + place] * Float(count)), count - 1) } }
    return [
      .init("kind", values(0, 3), count: 3, isOrdered: false), .init("size", values(1, 8), count: 8), .init("angle", values(2, 16), count: 16),
    ]
  }

  /// One dimension a factor, scaled and shifted, and two that tell nothing.
  private var perfect: [[Double]] {
    let noise = key.split("noise").normal([Self.items, 2]).scalars
    return factors.map { factor in factor.values.map { 2 * Double($0) / Double(factor.count) - 1 } }
      + (0..<2).map { column in (0..<Self.items).map { Double(noise[2 * $0 + column]) } }
  }

  /// The three telling dimensions turned by 45 degrees, two at a time.
  private var rotated: [[Double]] {
    var codes = perfect
    for (a, b) in [(0, 1), (1, 2), (0, 2)] {
      let (first, second) = (codes[a], codes[b])
      codes[a] = zip(first, second).map { ($0 + $1) * 0.5.squareRoot() }
      codes[b] = zip(first, second).map { ($0 - $1) * 0.5.squareRoot() }
    }
    return codes
  }

  private var random: [[Double]] {
    let noise = key.split("random").normal([Self.items, 5]).scalars
    return (0..<5).map { column in (0..<Self.items).map { Double(noise[5 * $0 + column]) } }
  }

  @Test("MIG: perfect codes near 1, rotated ones lower, random ones near 0")
  func mutualInformationGap() {
    let values = [perfect, rotated, random].map { MutualInformationGap(FactorTable(codes: $0, factors: factors)).value }
    #expect(values[0] > 0.95 && values[1] < 0.5 && values[1] > values[2] && values[2] < 0.02, "\(values)")
  }

  @Test("SAP: perfect codes near what chance leaves of 1, rotated ones lower, random ones near 0")
  func separatedAttributePredictability() {
    let results = [perfect, rotated, random].map { SeparatedAttributePredictability(FactorTable(codes: $0, factors: factors)) }
    // Of three classes chance guesses a third.
    #expect(abs(results[0].gaps[0] - 2 / 3.0) < 0.05 && results[0].gaps[1] > 0.98 && results[0].gaps[2] > 0.98, "\(results[0].gaps)")
    #expect(results[1].value < 0.6 * results[0].value && results[2].value < 0.03, "\(results.map(\.value))")
  }

  @Test("DCI: perfect codes near 1, rotated ones lower, random ones near 0; a rotation loses no information")
  func disentanglement() {
    let results = [perfect, rotated, random].map { DisentanglementCompletenessInformativeness(FactorTable(codes: $0, factors: factors)) }
    let summary = "\(results.map { [$0.disentanglement, $0.completeness, $0.informativeness] })"
    #expect(results[0].disentanglement > 0.95 && results[0].completeness > 0.95 && results[0].informativeness > 0.98, "\(summary)")
    #expect(results[1].disentanglement < 0.6 && results[1].completeness < 0.7 && results[1].informativeness > 0.8, "\(summary)")
    #expect(results[2].disentanglement < 0.15 && results[2].completeness < 0.15 && results[2].informativeness < 0.05, "\(summary)")
    for importances in results[0].importances { #expect(abs(importances.reduce(0, +) - 1) < 1e-9) }
  }

  @Test("a constant code and a constant factor count as 0, and one dimension has its whole score for a gap")
  func edges() {
    let constant = [[Double](repeating: 3, count: Self.items)]
    let table = FactorTable(codes: constant, factors: factors)
    #expect(MutualInformationGap(table).value == 0 && DisentanglementCompletenessInformativeness(table).disentanglement == 0)
    #expect(SeparatedAttributePredictability(table).gaps.dropFirst().allSatisfy { $0 == 0 })
    let still = FactorTable(codes: perfect, factors: [.init("still", [Int](repeating: 1, count: Self.items), count: 4)])
    #expect(MutualInformationGap(still).value == 0 && SeparatedAttributePredictability(still).value == 0)
    #expect(DisentanglementCompletenessInformativeness(still).informativeness == 0)
    let single = FactorTable(codes: [perfect[2]], factors: [factors[2]])
    #expect(MutualInformationGap(single).value > 0.95 && SeparatedAttributePredictability(single).value > 0.98)
  }

  @Test("a model's measures follow from the items and the seed, layer by layer or all together")
  func model() throws {
    let data = try DataSource(source: "sprites", split: .test, limit: 300).load()
    let sprites = Sprites(.test).prefix(300)
    let model = try HVAE(
      .init(latents: [3, 2], layerHidden: [], data: VAE.Configuration(latent: 3, hidden: [4])), signature: data.signature, key: key)
    func measured(_ layer: Int?, _ seed: UInt64) -> DisentanglementEvaluation {
      DisentanglementEvaluation(of: model, on: data, factors: FactorTable.Factor.all(of: sprites), layer: layer, seed: seed)
    }
    #expect([nil, 0, 1].map { measured($0, 1).dimensions } == [5, 3, 2])
    let first = measured(nil, 1)
    #expect(first.digest == measured(nil, 1).digest && first.digest != measured(nil, 2).digest && first.digest != measured(0, 1).digest)
    #expect(first.metrics.allSatisfy { $0.value.isFinite } && first.items == 300)
    #expect(first.metrics.map(\.name).contains("mig.shape") && first.lines.count == 7)
  }

  @Test("factors are the columns of a table: numbers in their order, categories without one; a hole and a constant are refused by name")
  func factorsOfTable() throws {
    func table(_ text: String) throws -> DataSet {
      try DataSource(source: "factors.csv", format: .csv, reading: TableOptions()).load(table: Array(text.utf8), isMixed: true)
    }
    let factors = try FactorTable.Factor.columns(of: table("size,shape\n2.5,round\n-1,square\n2.5,round\n10,round\n"))
    #expect(factors.map(\.name) == ["size", "shape"] && factors.map(\.count) == [3, 2] && factors.map(\.isOrdered) == [true, false])
    #expect(factors[0].values == [1, 0, 1, 2])
    for (text, part) in [("a,b\n1,2\n,3\n2,4\n", "row 2"), ("a,b\n1,2\n1,3\n1,5\n", "\"a\" has one value")] {
      let error = try #require(throws: DataError.self) { try FactorTable.Factor.columns(of: table(text)) }
      #expect("\(error)".contains(part), "\(error)")
    }
  }
}
