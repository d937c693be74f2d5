import Families
import Foundation
import Tensors
import Testing

@Suite("Perturbations of items")
struct PerturbationTests {
  private static let items = RandomKey(seed: 1).normal([40, 9])

  private static func keys(_ rows: Range<Int> = 0..<40) -> RowKeys { RowKeys(RandomKey(seed: 7), rows: rows) }

  /// Two classes, told apart along `normal`, and three that are not told apart.
  private static let normal = RandomKey(seed: 3).normal([9, 1])
  private static func logits(_ x: Tensor) -> [Tensor] {
    let along = x.matrixProduct(normal)
    return [Tensor.concatenated([along, .zeros(along.shape)], axis: 1), .zeros([x.shape[0], 3])]
  }

  private static func lengths(_ rows: Tensor) -> [Double] { rows.squared().sum(axis: 1).scalars.map { Double($0).squareRoot() } }

  @Test("noise has the deviation that is asked for, and every item its own, whatever the batch")
  func noise() {
    let change = Perturbation(noise: 0.3)(Self.items, keys: Self.keys(), logits: Self.logits) - Self.items
    let deviation = (change.scalars.reduce(0.0) { $0 + Double($1 * $1) } / 360).squareRoot()
    #expect(abs(deviation - 0.3) < 0.03)
    let alone = Perturbation(noise: 0.3)(Self.items.gather([17]), keys: Self.keys(17..<18), logits: Self.logits) - Self.items.gather([17])
    #expect(alone.scalars == Array(change.scalars[17 * 9..<18 * 9]))
  }

  @Test("the adversarial change of a linear classifier is along its normal, and its mean square is what is asked for")
  func adversarial() {
    let change = Perturbation(adversarial: 0.2)(Self.items, keys: Self.keys(), logits: Self.logits) - Self.items
    let length = Self.lengths(Self.normal.reshaped([1, 9]))[0]
    for (own, along) in zip(Self.lengths(change), change.matrixProduct(Self.normal).scalars) {
      #expect(abs(own - 0.2 * 3) < 1e-4)
      #expect(abs(abs(Double(along)) / length - own) < 1e-3)
    }
    let alone = Perturbation(adversarial: 0.2)(Self.items.gather([5]), keys: Self.keys(5..<6), logits: Self.logits) - Self.items.gather([5])
    for (one, other) in zip(alone.scalars, change.scalars[45..<54]) { #expect(abs(one - other) < 1e-5) }
  }

  @Test("where nothing tells classes apart the adversarial change is none")
  func flat() {
    let items = Perturbation(adversarial: 0.2)(Self.items, keys: Self.keys()) { [.zeros([$0.shape[0], 3])] }
    #expect(items.scalars == Self.items.scalars)
  }
}
