package import Formats
internal import Foundation
internal import Modelling

extension Study {
  /// Reads a study from its file, and the recipes that it names: nothing of it then hangs on another file or on a folder.
  package init(file path: String) throws(JSONError) {
    guard let text = FileManager.default.contents(atPath: path) else {
      throw JSONError(.mismatch, field: "", given: "nothing at \(path)", expected: "a study", detail: "There is no study \(path)")
    }
    try self.init(parsing: [UInt8](text), folder: path.fileURL.deletingLastPathComponent().path)
  }

  /// - Parameter folder: from which paths of recipes lead.
  package init(parsing bytes: [UInt8], folder: String) throws(JSONError) {
    self = try StrictJSON.decode(Study.self, from: bytes)
    do throws(Fault) { try validate() } catch { throw JSONError(error) }
    for index in recipes.indices {
      if case .string(let path) = recipes[index].recipe {
        recipes[index].recipe = try Self.document(Self.path(path, from: folder), "recipes[\(index)].recipe")
      }
      if let overrides = recipes[index].overrides {
        recipes[index].recipe = recipes[index].recipe.merging(overrides)
        recipes[index].overrides = nil
      }
    }
    directory = directory.map { Self.path($0, from: folder) } ?? ".".absolutePath
  }

  private static func path(_ path: String, from folder: String) -> String { (path.hasPrefix("/") ? path : folder + "/" + path).absolutePath }

  private static func document(_ path: String, _ field: String) throws(JSONError) -> JSONValue {
    guard let text = FileManager.default.contents(atPath: path) else {
      throw JSONError(.mismatch, field: field, given: "\(path), where nothing can be read", expected: "a path that leads from the study's file")
    }
    do throws(JSONError) { return try JSONValue(parsing: [UInt8](text)) } catch {
      throw JSONError(error.reason, field: field, given: "\(path), of which \(error.detail)", expected: "a recipe in JSON")
    }
  }

  /// As one JSON text, which is a study again.
  package var text: String {
    guard case .object(let members) = JSONValue(encoding: self) else { preconditionFailure("settings are encoded as an object") }
    // Recipes stand as they were given, to the spelling of a number.
    let own = JSONValue.array(
      recipes.map { .record(["name": .string($0.name), "recipe": $0.recipe, "sweep": $0.sweep.map { JSONValue(encoding: $0) }]) })
    return JSONValue.object(members.map { $0.name == "recipes" ? .init(name: $0.name, value: own) : $0 }).indented() + "\n"
  }
}

extension JSONValue {
  /// This value with another merged into it (RFC 7396): members of objects one by one, null removing one, anything else in place of what was.
  func merging(_ patch: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members: [Member] = if case .object(let own) = self { own } else { [] }
    for change in changes {
      let place = members.firstIndex { $0.name == change.name }
      guard change.value != .null else {
        if let place { members.remove(at: place) }
        continue
      }
      let merged = Member(name: change.name, value: (place.map { members[$0].value } ?? .object([])).merging(change.value))
      if let place { members[place] = merged } else { members.append(merged) }
    }
    return .object(members)
  }
}
