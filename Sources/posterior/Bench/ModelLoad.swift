import Benchmarking
import Formats
import Foundation
import Modelling
import Service
import Tensors

/// The requests of a load, and what a report says of them.
struct ModelLoad {
  let requests: [LoadRequest]
  /// The operation, or the path.
  let title: String
  let items: Int
  let format: String?
  let model: BenchedModel?
  private let kind: RequestKind?
  private let options: [SentRequest.Option]
  private let seed: Int

  /// One request as it is, to any server.
  init(plain request: LoadRequest, title: String, items: Int) {
    (requests, self.title, self.items) = ([request], title, items)
    (format, model, kind, options, seed) = (nil, nil, nil, [], 0)
  }

  /// Requests for one operation of a model, with seeds, and items where it takes some, of their own.
  init(
    _ kind: RequestKind, of model: BenchedModel, items: Int, format: LoadRequestArguments.Format, options: [SentRequest.Option],
    seed: Int, subject: LoadSubject
  ) throws {
    (title, self.items, self.format, self.model, self.kind, self.options, self.seed) =
      (kind.name, items, format.rawValue, model, kind, options, seed)
    try kind.checkOffer(by: model.model)
    let path = "/v1/models/\(model.reference)/\(kind.name)"
    requests = try (seed..<seed + LoadRequestArguments.distinct).map { seed in
      let type: MediaType = format == .json || kind.items == .references ? .json : .floats
      let sent = try Self.request(kind, of: model, items: items, type: type, options: options, seed: seed)
      let query = sent.options.isEmpty ? "" : "?" + sent.options.map { "\($0.name)=\($0.value.percentEncoded)" }.joined(separator: "&")
      let accept = format == .json ? MediaType.json : .floats
      return LoadRequest(
        "POST", path + query, at: subject.destination, fields: subject.fields([("Content-Type", type.name), ("Accept", accept.name)]),
        body: sent.body)
    }
  }

  private static func request(
    _ kind: RequestKind, of model: BenchedModel, items: Int, type: MediaType, options: [SentRequest.Option], seed: Int
  ) throws -> SentRequest {
    var scalars: [Float] = []
    switch kind.items {
    case .references: break
    case .codes: scalars = model.codes(items, seed: seed)
    case .rows, .completed: scalars = try model.items(items, seed: seed, holes: kind.items == .completed)
    }
    guard type == .json else {
      var body: [UInt8] = []
      FloatBytes.append(scalars, to: &body)
      return SentRequest(body: body, contentType: type, options: options + [.init(name: "seed", value: "\(seed)")])
    }
    var members = options.map { option in
      JSONValue.Member(
        name: option.name, value: kind.fields.first { $0.name == option.name }?.schema.value(of: option.value) ?? .string(option.value))
    }
    members.append(.init(name: "seed", value: .integer(seed)))
    if kind.items != .references {
      members.append(.init(name: "inputs", value: .numbers(NumberArray(shape: [items, scalars.count / items], scalars: scalars))))
    } else if let count = kind.fields.first(where: { $0.name == "n" }), items != 1 {
      members.append(.init(name: count.name, value: .integer(items)))
    }
    return SentRequest(body: JSONValue.object(members).text, contentType: type)
  }

  /// Rows at the least of the products that OpenBLAS is measured with: small requests are computed side by side.
  private static let yardstickRows = 64

  /// The products of such a request, found by carrying it out once; nil where it has none.
  func yardstick(on machine: BenchedMachine) throws -> ModelYardstick? {
    guard let kind, let model else { return nil }
    let rows = max(items, Self.yardstickRows)
    let sent = try Self.request(
      kind, of: model, items: rows, type: kind.items == .references ? .json : .floats, options: options.filter { $0.name != "n" }, seed: seed)
    let asked = try kind.ask(sent, of: model.model, limits: ServiceLimits())
    let products = try ProductRecorder.record { for block in asked.blocks { _ = try asked.compute(block) } }
    return products.isEmpty ? nil : ModelYardstick(products, rows: rows, on: machine)
  }
}

extension String {
  fileprivate var percentEncoded: String { addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? self }
}
