import ArgumentParser
import Formats
import HTTP

/// What a command says something about: a model, or one of its versions.
struct AnnotationTarget: ParsableArguments {
  @Argument(help: "The model's name, or name@3 for a version.") var target: String

  func path() throws -> [String] {
    let parts = target.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return ["admin", "models", target] }
    guard Int(parts[1]) != nil else { throw CommandError("\"\(target)\" is no model and no version, expected NAME or NAME@3.") }
    return ["admin", "models", parts[0], "versions", parts[1]]
  }
}

/// New tags and those to remove.
struct TagChanges: ParsableArguments {
  @Argument(help: "NAME=VALUE sets a tag.") var tags: [String] = []
  @Option(name: .customLong("remove"), help: "The name of a tag to remove; may be repeated.") var removed: [String] = []

  func validate() throws {
    guard !tags.isEmpty || !removed.isEmpty else { throw ValidationError("give NAME=VALUE, or --remove NAME") }
    if let wrong = tags.first(where: { !$0.contains("=") }) { throw ValidationError("\"\(wrong)\" is no tag, expected NAME=VALUE") }
    let names = tags.map { String($0.prefix { $0 != "=" }) } + removed
    guard Set(names).count == names.count else { throw ValidationError("a tag is named twice") }
  }

  /// A merge patch (RFC 7396).
  var patch: JSONValue {
    .object(
      tags.map { .init(name: String($0.prefix { $0 != "=" }), value: .string(String($0.drop { $0 != "=" }.dropFirst()))) }
        + removed.map { .init(name: $0, value: .null) })
  }
}

extension ModelsCommand {
  struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Says in words what a model or a version is.")

    @OptionGroup var annotated: AnnotationTarget
    @Argument(help: "The description; \"\" takes it away.") var text: String
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        try await registry.connect().annotate(annotated.path(), "description", .string(text))
        print("\(annotated.target) described")
      }
    }
  }

  struct Tag: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sets and removes tags of a model or a version.")

    @OptionGroup var annotated: AnnotationTarget
    @OptionGroup var changes: TagChanges
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let answer = try await registry.connect().annotate(annotated.path(), "tags", changes.patch)
        print(([annotated.target] + answer.pairs("tags")).joined(separator: "  "))
      }
    }
  }
}

extension RegistryConnection {
  @discardableResult
  fileprivate func annotate(_ path: [String], _ name: String, _ value: JSONValue) async throws -> JSONValue {
    try await send(.patch, Self.target(path, []), body: JSONValue.object([.init(name: name, value: value)]).text).json
  }
}
