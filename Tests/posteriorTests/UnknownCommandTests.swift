import Testing

@testable import posterior

@Suite("Words that should be commands")
struct UnknownCommandTests {
  @Test(
    "one that is none is named, with the near one",
    arguments: [
      (["smaple"], "sample"), (["help", "smaple"], "sample"), (["runs", "lst"], "list"), (["help", "runs", "lst"], "list"), (["nonsense"], nil),
    ] as [([String], String?)])
  func unknown(arguments: [String], meant: String?) throws {
    let sentence = try #require(UnknownCommand.sentence(arguments, below: Posterior.self))
    #expect(sentence.contains("is no command of posterior"))
    #expect(meant.map { sentence.contains("did you mean \"\($0)\"") } ?? !sentence.contains("did you mean"))
  }

  @Test(
    "those that are, flags and arguments pass",
    arguments: [
      [], ["help"], ["--help"], ["sample", "nonsense"], ["help", "runs", "compare"], ["bench", "model.safetensors"], ["models", "tag", "m@1", "a=b"],
      ["runs", "--help"], ["models"], ["audit", "--limit", "3"],
    ])
  func known(arguments: [String]) { #expect(UnknownCommand.sentence(arguments, below: Posterior.self) == nil) }
}
