package import Coding
package import Tensors

/// Items of a model one after the other, each by bits back.
///
/// An item gives bits for the codes of the next, so only the first one of a chain pays for its codes.
package struct ItemChain: Codec {
  /// Of the numbers of bits that coders use, which decide the bytes of a stream.
  package static let version: UInt32 = 1
  /// Heads of a message.
  package static let lanes = 8
  /// Of an item's numbers.
  package static let symbolPrecision = 24

  package let model: any Compressing
  package let levels: Levels
  package let count: Int
  private let coder: any ItemCoder

  /// - Parameter items: their signature where it isn't the model's own.
  /// - Throws: where the model has no codec, or none of such items.
  package init(_ model: any Compressing, of items: Signature? = nil, count: Int = 0) throws {
    let levels = Levels(try model.levels(), items ?? model.signature)
    let shape = levels.signature.space.shape
    guard shape == model.signature.space.shape || (model.takesAnySize && model.signature.resized(to: shape) != nil) else {
      throw Fault(field: "items", given: levels.signature.space.summary, expected: model.signature.space.summary)
    }
    self.init(model, levels, try model.coder(of: levels), count: count)
  }

  private init(_ model: any Compressing, _ levels: Levels, _ coder: any ItemCoder, count: Int) {
    (self.model, self.levels, self.coder, self.count) = (model, levels, coder, count)
  }

  package func of(_ count: Int) -> ItemChain { ItemChain(model, levels, coder, count: count) }

  package var startingWords: Int { coder.startingWords }

  package func push(_ items: [[Int]], onto message: inout Message) throws(CodingError) {
    guard items.count == count else { throw CodingError(.symbol, "items", given: "\(items.count)", expected: "\(count)") }
    guard count > 0 else { return }
    try coder.push(items, onto: &message)
  }

  package func pop(from message: inout Message) throws(CodingError) -> [[Int]] { try coder.pop(count, from: &message) }

  /// The evidence lower bound of each item as the chain codes it, of one draw, in nats.
  package func bounds(_ items: [[Int]], keys: RowKeys) -> [Double] { coder.bounds(items, keys: keys) }
}
