import ArgumentParser
import Formats
import HTTP
import Registry

struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Makes, lists and revokes the keys that a server lets clients in by, and links that sign a browser in.",
    discussion: """
      Works on a store's folder, or with --server on a server. A server that shares the folder sees a change within a second; one that was asked to \
      revoke a key itself, at once. \(RegistryRefusal.exitCodes)
      """,
    subcommands: [Create.self, Link.self, List.self, Revoke.self])
}

extension KeyScope: ExpressibleByArgument {}

/// When a key ends: a time, or days or hours from now.
struct Expiry: ExpressibleByArgument {
  let time: Timestamp

  /// `2027-01-31T12:00:00Z`, `30d` or `12h`.
  init?(argument: String) {
    if let time = Timestamp(argument) {
      self.time = time
      return
    }
    guard let count = Int64(argument.dropLast()), (1...1_000_000).contains(count) else { return nil }
    switch argument.last {
    case "d": time = Timestamp(milliseconds: Timestamp.now.milliseconds + count * 86_400_000)
    case "h": time = Timestamp(milliseconds: Timestamp.now.milliseconds + count * 3_600_000)
    default: return nil
    }
  }
}

extension KeysCommand {
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a key and prints it: standard output gets the secret alone, this once.")

    @Option(help: "Whose key it is, or what it is for.") var name: String
    @Option(name: .customLong("scope"), help: "What it is good for: infer, admin or metrics; may be repeated.") var scopes: [KeyScope]
    @Option(help: "When it ends: an RFC 3339 time, or 30d or 12h from now. (default: never)") var expires: Expiry?
    @Option(help: "The only models that it is for, by name, with commas between them. (default: all)") var models: String?
    @Flag(help: "The whole key as JSON, the secret among it.") var json = false
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        var members: [JSONValue.Member] = [
          .init(name: "name", value: .string(name)), .init(name: "scopes", value: .array(scopes.map { .string($0.rawValue) })),
        ]
        if let expires { members.append(.init(name: "expires_at", value: .string(expires.time.description))) }
        if let models {
          let names = models.split(separator: ",", omittingEmptySubsequences: false).map { JSONValue.string(String($0)) }
          members.append(.init(name: "models", value: .array(names)))
        }
        let key = try await registry.connect().send(.post, "admin", "keys", json: .object(members))
        if json { return key.print() }
        CommandError.note("Key \(key.cell("id")) for \(name). This is the only time that it is shown; the store keeps a hash.")
        print(key.cell("secret"))
      }
    }
  }

  struct Link: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a link that signs a browser in at a server's page, once and within an hour.",
      discussion: "The browser gets a key of its own, which ends when the page signs out or after twelve hours.")

    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        // Links are kept by the server that made them, so a store's folder does not do; its own key does.
        let answer = try await registry.ownServer().send(.post, "admin", "links")
        print(answer.cell("link"))
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists keys, without their secrets.")

    @Flag(help: "As JSON.") var json = false
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let keys = try await registry.connect().all("keys", "admin", "keys")
        if json { return JSONValue.object([.init(name: "keys", value: .array(keys))]).print() }
        TextTable(
          ["ID", "NAME", "SCOPES", "MODELS", "STATE", "CREATED", "EXPIRES", "LAST USED"],
          keys.map { key in
            let models = key.texts("models")
            return [
              key.cell("id"), key.cell("name"), key.texts("scopes").joined(separator: ","), models.isEmpty ? "all" : models.joined(separator: ","),
              key.cell("state"), key.cell("created_at"), key.cell("expires_at"), key.cell("last_used_at"),
            ]
          }
        ).print()
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ends a key for good.")

    @Argument(help: "The key's identifier, from keys list.") var id: String
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        try await registry.connect().send(.delete, "admin", "keys", id)
        print("\(id) revoked")
      }
    }
  }
}
