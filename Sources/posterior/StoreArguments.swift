import Families
import ArgumentParser
import Foundation
import Registry
import Service

/// Which store a command works on.
struct StoreArguments: ParsableArguments {
  @Option(name: .customLong("store"), help: "The store's folder. (default: $POSTERIOR_STORE or ~/.local/share/posterior)", completion: .directory)
  var given: String?

  var directory: String {
    if let given { return given }
    let environment = ProcessInfo.processInfo.environment
    if let store = environment["POSTERIOR_STORE"], !store.isEmpty { return store }
    return (environment["HOME"] ?? NSHomeDirectory()) + "/.local/share/posterior"
  }

  /// The store; made where there is none.
  func open() throws -> ModelStore { try ModelStore(directory: directory) }

  /// The store, which has to be there already: a command that only reads leaves no folders behind.
  func openExisting() throws -> ModelStore {
    try requireExisting()
    return try open()
  }

  /// What stands in the store's admin.key.
  func adminKey() throws -> String {
    try requireExisting()
    guard let bytes = FileManager.default.contents(atPath: directory + "/admin.key") else {
      throw CommandError("The key in \(directory)/admin.key can't be read; name the server with --server and a key in $POSTERIOR_KEY.")
    }
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func requireExisting() throws {
    guard access(directory + "/posterior.sqlite", F_OK) != 0 else { return }
    guard errno == ENOENT || errno == ENOTDIR else {
      throw CommandError("The store in \(directory) can't be read: \(String(cString: strerror(errno))).")
    }
    throw CommandError("There is no store in \(directory); name one with --store, or make one with posterior serve or posterior models upload.")
  }

  /// Calls `body` with the path of a model file, or of a model of the store where no such file exists or `--store` is given.
  func reading<Value>(_ model: String, _ body: (_ path: String, ModelVersion?) throws -> Value) throws -> Value {
    if FileManager.default.fileExists(atPath: model) { return try body(model, nil) }
    if model.contains("/") || model.hasSuffix(".safetensors") { throw CommandError("There is no file \(model).") }
    let store = try openExisting()
    let version = try store.resolve(model)
    return try store.reading(version) { try body($0, version) }
  }

  /// A model file, or a model of the store where no such file exists or `--store` is given: name, name@3 or name@alias.
  func load(_ model: String) throws -> LoadedModel {
    if given == nil, FileManager.default.fileExists(atPath: model) { return try LoadedModel.load(path: model, families: Catalogue.families) }
    if given == nil, model.contains("/") || model.hasSuffix(".safetensors") { throw CommandError("There is no file \(model).") }
    let store = try openExisting()
    let version = try store.resolve(model)
    let registered = LoadedModel.Registration(name: version.name, version: version.version)
    return try store.reading(version) { path in
      try LoadedModel.load(path: path, families: Catalogue.families, expecting: version.digest, registered: registered)
    }
  }
}
