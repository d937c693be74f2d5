package import Data
package import Tensors

/// Which items the batches of an epoch are made of.
package struct EpochOrder: Sendable {
  /// What an epoch goes through.
  package let items: [Int]
  /// Rows of a batch; the last one of shuffled items may have fewer.
  package let rows: Int
  /// Batches of an epoch.
  package let batches: Int
  private let order: ItemOrder
  private let key: RandomKey

  package init(_ items: [Int], batchSize: Int, _ order: ItemOrder, key: RandomKey) {
    (self.items, self.order, self.key) = (items, order, key)
    switch order {
    case .shuffled:
      rows = batchSize
      batches = (items.count + batchSize - 1) / batchSize
    case .stream:
      rows = min(batchSize, items.count)
      batches = rows == 0 ? 0 : items.count / rows
    }
  }

  /// The items of all batches, one behind the other.
  package func epoch(_ number: Int) -> [Int] {
    switch order {
    case .shuffled: key.split(number).permutation(items.count).map { items[$0] }
    // Row b reads the b-th of equal parts of the stream, piece by piece; what is left over at the end is not read.
    case .stream: (0..<batches).flatMap { batch in (0..<rows).map { items[$0 * batches + batch] } }
    }
  }

  /// The items of an epoch's batches, and how many that are.
  package var count: Int { order == .stream ? rows * batches : items.count }

  /// Where in an epoch's items a batch stands.
  package func range(of batch: Int) -> Range<Int> { batch * rows..<min((batch + 1) * rows, count) }
}
