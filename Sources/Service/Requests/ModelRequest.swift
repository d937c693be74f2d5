internal import Formats
package import Modelling
package import Tensors

/// What a client asks models with one capability for; its settings are the request's JSON fields, query parameters and flags.
///
/// A request is a function of rows: row i of the answer depends on the options, item i of the request and the keys of row i alone. So rows of one
/// request are computed in blocks, and rows of several requests with the same options may be computed side by side, without changing a bit.
/// A new kind of request is one file beside this one and one line in `RequestKind.all`.
package protocol ModelRequest: Settings {
  /// A model as what it has to be able to.
  associatedtype Able: Sendable
  static var capability: Capability<Able> { get }

  /// The last segment of the path, and the command's name.
  static var name: String { get }
  /// One sentence for people.
  static var summary: String { get }
  /// What items are to such a request.
  static var items: ItemRole { get }

  /// nil where the server is to draw one.
  var seed: Int? { get set }
  /// The number of the first item, or of the first that is drawn, in the whole of which these are a part.
  var firstItem: Int { get set }

  /// Media types that the answer can be written in, the default first.
  func mediaTypes(_ model: Able) -> [MediaType]

  /// The request as it is computed where its answer is written in one of these types; as it is where the type makes no difference to the rows.
  func answered(in type: MediaType) -> Self

  /// Whether items may lack numbers; only those that are completed where a request doesn't say.
  func acceptsMissing(_ model: Able) -> Bool

  /// Whether this request can't do without items.
  var needsItems: Bool { get }

  /// The tensors of the answer.
  func outputs(_ model: Able) -> [OutputForm]

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

  /// Refuses codes; only asked where items are codes.
  func check(_ codes: Items, _ layout: CodeLayout) throws

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
  /// Every code of an item, as `encode` answers it, makes a row of the answer.
  case codes
  /// Rows are made of nothing; items may come for the options to refer to.
  case references
}

extension ModelRequest {
  package func acceptsMissing(_ model: Able) -> Bool { Self.items == .completed }
  package var needsItems: Bool { Self.items != .references }
  package var streamsNumbers: Bool { true }
  package var rowWeight: Double { 1 }
  package func mediaTypes(_ model: Able) -> [MediaType] { [.json, .csv, .arrow, .npy, .floats] }
  package func answered(in type: MediaType) -> Self { self }
  package func rowCount(_ items: Items) -> Int { items.count }
  package func check(_ model: Able, rows: Int, limits: ServiceLimits) {}
  package func check(_ model: Able, hasMissing: Bool) {}
  package func check(_ codes: Items, _ layout: CodeLayout) {}
  package func referring(to items: Items, of model: Able) -> Self { self }
  package func hiding(_ items: Items, of model: Able, keys: RowKeys) -> Items { items }
}

extension ModelRequest {
  /// How many rows a limit is for, in a sentence; nothing before any item is known.
  static func words(_ rows: Int) -> String { rows == 0 ? "" : " for \(rows) items" }

  /// Every option but the seed, with its default where `given`, a JSON object, is silent; and what was said of how a table is read.
  static func parameters(given: JSONValue, reading: [JSONValue.Member] = []) -> JSONValue {
    .object(
      table.fields.compactMap { field in
        guard field.name != seedName else { return nil }
        let value = given[field.name].flatMap { $0 == .null ? nil : $0 } ?? field.default
        return value == .null ? nil : JSONValue.Member(name: field.name, value: value)
      } + reading)
  }
}

/// The names of the settings that every request has.
let (seedName, firstItemName) = ("seed", "first_item")
/// Far beyond any table, and a whole number in every JSON; sums with it stay within 64 bits.
let firstItems = 0...1 << 53
let firstItemSummary =
  "The number of the first item where these are a part of a whole: an item's random numbers follow from the seed and its number, so it has the answer that it has there."

extension Setting where Root: ModelRequest {
  package static var seed: Setting {
    Setting(
      seedName, \.seed, in: 0..., expected: "0 to 2^63 - 1", ofRows: false,
      "Chooses the random numbers, 0 ... 2^63 - 1; drawn by the server where absent.")
  }

  package static var firstItem: Setting { Setting(firstItemName, \.firstItem, in: firstItems, ofRows: false, firstItemSummary) }
}

extension SettingField {
  /// What every request takes beside its own settings.
  static let record = SettingField(
    name: "record", schema: .boolean, default: .bool(false), isOfRows: false,
    summary: "Keeps the input with the record of this request, so that it can be replayed without sending it again.")
}
