internal import Formats
internal import Tensors

/// An answer as columns with types, in batches of items.
struct AnswerColumns: Sendable {
  let fields: [ArrowField]
  /// Rows of an item: its versions, one below the other.
  let versions: Int
  /// The columns of some items.
  let columns: @Sendable (Range<Int>) -> [ArrowColumn]

  init(_ fields: [ArrowField], versions: Int = 1, _ columns: @escaping @Sendable (Range<Int>) -> [ArrowColumn]) {
    (self.fields, self.versions, self.columns) = (fields, versions, columns)
  }

  /// Cells of a batch, and its items: so that it stays small, and whatever blocks an answer is computed in, its batches are the same.
  private static let (cells, most) = (1 << 18, 4096)

  /// Items of a batch; the last one may have fewer.
  var batchItems: Int { max(1, min(Self.most, Self.cells / (max(fields.count, 1) * versions))) }

  var writer: ArrowStreamWriter { ArrowStreamWriter(fields) }

  func batch(_ items: Range<Int>) -> ArrowBatch { ArrowBatch(count: items.count * versions, columns: columns(items)) }
}

extension AnswerColumns {
  /// Numbers under their names, NaN being none; values: [items, columns].
  init(_ values: Tensor, columns names: [String]) {
    let (scalars, width) = (values.scalars, names.count)
    self.init(names.map { ArrowField($0, .float32) }) { items in
      (0..<width).map { column in ArrowColumn.floats(items.map { scalars[$0 * width + column] }) }
    }
  }
}
