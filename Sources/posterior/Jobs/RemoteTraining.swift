import Data
import Formats
import Foundation
import HTTP
import Learning
import ModelFiles

/// A training on a server: what it needs is uploaded, its progress shown, its model fetched or registered there.
struct RemoteTraining {
  let server: ServerConnection
  /// The model's name there; nil: the file is fetched.
  let publish: (model: String, alias: String?)?
  /// Where a file that is fetched goes.
  let output: String
  /// Whether Ctrl-C ends the training rather than only the watching.
  let cancels: Bool

  /// Trains from a recipe; its paths are those of files here.
  func train(_ recipe: Recipe) async throws {
    let paths = [recipe.data.isPath ? recipe.data.source : nil, recipe.data.target, recipe.data.labels?.source].compactMap { $0 }
    var recipe = recipe
    var names: [String: String] = [:]
    for path in paths {
      let name = Self.name(of: path)
      guard name != path else { continue }
      names[path] = name
      CommandError.note("\(path) is called \(name) on the server")
    }
    recipe.data.source = names[recipe.data.source] ?? recipe.data.source
    recipe.data.target = recipe.data.target.map { names[$0] ?? $0 }
    let labels = recipe.data.labels?.source
    recipe.data.labels?.source = labels.map { names[$0] ?? $0 }
    let dataset = try await paths.isEmpty ? nil : upload(paths.map { (names[$0] ?? $0, $0) })
    try await start(try JSONValue(parsing: Array(recipe.canonicalText().utf8)), dataset)
  }

  /// As a data set takes it: relative, without steps upwards.
  private static func name(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = path == "." || parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
    return isPlain ? path : (path.absolutePath as NSString).lastPathComponent
  }

  /// Uploads files under a name that says what they hold, unless they are there.
  private func upload(_ files: [(name: String, path: String)]) async throws -> String {
    let all = try files.flatMap { try DatasetUpload.files(at: $0.path, as: $0.name) }
    let name = try DatasetUpload.name(for: all)
    let answer = try await server.send(.get, ServerConnection.target(["admin", "datasets", name], []), body: [])
    if answer.status == 200 {
      CommandError.note("the server has these data already, as \(name)")
      return name
    }
    guard answer.status == 404 else {
      _ = try answer.content
      return name
    }
    let dataset = try await DatasetUpload(server: server).send(all, as: name)
    CommandError.note("uploaded \(all.count) file\(all.count == 1 ? "" : "s") as \(dataset.cell("name"))")
    return name
  }

  private func start(_ recipe: JSONValue, _ dataset: String?) async throws {
    let target: JSONValue? = publish.map { .record(["model": .string($0.model), "alias": $0.alias.map(JSONValue.string)]) }
    let body = JSONValue.record(["kind": .string("train"), "recipe": recipe, "dataset": dataset.map(JSONValue.string), "publish": target])
    let run = try await server.send(.post, ServerConnection.target(["admin", "runs"], []), body: body.text).json
    guard let id = run.text("id") else { throw CommandError("The server's answer has no id.") }
    CommandError.note("run \(id)")
    let interruption = Interruption()
    let end = try await RunFollower(server: server, run: id).follow { interruption.isRequested }
    guard let end else {
      guard cancels else {
        CommandError.note("Detached; the training goes on as run \(id).")
        return
      }
      _ = try await server.send(.post, ServerConnection.target(["runs", id, "cancel"], []), body: []).json
      throw CommandError("Cancelled run \(id).")
    }
    guard end.text("status") == "finished" else {
      throw CommandError("Run \(id) \(end.text("status") ?? "ended"): \(end.text("failure") ?? "no reason was given")")
    }
    if let published = end["tags"]?.text("published") {
      CommandError.note("registered as \(published)")
    } else {
      let file = try OutputFile(output)
      try file.write(try await server.send(.get, ServerConnection.target(["runs", id, "documents", "model.safetensors"], []), body: []).content)
      try file.finish()
      CommandError.note("wrote \(output)")
    }
    print(end.cell("output_digest"))
  }
}
