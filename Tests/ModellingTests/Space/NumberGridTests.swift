import Modelling
import Tensors
import Testing

@Suite("Decimal grids")
struct NumberGridTests {
  private func refusal(_ values: [Double]) -> NumberGrid.Absence? {
    do throws(NumberGrid.Absence) {
      _ = try NumberGrid(of: values)
      return nil
    } catch { return error }
  }

  @Test(
    "the grid is the coarsest that has all the numbers",
    arguments: [
      ([7, 6.3, 8.1], -1, 63, 1, 19), ([0.27, 0.3], -2, 27, 3, 2), ([5, 5, 5], 0, 5, 1, 1), ([0, 0], 0, 0, 1, 1), ([1500, 300, 900], 2, 3, 6, 3),
      ([-0.5, 0, 0.5], -1, -5, 5, 3), ([19_000, 19_007, 18_993], 0, 18_993, 7, 3), ([1e-30, 3e-30], -30, 1, 2, 2), ([1e22, 2e22], 22, 1, 1, 2),
    ] as [([Double], Int, Int, Int, Int)])
  func coarsest(values: [Double], exponent: Int, first: Int, step: Int, count: Int) throws {
    let grid = try #require(try NumberGrid(of: values))
    #expect(grid.exponent == exponent && grid.first == first && grid.step == step && grid.count == count, "\(grid)")
  }

  @Test("numbers of up to 15 digits come back as the doubles that they are")
  func exact() throws {
    var state: UInt64 = 7
    func next(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 11) % bound
    }
    for digits in 1...15 {
      let bound = (0..<digits).reduce(1 as UInt64) { power, _ in power * 10 }
      for exponent in [-40, -22, -15, -3, 0, 4, 22, 60] {
        let values = (0..<20).compactMap { _ in Double("\(next(2) == 0 ? "-" : "")\(next(bound))e\(exponent)") }
        let grid = try #require(try NumberGrid(of: values))
        for value in values {
          let place = try #require(grid.place(of: value))
          #expect(grid.value(place) == value)
        }
      }
    }
  }

  @Test("no numbers have no grid, and what is on none is refused by its place")
  func refusals() throws {
    #expect(try NumberGrid(of: []) == nil)
    #expect(refusal([1, 0.1 + 0.2])?.place == 1)
    #expect(refusal([1, .infinity])?.place == 1 && refusal([.nan])?.place == 0)
    #expect(refusal([0.001, 1e15])?.place == 1)
    #expect(refusal([-9_007_199_254_740_991, 1, 9_007_199_254_740_991])?.place == 2)
    #expect(refusal([Double("1e-310") ?? 1]) != nil)
    #expect(try NumberGrid(of: [0.5, 1])?.place(of: 0.75) == nil)
  }
}
