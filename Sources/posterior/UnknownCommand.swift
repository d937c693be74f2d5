import ArgumentParser
import Formats

/// Names the command that is meant where there is none of the given name, also behind `help`, which would otherwise show another one's help.
enum UnknownCommand {
  /// - Returns: nil where every word that stands for a command is one.
  static func sentence(_ arguments: [String], below root: any ParsableCommand.Type) -> String? {
    var (command, path) = (root, name(of: root))
    for word in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
      let known = command.configuration.subcommands
      guard !known.isEmpty, !word.hasPrefix("-") else { return nil }
      // A command with a default takes other words for its arguments.
      guard command.configuration.defaultSubcommand == nil else { return nil }
      guard let next = known.first(where: { name(of: $0) == word || $0.configuration.aliases.contains(word) }) else {
        let names = known.map(name).sorted()
        let meant = EditDistance.closest(to: word, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
        return "\"\(word)\" is no command of \(path), expected one of \(names.joined(separator: ", "))\(meant)"
      }
      (command, path) = (next, path + " " + word)
    }
    return nil
  }

  /// Where a command doesn't say, the parser makes its name of the type's: words in small letters with hyphens between them.
  private static func name(of command: any ParsableCommand.Type) -> String {
    if let name = command.configuration.commandName { return name }
    return "\(command)".reduce(into: "") { name, letter in
      if letter.isUppercase, !name.isEmpty { name += "-" }
      name += letter.lowercased()
    }
  }
}
