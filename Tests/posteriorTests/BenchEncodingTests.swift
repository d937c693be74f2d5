import ArgumentParser
import Foundation
import Testing

@testable import posterior

@Suite("posterior bench encoding") struct BenchEncodingTests {
  @Test("Every kind of numbers is measured on about a megabyte, and a picture beside them")
  func figures() throws {
    let command = try BenchEncodingCommand.parse(["--passes", "1"])
    for example in BenchEncodingCommand.examples {
      let row = try command.measure(example.name, example.scalars)
      #expect(row.numbers == example.scalars.count && (500_000...1_500_000).contains(row.bytes))
      #expect([row.parse, row.write, row.copy, row.foundation].allSatisfy { $0 > 0 && $0.isFinite })
    }
    let picture = try command.measurePicture()
    #expect(picture.bytes > 1000 && picture.milliseconds > 0)
  }
}
