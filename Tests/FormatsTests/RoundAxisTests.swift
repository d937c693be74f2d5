import Formats
import Testing

@Suite("An axis with round numbers")
struct RoundAxisTests {
  @Test("holds every value between its ends, which are marks", arguments: [[0.951, 0.9873], [-3.2e6, 8e5], [1e-7, 3e-7], [0, 5], [-2]])
  func holds(_ values: [Double]) {
    let axis = RoundAxis(values)
    #expect(values.allSatisfy { (0...1).contains(axis.part($0)) })
    #expect(axis.ticks.count > 1 && axis.ticks.count < 13)
    #expect(axis.part(axis.low) == 0 && axis.part(axis.high) == 1)
    #expect(abs((axis.ticks.last ?? 0) - axis.high) <= 1e-9 * axis.step)
  }

  @Test("writes marks with the digits that its step needs")
  func labels() {
    let axis = RoundAxis([0.951, 0.9873])
    #expect(axis.step == 0.01 && axis.ticks.map(axis.label) == ["0.95", "0.96", "0.97", "0.98", "0.99"])
    #expect(RoundAxis([0, 5]).ticks.map(RoundAxis([0, 5]).label) == ["0", "1", "2", "3", "4", "5"])
    #expect(RoundAxis([-3, 3]).label(-1e-17) == "0")
  }

  @Test("of one value, and of none, is an axis all the same")
  func degenerate() {
    #expect(RoundAxis([7]).part(7) < 1 && RoundAxis([]).low < RoundAxis([]).high)
  }
}
