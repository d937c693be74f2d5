internal import Formats
internal import Modelling

/// A request as it came: a body with its media type, and options as text from the query or the command line.
package struct OperationInput: Sendable {
  package struct Option: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package let body: [UInt8]
  /// nil where the client didn't say.
  package let contentType: MediaType?
  package let options: [Option]

  package init(body: [UInt8] = [], contentType: MediaType? = nil, options: [Option] = []) {
    self.body = body
    self.contentType = contentType
    self.options = options
  }

  /// Media types that items can come in.
  package static let itemTypes: [MediaType] = [.json, .csv, .png, .npy, .floats, .form]

  func decode<Request: OperationRequest>(_ type: Request.Type, model: LoadedModel, limits: ServiceLimits) throws -> DecodedOperation {
    if isJSON {
      if let option = options.first {
        throw Problem(
          .malformed, "The query has \"\(option.name)\", but with a JSON body the options are fields of the body.", field: option.name,
          given: "a query parameter", expected: "a field of the body")
      }
      let document = try JSONValue(parsing: body, numericFields: ["inputs"])
      let decoded = try StrictJSON.decode(OperationBody<Request>.self, from: document)
      return DecodedOperation(
        request: decoded.options, items: try decoded.items(model: model, limits: limits), parameters: Request.parameters(given: document),
        keepsInput: decoded.keepsInput)
    }
    let options = try decodeOptions(type)
    let items: Items?
    if type.takesItems || (type.mayTakeItems && !body.isEmpty) {
      items = try self.items(model: model, limits: limits, keepingText: type.completesItems)
    } else {
      guard body.isEmpty else {
        throw Problem(.unsupportedMedia, "\(type.name) takes a JSON body or none, not \(contentType?.name ?? "bytes without a type").", field: "body")
      }
      items = nil
    }
    return DecodedOperation(request: options.request, items: items, parameters: options.parameters, keepsInput: options.keepsInput)
  }

  /// The options alone, where they stand beside the body.
  func decodeOptions<Request: OperationRequest>(_ type: Request.Type) throws -> DecodedOperation {
    let given = try optionObject(type)
    let request = try StrictJSON.decode(OperationBody<Request>.self, from: given)
    return DecodedOperation(request: request.options, items: nil, parameters: Request.parameters(given: given), keepsInput: request.keepsInput)
  }

  /// A body without a type is JSON, and so is an object under the type that curl's `-d` announces.
  var isJSON: Bool {
    guard !body.isEmpty else { return contentType == .json && options.isEmpty }
    guard let contentType else { return true }
    if contentType == .json || contentType.name.hasSuffix("+json") { return true }
    let isForm = contentType.name == "application/x-www-form-urlencoded"
    return isForm && body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
  }

  private func optionObject(_ type: (some OperationRequest).Type) throws -> JSONValue { try optionObject(type.fields, of: type.name) }

  /// The options as one JSON object; `fields` are those that there are beside `record`.
  func optionObject(_ own: [RequestField], of name: String) throws -> JSONValue {
    let fields = own + [.record]
    var members: [JSONValue.Member] = []
    for option in options {
      guard let field = fields.first(where: { $0.name == option.name }) else {
        let known = fields.map(\.name).joined(separator: ", ")
        throw Problem(
          .impossible, "\"\(option.name)\" is no option of \(name), expected one of \(known).", field: option.name, given: option.name,
          expected: known)
      }
      guard !members.contains(where: { $0.name == option.name }) else {
        throw Problem(.malformed, "\(option.name) is given twice.", field: option.name, given: "two values", expected: "one")
      }
      members.append(.init(name: option.name, value: field.value(of: option.value)))
    }
    return .object(members)
  }

  /// The items of a body that isn't JSON.
  func items(model: LoadedModel, limits: ServiceLimits, keepingText: Bool) throws -> Items {
    let signature = model.signature
    guard !body.isEmpty else {
      throw Problem(
        .malformed, "The body is empty, expected items: JSON with inputs or rows, or one of \(Self.listed(Self.itemTypes)).", field: "body")
    }
    switch contentType {
    case let type? where type.isForm:
      return try .form(body, contentType: type, signature: signature, limits: limits, takesMasks: keepingText)
    case let type? where ItemReader.types.contains(type):
      return try .whole(body, type, signature: signature, limits: limits, keepingText: keepingText)
    case MediaType.png: return try .png(body, signature: signature)
    default:
      throw Problem(
        .unsupportedMedia, "The body is \(contentType?.name ?? "of no type"), expected one of \(Self.listed(Self.itemTypes)).", field: "Content-Type",
        given: contentType?.name, expected: Self.listed(Self.itemTypes))
    }
  }

  /// A picture and its mask as `curl -F image=@FILE -F mask=@FILE` sends them.
  package static func form(image: [UInt8], mask: [UInt8], options: [Option]) -> OperationInput {
    // No text of 256 bits that follow from the bytes stands among them.
    let boundary = SHA256.digest(image + mask).description.dropFirst("sha256:".count)
    func part(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
      Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\nContent-Type: image/png\r\n\r\n".utf8) + bytes + [0x0D, 0x0A]
    }
    return OperationInput(
      body: part("image", image) + part("mask", mask) + Array("--\(boundary)--\r\n".utf8),
      contentType: MediaType("\(MediaType.form); boundary=\(boundary)"), options: options)
  }

  private static func listed(_ types: [MediaType]) -> String { types.map(\.name).joined(separator: ", ") }
}

/// A request that was read: what is asked, about which items, and how it is remembered.
struct DecodedOperation {
  let request: any OperationRequest
  let items: Items?
  /// Every option but the seed, also those that were left at their defaults: with seed and items they repeat the request.
  let parameters: JSONValue
  /// Whether the client wants its input kept with the record of this request.
  let keepsInput: Bool
}

extension DecodedOperation {
  /// With the items inside the request that speaks of them: they are no rows of the answer.
  func binding(to signature: Signature) throws -> DecodedOperation {
    DecodedOperation(request: try request.bound(to: items, of: signature), items: nil, parameters: parameters, keepsInput: keepsInput)
  }
}

/// A JSON request: items, where the operation takes some, beside its options.
private struct OperationBody<Options: OperationRequest>: Decodable {
  let options: Options
  let keepsInput: Bool
  private let inputs: JSONValue?
  private let rows: JSONValue?

  private enum Key: String, CodingKey { case inputs, record, rows }

  init(from decoder: any Decoder) throws {
    options = try Options(from: decoder)
    let fields = try decoder.container(keyedBy: Key.self)
    keepsInput = try fields.decodeIfPresent(Bool.self, forKey: .record) ?? false
    guard Options.takesItems || Options.mayTakeItems else {
      (inputs, rows) = (nil, nil)
      return
    }
    inputs = try fields.decodeIfPresent(JSONValue.self, forKey: .inputs)
    rows = try fields.decodeIfPresent(JSONValue.self, forKey: .rows)
  }

  func items(model: LoadedModel, limits: ServiceLimits) throws -> Items? {
    guard Options.takesItems || inputs != nil || rows != nil else { return nil }
    switch (inputs, rows) {
    case (nil, nil):
      throw Problem(
        .impossible, "\(Options.name) needs items: inputs (nested numbers) or rows (objects by column name).", field: "inputs", given: "nothing",
        expected: "inputs or rows")
    case (.some, .some):
      throw Problem(.impossible, "Both inputs and rows are given, expected one of them.", field: "rows", given: "both", expected: "inputs or rows")
    case (nil, .some(let rows)):
      return try .objects(rows, signature: model.signature, limits: limits, keepingText: Options.completesItems)
    case (.some(.numbers(let array)), nil): return try .nested(array, field: "inputs", signature: model.signature, limits: limits)
    case (.some(let other), nil):
      let given = String(decoding: other.text.prefix(60), as: UTF8.self)
      throw Problem(
        .impossible, "inputs is no array of numbers: \(given)\(given.utf8.count == 60 ? "..." : "").", field: "inputs", given: given,
        expected: "nested arrays of numbers, null for a missing one")
    }
  }
}
