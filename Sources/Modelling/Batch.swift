package import Tensors

/// Items of one step.
package struct Batch: Sendable {
  /// In model units: [n, width].
  package let values: Tensor
  /// Of sequences: how many of a row's places are the item's own; nil where all of them are.
  package let lengths: [Int]?
  /// One number a row, the same in every epoch: below `TrainingData.count` for items to learn from, from there on for those held out.
  package let items: [Int]
  /// What is known of the rows' classes; no row's where a family doesn't learn from labels.
  ///
  /// Items held out have theirs where all items to learn from have, and are unlabelled otherwise.
  package let labels: BatchLabels
  /// How much the batch counts in the means of an epoch: its items, but for labelled ones that are drawn again and again beside them.
  package let weight: Int

  package init(_ values: Tensor, lengths: [Int]? = nil, items: [Int]? = nil, labels: BatchLabels = BatchLabels(), weight: Int? = nil) {
    let rows = values.shape[0]
    (self.values, self.lengths, self.labels) = (values, lengths, labels)
    (self.items, self.weight) = (items ?? Array(0..<rows), weight ?? rows)
    precondition(self.items.count == rows && lengths?.count ?? rows == rows && labels.classes.count <= rows, "\(rows) rows")
  }
}

/// Known classes of a batch, whose last rows are the labelled ones.
package struct BatchLabels: Sendable {
  /// Places in `signature.classes`, one for each of the last rows.
  package let classes: [Int]
  /// Items of the whole training set with a known class, and all of them.
  package let labelledItems: Int
  package let items: Int

  package init(classes: [Int] = [], labelledItems: Int = 0, items: Int = 1) {
    self.classes = classes
    self.labelledItems = labelledItems
    self.items = items
  }
}

/// Everything that a run learns from, and what it holds out.
package struct TrainingData: Sendable {
  /// Items to learn from; their numbers are those below.
  package let count: Int
  /// The numbers of the items held out.
  package let heldOut: Range<Int>
  /// Rows of a whole batch; an epoch's last may have fewer, but for streams.
  package let batchSize: Int
  /// The items with a known class, ascending, and for each its place in `signature.classes`.
  package let labelled: [(item: Int, code: Int)]
  private let values: @Sendable ([Int]) -> Tensor

  package init(
    count: Int, heldOut: Int = 0, batchSize: Int = 1, labelled: [(item: Int, code: Int)] = [], values: @escaping @Sendable ([Int]) -> Tensor
  ) {
    (self.count, self.heldOut) = (count, count..<count + heldOut)
    (self.batchSize, self.labelled, self.values) = (batchSize, labelled, values)
  }

  /// Some of the items, in model units: [items, width].
  package subscript(items: [Int]) -> Tensor { values(items) }
}
