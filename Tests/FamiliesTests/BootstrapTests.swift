import Families
import Foundation
import Formats
import ModelFiles
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("bootstraps", .serialized)
struct BootstrapTests {
  private static let signature = Signature.table([.init(name: "x", type: .real), .init(name: "y", type: .real), .categorical("k", ["a", "b", "c"])])

  /// y = x + noise of the same deviation, and a category by chance, of which c is in one row alone.
  private func rows(_ n: Int, seed: UInt64 = 31) -> Tensor {
    let (z, u) = (RandomKey(seed: seed).normal([n, 2]).scalars, RandomKey(seed: seed).split("kind").uniform([n]).scalars)
    return Tensor(rows: (0..<n).map { row in [z[2 * row], z[2 * row] + z[2 * row + 1], row == 5 ? 2 : u[row] < 0.5 ? 0 : 1] })
  }

  private func fit(_ configuration: String, _ x: Tensor, _ signature: Signature = signature) throws -> Stacking {
    let model = try Stacking(
      StrictJSON.decode(Stacking.Configuration.self, from: Array(configuration.utf8)), signature: signature, key: RandomKey(seed: 1))
    let learner = model.learner(.init(), Descent())
    let data = TrainingData(count: x.shape[0]) { x.gather($0) }
    var state = learner.start(data, key: RandomKey(seed: 2))
    try learner.begin(epoch: 0, &state, data, key: RandomKey(seed: 3))
    return learner.model(state)
  }

  /// Of the first member, by the names of its tensors.
  private func fits(_ model: Stacking) throws -> Int {
    let text = String(decoding: try ModelFile.encode(model), as: UTF8.self)
    return (0...).first { !text.contains("\"members.0.\($0).means\"") } ?? 0
  }

  private let two = #"""
    {"members": [{"family": "mixture", "configuration": {"components": 1}}, {"family": "mixture", "configuration": {"components": 2}, "copies": 2}],
     "bootstraps": 4}
    """#

  @Test("a sample has as many rows as the table, about 63 % of them, by its key alone, and what only few rows know")
  func sample() {
    let n = 2000
    var values = rows(n).scalars
    // All but one number of y are missing.
    for row in 0..<n where row != 77 { values[3 * row + 1] = .nan }
    let x = Tensor(shape: [n, 3], scalars: values)
    let bootstraps = Bootstraps(TrainingData(count: n) { x.gather($0) }, Self.signature)
    let samples = (0..<40).map { bootstraps.rows(key: RandomKey(seed: 4).split($0)) }
    #expect(samples.allSatisfy { $0.count == n && $0.allSatisfy((0..<n).contains) && $0.contains(5) && $0.contains(77) })
    let shares = samples.map { Double(Set($0).count) / Double(n) }
    #expect(shares.allSatisfy { abs($0 - (1 - exp(-1))) < 0.035 }, "\(shares)")
    #expect(Set(samples).count == 40 && bootstraps.rows(key: RandomKey(seed: 4).split(0)) == samples[0])
    // Every row is drawn once on the average: 40 samples, 2000 rows in ten parts.
    for part in 0..<10 {
      let drawn = samples.joined().count { $0 / (n / 10) == part }
      #expect(abs(Double(drawn) - 8000) < 5 * (8000 * 0.9).squareRoot(), "\(part): \(drawn)")
    }
  }

  @Test("a sample of a row, or of rows that each know something alone, is the whole table")
  func small() {
    let one = Tensor(rows: [[1, 2, 0]])
    #expect(Bootstraps(TrainingData(count: 1) { one.gather($0) }, Self.signature).rows(key: RandomKey(seed: 1)) == [0])
    let three = Tensor(rows: [[.nan, .nan, 0], [.nan, .nan, 1], [.nan, .nan, 2]])
    let bootstraps = Bootstraps(TrainingData(count: 3) { three.gather($0) }, Self.signature)
    for seed in 0..<20 { #expect(bootstraps.rows(key: RandomKey(seed: UInt64(seed))).sorted() == [0, 1, 2]) }
  }

  @Test("a draw has the same bytes whatever the number of draws, the rows beside it and where the request was cut")
  func sameBytes() throws {
    let model = try fit(two, rows(300))
    #expect(try fits(model) == 4)
    let bytes = try ModelFile.encode(model)
    #expect(try ModelFile.encode(ModelFile.load(bytes: bytes, families: Catalogue.families).model) == bytes)
    #expect(try ModelFile.encode(fit(two, rows(300))) == bytes)
    var holes = rows(40, seed: 6).scalars
    for cell in holes.indices where (7 * cell) % 5 < 2 { holes[cell] = .nan }
    let x = Tensor(shape: [40, 3], scalars: holes)
    let key = RandomKey(seed: 8)
    let whole = model.impute(x, draws: 9, keys: RowKeys(key, rows: 0..<40)).draws.map(\.scalars)
    let few = model.impute(x, draws: 3, keys: RowKeys(key, rows: 0..<40)).draws.map(\.scalars)
    #expect(few == Array(whole.prefix(3)))
    let part = model.impute(x.gather(Array(10..<25)), draws: 6, keys: RowKeys(key, rows: 10..<25)).draws.map(\.scalars)
    for draw in 0..<6 { #expect(part[draw] == Array(whole[draw][30..<75])) }
    // Draw 4 is of fit 0 again, but another draw.
    #expect(whole[0] != whole[4])
  }

  @Test("means of draws spread as the table leaves parameters open, and by no more than chance without bootstraps")
  func spread() throws {
    let (n, asked, draws) = (100, 4000, 20)
    let x = rows(n)
    let unknown = Tensor(rows: (0..<asked).map { _ in [0.5, .nan, 0] })
    func deviation(_ bootstraps: Int) throws -> Double {
      let model = try fit(#"{"members": [{"family": "mixture", "configuration": {"components": 1}}], "bootstraps": \#(bootstraps)}"#, x)
      let means = model.impute(unknown, draws: draws, keys: RowKeys(RandomKey(seed: 5), rows: 0..<asked)).draws.map { draw in
        (0..<asked).reduce(0.0) { $0 + Double(draw.scalars[3 * $1 + 1]) } / Double(asked)
      }
      let mean = means.reduce(0, +) / Double(draws)
      return (means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws - 1)).squareRoot()
    }
    // E[y | x = ½] is known by a regression of 100 rows, half of them of category a: about √(1 / 50 + 1 / 400) = 0.15; one fit: 1 / √4000 = 0.016.
    let (proper, fixed) = (try deviation(draws), try deviation(0))
    #expect((0.06..<0.3).contains(proper) && fixed < 0.03, "\(proper), \(fixed)")
  }

  @Test("members that are chosen by the columns have no network with bootstraps, and no copies beside them")
  func chosen() throws {
    let categories = Signature.table([.categorical("k", ["a", "b"]), .categorical("l", ["a", "b"])])
    for signature in [.vector(3), categories] {
      let model = try Stacking(.init(members: [], network: true, bootstraps: 3), signature: signature, key: RandomKey(seed: 0))
      #expect(try model.configuration.members.allSatisfy { $0.family == Mixture.name } && fits(model) == 3)
    }
    let fault = #expect(throws: Fault.self) { try Stacking(.init(members: [], bootstraps: 201), signature: .vector(2), key: RandomKey(seed: 0)) }
    #expect(fault?.field == "bootstraps", "\(String(describing: fault))")
  }
}
