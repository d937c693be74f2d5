import ArgumentParser
import Formats

struct ChangesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "changes", abstract: "Shows the change log: who changed what in a registry, newest first.",
    discussion: "Every upload, move of an alias, deletion, description, tag and key is on record, whether by HTTP or from the command line.",
    aliases: ["audit"])

  @Option(help: "Only this action, such as alias.move or key.create.") var action: String?
  @Option(help: "Only what was done to this: name, name@3, name@alias or a key's identifier.") var target: String?
  @Option(name: .customLong("by-key"), help: "Only what was done with this key; admin is the store's own.") var byKey: String?
  @Option(help: "Only from this time on (RFC 3339).") var since: String?
  @Option(help: "How many.") var limit = 50
  @Flag(help: "As JSON.") var json = false
  @OptionGroup var registry: RegistryArguments

  func validate() throws {
    guard limit >= 1 else { throw ValidationError("--limit is \(limit), expected at least 1") }
  }

  func run() async throws {
    try await reporting {
      let query = [("action", action), ("target", target), ("key", byKey), ("since", since)]
      let entries = try await registry.connect().all("entries", "admin", "changes", query: query, atMost: limit)
      if json { return JSONValue.object([.init(name: "entries", value: .array(entries))]).print() }
      TextTable(
        ["TIME", "BY", "KEY", "FROM", "ACTION", "TARGET", "DETAIL"],
        entries.map { entry in
          ["time", "actor", "key", "address", "action", "target"].map(entry.cell)
            + [entry["detail"].map { String(decoding: $0.text, as: UTF8.self) } ?? ""]
        }
      ).print()
    }
  }
}
