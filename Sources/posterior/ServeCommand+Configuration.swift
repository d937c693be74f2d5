import ArgumentParser
import Formats
import Foundation
import HTTP
import Modelling
import Service

extension ServeCommand {
  /// The defaults, over them the file, over that what the command line says.
  ///
  /// - Throws: a sentence that names the file or the flag at fault.
  func settings() throws -> ServeConfiguration {
    var given: [JSONValue.Member] = []
    if let config {
      do { given = try Self.members(ofFile: config) } catch { throw ValidationError("\(config): \(error)") }
    }
    let said = Set(arguments.members.map(\.name))
    // Where to listen is one answer: a flag of either kind replaces what the file says of both.
    let listeners: Set = ["listen", "listen_tls"]
    if !said.isDisjoint(with: listeners) { given.removeAll { listeners.contains($0.name) } }
    do {
      return try arguments.values(over: given)
    } catch let fault as Fault {
      throw refusal("\(fault)", of: fault.field, said)
    } catch let error as JSONError {
      throw refusal(error.detail, of: error.field, said)
    }
  }

  /// The sentence with the flag in place of the setting, where that was said.
  private func refusal(_ sentence: String, of field: String, _ said: Set<String>) -> ValidationError {
    let name = String(field.prefix { $0 != "[" && $0 != "." })
    if said.contains(name), let setting = ServeConfiguration.table[name] { return ValidationError(setting.flag + sentence.dropFirst(name.count)) }
    return ValidationError(config.map { "\($0): \(sentence)" } ?? sentence)
  }

  private static func members(ofFile path: String) throws -> [JSONValue.Member] {
    guard let data = FileManager.default.contents(atPath: path) else { throw CommandError("can't be read") }
    let document = try JSONValue(parsing: Array(data))
    // What the command line doesn't say again is checked with what it says.
    _ = try StrictJSON.decode(ServeConfiguration.self, from: document)
    if case .object(let members) = document { return members }
    return []
  }
}

extension ServeConfiguration {
  /// What the arguments of `posterior serve` ask for.
  package init(arguments: [String]) throws { self = try ServeCommand.parse(arguments).settings() }
}
