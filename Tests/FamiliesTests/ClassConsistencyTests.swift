import Families
import Foundation
import Tensors
import Testing

@Suite("Consistency of classes under maps")
struct ClassConsistencyTests {
  private static let (n, k) = (5, 4)
  private static let prior = [0.4, 0.3, 0.2, 0.1]

  private static func logits(_ seed: UInt64) -> [Double] { RandomKey(seed: seed).normal([n, k]).scalars.map { Double($0) } }

  private static func softmax(_ logits: [Double]) -> [[Double]] {
    (0..<n).map { row in
      let exponentials = logits[row * k..<(row + 1) * k].map { exp($0) }
      return exponentials.map { $0 / exponentials.reduce(0, +) }
    }
  }

  /// R with the target of the divergence held fast at `target`, by its definition.
  private static func r(_ logits: [Double], _ mapped: [Double], target: [Double], entropy: Double = 0.3, balance: Double = 2) -> Double {
    let (q, t, fixed) = (softmax(logits), softmax(mapped), softmax(target))
    let change = zip(fixed, t).reduce(0.0) { sum, pair in sum + zip(pair.0, pair.1).reduce(0.0) { $0 + $1.0 * log($1.0 / $1.1) } } / Double(n)
    let unsure = -q.joined().reduce(0.0) { $0 + $1 * log($1) } / Double(n)
    let mean = (0..<k).map { component in q.reduce(0.0) { $0 + $1[component] } / Double(n) }
    return change + entropy * (unsure + balance * zip(mean, prior).reduce(0.0) { $0 + $1.0 * log($1.0 / $1.1) })
  }

  private static func tensor(_ logits: [Double]) -> Tensor { Tensor(shape: [n, k], scalars: logits.map { Float($0) }) }

  @Test("R is what its definition says, and its slopes are those of differences with the target held fast")
  func definition() {
    let consistency = ClassConsistency(entropyWeight: 0.3, balanceWeight: 2)
    let (logits, mapped) = (Self.logits(1), Self.logits(2))
    let (x, y) = (Self.tensor(logits).watched(), Self.tensor(mapped).watched())
    let value = consistency(x, mapped: y, logPrior: Tensor(Self.prior.map { Float(log($0)) }))
    #expect(abs(Double(value.loss.scalar) - Self.r(logits, mapped, target: logits)) < 1e-5)
    let slopes = gradients(of: value.loss, at: [x, y])
    let h = 1e-5
    for place in logits.indices {
      func moved(_ numbers: [Double], _ by: Double) -> [Double] {
        var numbers = numbers
        numbers[place] += by
        return numbers
      }
      let own = (Self.r(moved(logits, h), mapped, target: logits) - Self.r(moved(logits, -h), mapped, target: logits)) / (2 * h)
      let other = (Self.r(logits, moved(mapped, h), target: logits) - Self.r(logits, moved(mapped, -h), target: logits)) / (2 * h)
      #expect(abs(Double(slopes[0].scalars[place]) - own) < 1e-5 && abs(Double(slopes[1].scalars[place]) - other) < 1e-5)
    }
  }

  @Test("sure, even and unchanged answers have the least R; all items in one component have a finite one")
  func extremes() {
    let consistency = ClassConsistency()
    let logPrior = Tensor([Float](repeating: -Float(log(4.0)), count: 4))
    func r(_ classes: [Int]) -> Float {
      let logits = Tensor(shape: [classes.count, 4], scalars: classes.flatMap { own in (0..<4).map { $0 == own ? Float(60) : -60 } })
      return consistency(logits, mapped: logits, logPrior: logPrior).loss.scalar
    }
    #expect(abs(r([0, 1, 2, 3])) < 1e-5)
    #expect(abs(r([2, 2, 2, 2]) - 0.4 * Float(log(4.0))) < 1e-4)
    let even = Tensor.zeros([4, 4])
    #expect(abs(consistency(even, mapped: even, logPrior: logPrior).loss.scalar - 0.1 * Float(log(4.0))) < 1e-5)
  }
}
