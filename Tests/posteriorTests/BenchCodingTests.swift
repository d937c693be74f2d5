import ArgumentParser
import Testing

@testable import posterior

@Suite("posterior bench coding") struct BenchCodingTests {
  @Test("Every codec is measured both ways, and gives back what it was given")
  func figures() throws {
    let rows = try BenchCodingCommand.parse(["--passes", "1", "--lanes", "8"]).rows(count: 2000)
    #expect(rows.count == 4 && rows.allSatisfy { [$0.pushed, $0.popped].allSatisfy { $0 > 0 && $0.isFinite } })
    #expect(throws: (any Error).self) { try BenchCodingCommand.parse(["--lanes", "0"]) }
  }
}
