internal import Formats
internal import HTTP

/// What a client asks by the Open Inference Protocol: named tensors, parameters, and which tensors it wants back.
///
/// The body is JSON; with the binary tensor extension the bytes of tensors follow it, in their order.
struct InferRequest: Sendable {
  struct Output: Sendable {
    let name: String
    /// Whether its bytes stand behind the JSON; nil where the request as a whole says it.
    let isBinary: Bool?
  }

  let id: String?
  let inputs: [SentTensor]
  /// nil: all that the operation has.
  let outputs: [Output]?
  /// Whether outputs of which nothing else is said come as bytes.
  let wantsBinary: Bool
  /// What the operation is asked with, without what is the protocol's own.
  let options: [JSONValue.Member]
  /// The operation, where a parameter names it.
  let operation: String?
  /// How long the client waits.
  let timeout: Duration?

  static let lengthField = "Inference-Header-Content-Length"

  /// Bytes of the JSON at the start of a body of `count` bytes; nil where all of it is JSON.
  static func jsonLength(_ field: String?, of count: Int) throws(Problem) -> Int? {
    guard let field else { return nil }
    guard !field.isEmpty, field.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(field), length <= count else {
      throw Problem(
        .malformed, "\(lengthField) is \"\(field.prefix(40))\", expected the bytes of the JSON, a whole number from 0 to the \(count) of the body.",
        field: lengthField, given: String(field.prefix(40)), expected: "0 to \(count)")
    }
    return length
  }

  /// - Parameters:
  ///   - jsonLength: bytes of the JSON; nil: all. 0 is a raw request, see `init(raw:)`.
  ///   - keepsDoubles: whether numbers in JSON are wanted in double precision.
  ///   - most: elements that tensors may have together.
  init(_ body: [UInt8], jsonLength: Int?, keepsDoubles: Bool, most: Int) throws {
    let length = jsonLength ?? body.count
    let text = length == body.count ? body : Array(body[..<length])
    let document = try JSONValue(parsing: text, numericFields: keepsDoubles ? [] : ["data"], takesNonFinite: true)
    guard case .object(let members) = document else { throw Self.refusal("", "no object", "an object with inputs") }
    let known = ["id", "inputs", "outputs", "parameters", "model_name", "model_version"]
    if let stranger = members.first(where: { !known.contains($0.name) }) {
      throw Self.refusal(stranger.name, "there", "one of id, inputs, outputs, parameters")
    }
    id = try Self.id(document["id"])
    let parameters = try Parameters(document["parameters"], "parameters")
    (options, operation, wantsBinary) = (parameters.options, parameters.operation, parameters.wantsBinary)
    timeout = parameters.timeout
    var rest = body[length...]
    var (inputs, elements) = ([SentTensor](), 0)
    for (index, value) in try Self.array(document["inputs"], "inputs").enumerated() {
      let input = try Self.input(value, "inputs[\(index)]", &rest)
      elements += input.count
      guard elements <= most else {
        throw Problem(.tooLarge, "inputs have more than \(most) elements.", field: "inputs", expected: "at most \(most)")
      }
      if inputs.contains(where: { $0.name == input.name }) { throw input.refusal("a name used before", "names that differ") }
      inputs.append(input)
    }
    guard rest.isEmpty else {
      throw Self.refusal("inputs", "followed by \(rest.count) bytes that no tensor claims", "as many as binary_data_size says of all inputs together")
    }
    self.inputs = inputs
    if let outputs = document["outputs"], outputs != .null {
      self.outputs = try Self.array(outputs, "outputs").enumerated().map { try Self.output($1, "outputs[\($0)]") }
    } else {
      outputs = nil
    }
  }

  /// A raw request: the body is the bytes of the only input.
  init(raw body: [UInt8], as form: TensorForm) throws {
    let open = form.shape.count { $0 < 0 }
    guard open <= 1, let size = form.type.size else {
      // A single text.
      guard form.type == .bytes, form.shape.count == 1 else {
        throw Self.refusal("body", "a raw tensor", "JSON before it: input \(form.name) has several extents that depend on the request")
      }
      let length = withUnsafeBytes(of: UInt32(truncatingIfNeeded: body.count).littleEndian) { Array($0) }
      self.init(SentTensor(name: form.name, type: .bytes, shape: [1], content: .binary((length + body)[...]), field: "body"))
      return
    }
    let item = size * form.shape.reduce(1) { $0 * max($1, 1) }
    guard !body.isEmpty, body.count.isMultiple(of: item), open == 1 || body.count == item else {
      throw Self.refusal(
        "body", "\(body.count) bytes", "\(open == 1 ? "a multiple of " : "")\(item), of \(form.type.rawValue) elements of \(form.name)")
    }
    let shape = form.shape.map { $0 < 0 ? body.count / item : $0 }
    self.init(SentTensor(name: form.name, type: form.type, shape: shape, content: .binary(body[...]), field: "body"))
  }

  private init(_ input: SentTensor) {
    (id, inputs, outputs, wantsBinary, options, operation, timeout) = (nil, [input], nil, true, [], nil, nil)
  }

  static func refusal(_ field: String, _ given: String, _ expected: String) -> Problem {
    Problem(
      .malformed, "\(field.isEmpty ? "The body" : field) is \(given), expected \(expected).", field: field, given: given, expected: expected)
  }

  private static func array(_ value: JSONValue?, _ field: String) throws(Problem) -> [JSONValue] {
    switch value {
    case nil, .null?: return []
    case .array(let values)?: return values
    default: throw refusal(field, "no array", "an array of tensors")
    }
  }

  private static func id(_ value: JSONValue?) throws(Problem) -> String? {
    switch value {
    case nil, .null?: return nil
    case .string(let id)?: return id
    default: throw refusal("id", "no text", "a text, which the answer repeats")
    }
  }

  private static func output(_ value: JSONValue, _ field: String) throws(Problem) -> Output {
    guard case .object(let members) = value, case .string(let name)? = value["name"] else {
      throw refusal(field, "without a name", "an object with a name")
    }
    for member in members where !["name", "parameters", "datatype", "shape", "data"].contains(member.name) {
      throw refusal("\(field).\(member.name)", "there", "name or parameters")
    }
    return Output(name: name, isBinary: try Parameters(value["parameters"], "\(field).parameters", ofOutput: true).isBinary)
  }
}

// MARK: - Tensors

extension InferRequest {
  /// - Parameter rest: bytes behind the JSON that no tensor before this one has claimed.
  private static func input(_ value: JSONValue, _ field: String, _ rest: inout ArraySlice<UInt8>) throws(Problem) -> SentTensor {
    guard case .object(let members) = value else { throw refusal(field, "no object", "an object with name, shape, datatype and data") }
    for member in members where !["name", "shape", "datatype", "parameters", "data"].contains(member.name) {
      throw refusal("\(field).\(member.name)", "there", "name, shape, datatype, parameters or data")
    }
    guard case .string(let name)? = value["name"] else { throw refusal("\(field).name", "missing", "the name of the tensor") }
    guard case .string(let typeName)? = value["datatype"], let type = TensorType(rawValue: typeName) else {
      let given = value["datatype"].map { String(decoding: $0.text.prefix(40), as: UTF8.self) } ?? "missing"
      throw refusal("\(field).datatype", given, "one of \(TensorType.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let shape = try shape(value["shape"], "\(field).shape")
    let count = shape.reduce(1, *)
    let size = try Parameters(value["parameters"], "\(field).parameters").binarySize
    if let size {
      guard value["data"] == nil else { throw refusal("\(field).data", "there", "nothing beside binary_data_size") }
      let place = "\(field).parameters.binary_data_size"
      guard size >= 0, size <= rest.count else { throw refusal(place, "\(size)", "0 to \(rest.count), the bytes that are left behind the JSON") }
      if let element = type.size, size != count * element {
        throw refusal(place, "\(size)", "\(count * element): \(count) elements of \(element) bytes, as the shape \(shape) and \(typeName) say")
      }
      let bytes = rest.prefix(size)
      rest = rest.dropFirst(size)
      return SentTensor(name: name, type: type, shape: shape, content: .binary(bytes), field: field)
    }
    guard let data = value["data"] else {
      throw refusal("\(field).data", "missing", "an array, or parameters.binary_data_size and bytes behind the JSON")
    }
    let content = try content(data, "\(field).data")
    let found =
      switch content {
      case .numbers(let numbers): numbers.count
      case .values(let values): values.count
      case .binary(let bytes): bytes.count
      }
    guard found == count else { throw refusal("\(field).data", "\(found) elements", "\(count), as the shape \(shape) says") }
    if type == .fp16 || type == .bf16 { throw refusal("\(field).datatype", typeName, "FP32 in JSON; \(typeName) comes as bytes") }
    return SentTensor(name: name, type: type, shape: shape, content: content, field: field)
  }

  private static func shape(_ value: JSONValue?, _ field: String) throws(Problem) -> [Int] {
    guard case .array(let extents)? = value else { throw refusal(field, value == nil ? "missing" : "no array", "an array of extents") }
    guard extents.count <= 8 else { throw refusal(field, "\(extents.count) extents", "at most 8") }
    var (shape, count) = ([Int](), 1)
    for (index, extent) in extents.enumerated() {
      guard case .integer(let number) = extent, number >= 0 else {
        throw refusal("\(field)[\(index)]", String(decoding: extent.text.prefix(40), as: UTF8.self), "a whole number from 0 on")
      }
      let (product, overflows) = count.multipliedReportingOverflow(by: number)
      guard !overflows, product <= 1 << 40 else {
        throw refusal(field, "too large", "extents whose product is a number of elements that a body can hold")
      }
      shape.append(number)
      count = product
    }
    return shape
  }

  /// Nested or flat, row by row.
  private static func content(_ data: JSONValue, _ field: String) throws(Problem) -> SentTensor.Content {
    switch data {
    case .numbers(let array): return .numbers(array.scalars)
    case .array(let values):
      var flat: [JSONValue] = []
      func add(_ values: [JSONValue]) {
        for value in values {
          switch value {
          case .array(let inner): add(inner)
          default: flat.append(value)
          }
        }
      }
      add(values)
      return .values(flat)
    default: throw refusal(field, "no array", "an array, nested or flat")
    }
  }
}
