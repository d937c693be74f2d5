import Benchmarking
import Formats
import Foundation
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
  private let operation: Service.Operation?
  private let options: [OperationInput.Option]
  private let seed: Int

  /// One request as it is, to any server.
  init(plain request: LoadRequest, title: String, items: Int) {
    (requests, self.title, self.items) = ([request], title, items)
    (format, model, operation, options, seed) = (nil, nil, nil, [], 0)
  }

  /// Requests for one operation of a model, with seeds, and items where it takes some, of their own.
  init(
    _ operation: Service.Operation, of model: BenchedModel, items: Int, format: LoadRequestArguments.Format, options: [OperationInput.Option],
    seed: Int, subject: LoadSubject
  ) throws {
    (title, self.items, self.format, self.model, self.operation, self.options, self.seed) =
      (operation.name, items, format.rawValue, model, operation, options, seed)
    try operation.checkSupport(by: model.model)
    let path = "/v1/models/\(model.reference)/\(operation.name)"
    requests = try (seed..<seed + LoadRequestArguments.distinct).map { seed in
      let type: MediaType = format == .json || !operation.takesItems ? .json : .floats
      let input = try Self.input(operation, of: model, items: items, type: type, options: options, seed: seed)
      let query = input.options.isEmpty ? "" : "?" + input.options.map { "\($0.name)=\($0.value.percentEncoded)" }.joined(separator: "&")
      let accept = format == .json ? MediaType.json : .floats
      return LoadRequest(
        "POST", path + query, at: subject.destination, fields: subject.fields([("Content-Type", type.name), ("Accept", accept.name)]),
        body: input.body)
    }
  }

  private static func input(
    _ operation: Service.Operation, of model: BenchedModel, items: Int, type: MediaType, options: [OperationInput.Option], seed: Int
  ) throws -> OperationInput {
    var scalars: [Float] = []
    if operation.takesItems { scalars = try model.items(items, seed: seed, holes: operation.completesItems) }
    guard type == .json else {
      var body: [UInt8] = []
      FloatBytes.append(scalars, to: &body)
      return OperationInput(body: body, contentType: type, options: options + [.init(name: "seed", value: "\(seed)")])
    }
    var members = options.map { option in
      JSONValue.Member(name: option.name, value: operation.fields.first { $0.name == option.name }?.value(of: option.value) ?? .string(option.value))
    }
    members.append(.init(name: "seed", value: .integer(seed)))
    if operation.takesItems {
      members.append(.init(name: "inputs", value: .numbers(NumberArray(shape: [items, scalars.count / items], scalars: scalars))))
    } else if let count = operation.fields.first(where: { $0.name == "n" }), items != 1 {
      members.append(.init(name: count.name, value: .integer(items)))
    }
    return OperationInput(body: JSONValue.object(members).text, contentType: type)
  }

  /// Rows at the least of the products that OpenBLAS is measured with: small requests are computed side by side.
  private static let yardstickRows = 64

  /// The products of this operation, found by carrying it out once; nil where it has none.
  func yardstick(on machine: BenchedMachine) throws -> ModelYardstick? {
    guard let operation, let model else { return nil }
    let rows = max(items, Self.yardstickRows)
    let input = try Self.input(
      operation, of: model, items: rows, type: operation.takesItems ? .floats : .json, options: options.filter { $0.name != "n" }, seed: seed)
    let prepared = try operation.prepare(input, on: model.model, limits: ServiceLimits())
    let products = try ProductRecorder.record { for block in prepared.blocks { _ = try prepared.compute(block) } }
    return products.isEmpty ? nil : ModelYardstick(products, rows: rows, on: machine)
  }
}

extension String {
  fileprivate var percentEncoded: String { addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? self }
}
