package import Formats
internal import Modelling
package import Tensors

/// A request that was understood and can be carried out: pure arithmetic from here on. A class because it is handed on many times and never changes.
package final class PreparedOperation: Sendable {
  package let receipt: Receipt
  package let model: LoadedModel
  /// Items of the answer.
  package let count: Int
  /// Media types that the answer can be written in, the default first.
  package let mediaTypes: [MediaType]
  /// Every option but the seed, as a JSON object.
  package let parameters: JSONValue
  /// Whether the client wants its input kept with the record of this request.
  package let keepsInput: Bool
  let request: any OperationRequest
  private let rows: Rows
  private let items: Items?
  /// Rows that are computed together at most, so that intermediate results stay small.
  let rowLimit: Int
  /// Whether writing the answer takes long enough to hold up others.
  let hasLongAnswer: Bool

  /// - Parameter seed: of the whole request, where these items are a block of them; drawn where none was given.
  init(_ decoded: DecodedOperation, model: LoadedModel, limits: ServiceLimits, seed: Int? = nil) throws {
    let request = decoded.request
    (parameters, keepsInput) = (decoded.parameters, decoded.keepsInput)
    let seed = seed ?? request.seed ?? Int.random(in: 0...Int.max)
    receipt = Receipt(model: model, seed: seed)
    self.model = model
    self.request = request
    count = request.count(decoded.items)
    mediaTypes = type(of: request).mediaTypes(for: model.signature)
    // Item i depends on (seed, i) alone.
    let first = decoded.items?.firstRow ?? 0
    let keys = RowKeys(RandomKey(seed: UInt64(seed)), rows: first..<first + count)
    items = try decoded.items.map { try request.hiding($0, of: model.signature, keys: keys.split("mask")) }
    rows = Rows(items: items?.raw, keys: keys)
    rowLimit = max(1, min(limits.blockRows, limits.blockNumbers / model.signature.width))
    hasLongAnswer = count * request.answerWidth(model) > limits.longAnswerNumbers
  }

  /// Whether no row of the request comes before these.
  package var isFirst: Bool { items?.firstRow ?? 0 == 0 }

  /// The rows cut into blocks.
  package var blocks: [Range<Int>] { stride(from: 0, to: count, by: rowLimit).map { $0..<min($0 + rowLimit, count) } }

  package func compute(_ block: Range<Int>) throws -> Tensor { try compute(rows: rows(in: block)) }

  func compute(rows: Rows) throws -> Tensor { try request.compute(model, rows) }

  func rows(in block: Range<Int>) -> Rows { block == 0..<count ? rows : rows.slice(block) }

  package func answer(_ parts: [Tensor]) -> Answer { request.answer(Tensor.concatenated(parts), to: items, from: model) }

  /// All of it, on this thread.
  package func perform() throws -> Answer { answer(try blocks.map(compute)) }
}

/// What makes an answer repeatable: the weights and the seed.
package struct Receipt: Sendable, Equatable {
  package let registered: LoadedModel.Registration?
  package let digest: Digest
  package let seed: Int

  package init(model: LoadedModel, seed: Int) {
    registered = model.registered
    digest = model.digest
    self.seed = seed
  }

  /// The first members of a JSON answer.
  var members: [JSONValue.Member] {
    [
      .init(name: "model", value: .string(orNull: registered?.name)), .init(name: "version", value: .integer(orNull: registered?.version)),
      .init(name: "digest", value: .string(digest.description)), .init(name: "seed", value: .integer(seed)),
    ]
  }
}
