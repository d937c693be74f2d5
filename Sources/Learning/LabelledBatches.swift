internal import Tensors

/// Labelled items as an endless sequence, every one of them once before any of them again, each time in another order.
struct LabelledBatches: Sendable {
  let kept: LabelSelection.Kept
  private let key: RandomKey
  /// Items of a batch.
  private let size: Int

  init(_ kept: LabelSelection.Kept, size: Int, key: RandomKey) {
    (self.kept, self.key) = (kept, key)
    self.size = min(size, kept.items.count)
  }

  /// The batch number `step`: items and their classes.
  func batch(_ step: Int) -> (items: [Int], codes: [Int]) {
    guard size > 0 else { return ([], []) }
    var places: [Int] = []
    var (round, order): (Int, [Int]) = (-1, [])
    for position in step * size..<(step + 1) * size {
      let (next, place) = position.quotientAndRemainder(dividingBy: kept.items.count)
      if next != round { (round, order) = (next, key.split(next).permutation(kept.items.count)) }
      places.append(order[place])
    }
    return (places.map { kept.items[$0] }, places.map { kept.codes[$0] })
  }
}
