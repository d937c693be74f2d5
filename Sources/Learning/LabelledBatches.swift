internal import Tensors

/// Labelled items as an endless sequence, every one of them once before any of them again, each time in another order.
struct LabelledBatches: Sendable {
  let kept: LabelSelection.Kept
  private let key: RandomKey
  /// Items of a batch.
  private let size: Int
  /// The round that was last asked for, whose order is kept for its other batches.
  private var current: (round: Int, order: [Int]) = (-1, [])

  init(_ kept: LabelSelection.Kept, size: Int, key: RandomKey) {
    (self.kept, self.key) = (kept, key)
    self.size = min(size, kept.items.count)
  }

  /// The batch number `step`: items and their classes.
  mutating func batch(_ step: Int) -> (items: [Int], codes: [Int]) {
    guard size > 0 else { return ([], []) }
    var places: [Int] = []
    for position in step * size..<(step + 1) * size {
      let (next, place) = position.quotientAndRemainder(dividingBy: kept.items.count)
      if next != current.round { current = (next, key.split(next).permutation(kept.items.count)) }
      places.append(current.order[place])
    }
    return (places.map { kept.items[$0] }, places.map { kept.codes[$0] })
  }
}
