package import Formats
package import Modelling
package import Tensors

/// What a client asks a model for by one operation; its stored properties are the request's JSON fields and query parameters.
///
/// An operation is a function of rows: item i of the answer depends on the options, item i of the request and the keys of row i alone. So rows of one
/// request are computed in blocks, and rows of several requests with the same options may be computed side by side, without changing a bit.
package protocol OperationRequest: Sendable, Decodable {
  /// The last segment of the path, and the command's name.
  static var name: String { get }
  /// One sentence for people.
  static var summary: String { get }
  /// Every option, in the order that a reader wants.
  static var fields: [RequestField] { get }
  /// Whether the client sends items.
  static var takesItems: Bool { get }
  /// Whether items are optional in a request; false unless an operation says otherwise.
  static var mayTakeItems: Bool { get }
  /// Whether a model has to know classes; false where an operation doesn't say.
  static var needsClasses: Bool { get }
  /// Whether items are given back as they were sent, with what they lacked; false where an operation doesn't say.
  static var completesItems: Bool { get }
  /// Whether items may lack numbers; only those of operations that complete them where an operation doesn't say.
  static func acceptsMissing(_ family: any ModelFamily.Type) -> Bool
  /// Whether an item of the answer is one of the model's items, so that it can be shown as one.
  static var answersItems: Bool { get }
  /// Whether the family has the capability behind this operation.
  static func isSupported(by family: any ModelFamily.Type) -> Bool

  var seed: Int? { get }

  /// The options that requests have to share for their rows to be computed together.
  associatedtype RowOptions: Hashable & Sendable
  var rowOptions: RowOptions { get }

  /// Numbers of the answer for every row; those of an item where an operation doesn't say.
  func answerWidth(_ model: LoadedModel) -> Int

  /// Whether the plain numbers of the answer stand item by item, so that they can be written block by block; true where an operation doesn't say.
  var streamsNumbers: Bool { get }

  /// What a row costs beside the cheapest request of this kind.
  var rowWeight: Double { get }

  /// Whether this request can't do without items, of an operation that may take some.
  var needsItems: Bool { get }

  /// The request with the items in it that it speaks of; only asked where items are no rows of the answer.
  func bound(to items: Items?, of signature: Signature) throws -> Self

  /// Refuses what this model or the limits don't allow.
  func check(_ model: LoadedModel, items: Items?, limits: ServiceLimits) throws

  /// The items with what the request hides of them missing; keys: one a row. As they are where an operation hides nothing.
  func hiding(_ items: Items, of signature: Signature, keys: RowKeys) throws -> Items

  /// Refuses items of which some, or none, lack numbers; only asked of operations that complete items.
  func check(hasMissing: Bool, of signature: Signature) throws

  /// Items of the answer.
  func count(_ items: Items?) -> Int

  /// One row of numbers an item: [rows, width of the answer]. `rows.items` is in raw units.
  func compute(_ model: LoadedModel, _ rows: Rows) throws -> Tensor

  /// The answer of all rows together; `items` are those that the client sent.
  func answer(_ values: Tensor, to items: Items?, from model: LoadedModel) -> Answer
}

extension OperationRequest {
  package static var completesItems: Bool { false }
  package static func acceptsMissing(_: any ModelFamily.Type) -> Bool { completesItems }
  package static var mayTakeItems: Bool { false }
  package static var needsClasses: Bool { false }
  package var needsItems: Bool { Self.takesItems }
  package func bound(to items: Items?, of signature: Signature) -> Self { self }
  package func answerWidth(_ model: LoadedModel) -> Int { model.signature.width }
  package var streamsNumbers: Bool { true }
  package var rowWeight: Double { 1 }
  package func check(hasMissing: Bool, of signature: Signature) {}
  package func hiding(_ items: Items, of signature: Signature, keys: RowKeys) -> Items { items }

  /// Media types that an answer about such items can be written in, the default first.
  static func mediaTypes(for signature: Signature) -> [MediaType] {
    let isPicture = answersItems && signature.kind == .image
    return [.json, isPicture ? .png : .csv, .npy, .floats]
  }
}

extension OperationRequest {
  /// Every option but the seed, with its default where `given`, a JSON object, is silent.
  static func parameters(given: JSONValue) -> JSONValue {
    .object(
      fields.compactMap { field in
        guard field.name != RequestField.seed.name else { return nil }
        let value = given[field.name].flatMap { $0 == .null ? nil : $0 } ?? field.defaultValue
        return value.map { JSONValue.Member(name: field.name, value: $0) }
      })
  }
}

/// The rows that are computed together: their items, where the operation takes some, and their keys.
package struct Rows: Sendable {
  /// [rows, width] in raw units.
  package let items: Tensor?
  package let keys: RowKeys

  package init(items: Tensor?, keys: RowKeys) {
    self.items = items
    self.keys = keys
  }

  func slice(_ range: Range<Int>) -> Rows { Rows(items: items?.slice(0, range), keys: keys.slice(range)) }

  /// The rows of several requests of one kind, one after the other.
  static func joined(_ parts: [Rows]) -> Rows {
    if parts.count == 1 { return parts[0] }
    let items = parts.compactMap(\.items)
    return Rows(items: items.isEmpty ? nil : Tensor.concatenated(items), keys: .joined(parts.map(\.keys)))
  }
}

/// One option of an operation, as a JSON field, a query parameter and a flag of the command line.
package struct RequestField: Sendable, Equatable {
  /// `names` is an array of texts; as a query parameter or flag they are parted by commas, or a JSON array where a name has a comma.
  package enum Kind: String, Sendable, CaseIterable { case integer, number, boolean, object, string, names }

  package let name: String
  package let kind: Kind
  /// The value that an absent field stands for, as JSON; nil where the server chooses.
  package let `default`: String?
  package let summary: String
  /// `default`, read once.
  let defaultValue: JSONValue?

  package init(_ name: String, _ kind: Kind, default: String? = nil, _ summary: String) {
    self.name = name
    self.kind = kind
    self.default = `default`
    self.summary = summary
    defaultValue = `default`.map { text in
      do { return try JSONValue(parsing: Array(text.utf8)) } catch { preconditionFailure("the default of \(name): \(error)") }
    }
  }

  static let seed = RequestField("seed", .integer, "Chooses the random numbers, 0 ... 2^63 - 1; drawn by the server where absent.")

  /// What every operation takes beside its own options.
  static let record = RequestField(
    "record", .boolean, default: "false", "Keeps the input with the record of this request, so that it can be replayed without sending it again.")

  /// The value of a query parameter or flag; text of another kind stays text, which decoding refuses by name.
  package func value(of text: String) -> JSONValue {
    switch kind {
    case .integer: return Int(text).map(JSONValue.integer) ?? .string(text)
    case .number: return DecimalText.double(text).map(JSONValue.number) ?? .string(text)
    case .boolean: return ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
    case .string: return .string(text)
    case .names where !text.hasPrefix("["): return .array(text.split(separator: ",", omittingEmptySubsequences: false).map { .string(String($0)) })
    case .object, .names:
      guard let value = try? JSONValue(parsing: Array(text.utf8)) else { return .string(text) }
      return value
    }
  }
}
