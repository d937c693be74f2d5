import ArgumentParser
import Families
import Formats
import Foundation
import HTTP
import ModelFiles
import Modelling
import Registry
import TemporaryFolders
import Tensors
import Testing

@testable import posterior

@Suite("posterior models scores")
struct ScoreSheetTests {
  private let folder: TemporaryFolder
  private let store: String
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    store = folder.path + "/store"
    let vae = try VAE(
      .init(latent: 2, hidden: [4], observation: Observation(.gaussian)), signature: .vector(2), key: RandomKey(seed: 3))
    model = try folder.file("m.safetensors", ModelFile.encode(vae))
  }

  private func sheet() async throws -> JSONValue {
    try await LocalConnection(ModelStore(directory: store)).get("models", "m", "scores")
  }

  private func upload() async throws {
    let connection = LocalConnection(try ModelStore(directory: store))
    let target = LocalConnection.target(["admin", "models", "m", "versions"], ["alias": "live"])
    _ = try await connection.upload(file: model, to: target, digest: SHA256.digest(ofFile: model)).json
  }

  private func entry(_ name: String, _ sheet: JSONValue) -> JSONValue? { sheet.elements("entries").first { $0.text("name") == name } }

  @Test("what an evaluation of a file recorded is on the sheet of the version that has its bytes, to the last bit; the rest has commands")
  func recorded() async throws {
    // Of a file that the store does not know yet.
    let arguments = [model, "--data", "ring", "--k", "2", "--limit", "40", "--samples", "30", "--no-fit-data", "--seed", "5", "--store", store]
    try EvaluateCommand.parse(arguments).evaluate(recorder: nil)
    try await upload()
    let sheet = try await sheet()
    let run = try #require(try ModelStore(directory: store).runs(limit: 1).items.first)
    let values = try #require(try ModelStore(directory: store).latestValues(of: [run.id])[run.id])
    for (name, metric) in [("likelihood", "iwae_nats"), ("modes", "high_quality_share")] {
      let latest = try #require(entry(name, sheet)?["latest"])
      #expect(latest.text("id") == run.id.description)
      let shown = try #require(latest.elements("metrics").first { $0.text("name") == metric })
      #expect(shown.number("value") == values[metric] && shown.number("standard_error") == values["\(metric).standard_error"])
    }
    let protocolMembers = entry("likelihood", sheet)?["latest"]?["protocol"]
    #expect(protocolMembers?.integer("items") == 40 && protocolMembers?.integer("k") == 2 && protocolMembers?.integer("seed") == 5)
    let lines = ScoreSheetText(sheet).lines
    #expect(
      lines.contains { $0.hasPrefix("likelihood: run \(run.id)") } && lines.contains { $0.contains("on ring/test, seed 5, items 40") }, "\(lines)")
    #expect(lines.contains { $0.contains("iwae_nats") && $0.contains("+- ") })
    #expect(lines.contains("  posterior attack m@1 --data ring --items 100 --seed 0"))
    #expect(lines.contains { $0.hasPrefix("clusters: The family vae can't cluster") })
  }

  @Test("what is missing is filled by the command that the sheet names, for every entry that a known data set fits")
  func filled() async throws {
    try await upload()
    // In this order: the bounds on the ring come with its modes.
    for name in ["modes", "likelihood"] {
      let command = try #require(entry(name, try await sheet())?["missing"]?.elements("how").first?.text("command"))
      let words = command.split(separator: " ").map(String.init)
      #expect(words.prefix(2) == ["posterior", "evaluate"])
      try EvaluateCommand.parse(Array(words.dropFirst(2)) + ["--limit", "20", "--store", store]).evaluate(recorder: nil)
      let filled = entry(name, try await sheet())
      #expect(filled?["missing"] == .null && filled?["latest"]?.text("status") == "finished")
    }
  }

  @Test("no text of a server moves the cursor")
  func control() throws {
    let entry = JSONValue.record(["name": .string("a\u{1B}[2J"), "lack": .string("b\nc")])
    let lines = ScoreSheetText(.record(["name": .string("m\u{7}"), "entries": .array([entry])])).lines
    #expect(!lines.joined().unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(lines)")
  }
}
