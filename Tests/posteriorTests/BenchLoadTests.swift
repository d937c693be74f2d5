import ArgumentParser
import Benchmarking
import Families
import Formats
import Foundation
import ModelFiles
import Modelling
import Service
import Tensors
import Testing

@testable import posterior

@Suite("posterior bench load", .serialized) struct BenchLoadTests {
  /// A file with a small model of 4 x 5 pictures: 20 - 8 - (2, 2) and 2 - 8 - 20.
  private final class ModelOnDisk {
    let path = NSTemporaryDirectory() + "/posterior-bench-\(UUID().uuidString).safetensors"

    init() throws {
      let model = try VAE(
        .init(latent: 2, hidden: [8], observation: Observation(.bernoulli)), signature: .image(height: 4, width: 5), key: RandomKey(seed: 3))
      try Data(ModelFile.encode(model)).write(to: URL(fileURLWithPath: path))
    }

    deinit {
      // A temporary file that stays behind is no failure.
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  private static func report(_ arguments: [String]) async throws -> LoadReport {
    let short = ["--warm-up", "0.02", "--window", "0.05", "--windows", "3", "--connections", "4"]
    return try await BenchLoadCommand.parse(short + arguments).report()
  }

  @Test(
    "A model file is served and asked for any operation, in JSON and raw; the yardstick knows its multiply-adds",
    arguments: [
      ("sample", [], 2 * 8 + 8 * 20), ("encode", [], 20 * 8 + 8 * 4), ("reconstruct", [], 20 * 8 + 8 * 4 + 2 * 8 + 8 * 20),
      ("sample", ["--option", "mean=true"], 2 * 8 + 8 * 20), ("score", ["--option", "k=3"], nil),
    ] as [(String, [String], Int?)], ["json", "raw"])
  func operations(_ example: (name: String, options: [String], multiplyAdds: Int?), format: String) async throws {
    let model = try ModelOnDisk()
    let report = try await Self.report(
      ["--in-process", model.path, "--operation", example.name, "--items", "3", "--format", format] + example.options)
    let all = report.last
    #expect(all.latencies.count > 0 && all.statuses == [200: all.latencies.count] && all.failures.isEmpty)
    #expect(all.differing == 0, "same seed, same bytes")
    let yardstick = try #require(report.yardstick)
    if let expected = example.multiplyAdds { #expect(yardstick.multiplyAddsPerItem == Double(expected)) }
    #expect(try #require(yardstick.itemsPerSecond) > 0 && yardstick.rows == 64)

    let json = try JSONValue(parsing: report.json.text)
    #expect(json["request"] == .string(example.name) && json["items"] == .integer(3) && json["format"] == .string(format))
    #expect(json["answers"]?["200"] == .integer(all.latencies.count))
    #expect(json["latency_ms"]?["p99"] != nil && json["windows"] != nil && json["yardstick"]?["percent"] != nil)
    let machine = try #require(report.machine)
    let share = 100 * 2 * yardstick.multiplyAddsPerItem * report.itemsPerSecond / (1e9 * machine.limits.allThreads.gigaflops)
    #expect(abs(try #require(report.peakPercent) / share - 1) < 1e-9)
    #expect(json["yardstick"]?["peak_percent"] != nil && json["machine"]?["all_threads"]?["multiply_add_gflops"] != nil)
    #expect(report.lines.contains { $0.hasPrefix("machine") } && report.lines.contains { $0.hasPrefix("openblas") })
    #expect(report.lines.contains { $0.hasPrefix("throughput") } && report.lines.contains { $0.hasPrefix("latency") })
  }

  /// Three real columns; hidden 8, latent 2 and one block: 6 x 8 + 8 x 8 + 8 x 4 once, 2 x 8 + 2 x 16 x 8 + 14 x 6 a draw.
  @Test("A table is asked to be imputed with holes in it", arguments: ["json", "raw"])
  func imputing(format: String) async throws {
    let path = NSTemporaryDirectory() + "/posterior-bench-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = try VAEAC(.init(latent: 2, hidden: 8, blocks: 1), signature: .vector(3), key: RandomKey(seed: 3))
    try Data(ModelFile.encode(model)).write(to: URL(fileURLWithPath: path))
    let options = ["--operation", "impute", "--option", "draws=3", "--option", "mode=point", "--items", "5", "--format", format]
    let report = try await Self.report(["--in-process", path] + options)
    #expect(report.last.statuses.keys.sorted() == [200] && report.last.failures.isEmpty && report.last.differing == 0)
    // A mean over requests of several sizes, so rounded.
    #expect(abs((report.yardstick?.multiplyAddsPerItem ?? 0) - (144 + 3 * 356)) < 1e-6)

    let digest = SHA256.digest([])
    let benched = BenchedModel(reference: "table@1", digest: digest, model: LoadedModel(family: model, digest: digest))
    let (whole, holed) = (try benched.items(40, seed: 1, holes: false), try benched.items(40, seed: 1, holes: true))
    #expect(zip(whole, holed).allSatisfy { $1.isNaN || $0 == $1 })
    #expect((40...80).contains(holed.count(where: \.isNaN)), "about half of 120")
  }

  @Test("An open loop is one, and says so")
  func openLoop() async throws {
    let model = try ModelOnDisk()
    let report = try await Self.report(["--in-process", model.path, "--rate", "100", "--no-yardstick"])
    #expect(report.json["arrivals"]?["kind"] == .string("poisson") && report.yardstick == nil && report.machine == nil)
    #expect(report.lines.contains { $0.hasPrefix("unanswered") })
  }

  @Test("Nothing stays behind")
  func leftovers() async throws {
    let model = try ModelOnDisk()
    func folders() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory()).filter {
        $0.hasPrefix("posterior-bench-") && !$0.hasSuffix(".safetensors")
      }
    }
    let before = try folders()
    _ = try await Self.report(["--in-process", model.path, "--no-yardstick"])
    #expect(try folders() == before)
  }

  @Test(
    "What can't be asked is said in a sentence before any load",
    arguments: [
      (["--operation", "dance"], "no operation \"dance\""), (["--option", "speed=3"], "\"speed\" is no option of sample"),
      (["--option", "mean"], "name=value"),
      (["--model", "other"], "shows no model \"other\""), (["--operation", "score", "--option", "k=0"], "k is 0"),
      (["--path", "/none"], "answers the request with 404"),
    ] as [([String], String)])
  func refusals(arguments: [String], sentence: String) async throws {
    let model = try ModelOnDisk()
    let error = await #expect(throws: (any Error).self) { try await Self.report(["--in-process", model.path] + arguments) }
    #expect("\(String(describing: error))".contains(sentence), "\(String(describing: error))")
  }

  @Test(
    "Arguments that contradict each other are refused",
    arguments: [
      [], ["--server", "http://a", "--unix", "/b"], ["--server", "http://a", "--lanes", "2"], ["--server", "http://a", "--body", "x"],
      ["--server", "http://a", "--path", "/x", "--model", "m"], ["--server", "http://a", "--windows", "2"], ["--server", "http://a", "--rate", "0"],
      ["--server", "http://a", "--items", "0"],
    ])
  func contradictions(arguments: [String]) {
    #expect(throws: (any Error).self) { try BenchLoadCommand.parse(arguments) }
  }
}
