import Distributions
import Foundation
import Tensors
import Testing

@Suite("ByteLogistic")
struct ByteLogisticTests {
  private static let parameters: [(mean: Float, logScale: Float)] = [(0, -3), (0.498, -5), (-0.498, -2), (0.1, -6.5), (0.3, 3), (0, -14)]

  private func all(_ mean: Float, _ logScale: Float) -> ByteLogistic { ByteLogistic(mean: .full([256, 1], mean), logScale: Tensor(logScale)) }
  private let bytes = column((0..<256).map { Float($0) })

  private func sum(_ logs: Tensor) -> Double { logs.scalars.reduce(0) { $0 + exp(Double($1)) } }

  @Test("what is learnt by is the known number, and lacks what lies beyond the ends")
  func open() {
    let logs = all(0, -3).openLogProbability(of: bytes)
    #expect(abs(logs.scalars[128] + 3.9319795) < 1e-5 && abs(logs.scalars[0] + 12.5207712) < 1e-5)
    // Of it 2.56e-5 are what is added to every byte.
    #expect(abs(sum(logs) - 0.9999386) < 1e-6)
  }

  @Test("cut off at the ends, all bytes together have probability 1, and none has nothing", arguments: parameters)
  func closed(_ mean: Float, _ logScale: Float) {
    let logs = all(mean, logScale).logProbability(of: bytes)
    #expect(abs(sum(logs) - 1) < 1e-4)
    #expect(logs.scalars.allSatisfy { $0 > log(ByteLogistic.evenShare / 256) - 1e-3 })
  }

  @Test("gradients of both are central differences")
  func gradients() {
    let x = Tensor(shape: [2, 3], scalars: [0, 200, 255, 90, 130, 3])
    let mean = Tensor(shape: [2, 3], scalars: [-0.4, 0.2, 0.45, -0.1, 0, -0.3])
    for logScale in [Float(-1), 0.5] {
      expectGradients(of: { ByteLogistic(mean: $0[0], logScale: $0[1]).logProbability(of: x) }, at: [mean, Tensor([logScale]).reshaped([1, 1])])
      expectGradients(of: { ByteLogistic(mean: $0[0], logScale: $0[1]).openLogProbability(of: x) }, at: [mean, Tensor([logScale]).reshaped([1, 1])])
    }
  }

  @Test("draws are as frequent as they are likely")
  func draws() {
    for (mean, logScale) in [(Float(-0.48), Float(-3)), (0.1, -2)] {
      let n = 100_000
      let drawn = ByteLogistic(mean: .full([n, 1], mean), logScale: Tensor(logScale)).sample(RowKeys(RandomKey(seed: 3), rows: 0..<n))
      let expected = all(mean, logScale).logProbability(of: bytes).scalars.map { Double(exp($0)) * Double(n) }
      var counts = [Double](repeating: 0, count: 256)
      for byte in drawn.scalars { counts[Int(byte)] += 1 }
      for (count, wanted) in zip(counts, expected) { #expect(abs(count - wanted) < 5 * (wanted + 2).squareRoot() + 10) }
    }
  }
}
