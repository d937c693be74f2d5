package import Formats
internal import Modelling
internal import Tensors

/// A request that was read and checked, for the model that it is asked of; arithmetic is all that is left.
///
/// Whole or block by block, a request is read in one order: its options (`RequestKind.ask`), then of its items their values, whether they are complete,
/// how many they are and what may be missing of them (`check`), and last their random numbers (`about`).
package protocol CheckedRequest: AnyObject, Sendable {
  /// What it is called, and what its items are to it.
  var name: String { get }
  var itemRole: ItemRole { get }
  var model: LoadedModel { get }
  var receipt: Receipt { get }
  /// Every option but the seed, also those that were left at their defaults, as a JSON object: with seed and items they repeat the request.
  var parameters: JSONValue { get }
  /// Whether the client wants its input kept with the record of this request.
  var keepsInput: Bool { get }
  /// Media types that the answer can be written in, the default first.
  var mediaTypes: [MediaType] { get }
  /// Whether the plain numbers of the answer stand item by item.
  var streamsNumbers: Bool { get }
  /// The tensors of the answer.
  var outputs: [OutputForm] { get }

  /// The options that requests have to share for their rows to be computed together.
  var rowOptions: any Hashable & Sendable { get }
  /// What a row costs beside the cheapest request of this kind, and numbers of its answer.
  var rowWeight: Double { get }
  var answerWidth: Int { get }

  /// Refuses items that don't fit, of a block or of the whole request.
  func check(_ items: Items, _ limits: ServiceLimits) throws
  /// Refuses items of which some, or none, lack numbers.
  func check(hasMissing: Bool) throws
  /// The same request without what an answer in this type does not tell.
  func answered(in type: MediaType) -> any CheckedRequest
  /// The same request about these items, which were checked.
  /// - Parameter warnings: what is doubtful about all items of the request.
  func about(_ items: Items, warnings: [String], _ limits: ServiceLimits) throws -> any CheckedRequest

  /// The items that the answer is about; those of `rows` are what the model is shown.
  var items: Items { get }
  var rows: Rows { get }
  /// Rows that are computed together at most, so that intermediate results stay small.
  var rowLimit: Int { get }
  /// Whether writing the answer takes long enough to hold up others.
  var hasLongAnswer: Bool { get }

  func compute(_ rows: Rows) throws -> RowAnswers
  func answer(_ found: RowAnswers) -> Answer
}

extension CheckedRequest {
  /// How codes stand in a row, where items are codes.
  var codes: CodeLayout? { itemRole == .codes ? model.codes : nil }

  /// What items are: those of the model, or their codes.
  var itemSignature: Signature { codes?.signature ?? model.signature }

  /// Rows of the answer.
  package var count: Int { rows.keys.count }

  /// Whether no row of the request comes before these.
  package var isFirst: Bool { items.firstRow == 0 }

  /// The rows cut into blocks.
  package var blocks: [Range<Int>] { stride(from: 0, to: count, by: rowLimit).map { $0..<min($0 + rowLimit, count) } }

  package func compute(_ block: Range<Int>) throws -> RowAnswers { try compute(rows(in: block)) }

  func rows(in block: Range<Int>) -> Rows { block == 0..<count ? rows : rows.slice(block) }

  /// All of it, on this thread.
  package func perform() throws -> Answer {
    var gathered = GatheredAnswers(count: count)
    for block in blocks { gathered.add(try compute(block), of: block) }
    return answer(gathered.take())
  }

  /// The same request about all of the items that came with it.
  func about(_ sent: SentRequest, _ fields: SentFields, _ limits: ServiceLimits) throws -> any CheckedRequest {
    let items = try sent.items(fields, of: name, as: itemRole, itemSignature, limits, codes: codes)
    try check(items, limits)
    if itemRole == .completed { try check(hasMissing: items.hasMissing) }
    var survey = ItemsSurvey()
    survey.note(items, itemSignature)
    return try about(items, warnings: survey.warnings(itemSignature), limits)
  }
}

/// A request of one type beside its model, seen as what it has to be able to.
final class ReadRequest<Request: ModelRequest>: CheckedRequest {
  private let request: Request
  private let able: Request.Able
  let model: LoadedModel
  let receipt: Receipt
  private let given: JSONValue
  private let reading: [JSONValue.Member]
  let keepsInput: Bool
  let items: Items
  let rows: Rows
  let rowLimit: Int
  let hasLongAnswer: Bool

  /// The options, before any item.
  init(_ fields: SentFields, _ able: Request.Able, _ model: LoadedModel, _ limits: ServiceLimits) throws {
    request = try StrictJSON.decode(Request.self, from: fields.options)
    // The model's bounds first: they are closer, and say more.
    try request.check(able, rows: request.rowCount(.none), limits: limits)
    try request.validate()
    (self.able, self.model, keepsInput) = (able, model, fields.keepsInput)
    receipt = Receipt(model: model, seed: request.seed ?? Receipt.drawnSeed, firstItem: request.firstItem)
    (given, reading) = (fields.options, fields.reading)
    (items, rows) = (.none, Rows(items: Items.none.raw, keys: RowKeys(RandomKey(seed: 0), rows: 0..<0)))
    (rowLimit, hasLongAnswer) = (1, false)
  }

  /// The same with other options, before any item.
  private init(_ asked: ReadRequest, as request: Request) {
    (self.request, able, model, receipt, keepsInput) = (request, asked.able, asked.model, asked.receipt, asked.keepsInput)
    (given, reading) = (asked.given, asked.reading)
    (items, rows, rowLimit, hasLongAnswer) = (asked.items, asked.rows, asked.rowLimit, asked.hasLongAnswer)
  }

  /// A request whose items were checked.
  private init(_ asked: ReadRequest, about sent: Items, warnings: [String], _ limits: ServiceLimits) throws {
    (able, model, keepsInput) = (asked.able, asked.model, asked.keepsInput)
    (given, reading) = (asked.given, asked.reading)
    receipt = asked.receipt.warning(of: warnings)
    let count = asked.request.rowCount(sent)
    // An item depends on the seed and its number alone.
    let first = receipt.firstItem + sent.firstRow
    let keys = RowKeys(RandomKey(seed: UInt64(receipt.seed)), rows: first..<first + count)
    if Request.items == .references {
      request = try asked.request.referring(to: sent, of: able)
      (items, rows) = (.none, Rows(items: .zeros([count, 0]), keys: keys))
    } else {
      request = asked.request
      items = try request.hiding(sent, of: able, keys: keys.split("mask"))
      rows = Rows(items: Request.items == .codes ? items.raw : items.forRows(model.signature), keys: keys)
    }
    // Texts are of many lengths.
    let width = Request.items == .references ? request.answerWidth(able) : items.raw.shape[1]
    rowLimit = max(1, min(limits.blockRows, limits.blockNumbers / max(width, 1)))
    hasLongAnswer = count * request.answerWidth(able) > limits.longAnswerNumbers
  }

  var name: String { Request.name }
  var itemRole: ItemRole { Request.items }
  var parameters: JSONValue { Request.parameters(given: given, reading: reading) }
  var mediaTypes: [MediaType] { request.mediaTypes(able) }
  var streamsNumbers: Bool { request.streamsNumbers }
  var outputs: [OutputForm] { request.outputs(able) }
  var rowOptions: any Hashable & Sendable { request.ofRows }
  /// The network of a text is as deep as the text is long.
  var rowWeight: Double { model.signature.space.tokens == nil ? request.rowWeight : request.rowWeight * Double(max(items.raw.shape[1], 1)) }
  var answerWidth: Int { request.answerWidth(able) }

  func check(_ items: Items, _ limits: ServiceLimits) throws {
    try items.checkValues(itemSignature)
    if let codes { try request.check(items, codes) }
    if !request.acceptsMissing(able) { try items.checkComplete(itemSignature) }
    try request.check(able, rows: request.rowCount(items), limits: limits)
  }

  func answered(in type: MediaType) -> any CheckedRequest { ReadRequest(self, as: request.answered(in: type)) }

  func check(hasMissing: Bool) throws { try request.check(able, hasMissing: hasMissing) }

  func about(_ items: Items, warnings: [String], _ limits: ServiceLimits) throws -> any CheckedRequest {
    try ReadRequest(self, about: items, warnings: warnings, limits)
  }

  func compute(_ rows: Rows) throws -> RowAnswers { try request.compute(able, rows) }

  func answer(_ found: RowAnswers) -> Answer { request.answer(found, to: items, from: able) }
}
