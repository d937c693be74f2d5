internal import Formats

extension InferRequest {
  /// Parameters of a request or a tensor: what is the protocol's own apart from options of the operation.
  struct Parameters {
    private(set) var options: [JSONValue.Member] = []
    private(set) var operation: String?
    private(set) var wantsBinary = false
    /// Of an output.
    private(set) var isBinary: Bool?
    /// Of an input.
    private(set) var binarySize: Int?
    private(set) var timeout: Duration?

    /// Those that say how a client made the body of its objects, and what Triton's scheduler takes: neither changes an answer.
    private static let passedOver: Set = ["content_type", "headers", "priority"]

    init(_ value: JSONValue?, _ field: String, ofOutput: Bool = false) throws(Problem) {
      guard let value, value != .null else { return }
      guard case .object(let members) = value else { throw refusal(field, "no object", "an object of texts, numbers and truth values") }
      for member in members { try read(member, "\(field).\(member.name)", ofOutput: ofOutput) }
    }

    private mutating func read(_ member: JSONValue.Member, _ field: String, ofOutput: Bool) throws(Problem) {
      switch member.value {
      case .string, .integer, .number, .bool: break
      case .null: return
      case .array, .object, .numbers: throw refusal(field, "no text, number or truth value", "one; lists and objects come as JSON in a text")
      }
      switch member.name {
      case "binary_data_output": wantsBinary = try truth(member.value, field)
      case "binary_data": isBinary = try truth(member.value, field)
      case "binary_data_size":
        guard case .integer(let size) = member.value else { throw refusal(field, "no whole number", "the bytes of the tensor") }
        binarySize = size
      case "operation":
        guard case .string(let name) = member.value else { throw refusal(field, "no text", "the name of an operation") }
        operation = name
      case "timeout":
        guard case .integer(let microseconds) = member.value, microseconds >= 0 else { throw refusal(field, "no whole number", "microseconds") }
        if microseconds > 0 { timeout = .microseconds(min(microseconds, 86_400_000_000)) }
      case "classification" where ofOutput && member.value == .integer(0): break
      case "sequence_id" where member.value == .integer(0), "sequence_start" where member.value == .bool(false),
        "sequence_end" where member.value == .bool(false):
        break
      case "classification", "sequence_id", "sequence_start", "sequence_end":
        throw refusal(field, "there", "no such parameter: requests have no order here, and outputs are no class names")
      case let name where name.hasPrefix("shared_memory"):
        throw refusal(field, "there", "the tensor's data, or binary_data_size and bytes behind the JSON: this server shares no memory")
      case let name where Self.passedOver.contains(name) || name.hasPrefix("triton_"): break
      default: options.append(member)
      }
    }

    private func truth(_ value: JSONValue, _ field: String) throws(Problem) -> Bool {
      switch value {
      case .bool(let truth): return truth
      default: throw refusal(field, String(decoding: value.text.prefix(40), as: UTF8.self), "true or false")
      }
    }

    private func refusal(_ field: String, _ given: String, _ expected: String) -> Problem { InferRequest.refusal(field, given, expected) }
  }
}
