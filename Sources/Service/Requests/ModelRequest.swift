internal import Formats
package import Modelling
package import Tensors

/// What a client asks models with one capability for; its stored properties are the request's JSON fields and query parameters.
///
/// A request is a function of rows: row i of the answer depends on the options, item i of the request and the keys of row i alone. So rows of one
/// request are computed in blocks, and rows of several requests with the same options may be computed side by side, without changing a bit.
/// A new kind of request is one file beside this one and one line in `RequestKind.all`.
package protocol ModelRequest: Sendable, Decodable {
  /// A model as what it has to be able to.
  associatedtype Able: Sendable
  static var capability: Capability<Able> { get }

  /// The last segment of the path, and the command's name.
  static var name: String { get }
  /// One sentence for people.
  static var summary: String { get }
  /// Every option, in the order that a reader wants.
  static var fields: [RequestField] { get }
  /// What items are to such a request.
  static var items: ItemRole { get }

  var seed: Int? { get }

  /// The options that requests have to share for their rows to be computed together.
  associatedtype RowOptions: Hashable & Sendable
  var rowOptions: RowOptions { get }

  /// Media types that the answer can be written in, the default first.
  func mediaTypes(_ model: Able) -> [MediaType]

  /// Whether items may lack numbers; only those that are completed where a request doesn't say.
  func acceptsMissing(_ model: Able) -> Bool

  /// Whether this request can't do without items.
  var needsItems: Bool { get }

  /// Numbers of the answer for every row.
  func answerWidth(_ model: Able) -> Int

  /// Whether the plain numbers of the answer stand item by item, so that they can be written block by block; true where a request doesn't say.
  var streamsNumbers: Bool { get }

  /// What a row costs beside the cheapest request of this kind.
  var rowWeight: Double { get }

  /// Rows of the answer: one an item where a request doesn't say.
  func rowCount(_ items: Items) -> Int

  /// Refuses what this model or the limits don't allow of so many rows.
  func check(_ model: Able, rows: Int, limits: ServiceLimits) throws

  /// Refuses items of which some, or none, lack numbers; only asked where items are completed.
  func check(_ model: Able, hasMissing: Bool) throws

  /// The request with the items in it that its options speak of; only asked where items are references.
  func referring(to items: Items, of model: Able) throws -> Self

  /// The items with what the request hides of them missing; keys: one a row. As they are where a request hides nothing.
  func hiding(_ items: Items, of model: Able, keys: RowKeys) throws -> Items

  /// One row of the answer for every row.
  func compute(_ model: Able, _ rows: Rows) throws -> RowAnswers

  /// The answer of all rows together; `items` are those that the client sent.
  func answer(_ found: RowAnswers, to items: Items, from model: Able) -> Answer
}

/// What items are to a request.
package enum ItemRole: Sendable {
  /// Every item makes a row of the answer.
  case rows
  /// The same, and an item comes back as it was sent, with what it lacked.
  case completed
  /// Rows are made of nothing; items may come for the options to refer to.
  case references
}

extension ModelRequest {
  package func acceptsMissing(_ model: Able) -> Bool { Self.items == .completed }
  package var needsItems: Bool { Self.items != .references }
  package var streamsNumbers: Bool { true }
  package var rowWeight: Double { 1 }
  package func mediaTypes(_ model: Able) -> [MediaType] { [.json, .csv, .npy, .floats] }
  package func rowCount(_ items: Items) -> Int { items.count }
  package func check(_ model: Able, rows: Int, limits: ServiceLimits) {}
  package func check(_ model: Able, hasMissing: Bool) {}
  package func referring(to items: Items, of model: Able) -> Self { self }
  package func hiding(_ items: Items, of model: Able, keys: RowKeys) -> Items { items }
}

extension ModelRequest {
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
