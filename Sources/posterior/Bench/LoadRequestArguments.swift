import ArgumentParser
import Benchmarking
import Formats
import Foundation
import Modelling
import Service

/// What the requests of a load ask for.
struct LoadRequestArguments: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument { case json, raw }

  @Option(help: "The model: name, name@3 or name@alias. (default: the server's only one)")
  var model: String?
  @Option(help: "sample, encode, reconstruct, score, impute (half of all cells are missing), or what else the model can do.")
  var operation = "sample"
  @Option(help: "Items of a request.")
  var items = 1
  @Option(help: "Items and answers as json, or raw: float32, little-endian.")
  var format = Format.json
  @Option(help: ArgumentHelp("An option of the operation, such as mean=true; may be repeated.", valueName: "name=value"))
  var option: [String] = []

  @Option(help: "Send this path to any HTTP server instead of asking a model.")
  var path: String?
  @Option(help: "With --path: the body; @FILE reads it from a file. (default: none, and GET)")
  var body: String?
  @Option(help: "With --path: the body's media type.")
  var contentType = "application/json"
  @Option(help: "With --path: the media type that is asked for.")
  var accept: String?

  /// Requests that are sent in turn, with seeds and numbers of their own.
  static let distinct = 16

  func validate() throws {
    guard (1...1_000_000).contains(items) else { throw ValidationError("--items is \(items), expected 1 to 1000000") }
    if path == nil {
      guard body == nil, accept == nil else { throw ValidationError("--body and --accept are for --path; a model's requests are made here") }
    } else {
      guard path?.hasPrefix("/") == true else { throw ValidationError("--path begins with a slash") }
      guard model == nil, option.isEmpty else { throw ValidationError("--path sends what it says; --model and --option are for a model's requests") }
    }
  }

  func load(on subject: LoadSubject, seed: Int) async throws -> ModelLoad {
    if let path { return try plainLoad(path, on: subject) }
    guard let kind = RequestKind.named(operation) else {
      throw CommandError("There is no operation \"\(operation)\", expected one of \(RequestKind.all.map(\.name).joined(separator: ", ")).")
    }
    let model = try await BenchedModel(named: try await reference(on: subject), on: subject)
    return try ModelLoad(kind, of: model, items: items, format: format, options: options(of: kind), seed: seed, subject: subject)
  }

  private func plainLoad(_ path: String, on subject: LoadSubject) throws -> ModelLoad {
    var bytes: [UInt8] = []
    if let body, body.hasPrefix("@") {
      guard let data = FileManager.default.contents(atPath: String(body.dropFirst())) else {
        throw CommandError("\(body.dropFirst()) can't be read.")
      }
      bytes = Array(data)
    } else if let body {
      bytes = Array(body.utf8)
    }
    var fields = subject.fields(body == nil ? [] : [("Content-Type", contentType)])
    if let accept { fields.append(("Accept", accept)) }
    let request = LoadRequest(body == nil ? "GET" : "POST", path, at: subject.destination, fields: fields, body: bytes)
    return ModelLoad(plain: request, title: path, items: items)
  }

  private func options(of kind: RequestKind) throws -> [SentRequest.Option] {
    try option.map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw CommandError("--option is \"\(text)\", expected name=value.") }
      guard kind.fields.contains(where: { $0.name == parts[0] }), parts[0] != "seed" else {
        let known = kind.fields.map(\.name).filter { $0 != "seed" }.joined(separator: ", ")
        throw CommandError("\"\(parts[0])\" is no option of \(kind.name), expected \(known.isEmpty ? "none" : "one of \(known)").")
      }
      return SentRequest.Option(name: parts[0], value: parts[1])
    }
  }

  private func reference(on subject: LoadSubject) async throws -> String {
    if let model { return model }
    let exchange = try await subject.get("/v1/models")
    guard exchange.status == 200, case .array(let models)? = try JSONValue(parsing: exchange.body)["models"] else {
      throw CommandError("\(subject.destination) does not list its models (status \(exchange.status)); name one with --model, or send --path to it.")
    }
    let names = models.compactMap { model -> String? in if case .string(let name)? = model["name"] { name } else { nil } }
    guard names.count == 1 else {
      throw CommandError(
        "\(subject.destination) has \(names.isEmpty ? "no model" : "the models \(names.joined(separator: ", "))"): name one with --model.")
    }
    return names[0]
  }
}
