import ArgumentParser
import Formats
import Foundation

extension ModelsCommand {
  struct Scores: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows what recorded evaluations and audits say of a version, and what would say the rest.",
      discussion: """
        Its runs are those of its very file, whatever it was called then. Shown is the newest finished run of everything that can be measured of the model; \
        what none has measured yet comes with the data sets that fit and what to run.
        """)

    @Argument(help: "The model: name, name@3 or name@alias.") var name: String
    @Flag(help: "As JSON, with the last runs of each.") var json = false
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let sheet = try await registry.connect().get("models", name, "scores")
        if json { return sheet.print() }
        for line in ScoreSheetText(sheet).lines { print(line) }
      }
    }
  }
}

/// A score sheet for people.
struct ScoreSheetText {
  let lines: [String]

  init(_ sheet: JSONValue) {
    var lines = ["\(sheet.cell("name"))@\(sheet.cell("version"))  \(sheet.cell("family"))  \(sheet.cell("digest"))"]
    for entry in sheet.elements("entries") {
      lines.append("")
      if let run = entry["latest"], run != .null {
        lines.append("\(entry.cell("name")): run \(run.cell("id")) of \(run.cell("started_at"))")
        lines.append("  " + Self.protocolText(run))
        lines += TextTable.aligned(run.elements("metrics").map(Self.metric)).map { "  " + $0 }
      } else if let missing = entry["missing"], missing != .null {
        lines.append("\(entry.cell("name")): not measured yet. \(missing.cell("needs"))")
        lines += missing.elements("how").map { "  " + Self.way($0) }
      } else {
        lines.append("\(entry.cell("name")): \(entry.cell("lack"))")
      }
    }
    self.lines = lines.map(TextTable.plain)
  }

  private static func protocolText(_ run: JSONValue) -> String {
    guard case .object(let members)? = run["protocol"] else { return "" }
    let parts = members.filter { !$0.name.hasSuffix("digest") }.map { member -> String in
      if case .string(let text) = member.value { return "\(member.name) \(text)" }
      return "\(member.name) \(member.value.line)"
    }
    return (["on \(run["data"]?.cell("name") ?? "-")"] + parts).joined(separator: ", ")
  }

  private static func metric(_ metric: JSONValue) -> [String] {
    func text(_ name: String) -> String? { metric.number(name).map { String(format: "%.4f", $0) } }
    return [metric.cell("name"), text("value") ?? "-", text("standard_error").map { "+- \($0)" } ?? ""]
  }

  /// The command where there is one, else the request.
  private static func way(_ way: JSONValue) -> String {
    if let command = way.text("command") { return command }
    guard let request = way["request"], request != .null else { return way.cell("dataset") }
    return "\(request.cell("method")) \(request.cell("path")) \(request["body"]?.line ?? "")"
  }
}
