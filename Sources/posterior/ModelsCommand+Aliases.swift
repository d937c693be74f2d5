import ArgumentParser
import Formats
import HTTP

extension ModelsCommand {
  struct Promote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Points an alias to a version: requests from now on get it.")

    @Argument(help: "The model's name.") var name: String
    @Argument(help: "The version.") var version: Int
    @Option(help: "The alias.") var alias = "live"
    @Option(help: "Why, for the alias' history.") var reason: String?
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting { try await registry.connect().move(alias, of: name, to: version, reason: reason).announce() }
    }
  }

  struct Rollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Points an alias back to where it was before its last move, or to an earlier version.",
      discussion: "Rolling back twice is where it began: going back is a move like any other. Refused when somebody moves the alias meanwhile.")

    @Argument(help: "The model's name.") var name: String
    @Option(help: "The alias.") var alias = "live"
    @Option(help: "A version to go back to. (default: where the alias was before its last move)") var to: Int?
    @Option(help: "Why, for the alias' history.") var reason: String?
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let connection = try registry.connect()
        let history = try await connection.get("admin", "models", name, "aliases", alias, "history").elements("history")
        let earlier = history.compactMap { $0.integer("from") }
        guard let target = to ?? history.first?.integer("from") else {
          throw RegistryRefusal(status: 409, detail: "\(alias) of \(name) was nowhere before its last move: choose a version with --to.")
        }
        guard earlier.contains(target) else {
          throw RegistryRefusal(
            status: 409, detail: "\(alias) of \(name) never was at version \(target); models promote moves it to any version.")
        }
        try await connection.move(alias, of: name, to: target, from: history.first?.integer("to"), reason: reason ?? "rolled back").announce()
      }
    }
  }

  struct Unalias: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Deletes an alias; its history stays, and promote makes it again.")

    @Argument(help: "The model's name.") var name: String
    @Argument(help: "The alias.") var alias: String
    @Option(help: "Why, for the alias' history.") var reason: String?
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        try await registry.connect().send(.delete, "admin", "models", name, "aliases", alias, query: ["reason": reason])
        print("\(name)@\(alias) deleted")
      }
    }
  }

  struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows where an alias has pointed, newest first, with when, why and by whom.")

    @Argument(help: "The model's name.") var name: String
    @Option(help: "The alias.") var alias = "live"
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let answer = try await registry.connect().get("admin", "models", name, "aliases", alias, "history")
        if json { return answer.print() }
        TextTable(
          ["TIME", "FROM", "TO", "BY", "KEY", "REASON"],
          answer.elements("history").map { move in ["time", "from", "to", "actor", "key", "reason"].map(move.cell) }
        ).print()
      }
    }
  }
}

extension RegistryConnection {
  fileprivate func move(_ alias: String, of name: String, to version: Int, from: Int? = nil, reason: String?) async throws -> JSONValue {
    var members: [JSONValue.Member] = [.init(name: "version", value: .integer(version))]
    if let from { members.append(.init(name: "from", value: .integer(from))) }
    if let reason { members.append(.init(name: "reason", value: .string(reason))) }
    return try await send(.put, "admin", "models", name, "aliases", alias, json: .object(members))
  }
}

extension JSONValue {
  fileprivate func announce() {
    let moved = self["moved"] == .bool(true) ? "was at \(integer("from").map(String.init) ?? "none")" : "was there already"
    Swift.print("\(cell("model"))@\(cell("alias")) -> \(cell("version")), \(moved)")
  }
}
